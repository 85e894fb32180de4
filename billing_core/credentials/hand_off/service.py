"""Taking somebody over from the outside My Account: the token is used up and a session begun, both or neither."""

import logging
from dataclasses import dataclass

from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.credentials import sessions, throttles
from billing_core.credentials.hand_off.token import Cause, Claims, NotBelieved, Trust, read_token
from billing_core.credentials.models import HandOff, SignInSession
from billing_core.credentials.service import require_patience
from billing_core.errors import Refusal
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer, viewer_of
from billing_core.words import mark

_log = logging.getLogger(__name__)


class HandOffRefused(Refusal):
    """The one answer to every token that opens nothing, whatever its cause."""

    status = 400
    message = mark("A hand-over from My Account works once and for one minute.")


@dataclass(frozen=True)
class TakenOver:
    """A session of My Account that has begun, and where its person wanted to go."""

    session: str
    """The token for the browser."""
    locale: str
    to: str
    next: str | None
    is_of_account: bool
    """False: the token names an account to which the person does not belong here, so that none was chosen."""


def take_over(
    token: str, origin: str, trust: Trust, *, ip: str = "", user_agent: str = "", replaces: str | None = None
) -> TakenOver:
    """Begin a session of My Account for the person of the token, once. `origin` is that of the request.

    `replaces`: the session that the browser held, if it sent it along; it ends. Raises HandOffRefused for every cause
    alike, with the cause in the log and, where the signature holds, in the audit trail; and TooMany by address.
    Not to be called inside a transaction.
    """
    db.perform(_knock, ip)
    try:
        claims = read_token(token, origin, trust, clock.real_now())
        return db.perform(_admit, claims, trust.source, ip, user_agent, replaces)
    except NotBelieved as found:
        _log.warning("a hand-off was refused: %s", found.cause.value)
        if found.claims is not None:
            db.perform(_note_refusal, found.claims, found.cause)
        raise HandOffRefused from None


def _knock(ip: str) -> None:
    require_patience(throttles.knock(throttles.HAND_OFF_ADDRESS, throttles.network_of(ip)))


def _admit(claims: Claims, source: str, ip: str, user_agent: str, replaces: str | None) -> TakenOver:
    """Everything in one transaction: of two browsers with one token the later one finds it used, and nothing stays."""
    viewer = _viewer_of(claims, source)
    wanted = _account_of(claims, source, viewer)
    session = sessions.begin_session(Realm.MY, viewer.person_id, ip, user_agent, replaces, is_proven=False)
    row = db.session().scalars(select(SignInSession).where(SignInSession.token_hash == sessions.hash_of(session))).one()
    fresh = db.add_if_absent(
        HandOff, fingerprint=claims.fingerprint, session_id=row.id, expires_at=claims.expires_at, used_at=clock.now()
    )
    if not fresh:
        raise NotBelieved(Cause.USED, claims)
    row.account_id = wanted
    throttles.take_back(throttles.HAND_OFF_ADDRESS, throttles.network_of(ip))
    audit.record(viewer.actor, "hand_off.taken", viewer.public_id, wanted, site=claims.iss, to=claims.to)
    is_of_account = claims.account is None or wanted is not None
    return TakenOver(session, viewer.locale, claims.to, claims.next, is_of_account)


def _viewer_of(claims: Claims, source: str) -> Viewer:
    person = db.session().scalar(select(Person).where(Person.source == source, Person.external_id == claims.sub))
    if person is None:
        raise NotBelieved(Cause.NOBODY, claims)
    viewer = viewer_of(person, Realm.MY)
    if not person.is_active or not sessions.may_enter(viewer):
        raise NotBelieved(Cause.NOT_WELCOME, claims)
    return viewer


def _account_of(claims: Claims, source: str, viewer: Viewer) -> int | None:
    """The id of the account that the token names, if the person belongs to it here."""
    if claims.account is None:
        return None
    named = select(Account.id).where(Account.source == source, Account.external_id == claims.account)
    found = db.session().scalar(named)
    return found if found is not None and viewer.standing_in(found) is not None else None


def _note_refusal(claims: Claims, cause: Cause) -> None:
    audit.record("hand-off", "hand_off.refused", claims.fingerprint, cause=cause.value, site=claims.iss[:200])
