"""Coming in: the new session, its row in the trail, and a mail to the person where the browser is a new one."""

from dataclasses import dataclass

from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.credentials import browsers, sessions
from billing_core.credentials.identifiers import shown_user_id
from billing_core.credentials.models import SignInSession
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import Person
from billing_core.permissions import Realm
from billing_core.words import mark


@dataclass(frozen=True)
class Browser:
    """What is known of it: the token that it held, whose session ends, and the mark of an earlier session in it."""

    ip: str = ""
    user_agent: str = ""
    replaces: str | None = None
    device: str = ""


def enter(realm: Realm, person: Person, way: str, browser: Browser) -> str:
    """Begin a session of the person who has shown who it is, and return its token. way: what was shown, for the trail.

    Whoever has been here before and not in this browser is told by mail: it may have been somebody else.
    """
    is_strange = sessions.person_of_device(browser.device) != person.id and _has_been_here(person)
    token = sessions.begin_session(realm, person.id, browser.ip, browser.user_agent, browser.replaces)
    begun = db.session().scalars(select(SignInSession).where(SignInSession.token_hash == sessions.hash_of(token))).one()
    of = person.public_id
    audit.record(f"{realm}:{of}", "session.begun", sessions.name_of(begun), of=of, realm=realm.value, way=way)
    if is_strange:
        _tell(person, begun)
    return token


def _has_been_here(person: Person) -> bool:
    any_session = select(SignInSession.id).where(SignInSession.person_id == person.id).limit(1)
    return db.session().scalar(any_session) is not None


def _tell(person: Person, session: SignInSession) -> None:
    parts = (
        browsers.browser_in(session.user_agent), browsers.system_in(session.user_agent), browsers.shortened(session.ip),
    )  # fmt: skip
    context = {
        "user_id": shown_user_id(person.id), "at": clock.real_now(), "where": ", ".join(part for part in parts if part),
    }  # fmt: skip
    mailbox = Recipient(person.name, person.email, person.locale)
    send_mail("new-browser", mark("New sign-in with your User ID"), mailbox, context)
