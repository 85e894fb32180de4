"""What a person is told by mail whenever the second factor changes or a recovery code is used."""

from billing_core import clock
from billing_core.accounts import Account
from billing_core.credentials.identifiers import shown_user_id
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import Person
from billing_core.words import mark

ADDED, DROPPED, REMOVED, TAKEN_AWAY, RECOVERED = "added", "dropped", "removed", "taken away", "recovered"
RENEWED = "renewed"
_SUBJECTS = {
    ADDED: mark("Two-step sign-in: a second step was added"),
    DROPPED: mark("Two-step sign-in: a second step was removed"),
    RENEWED: mark("Two-step sign-in: new recovery codes"),
    REMOVED: mark("Two-step sign-in was removed"),
    TAKEN_AWAY: mark("Two-step sign-in was removed"),
    RECOVERED: mark("A recovery code was used"),
}


def tell_factor(person: Person, what: str, left: int = 0) -> None:
    """what: one of the names above; left: how many recovery codes are left."""
    context = {"what": what, "at": clock.real_now(), "user_id": shown_user_id(person.id), "left": left}
    send_mail("factor-changed", _SUBJECTS[what], Recipient(person.name, person.email, person.locale), context)


def tell_policy(person: Person, account: Account, by: str) -> None:
    """Whether the contacts of the account must sign in in two steps from now on."""
    subject = mark("%(company)s requires two-step sign-in")
    if not account.requires_factor:
        subject = mark("%(company)s does not require two-step sign-in any more")
    context = {
        "company": account.name, "required": account.requires_factor, "by": by, "at": clock.real_now(),
        "user_id": shown_user_id(person.id),
    }  # fmt: skip
    mailbox = Recipient(person.name, person.email, person.locale)
    send_mail("factor-policy", subject, mailbox, context, account_id=account.id)
