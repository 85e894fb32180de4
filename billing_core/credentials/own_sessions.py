"""The sessions of a person as that person sees and ends them, in all realms together (ASVS 5.0, 7.4.5 and 7.5.2).

A session that was ended is refused at its next request: every request reads its row anew.
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select, update

from billing_core import audit, clock, db
from billing_core.credentials import browsers
from billing_core.credentials.models import SignInSession
from billing_core.credentials.sessions import is_live, name_of
from billing_core.errors import NotFound, Refusal
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer
from billing_core.words import mark


class SessionEnded(Refusal):
    """The session that asks was ended in this very moment."""

    status = 403
    message = mark("This session has been ended. Sign in again.")


@dataclass(frozen=True)
class OwnSession:
    """One live session. `browser` and `system` are names as their makers write them, empty where we know none."""

    name: str
    realm: Realm
    browser: str
    system: str
    network: str
    since: datetime
    seen_at: datetime
    is_this: bool


def own_sessions(viewer: Viewer) -> list[OwnSession]:
    """Where the viewer is signed in now: this session first, then by last use."""
    now = clock.real_now()
    live = [session for session in _not_ended(viewer) if is_live(session, now)]
    shown = sorted((_shown(session, viewer) for session in live), key=lambda one: one.seen_at, reverse=True)
    return sorted(shown, key=lambda one: not one.is_this)


def end_own_session(viewer: Viewer, name: str) -> None:
    """End one of the viewer's own sessions; harmless where it has ended.

    Raises NotFound for any other name, and SessionEnded.
    """
    hold(viewer)
    mine = select(SignInSession).where(SignInSession.person_id == viewer.person_id)
    found = next((session for session in db.session().scalars(mine) if name_of(session) == name), None)
    if found is None:
        raise NotFound
    if _end(found):
        audit.record(viewer.actor, "session.ended", name, of=viewer.public_id, realm=found.realm)


def end_other_sessions(viewer: Viewer) -> int:
    """End all of the viewer's sessions but this one; how many were live. Raises SessionEnded.

    Of two sessions that do so at once, one ends the other.
    """
    hold(viewer)
    now = clock.real_now()
    others = [session for session in _not_ended(viewer) if session.id != viewer.facts.session_id]
    were_live = [is_live(session, now) for session in others]
    ended = sum(_end(session) and was_live for session, was_live in zip(others, were_live, strict=True))
    if ended:
        audit.record(viewer.actor, "sessions.ended", viewer.public_id, count=ended)
    return ended


def hold(viewer: Viewer) -> None:
    """Lock the person, so that what the sessions do to each other happens one after another.

    Raises SessionEnded where the session that asks has been ended meanwhile: what is ended ends nobody else.
    """
    db.session().execute(select(Person.id).where(Person.id == viewer.person_id).with_for_update())
    asking = select(SignInSession.ended_at).where(SignInSession.id == viewer.facts.session_id)
    if db.session().execute(asking).one_or_none() != (None,):
        raise SessionEnded


def _not_ended(viewer: Viewer) -> list[SignInSession]:
    mine = select(SignInSession).where(SignInSession.person_id == viewer.person_id, SignInSession.ended_at.is_(None))
    return list(db.session().scalars(mine.order_by(SignInSession.id)))


def _end(session: SignInSession) -> bool:
    live = update(SignInSession).where(SignInSession.id == session.id, SignInSession.ended_at.is_(None))
    ended = db.session().scalar(live.values(ended_at=clock.real_now()).returning(SignInSession.id))
    return ended is not None


def _shown(session: SignInSession, viewer: Viewer) -> OwnSession:
    return OwnSession(
        name=name_of(session),
        realm=Realm(session.realm),
        browser=browsers.browser_in(session.user_agent),
        system=browsers.system_in(session.user_agent),
        network=browsers.shortened(session.ip),
        since=session.created_at,
        seen_at=session.seen_at,
        is_this=session.id == viewer.facts.session_id,
    )
