"""Setting an authenticator app up and removing it, and the second step of a sign-in with it.

`begin_enrolment`, `remove_factor` and `finish_sign_in` call `perform` themselves: the first two hash a password, which
no transaction may wait for, and all three count an attempt that must stay counted when it fails.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select

from billing_core import audit, clock, db, templating
from billing_core.credentials import hashing, own_sessions, sessions, throttles
from billing_core.credentials.factors import recovery, rows, seals, totp
from billing_core.credentials.factors.mails import ADDED, RECOVERED, REMOVED, TAKEN_AWAY, tell_factor
from billing_core.credentials.factors.models import AppEnrolment, AuthenticatorApp
from billing_core.credentials.identifiers import person_of, shown_user_id, typed
from billing_core.credentials.links import void_links
from billing_core.credentials.models import Password
from billing_core.credentials.service import require_patience
from billing_core.credentials.strength import SHORTEST, is_shorter_than
from billing_core.errors import Invalid, NotFound, Refusal
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer, viewer_of
from billing_core.words import mark

ENROLMENT_LIVES = timedelta(minutes=15)


class WrongPassword(Invalid):
    """Not the password of the person who is signed in."""

    message = mark("This is not your password.")


class WrongCode(Invalid):
    """The one answer to every code that does not count: wrong, too old, or used before."""

    message = mark("This code is not right, or it was used before. Wait for the next one and try again.")


class SignInOver(Refusal):
    """The second step came too late, or its first one counts no longer."""

    status = 410
    message = mark("This sign-in has taken too long. Please begin again.")


class HasFactor(Refusal):
    """There is an app already; it is removed first."""

    status = 409
    message = mark("Two-step sign-in is set up already.")


class EnrolmentOver(Refusal):
    """The key that was shown counts no longer."""

    status = 410
    message = mark("The key that was shown has run out of time. Please begin again.")


class NeedsLongerPassword(Refusal):
    """The password is long enough beside a factor only."""

    status = 409
    message = mark(
        "Your password has fewer than %(least)s characters, which is enough with two-step sign-in only. Choose a "
        "longer one first."
    )


@dataclass(frozen=True)
class Key:
    """A seed as its owner gets it: as text, and as the address that a QR code holds."""

    text: str
    address: str


@dataclass(frozen=True)
class Factor:
    """The viewer's app: since when, and how many recovery codes are left."""

    since: datetime
    codes_left: int


def factor_of(viewer: Viewer) -> Factor | None:
    """The viewer's second factor, where there is one."""
    app = db.session().get(AuthenticatorApp, viewer.person_id)
    return Factor(app.added_at, recovery.codes_left(viewer.person_id)) if app is not None else None


def begin_enrolment(viewer: Viewer, password: str) -> None:
    """Make a seed for the viewer's app. Raises WrongPassword, HasFactor, TooMany, SessionEnded."""
    proven = _prove(viewer, password)
    db.perform(_keep_enrolment, viewer, proven)


def _keep_enrolment(viewer: Viewer, proven: str) -> None:
    _hold(viewer, proven)
    if rows.has_factor(viewer.person_id):
        raise HasFactor
    kept = {
        "session_id": viewer.facts.session_id,
        "sealed": seals.seal(totp.new_seed(), viewer.person_id),
        "expires_at": clock.real_now() + ENROLMENT_LIVES,
    }
    written = db.upsert(AppEnrolment).values(person_id=viewer.person_id, **kept)
    db.session().execute(written.on_conflict_do_update(index_elements=["person_id"], set_=kept))


def key_of(viewer: Viewer) -> Key:
    """The key that this session is to confirm. Raises EnrolmentOver."""
    seed = _seed_of(viewer)
    return Key(totp.key_text(seed), totp.address(seed, shown_user_id(viewer.person_id), templating.brand().name))


def confirm_enrolment(viewer: Viewer, code: str) -> list[str]:
    """The app shows the right code: from now on it is asked for. Returns the recovery codes, which nobody sees again.

    All other sessions of the person end. Raises WrongCode, EnrolmentOver, HasFactor, SessionEnded.
    """
    _hold(viewer)
    if rows.has_factor(viewer.person_id):
        raise HasFactor
    seed, now = _seed_of(viewer), clock.real_now()
    step = totp.matching_step(seed, code, now)
    if step is None:
        raise WrongCode(field="code")
    sealed = seals.seal(seed, viewer.person_id)
    db.session().add(AuthenticatorApp(person_id=viewer.person_id, sealed=sealed, last_step=step, added_at=now))
    db.session().execute(delete(AppEnrolment).where(AppEnrolment.person_id == viewer.person_id))
    codes = recovery.make_codes(viewer.person_id)
    own_sessions.end_other_sessions(viewer)
    audit.record(viewer.actor, "factor.added", viewer.public_id, kind=rows.APP)
    tell_factor(db.session().get_one(Person, viewer.person_id), ADDED)
    return codes


def remove_factor(viewer: Viewer, password: str) -> None:
    """Sign in with the password alone from now on; all other sessions end.

    Raises WrongPassword, NeedsLongerPassword, NotFound without a factor, TooMany, SessionEnded.
    """
    proven = _prove(viewer, password)
    if is_shorter_than(SHORTEST, password):
        raise NeedsLongerPassword(least=SHORTEST)
    db.perform(_remove, viewer, proven)


def _remove(viewer: Viewer, proven: str) -> None:
    _hold(viewer, proven)
    if not rows.has_factor(viewer.person_id):
        raise NotFound
    rows.forget_factor(viewer.person_id)
    own_sessions.end_other_sessions(viewer)
    audit.record(viewer.actor, "factor.removed", viewer.public_id, kind=rows.APP)
    tell_factor(db.session().get_one(Person, viewer.person_id), REMOVED)


def take_factor_away(actor: str, user_id: str) -> Person:
    """By the operator, for somebody who has lost app and codes. Raises NotFound without such a person or factor.

    Whoever asked for it may not be that person: the password counts no longer and every session ends, so that the way
    back in leads through the stored e-mail address.
    """
    found = person_of(typed(user_id))
    person = db.session().get(Person, found.id, with_for_update=True) if found is not None else None
    if person is None or not rows.has_factor(person.id):
        raise NotFound
    rows.forget_factor(person.id)
    db.session().execute(delete(Password).where(Password.person_id == person.id))
    void_links(person.id)
    sessions.end_sessions_of(person.id)
    audit.record(actor, "factor.removed", person.public_id, kind=rows.APP, voided="password")
    tell_factor(person, TAKEN_AWAY)
    return person


def finish_sign_in(
    realm: Realm, pending: str, code: str, *, ip: str = "", user_agent: str = "", replaces: str | None = None
) -> str:
    """The second step: begin the session that the right password has earned, and return its token.

    Failures count where those of the first step do. Raises WrongCode, SignInOver, TooMany.
    """
    db.perform(_knock, realm, pending, ip)
    return db.perform(_finish, realm, pending, code, ip, user_agent, replaces)


def _knock(realm: Realm, pending: str, ip: str) -> None:
    waiting = rows.live_pending(realm, pending)
    if waiting is None:
        raise SignInOver
    require_patience(
        throttles.knock(throttles.SIGN_IN, waiting.throttled_as),
        throttles.knock(throttles.SIGN_IN_ADDRESS, throttles.network_of(ip)),
    )


def _finish(realm: Realm, pending: str, code: str, ip: str, user_agent: str, replaces: str | None) -> str:
    waiting = rows.live_pending(realm, pending)
    person = db.session().get(Person, waiting.person_id) if waiting is not None else None
    if waiting is None or person is None or not person.is_active or not sessions.may_enter(viewer_of(person, realm)):
        raise SignInOver
    kind = rows.use_factor(person.id, code)
    if kind is None:
        raise WrongCode(field="code")
    throttles.forget(throttles.SIGN_IN, waiting.throttled_as)
    throttles.take_back(throttles.SIGN_IN_ADDRESS, throttles.network_of(ip))
    db.session().delete(waiting)
    void_links(person.id)
    if kind == rows.RECOVERY:
        left = recovery.codes_left(person.id)
        audit.record(f"{realm}:{person.public_id}", "factor.recovery_code_used", person.public_id, left=left)
        tell_factor(person, RECOVERED, left)
    return sessions.begin_session(realm, person.id, ip, user_agent, replaces)


def _prove(viewer: Viewer, password: str) -> str:
    """The hash that the password was found to fit. Raises WrongPassword, TooMany. Not inside a transaction."""
    subject = f"step-up:{viewer.person_id}"
    stored = db.perform(_count_and_read, viewer.person_id, subject)
    if not hashing.current().verify(stored, password) or stored is None:
        raise WrongPassword(field="password")
    db.perform(throttles.forget, throttles.SIGN_IN, subject)
    return stored


def _count_and_read(person_id: int, subject: str) -> str | None:
    require_patience(throttles.knock(throttles.SIGN_IN, subject))
    return db.session().scalar(select(Password.hash).where(Password.person_id == person_id))


def _hold(viewer: Viewer, proven: str | None = None) -> None:
    """Hold the person and the password, so that no sign-in by password alone slips in while a factor comes or goes.

    Raises SessionEnded, and WrongPassword where the proven password has been changed meanwhile.
    """
    own_sessions.hold(viewer)
    mine = select(Password.hash).where(Password.person_id == viewer.person_id).with_for_update()
    if db.session().scalar(mine) != proven and proven is not None:
        raise WrongPassword(field="password")


def _seed_of(viewer: Viewer) -> bytes:
    kept = db.session().get(AppEnrolment, viewer.person_id)
    if kept is None or kept.session_id != viewer.facts.session_id or kept.expires_at <= clock.real_now():
        raise EnrolmentOver
    seed = seals.unseal(kept.sealed, viewer.person_id)
    if seed is None:
        raise EnrolmentOver
    return seed
