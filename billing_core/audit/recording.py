"""Writing entries: collected while the verb runs, chained as its last statements."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, cast

from sqlalchemy import Table, insert, update

from billing_core import clock, db
from billing_core.audit.chain import START, seal_of
from billing_core.audit.models import AuditEntry, AuditHead
from billing_core.db import Instant

_ENTRIES, _HEAD = (cast(Table, mapped.__table__) for mapped in (AuditEntry, AuditHead))
"""The tables themselves: twice as fast as by the mapped classes, and the head is not held meanwhile."""
_AT_ONCE = 1000
"""Rows of one INSERT: an import records many."""


@dataclass(frozen=True, slots=True)
class _Entry:
    """What was recorded and has no place in the chain yet."""

    at: datetime
    actor: str
    action: str
    subject: str
    account_id: int | None
    detail: bytes


def record(actor: str, action: str, subject: str, account_id: int | None = None, **detail: Any) -> None:
    """Have one entry written with the open transaction; queries see it after the commit.

    `detail` holds plain JSON values, never secrets. Raises NoTransaction outside `perform`.
    """
    body = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    db.at_the_end(_append, _Entry(clock.now(), actor, action, subject, account_id, body))


def _append(entries: list[_Entry]) -> None:
    """Lock the head, chain the entries, move the head. Nothing but the commit may follow: all verbs queue here."""
    number, seal = _take_head(len(entries))
    for start in range(0, len(entries), _AT_ONCE):
        rows = []
        for entry in entries[start : start + _AT_ONCE]:
            number, previous, seal = number + 1, seal, _seal(entry, number + 1, seal)
            rows.append(
                {
                    "id": number, "at": entry.at, "actor": entry.actor, "action": entry.action,
                    "subject": entry.subject, "account_id": entry.account_id, "detail": entry.detail,
                    "previous_seal": previous, "seal": seal,
                }
            )  # fmt: skip
        db.session().execute(insert(_ENTRIES), rows)
    db.session().execute(update(_HEAD).values(seal=seal))


def _take_head(further: int) -> tuple[int, bytes]:
    """The number and the seal of the last entry; the head is locked, and counts the further entries."""
    begin = db.upsert(AuditHead).values(id=1, entries=further, seal=START)
    move_on = begin.on_conflict_do_update(index_elements=["id"], set_={"entries": AuditHead.entries + further})
    entries, seal = db.session().execute(move_on.returning(AuditHead.entries, AuditHead.seal)).one()
    return entries - further, seal


def _seal(entry: _Entry, number: int, previous: bytes) -> bytes:
    at = Instant.spell(entry.at)
    return seal_of(
        number, at, entry.actor, entry.action, entry.subject, entry.account_id, entry.detail, previous
    )  # fmt: skip
