"""Signed-in sessions as rows: what a browser holds is only a random token, and ending a row ends the session at once.

The token is 256 random bits; the row keeps its SHA-256, so a copy of the table opens nothing. A session ends by
sign-out, by a new sign-in in the same browser, by a new password, or by time: idle and absolute limits by realm.
"""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db
from billing_core.credentials.models import SignInSession
from billing_core.people import STAFF_ROLES
from billing_core.permissions import Realm, Viewer, viewer_of

TOUCH_EVERY = timedelta(minutes=1)
"""A session is marked as seen at most this often, so that reading pages hardly ever writes."""

PROOF_LASTS = timedelta(minutes=10)
"""After that, what matters most asks once more who is there (permissions.demand_proof)."""


@dataclass(frozen=True)
class Limits:
    """How long a session lives without a request, and at all."""

    idle: timedelta
    absolute: timedelta


LIMITS = {
    Realm.PORTAL: Limits(timedelta(minutes=30), timedelta(hours=12)),
    Realm.MY: Limits(timedelta(minutes=30), timedelta(hours=12)),
    Realm.DESK: Limits(timedelta(minutes=15), timedelta(hours=8)),
}


def may_enter(viewer: Viewer) -> bool:
    """Whether the realm is open to this person at all, asked at sign-in and again with every request (domain.md 3).

    The portal: contacts of corporate accounts. The desk: the vendor's staff. My Account: everybody else, even without
    an account; staff never act as a customer.
    """
    if viewer.realm is Realm.DESK:
        return viewer.staff_role in STAFF_ROLES
    if viewer.staff_role is not None:
        return False
    return viewer.realm is Realm.MY or bool(viewer.standings)


def new_token() -> str:
    """256 random bits, safe in a cookie and in an address."""
    return secrets.token_urlsafe(32)


def hash_of(token: str) -> str:
    """What is stored of a token. It is random, so a plain SHA-256 cannot be searched through."""
    return hashlib.sha256(token.encode()).hexdigest()


def begin_session(
    realm: Realm,
    person_id: int,
    ip: str = "",
    user_agent: str = "",
    replaces: str | None = None,
    *,
    is_proven: bool = True,
) -> str:
    """A new session and its token. The session of the token that the browser held before ends with it.

    is_proven: the person has shown us the password. Otherwise the site that vouches asks, and we never do.
    """
    if replaces:
        end_session(replaces)
    token, now = new_token(), clock.real_now()
    row = SignInSession(
        token_hash=hash_of(token),
        realm=realm.value,
        person_id=person_id,
        created_at=now,
        seen_at=now,
        proven_at=now if is_proven else None,
        ip=printable(ip, 45),
        user_agent=printable(user_agent, 256),
    )
    db.session().add(row)
    db.session().flush()
    return token


def printable(text: str, most: int) -> str:
    """What a browser says of itself, as it may be stored."""
    return "".join(c for c in text if c.isprintable())[:most]


def name_of(session: SignInSession) -> str:
    """What the session is called on pages and in the audit trail; its token changes, this does not."""
    return f"ses_{hashlib.sha256(f'{session.id} {session.created_at.isoformat()}'.encode()).hexdigest()[:20]}"


def end_session(token: str) -> None:
    """The token opens nothing from now on; one that never did is no error."""
    opened = select(SignInSession).where(SignInSession.token_hash == hash_of(token), SignInSession.ended_at.is_(None))
    session = db.session().scalar(opened.options(joinedload(SignInSession.person)).with_for_update(of=SignInSession))
    if session is None:
        return
    was_live, session.ended_at = is_live(session, clock.real_now()), clock.real_now()
    if was_live:
        of = session.person.public_id
        audit.record(f"{session.realm}:{of}", "session.ended", name_of(session), of=of, realm=session.realm)


def end_sessions_of(person_id: int) -> None:
    """Sign the person out everywhere, in all realms."""
    live = update(SignInSession).where(SignInSession.person_id == person_id, SignInSession.ended_at.is_(None))
    db.session().execute(live.values(ended_at=clock.real_now()))


def live_session(realm: Realm, token: str) -> SignInSession | None:
    """The session that the token opens in the realm now, with its person; none where it has ended. One statement."""
    opened = (
        select(SignInSession)
        .where(SignInSession.token_hash == hash_of(token), SignInSession.realm == realm.value)
        .options(joinedload(SignInSession.person))
    )
    session = db.session().scalar(opened)
    return session if session is not None and is_live(session, clock.real_now()) else None


def person_of_device(mark: str) -> int | None:
    """Who began the session with this hash, ended or not: the mark of a browser that the person has used before."""
    marked = select(SignInSession.person_id).where(SignInSession.token_hash == mark)
    return db.session().scalar(marked)


def is_live(session: SignInSession, now: datetime) -> bool:
    """Neither ended nor out of time."""
    return session.ended_at is None and now < ends_at(session)


def ends_at(session: SignInSession) -> datetime:
    """When it is out of time unless it is used before; its absolute limit no use moves."""
    limits = LIMITS[Realm(session.realm)]
    return min(session.seen_at + limits.idle, session.created_at + limits.absolute)


def proof_until(session: SignInSession) -> datetime | None:
    """Until when no further proof is asked for; none where it never is."""
    return session.proven_at + PROOF_LASTS if session.proven_at is not None else None


def note_proof(session_id: int | None) -> None:
    """The person has just proven to be there."""
    live = update(SignInSession).where(SignInSession.id == session_id, SignInSession.ended_at.is_(None))
    db.session().execute(live.values(proven_at=clock.real_now()))


def renew_token(session_id: int | None) -> str | None:
    """Another token for the session, as after a proof; the former one opens nothing. None where it has ended."""
    token = new_token()
    live = update(SignInSession).where(SignInSession.id == session_id, SignInSession.ended_at.is_(None))
    renewed = db.session().scalar(live.values(token_hash=hash_of(token)).returning(SignInSession.id))
    return token if renewed is not None else None


def needs_touch(session: SignInSession) -> bool:
    """Whether it is time to mark the session as seen."""
    return clock.real_now() >= session.seen_at + TOUCH_EVERY


def touch_session(session_id: int) -> None:
    """Mark the session as seen now."""
    live = update(SignInSession).where(SignInSession.id == session_id, SignInSession.ended_at.is_(None))
    db.session().execute(live.values(seen_at=clock.real_now()))


def choose_account(session_id: int, account_id: int) -> None:
    """The account that the pages of this session are about. The caller has checked that the person belongs to it."""
    live = update(SignInSession).where(SignInSession.id == session_id, SignInSession.ended_at.is_(None))
    db.session().execute(live.values(account_id=account_id))


def prefer_account(realm: Realm, token: str, account_public_id: str) -> None:
    """The account where a new session begins, if it is one of the person's in the realm; otherwise nothing happens."""
    session = live_session(realm, token)
    standings = viewer_of(session.person, realm).standings if session is not None else ()
    wanted = next((one.account_id for one in standings if one.account_public_id == account_public_id), None)
    if session is not None and wanted is not None:
        choose_account(session.id, wanted)


def forget_old_sessions(before: datetime) -> None:
    """Delete the rows of sessions that were last seen before the instant; all of them have long ended."""
    db.session().execute(delete(SignInSession).where(SignInSession.seen_at < before))
