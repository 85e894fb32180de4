"""Tokens, and answers that are given once: the verbs of the interface itself. Everything else is the domain's."""

import hashlib
import json
import secrets
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, select, update

from billing_core import audit, clock, db
from billing_core.credentials import throttles
from billing_core.credentials.throttles import Window
from billing_core.errors import Invalid, NotFound, TooMany
from billing_core.words import mark
from corporate_portal.api import policy
from corporate_portal.api.models import ApiAnswer, ApiToken
from corporate_portal.api.policy import Scope
from corporate_portal.api.refusals import KeyReused

PREFIX = "cbp_"
"""Tokens begin with it, so that one that leaked into a log or a repository can be found."""
LIMIT = Window("api", 600, timedelta(minutes=1))
"""Requests of one token."""
TOUCH_EVERY = timedelta(minutes=1)
KEPT_FOR = timedelta(days=30)
"""How long an idempotency key gives the same answer at least."""
LONGEST_NAME = 80
AT_A_TIME = 1000


@dataclass(frozen=True)
class Caller:
    """The program that asks, as its token says."""

    token_id: int
    public_id: str
    scopes: frozenset[Scope]

    @property
    def actor(self) -> str:
        """The name under which the audit trail knows it."""
        return f"api:{self.public_id}"


@dataclass(frozen=True)
class Reply:
    """An answer as it goes out, and as it is kept."""

    status: int
    body: bytes
    headers: dict[str, str]


def issue_token(actor: str, name: str, scopes: Iterable[Scope], expires_at: datetime | None) -> tuple[ApiToken, str]:
    """A new token and its secret, which is told this once: only its hash is kept. Raises Invalid."""
    name, words = name.strip(), policy.spelled(scopes)
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(mark("Enter a name of at most %(most)s characters."), field="name", most=LONGEST_NAME)
    if not words:
        raise Invalid(mark("Name at least one scope."), field="scope")
    if expires_at is not None and expires_at <= clock.now():
        raise Invalid(mark("A token must end in the future."), field="expires")
    secret = PREFIX + secrets.token_urlsafe(32)
    token = ApiToken(
        public_id=db.public_id("tok"),
        name=name,
        secret_sha256=_hash(secret),
        scopes=words,
        created_at=clock.now(),
        created_by=actor,
        expires_at=expires_at,
    )
    db.session().add(token)
    db.session().flush()
    audit.record(actor, "api_token.issued", token.public_id, name=name, scopes=words)
    return token, secret


def revoke_token(actor: str, public_id: str) -> ApiToken:
    """The token opens nothing any more; revoking twice is harmless. Raises NotFound."""
    named = select(ApiToken).where(ApiToken.public_id == public_id).with_for_update()
    token = db.session().scalar(named)
    if token is None:
        raise NotFound
    if token.revoked_at is None:
        token.revoked_at = clock.now()
        audit.record(actor, "api_token.revoked", token.public_id)
    return token


def caller_of(secret: str) -> Caller | None:
    """Whose token this is; none where it is unknown, revoked or has ended. A look-up by hash tells nothing by time."""
    token = db.session().scalar(select(ApiToken).where(ApiToken.secret_sha256 == _hash(secret)))
    if token is None or token.state(clock.now()) != "live":
        return None
    return Caller(token.id, token.public_id, policy.read(token.scopes))


def count_request(caller: Caller) -> timedelta:
    """One more request of the token; how long it has to wait, zero for not at all. Its use is noted once a minute."""
    wait = throttles.knock(LIMIT, caller.public_id)
    now = clock.now()
    stale = ApiToken.last_used_at.is_(None) | (ApiToken.last_used_at <= now - TOUCH_EVERY)
    db.session().execute(update(ApiToken).where(ApiToken.id == caller.token_id, stale).values(last_used_at=now))
    return wait


def refuse_if_too_many(wait: timedelta) -> None:
    """Raise TooMany with the whole seconds to wait."""
    if wait:
        message = mark("This token has sent too many requests. Wait as long as Retry-After says.")
        raise TooMany(message, retry_after=int(wait.total_seconds()) + 1)


def answer_once(caller: Caller, key: str, request_sha256: str, verb: Callable[[], Reply]) -> Reply:
    """Do the verb and keep its answer, both in this transaction; or give the answer that was kept under the key.

    The same key at the same moment: the second waits for the first one's commit. A refusal keeps nothing, so the key
    stays free. Raises KeyReused, and whatever the verb raises.
    """
    values = {"request_sha256": request_sha256, "status": 0, "headers": b"{}", "body": b"", "answered_at": clock.now()}
    mine = (ApiAnswer.token_id == caller.token_id, ApiAnswer.key == key)
    if not db.add_if_absent(ApiAnswer, token_id=caller.token_id, key=key, **values):
        kept = db.session().scalars(select(ApiAnswer).where(*mine)).one()
        if kept.request_sha256 != request_sha256:
            raise KeyReused
        return Reply(kept.status, kept.body, json.loads(kept.headers))
    reply = verb()
    headers = json.dumps(reply.headers).encode()
    said = update(ApiAnswer).where(*mine).values(status=reply.status, headers=headers, body=reply.body)
    db.session().execute(said)
    return reply


def forget_answers(before: datetime) -> bool:
    """Delete some of the answers that were given before the instant; whether there may be more."""
    old = select(ApiAnswer.id).where(ApiAnswer.answered_at < before).limit(AT_A_TIME)
    gone = db.session().scalars(delete(ApiAnswer).where(ApiAnswer.id.in_(old)).returning(ApiAnswer.id)).all()
    return len(gone) == AT_A_TIME


def _hash(secret: str) -> str:
    return hashlib.sha256(secret.encode("utf-8", "replace")).hexdigest()
