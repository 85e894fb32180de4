"""Second factors of the person who is signed in: authenticator app, passkeys and recovery codes.

`begin_enrolment` and `remove_factor` call `perform` themselves: they hash a password, which no transaction may wait
for, and count an attempt that must stay counted when it fails. Everything else that changes a factor is sent by a form
that takes a fresh proof (ADR 43).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from secrets import token_bytes
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, delete

from billing_core import audit, clock, db, templating
from billing_core.credentials import own_sessions, sessions
from billing_core.credentials.factors import duty, passkeys, recovery, rows, seals, totp
from billing_core.credentials.factors.ceremonies import Answer, Site
from billing_core.credentials.factors.mails import ADDED, DROPPED, REMOVED, RENEWED, TAKEN_AWAY, tell_factor
from billing_core.credentials.factors.models import AppEnrolment, AuthenticatorApp, Passkey, PasskeyEnrolment
from billing_core.credentials.identifiers import person_of, shown_user_id, typed
from billing_core.credentials.links import void_links
from billing_core.credentials.models import Password
from billing_core.credentials.proving import hold, prove_password
from billing_core.credentials.refusals import (
    EnrolmentOver,
    FactorIsDuty,
    HasFactor,
    LastFactor,
    NeedsLongerPassword,
    TooManyPasskeys,
    WrongCode,
    WrongPasskey,
)
from billing_core.credentials.strength import SHORTEST, is_shorter_than
from billing_core.errors import NotFound
from billing_core.people import Person
from billing_core.permissions import Viewer

B = TypeVar("B", AppEnrolment, PasskeyEnrolment)

ENROLMENT_LIVES = timedelta(minutes=15)


@dataclass(frozen=True)
class Key:
    """A seed as its owner gets it: as text, and as the address that a QR code holds."""

    text: str
    address: str


@dataclass(frozen=True)
class Factors:
    """What the viewer has: since when the app is there, the passkeys, and how many recovery codes are left."""

    app_since: datetime | None
    passkeys: Sequence[Passkey]
    codes_left: int

    @property
    def are_several(self) -> bool:
        """One can go and another stays."""
        return (self.app_since is not None) + len(self.passkeys) > 1


def factors_of(viewer: Viewer) -> Factors | None:
    """The viewer's second factors, where there is one. Three statements."""
    app = db.session().get(AuthenticatorApp, viewer.person_id)
    found = Factors(
        app.added_at if app is not None else None,
        passkeys.passkeys_of(viewer.person_id),
        recovery.codes_left(viewer.person_id),
    )
    return found if found.app_since is not None or found.passkeys else None


def begin_enrolment(viewer: Viewer, password: str) -> None:
    """Make a seed for the viewer's app. Raises WrongPassword, HasFactor, TooMany, SessionEnded."""
    proven = prove_password(viewer, password)
    db.perform(_keep_enrolment, viewer, proven)


def _keep_enrolment(viewer: Viewer, proven: str) -> None:
    hold(viewer, proven)
    if rows.has_app(viewer.person_id):
        raise HasFactor
    sealed = seals.seal(totp.new_seed(), viewer.person_id)
    _put_down(AppEnrolment, viewer, sealed=sealed)


def key_of(viewer: Viewer) -> Key:
    """The key that this session is to confirm. Raises EnrolmentOver."""
    seed = _seed_of(viewer)
    return Key(totp.key_text(seed), totp.address(seed, shown_user_id(viewer.person_id), templating.brand().name))


def confirm_enrolment(viewer: Viewer, code: str) -> list[str]:
    """The app shows the right code: from now on it is asked for. Returns what `_added` does.

    Raises WrongCode, EnrolmentOver, HasFactor, SessionEnded.
    """
    hold(viewer)
    if rows.has_app(viewer.person_id):
        raise HasFactor
    seed, now = _seed_of(viewer), clock.real_now()
    step = totp.matching_step(seed, code, now)
    if step is None:
        raise WrongCode(field="code")
    is_first = not rows.has_factor(viewer.person_id)
    sealed = seals.seal(seed, viewer.person_id)
    db.session().add(AuthenticatorApp(person_id=viewer.person_id, sealed=sealed, last_step=step, added_at=now))
    db.session().execute(delete(AppEnrolment).where(AppEnrolment.person_id == viewer.person_id))
    return _added(viewer, rows.APP, is_first=is_first)


def begin_passkey(viewer: Viewer) -> None:
    """Let this session make a passkey within the next minutes. Raises TooManyPasskeys, SessionEnded."""
    own_sessions.hold(viewer)
    if len(passkeys.passkeys_of(viewer.person_id)) >= passkeys.MOST:
        raise TooManyPasskeys(most=passkeys.MOST)
    _put_down(PasskeyEnrolment, viewer, challenge=token_bytes(32))


def passkey_to_create(viewer: Viewer, site: Site) -> str:
    """What the browser needs to make the passkey that this session has begun. Raises EnrolmentOver."""
    person = db.session().get_one(Person, viewer.person_id)
    return passkeys.to_create(person, site, _begun(PasskeyEnrolment, viewer).challenge)


def confirm_passkey(viewer: Viewer, answer: Answer, name: str) -> list[str]:
    """Keep the passkey that the browser has made; from now on it is asked for. Returns what `_added` does.

    Raises WrongPasskey, EnrolmentOver, TooManyPasskeys, SessionEnded.
    """
    hold(viewer)
    begun = _begun(PasskeyEnrolment, viewer)
    if len(passkeys.passkeys_of(viewer.person_id)) >= passkeys.MOST:
        raise TooManyPasskeys(most=passkeys.MOST)
    is_first = not rows.has_factor(viewer.person_id)
    kept = passkeys.keep_passkey(viewer.person_id, answer, begun.challenge, name)
    if kept is None:
        raise WrongPasskey
    db.session().delete(begun)
    return _added(viewer, rows.PASSKEY, is_first=is_first, name=kept.public_id)


def _added(viewer: Viewer, kind: str, *, is_first: bool, name: str = "") -> list[str]:
    """A factor has come: all other sessions of the person end.

    With the first one the recovery codes come too, which nobody sees again; later the list is empty.
    """
    codes = recovery.make_codes(viewer.person_id) if is_first else []
    own_sessions.end_other_sessions(viewer)
    audit.record(viewer.actor, "factor.added", viewer.public_id, kind=kind, name=name)
    tell_factor(db.session().get_one(Person, viewer.person_id), ADDED)
    return codes


def renew_codes(viewer: Viewer) -> list[str]:
    """Ten new recovery codes, which nobody sees again; the former ones are void. Raises NotFound without a factor."""
    own_sessions.hold(viewer)
    if not rows.has_factor(viewer.person_id):
        raise NotFound
    codes = recovery.make_codes(viewer.person_id)
    audit.record(viewer.actor, "factor.recovery_codes_renewed", viewer.public_id)
    tell_factor(db.session().get_one(Person, viewer.person_id), RENEWED)
    return codes


def drop_app(viewer: Viewer) -> None:
    """Remove the app where a passkey stays. Raises NotFound without an app, LastFactor, SessionEnded."""
    _drop(viewer, AuthenticatorApp, AuthenticatorApp.person_id == viewer.person_id, kind=rows.APP)


def drop_passkey(viewer: Viewer, public_id: str) -> None:
    """Remove one of the viewer's passkeys where another factor stays. Raises NotFound, LastFactor, SessionEnded."""
    if not db.is_storable(public_id):
        raise NotFound
    mine = (Passkey.person_id == viewer.person_id) & (Passkey.public_id == public_id)
    _drop(viewer, Passkey, mine, kind=rows.PASSKEY, name=public_id)


def _drop(
    viewer: Viewer, row: type[AuthenticatorApp | Passkey], which: ColumnElement[bool], kind: str, name: str = ""
) -> None:
    """All other sessions end, as what is removed may be in other hands."""
    hold(viewer)
    if db.session().scalar(delete(row).where(which).returning(row.person_id)) is None:
        raise NotFound
    if not rows.has_factor(viewer.person_id):
        raise LastFactor
    own_sessions.end_other_sessions(viewer)
    audit.record(viewer.actor, "factor.removed", viewer.public_id, kind=kind, name=name)
    tell_factor(db.session().get_one(Person, viewer.person_id), DROPPED)


def remove_factor(viewer: Viewer, password: str) -> None:
    """Sign in with the password alone from now on; all other sessions end.

    Raises WrongPassword, NeedsLongerPassword, FactorIsDuty, NotFound without a factor, TooMany, SessionEnded.
    """
    if duty.is_obliged(viewer):
        raise FactorIsDuty
    proven = prove_password(viewer, password)
    if is_shorter_than(SHORTEST, password):
        raise NeedsLongerPassword(least=SHORTEST)
    db.perform(_remove, viewer, proven)


def _remove(viewer: Viewer, proven: str) -> None:
    hold(viewer, proven)
    if not rows.has_factor(viewer.person_id):
        raise NotFound
    rows.forget_factor(viewer.person_id)
    own_sessions.end_other_sessions(viewer)
    audit.record(viewer.actor, "factor.removed", viewer.public_id, kind="all")
    tell_factor(db.session().get_one(Person, viewer.person_id), REMOVED)


def take_factor_away(actor: str, user_id: str) -> Person:
    """By the operator, for somebody who has lost app, passkeys and codes. Raises NotFound without person or factor.

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
    audit.record(actor, "factor.removed", person.public_id, kind="all", voided="password")
    tell_factor(person, TAKEN_AWAY)
    return person


def _put_down(row: type[AppEnrolment | PasskeyEnrolment], viewer: Viewer, **made: bytes) -> None:
    ends = clock.real_now() + ENROLMENT_LIVES
    kept: dict[str, Any] = made | {"session_id": viewer.facts.session_id, "expires_at": ends}
    written = db.upsert(row).values(person_id=viewer.person_id, **kept)
    db.session().execute(written.on_conflict_do_update(index_elements=["person_id"], set_=kept))


def _begun(row: type[B], viewer: Viewer) -> B:
    kept = db.session().get(row, viewer.person_id)
    if kept is None or kept.session_id != viewer.facts.session_id or kept.expires_at <= clock.real_now():
        raise EnrolmentOver
    return kept


def _seed_of(viewer: Viewer) -> bytes:
    seed = seals.unseal(_begun(AppEnrolment, viewer).sealed, viewer.person_id)
    if seed is None:
        raise EnrolmentOver
    return seed
