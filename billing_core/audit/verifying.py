"""Whether the chain is whole: every entry computed again, up to the head as it was when the walk began."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from sqlalchemy import BigInteger, ColumnElement, LargeBinary, Text, cast, func, select, true

from billing_core import db
from billing_core.audit.chain import START, seal_of
from billing_core.audit.models import AuditEntry, AuditHead

PAGE = 1000


@dataclass(frozen=True)
class Verdict:
    """How many entries stand in the chain, its last seal, and the first thing that is wrong, in words."""

    entries: int
    head: str
    wrong: str | None


class _Wrong(Exception):
    """The first entry that is not as it was written."""


def verify(noted: bytes | None = None) -> Verdict:
    """Walk the whole chain in pages, each in a reading of its own, so that nobody is held up.

    `noted` is a head that was written down elsewhere; some entry must have it for its seal. Entries that are appended
    during the walk are left to the next one. Not to be called inside a transaction.
    """
    entries, head, last = _standing()
    try:
        _walk(entries, head, last, noted)
    except _Wrong as wrong:
        return Verdict(entries, head.hex(), str(wrong))
    return Verdict(entries, head.hex(), None)


def _standing() -> tuple[int, bytes, int]:
    """Entries and seal of the head, and the highest id; of one moment, since it is one statement."""
    found = select(func.coalesce(func.max(AuditEntry.id), 0).label("highest")).subquery()
    entries = func.coalesce(cast(AuditHead.entries, BigInteger), 0)
    standing = select(entries, AuditHead.seal, found.c.highest).select_from(found.outerjoin(AuditHead, true()))
    with db.reading() as session:
        number, seal, highest = session.execute(standing.limit(1)).one()
    return number, START if seal is None else seal if isinstance(seal, bytes) else b"", highest


def _walk(entries: int, head: bytes, last: int, noted: bytes | None) -> None:
    number, seal, is_noted = 0, START, noted in (None, START)
    for row in _rows(entries):
        if row.id <= 0:
            raise _Wrong(f"Entry {row.id} does not belong to the chain, which begins with 1.")
        number += 1
        if row.id != number:
            raise _Wrong(f"Entry {number} is missing.")
        if row.previous_seal != seal:
            raise _Wrong(f"Entry {number} does not follow the one before it.")
        seal = row.seal
        if not _is_sealed(row):
            raise _Wrong(f"Entry {number} is not as it was written.")
        is_noted = is_noted or seal == noted
    if number < entries:
        raise _Wrong(f"Entry {number + 1} is missing.")
    if seal != head:
        raise _Wrong(f"Entry {number} is not the one with which the chain ended.")
    if last > entries:
        raise _Wrong(f"Entry {entries + 1} or a later one was put behind the end of the chain.")
    if not is_noted:
        raise _Wrong("No entry has the noted head: the chain was written anew or cut since.")


def _rows(entries: int) -> Iterator[Any]:
    behind: int | None = None
    while True:
        with db.reading() as session:
            page = select(AuditEntry.id, *_columns()).where(AuditEntry.id <= entries)
            if behind is not None:
                page = page.where(AuditEntry.id > behind)
            rows = session.execute(page.order_by(AuditEntry.id).limit(PAGE)).all()
        yield from rows
        if len(rows) < PAGE:
            return
        behind = rows[-1].id


def _columns() -> list[ColumnElement[bytes]]:
    """Everything as bytes: in a file that was tampered with a text need not be one, nor a number a number."""
    texts = {name: getattr(AuditEntry, name) for name in ("at", "actor", "action", "subject")}
    texts["account_id"] = cast(AuditEntry.account_id, Text)
    blobs = {name: getattr(AuditEntry, name) for name in ("detail", "previous_seal", "seal")}
    plain = texts | blobs if db.engine().dialect.name == "sqlite" else blobs
    raw: dict[str, ColumnElement[bytes]] = {name: cast(one, LargeBinary) for name, one in plain.items()}
    encoded = {name: func.convert_to(one, "UTF8", type_=LargeBinary) for name, one in texts.items()}
    return [one.label(name) for name, one in {**encoded, **raw}.items()]


def _is_sealed(row: Any) -> bool:
    try:
        at, actor, action, subject = (text.decode() for text in (row.at, row.actor, row.action, row.subject))
        account_id = None if row.account_id is None else int(row.account_id)
        said = (at, actor, action, subject, account_id, row.detail)
        return bool(row.seal == seal_of(row.id, *said, row.previous_seal))
    except (ValueError, AttributeError, TypeError):  # no text, no number, or nothing where something has to be
        return False
