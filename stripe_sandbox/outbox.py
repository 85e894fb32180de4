"""The webhook outbox: each event goes out signed, again and again with growing pauses, until the receiver answers 2xx.

A delivery is claimed in one short transaction, sent with no lock held, and settled in another. A process that dies
between them leaves a claim that lapses, so a delivery may come twice and none is lost, as with Stripe.
"""

import json
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass

from stripe import WebhookSignature

from stripe_sandbox.faults import webhooks_are_off
from stripe_sandbox.store import Store

Post = Callable[[bytes, str], int]

CLAIM_SECONDS = 60.0
FIRST_PAUSE_SECONDS = 5.0
LONGEST_PAUSE_SECONDS = 3600.0

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class PendingDelivery:
    """An event that its receiver has not yet confirmed. `due_at` is in seconds since the epoch."""

    event_id: str
    event_type: str
    due_at: float
    attempts: int
    last_status: int | None


@dataclass(frozen=True)
class _Work:
    seq: int
    claim: str
    attempts: int
    payload: str


def pending(store: Store) -> list[PendingDelivery]:
    with store.reading() as unit:
        rows = unit.sql.execute(
            "SELECT object.id, object.type, due_at, attempts, last_status FROM delivery"
            " JOIN object ON object.id = delivery.event WHERE delivered_at IS NULL ORDER BY due_at, delivery.seq"
        ).fetchall()
    return [PendingDelivery(*row) for row in rows]


def deliver_due(store: Store, secret: str, post: Post) -> int:
    """Sends what is due now, each delivery at most once, and returns how many were confirmed."""
    start = store.clock()
    confirmed = 0
    while (work := _claim(store, start)) is not None:
        signature = WebhookSignature.generate_signature_header(work.payload, secret, int(store.clock()))
        try:
            status: int | None = post(work.payload.encode(), signature)
        except Exception:  # whatever the receiver raises, this delivery failed and the others go on
            log.warning("The webhook receiver failed; the delivery will be repeated", exc_info=True)
            status = None
        confirmed += _settle(store, work, status)
    return confirmed


def _claim(store: Store, start: float) -> _Work | None:
    query = (
        "SELECT delivery.seq, attempts, body FROM delivery JOIN object ON object.id = delivery.event"
        " WHERE delivered_at IS NULL AND due_at <= ? AND claimed_until <= ? ORDER BY due_at, delivery.seq LIMIT 1"
    )
    with store.reading() as unit:
        if webhooks_are_off(unit) or unit.sql.execute(query, (start, unit.moment)).fetchone() is None:
            return None
    with store.writing() as unit:
        row = unit.sql.execute(query, (start, unit.moment)).fetchone()
        if row is None:
            return None
        seq, attempts, body = row
        claim = secrets.token_hex(8)
        unit.sql.execute(
            "UPDATE delivery SET claim = ?, claimed_until = ? WHERE seq = ?", (claim, unit.moment + CLAIM_SECONDS, seq)
        )
    return _Work(seq, claim, attempts, json.dumps(json.loads(body), indent=2))


def _settle(store: Store, work: _Work, status: int | None) -> bool:
    confirmed = status is not None and 200 <= status < 300
    pause = min(FIRST_PAUSE_SECONDS * 2 ** min(work.attempts, 20), LONGEST_PAUSE_SECONDS)
    with store.writing() as unit:
        unit.sql.execute(
            "UPDATE delivery SET attempts = attempts + 1, last_status = ?, delivered_at = ?, due_at = ?, claim = NULL,"
            " claimed_until = 0 WHERE seq = ? AND claim = ?",
            (status, unit.moment if confirmed else None, unit.moment + pause, work.seq, work.claim),
        )
    return confirmed
