"""What a person is told by mail whenever the second factor changes or a recovery code is used."""

from billing_core import clock
from billing_core.credentials.identifiers import shown_user_id
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import Person
from billing_core.words import mark

ADDED, REMOVED, TAKEN_AWAY, RECOVERED = "added", "removed", "taken away", "recovered"
_SUBJECTS = {
    ADDED: mark("Two-step sign-in is set up"),
    REMOVED: mark("Two-step sign-in was removed"),
    TAKEN_AWAY: mark("Two-step sign-in was removed"),
    RECOVERED: mark("A recovery code was used"),
}


def tell_factor(person: Person, what: str, left: int = 0) -> None:
    """what: one of the names above; left: how many recovery codes are left."""
    context = {"what": what, "at": clock.real_now(), "user_id": shown_user_id(person.id), "left": left}
    send_mail("factor-changed", _SUBJECTS[what], Recipient(person.name, person.email, person.locale), context)
