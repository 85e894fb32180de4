"""Idempotency keys as Stripe keeps them (https://docs.stripe.com/api/idempotent_requests).

A key is claimed in a transaction of its own, so that a parallel call with it is told 409 at once instead of waiting;
the answer is stored in the transaction that has the effect, so that the two stand or fall together. A claim whose
process died lapses, and the same call may be made again.
"""

import hashlib
import json
import secrets
from dataclasses import dataclass

from stripe_sandbox.calls import Answer
from stripe_sandbox.errors import Json, Refusal
from stripe_sandbox.store import Store, Unit

PRUNED_AFTER_SECONDS = 24 * 60 * 60
CLAIM_SECONDS = 60.0
LONGEST_KEY = 255


@dataclass(frozen=True)
class Claim:
    key: str
    token: str


def fingerprint(method: str, path: str, params: Json) -> str:
    return hashlib.sha256(json.dumps([method, path, params], sort_keys=True).encode()).hexdigest()


def claim(store: Store, key: str, mark: str) -> Claim | Answer:
    """The right to run the call under `key`, or the answer that it had the first time."""
    if len(key) > LONGEST_KEY:
        raise Refusal(400, "idempotency_error", f"Idempotency keys take at most {LONGEST_KEY} characters.")
    mine = Claim(key, secrets.token_hex(8))
    with store.writing() as unit:
        unit.sql.execute("DELETE FROM kept_answer WHERE created < ?", (unit.moment - PRUNED_AFTER_SECONDS,))
        row = unit.sql.execute(
            "SELECT fingerprint, claimed_until, status, body FROM kept_answer WHERE key = ?", (key,)
        ).fetchone()
        until = unit.moment + CLAIM_SECONDS
        if row is None:
            unit.sql.execute(
                "INSERT INTO kept_answer (key, created, fingerprint, claim, claimed_until) VALUES (?, ?, ?, ?, ?)",
                (key, unit.moment, mark, mine.token, until),
            )
            return mine
        stored_mark, claimed_until, status, body = row
        if stored_mark != mark:
            raise Refusal(
                400,
                "idempotency_error",
                "Keys for idempotent requests can only be used with the same endpoint and parameters they were first"
                f" used with. Try using a key other than {key!r} if you meant to execute a different request.",
            )
        if status is not None:
            return status, json.loads(body)
        if claimed_until > unit.moment:
            raise in_use(key)
        unit.sql.execute("UPDATE kept_answer SET claim = ?, claimed_until = ? WHERE key = ?", (mine.token, until, key))
    return mine


def hold(unit: Unit, mine: Claim) -> None:
    """Makes sure, inside the transaction of the effect, that the claim has not lapsed and gone to another call."""
    row = unit.sql.execute("SELECT claim, status FROM kept_answer WHERE key = ?", (mine.key,)).fetchone()
    if row is None or row != (mine.token, None):
        raise in_use(mine.key)


def keep(unit: Unit, mine: Claim, answer: Answer) -> None:
    status, body = answer
    unit.sql.execute("UPDATE kept_answer SET status = ?, body = ? WHERE key = ?", (status, json.dumps(body), mine.key))


def forget(unit: Unit, mine: Claim) -> None:
    unit.sql.execute("DELETE FROM kept_answer WHERE key = ? AND claim = ?", (mine.key, mine.token))


def in_use(key: str) -> Refusal:
    return Refusal(
        409,
        "idempotency_error",
        f"There is currently another in-progress request using this Idempotent Key: {key}",
        code="idempotency_key_in_use",
    )
