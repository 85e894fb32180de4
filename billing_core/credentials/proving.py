"""Proving once more to be there, for deeds that matter most (permissions.demand_proof; ADR 43).

Who has a second factor shows that one, everybody else the password. `prove` and `prove_password` call `perform`
themselves: a hash is not to be computed in a transaction, and an attempt stays counted when it fails.
"""

from enum import StrEnum

from sqlalchemy import select

from billing_core import audit, db
from billing_core.credentials import hashing, own_sessions, sessions, throttles
from billing_core.credentials.factors import passkeys, recovery, rows
from billing_core.credentials.factors.ceremonies import Answer
from billing_core.credentials.factors.mails import RECOVERED, tell_factor
from billing_core.credentials.models import Password
from billing_core.credentials.refusals import WrongCode, WrongPasskey, WrongPassword
from billing_core.credentials.service import require_patience
from billing_core.people import Person
from billing_core.permissions import Viewer


class Way(StrEnum):
    """What a person is asked for."""

    PASSWORD = "password"  # noqa: S105 - the name of a way
    FACTOR = "factor"


def way_of(viewer: Viewer) -> Way:
    """How the viewer proves to be there."""
    return Way.FACTOR if rows.has_factor(viewer.person_id) else Way.PASSWORD


def challenge_of(viewer: Viewer) -> bytes:
    """What a passkey has to sign: another one after each proof of the session, so that no answer counts twice."""
    until = viewer.facts.proof_until
    return passkeys.challenge("proof", viewer.facts.session_id, until.isoformat() if until is not None else "")


def prove(viewer: Viewer, *, password: str = "", code: str = "", passkey: Answer | None = None) -> None:
    """The viewer's session counts as proven for ten minutes.

    Raises WrongPassword, WrongCode, WrongPasskey, TooMany, SessionEnded.
    """
    with db.reading():
        way = way_of(viewer)
    if way is Way.PASSWORD:
        proven = prove_password(viewer, password)
        db.perform(_note_password, viewer, proven)
    else:
        db.perform(_count, viewer)
        db.perform(_use_factor, viewer, code, passkey)


def prove_password(viewer: Viewer, password: str) -> str:
    """The hash that the password was found to fit. Raises WrongPassword, TooMany. Not inside a transaction."""
    stored = db.perform(_count_and_read, viewer)
    if not hashing.current().verify(stored, password) or stored is None:
        raise WrongPassword(field="password")
    db.perform(throttles.forget, throttles.SIGN_IN, _subject(viewer))
    return stored


def hold(viewer: Viewer, proven: str | None = None) -> None:
    """Hold the person and the password, so that no sign-in by password alone slips in while a factor comes or goes.

    Raises SessionEnded, and WrongPassword where the proven password has been changed meanwhile.
    """
    own_sessions.hold(viewer)
    mine = select(Password.hash).where(Password.person_id == viewer.person_id).with_for_update()
    if db.session().scalar(mine) != proven and proven is not None:
        raise WrongPassword(field="password")


def _note_password(viewer: Viewer, proven: str) -> None:
    hold(viewer, proven)
    if rows.has_factor(viewer.person_id):  # it came in this very moment, and is asked for from now on
        raise WrongPassword(field="password")
    sessions.note_proof(viewer.facts.session_id)


def _use_factor(viewer: Viewer, code: str, passkey: Answer | None) -> None:
    own_sessions.hold(viewer)
    if passkey is not None:
        if not passkeys.use_passkey(viewer.person_id, passkey, challenge_of(viewer)):
            raise WrongPasskey
    else:
        kind = rows.use_factor(viewer.person_id, code)
        if kind is None:
            raise WrongCode(field="code")
        if kind == rows.RECOVERY:
            note_recovery(viewer.actor, db.session().get_one(Person, viewer.person_id))
    throttles.forget(throttles.SIGN_IN, _subject(viewer))
    sessions.note_proof(viewer.facts.session_id)


def note_recovery(actor: str, person: Person) -> None:
    """A recovery code was used up: it stands in the trail, and the person is told."""
    left = recovery.codes_left(person.id)
    audit.record(actor, "factor.recovery_code_used", person.public_id, left=left)
    tell_factor(person, RECOVERED, left)


def _count(viewer: Viewer) -> None:
    require_patience(throttles.knock(throttles.SIGN_IN, _subject(viewer)))


def _count_and_read(viewer: Viewer) -> str | None:
    _count(viewer)
    return db.session().scalar(select(Password.hash).where(Password.person_id == viewer.person_id))


def _subject(viewer: Viewer) -> str:
    return f"step-up:{viewer.person_id}"
