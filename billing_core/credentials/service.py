"""Signing in, and creating or resetting a password by a mailed link: the same for all three realms.

What an outsider can learn is the same for every User ID, known or not: one refusal, one reply, the same statements, the
same work. `sign_in` and `set_password` call `perform` themselves, because a hash takes tens of milliseconds and no lock
may be held meanwhile: first count and read, then hash, then write after a second look.
"""

from dataclasses import dataclass
from datetime import timedelta
from math import ceil

from sqlalchemy import delete, select

from billing_core import audit, clock, db, jobs, templating
from billing_core.credentials import hashing, sessions, throttles
from billing_core.credentials.entering import Browser, enter
from billing_core.credentials.factors import rows as factors
from billing_core.credentials.identifiers import identifiers_of, person_of, shown_user_id, typed
from billing_core.credentials.links import forget_old_links, live_link, make_link, use_link, void_links
from billing_core.credentials.models import HandOff, Password
from billing_core.credentials.strength import SHORTEST, SHORTEST_WITH_FACTOR, TooShort, demand_strength, is_shorter_than
from billing_core.errors import Refusal, TooMany
from billing_core.mail.service import Recipient, send_mail
from billing_core.people import Person
from billing_core.permissions import Realm, standings_of, viewer_of
from billing_core.words import mark

SEND_LINK = "password.link"
"""The job kind of `send_password_link`; person_id is null for a User ID that nobody has."""
TIDY = "credentials.tidy"
"""The job kind of `tidy`, once a day."""

EVERYBODY = "everybody"
"""The subject of the throttle that all browsers share whom nobody has signed in with."""

RESET_LINK_LIVES = timedelta(minutes=30)
FIRST_LINK_LIVES = timedelta(hours=24)


class SignInFailed(Refusal):
    """The one answer to every failed sign-in, whatever its cause (domain.md 3)."""

    status = 400
    message = mark("The User ID or the password is not right. Check both, or reset or create your password.")


class PortalSignInFailed(SignInFailed):
    """The portal's, which names the second possible cause too."""

    message = mark(
        "The User ID or the password is not right, or the User ID does not belong to a billing contact of a "
        "corporate account. Check both, or reset or create your password."
    )


class LinkExpired(Refusal):
    """The link was used, has run out of time, or a newer one was sent."""

    status = 410
    message = mark("This link does not work any more. Ask for a new one.")


class FactorNeeded(Exception):
    """No refusal: the password was right, and the person has a second factor. `token` names the sign-in that waits."""

    def __init__(self, token: str) -> None:
        super().__init__("the second step of the sign-in is still to come")
        self.token = token


@dataclass(frozen=True)
class Owner:
    """Whose password a link creates or resets, and how many characters it must have."""

    person_id: int
    user_id: str
    is_first: bool
    least: int


@dataclass(frozen=True)
class _Attempt:
    """What is known before the password is looked at; `stored` is none for everyone who cannot sign in here."""

    person_id: int
    stored: str | None
    throttled_as: str
    anywhere: str
    """Who knocked at the throttle over all sign-ins."""


def sign_in(
    realm: Realm,
    user_id: str,
    password: str,
    *,
    ip: str = "",
    user_agent: str = "",
    replaces: str | None = None,
    device: str = "",
) -> str:
    """Begin a session of the realm and return its token. `replaces`: the token that the browser holds is void then.

    `device`: the mark of an earlier session in this browser. Where that was the same person's, failures elsewhere do
    not close the door here, so nobody can lock out a person whose User ID is printed on every invoice.
    Raises SignInFailed for every cause alike, and TooMany, which depends only on what was typed and from where; after
    the right password FactorNeeded, where the person has a second factor (factors.service goes on from there).
    Not to be called inside a transaction.
    """
    hashing.current().demand_room()
    attempt = db.perform(_knock, realm, user_id, ip, device)
    matches = hashing.current().verify(attempt.stored, password)
    if attempt.stored is None or not matches:
        raise _failure(realm)
    newer = hashing.hash_password(password) if hashing.current().is_outdated(attempt.stored) else None
    token, is_in = db.perform(_admit, realm, attempt, newer, Browser(ip, user_agent, replaces, device))
    if not is_in:
        raise FactorNeeded(token)
    return token


def _failure(realm: Realm) -> SignInFailed:
    return PortalSignInFailed() if realm is Realm.PORTAL else SignInFailed()


def _knock(realm: Realm, user_id: str, ip: str, device: str) -> _Attempt:
    """Count the attempt, then read. The same statements for every User ID."""
    canonical = typed(user_id)
    person = person_of(canonical) or Person(id=0, public_id="", name="", email="", locale="en")
    is_known_here = sessions.person_of_device(device) == person.id
    subject = f"device:{device}" if is_known_here else _subject(canonical)
    anywhere = subject if is_known_here else EVERYBODY
    require_patience(
        throttles.knock(throttles.SIGN_IN, subject),
        throttles.knock(throttles.SIGN_IN_ADDRESS, throttles.network_of(ip)),
        throttles.knock(throttles.SIGN_IN_ANYWHERE, anywhere),
    )
    stored = db.session().scalar(select(Password.hash).where(Password.person_id == person.id))
    is_welcome = sessions.may_enter(viewer_of(person, realm)) and person.is_active
    return _Attempt(person.id, stored if is_welcome else None, subject, anywhere)


def _subject(canonical: str) -> str:
    return f"user-id:{canonical}"


def require_patience(*waits: timedelta) -> None:
    """Raise TooMany with the longest of the waits, unless all are zero."""
    wait = max(waits)
    if not wait:
        return
    seconds = ceil(wait.total_seconds())
    if seconds <= 60:
        raise TooMany(mark("Too many attempts. Please wait a minute and try again."), retry_after=seconds)
    sentence = mark("Too many attempts. Please wait %(minutes)s minutes and try again.")
    raise TooMany(sentence, retry_after=seconds, minutes=ceil(seconds / 60))


def _admit(realm: Realm, attempt: _Attempt, newer: str | None, browser: Browser) -> tuple[str, bool]:
    """The password was right: begin the session, unless the password has been changed in this very moment.

    Where the person has a second factor, only a sign-in that waits for it, and False; the failures counted so far stay
    counted, or whoever knows the password could guess codes without end.
    """
    mine = select(Password).where(Password.person_id == attempt.person_id).with_for_update()
    password = db.session().scalar(mine)
    if password is None or password.hash != attempt.stored:
        raise _failure(realm)
    if newer is not None:
        password.hash = newer
    is_half_way = factors.has_factor(attempt.person_id)
    if not is_half_way:
        throttles.forget(throttles.SIGN_IN, attempt.throttled_as)
    throttles.take_back(throttles.SIGN_IN_ADDRESS, throttles.network_of(browser.ip))
    throttles.take_back(throttles.SIGN_IN_ANYWHERE, attempt.anywhere)
    if is_half_way:
        return factors.make_pending(realm, attempt.person_id, attempt.throttled_as), False
    void_links(attempt.person_id)
    person = db.session().get_one(Person, attempt.person_id)
    return enter(realm, person, "password", browser), True


def request_password_link(user_id: str, realm: Realm = Realm.PORTAL, ip: str = "") -> None:
    """Ask for a link to create or reset the password of this User ID. Who asks learns nothing, not even from the time.

    Whoever the User ID belongs to, the same rows are written here; the worker makes the link and mails it to the stored
    address. More than three requests an hour or ten a day for one User ID are dropped in silence. Raises TooMany by
    address only.
    """
    canonical = typed(user_id)
    person = person_of(canonical)
    is_dropped = any(throttles.knock(rule, _subject(canonical)) for rule in (throttles.LINK, throttles.LINK_DAY))
    require_patience(throttles.knock(throttles.LINK_ADDRESS, throttles.network_of(ip)))
    if not is_dropped:
        jobs.enqueue(SEND_LINK, person_id=person.id if person is not None else None, realm=realm.value)


def send_password_link(person_id: int | None, realm: str) -> None:
    """Handler of `password.link`. Run twice it mails twice, and only the newer link works."""
    if person_id is not None:
        db.perform(_mail_link, person_id, Realm(realm))


def _mail_link(person_id: int, realm: Realm) -> None:
    person = db.session().scalar(select(Person).where(Person.id == person_id).with_for_update())
    if person is None or not person.is_active:
        return
    is_first = db.session().get(Password, person_id) is None
    token = make_link(person_id, FIRST_LINK_LIVES if is_first else RESET_LINK_LIVES)
    context = {
        "address": templating.link(f"/password/reset/{token}?realm={realm_for(person, realm).value}"),
        "user_id": shown_user_id(person_id),
        "is_first": is_first,
    }
    audit.record("worker", "password.link_mailed", person.public_id)
    subject = mark("Create your password") if is_first else mark("Reset your password")
    send_mail("password-link", subject, _mailbox_of(person), context, is_secret=True)


def owner_of(token_hash: str) -> Owner:
    """Whose password the link is for; looking uses nothing up. Raises LinkExpired."""
    link = live_link(token_hash)
    if link is None:
        raise LinkExpired
    is_first = db.session().get(Password, link.person_id) is None
    return Owner(link.person_id, shown_user_id(link.person_id), is_first, _least_of(link.person_id))


def _least_of(person_id: int) -> int:
    return SHORTEST_WITH_FACTOR if factors.has_factor(person_id) else SHORTEST


def set_password(token_hash: str, password: str, wanted: Realm = Realm.PORTAL) -> Realm:
    """Create or replace the password by a link, once; every session of the person ends, and a mail says so.

    A second factor stays, and a sign-in that waits for it does not.
    Returns the realm to sign in to: the wanted one if it is open to the person. Raises LinkExpired, or TooShort,
    TooLong or TooEasy beside the field `password`, which leave the link unused. Not to be called inside a transaction.
    """
    with db.reading():
        owner = owner_of(token_hash)
        demand_strength(password, _names_of(owner.person_id), owner.least)
    is_short = is_shorter_than(SHORTEST, password)
    return db.perform(_replace_password, token_hash, hashing.hash_password(password), is_short, wanted)


def _replace_password(token_hash: str, hashed: str, is_short: bool, wanted: Realm) -> Realm:
    person_id, now = use_link(token_hash), clock.now()
    person = db.session().get(Person, person_id) if person_id is not None else None
    if person is None or not person.is_active:
        raise LinkExpired
    changed = {"hash": hashed, "changed_at": now}
    written = db.upsert(Password).values(person_id=person.id, **changed)
    db.session().execute(written.on_conflict_do_update(index_elements=["person_id"], set_=changed))
    if is_short and not factors.has_factor(person.id):  # it was removed in this very moment
        raise TooShort(field="password", least=SHORTEST)
    void_links(person.id)
    factors.void_pending(person.id)
    sessions.end_sessions_of(person.id)
    mine = identifiers_of(person.id)
    throttles.forget(throttles.SIGN_IN, *(_subject(identifier.canonical) for identifier in mine))
    realm = realm_for(person, wanted)
    audit.record(f"{realm}:{person.public_id}", "password.changed", person.public_id)
    context = {"changed_at": now, "user_id": mine[0].shown if mine else ""}
    send_mail("password-changed", mark("Your password was changed"), _mailbox_of(person), context)
    return realm


def realm_for(person: Person, wanted: Realm) -> Realm:
    """The wanted realm if it is open to the person, otherwise the one that is."""
    if person.staff_role is not None:
        return Realm.DESK
    if wanted is not Realm.MY and sessions.may_enter(viewer_of(person, Realm.PORTAL)):
        return Realm.PORTAL
    return Realm.MY


def _names_of(person_id: int) -> list[str]:
    person = db.session().get_one(Person, person_id)
    accounts = [standing.account_name for standing in standings_of(person_id)]
    user_ids = [identifier.canonical for identifier in identifiers_of(person_id)]
    return [person.name, person.email, templating.brand().name, *accounts, *user_ids]


def _mailbox_of(person: Person) -> Recipient:
    return Recipient(person.name, person.email, person.locale)


def tidy() -> None:
    """Handler of `credentials.tidy`: forget what neither a rule nor a person needs any more."""
    db.perform(_forget_what_is_old)


def _forget_what_is_old() -> None:
    now = clock.now()
    throttles.forget_old(now - timedelta(days=2))
    real = clock.real_now()  # of sessions and of outside sites
    db.session().execute(delete(HandOff).where(HandOff.expires_at < real - timedelta(days=1)))
    sessions.forget_old_sessions(real - timedelta(days=90))
    forget_old_links(now - timedelta(days=30))
    factors.forget_old()
