"""Take in a file of bank statements: all of it or nothing, and no statement and no entry twice."""

import hashlib
from collections import Counter
from collections.abc import Iterator, Sequence

from sqlalchemy import insert, select

from billing_core import audit, clock, db
from billing_core.bank.camt import ReadEntry, ReadStatement, plain_account
from billing_core.bank.models import UNMATCHED, BankEntry, BankStatement
from billing_core.bank.refusals import EntriesKnown, FileKnown, StatementKnown, UnreadableFile
from billing_core.documents.models import DocumentBytes
from billing_core.documents.service import keep_document
from billing_core.permissions import Viewer, demand_staff
from billing_core.sellers.models import Seller
from billing_core.words import mark

FILE = "bank-statement"
"""The kind of the document that holds the file."""
NOT_OURS = mark("The bank account %(iban)s belongs to none of the sellers. Nothing was imported.")
_CHUNK = 500


def sellers_of(iban: str) -> list[Seller]:
    """The sellers into whose account the money came: their bank details name it. One statement."""
    return [seller for seller in db.session().scalars(select(Seller)) if plain_account(seller.iban) == iban]


def import_statements(
    viewer: Viewer, content: bytes, filename: str, statements: Sequence[ReadStatement]
) -> list[BankStatement]:
    """Keep the file as evidence and its statements with their entries; what earlier ones brought is only counted.

    One verb for `db.perform`, for finance alone; `statements` is what `camt.read_statements` made of `content`. Raises
    NotAllowed, UnreadableFile, FileKnown, StatementKnown and EntriesKnown.
    """
    demand_staff(viewer, "finance")
    _one_at_a_time()
    sha256 = hashlib.sha256(content).hexdigest()
    if db.session().scalar(select(BankStatement.id).where(BankStatement.sha256 == sha256).limit(1)) is not None:
        raise FileKnown
    db.add_if_absent(DocumentBytes, sha256=sha256, content=content)
    kept = []
    for place, read in enumerate(statements):
        if not sellers_of(read.iban):
            raise UnreadableFile(NOT_OURS, iban=read.iban)
        statement = _statement(viewer, read, sha256, place)
        keep_document(statement.public_id, FILE, "en", filename, content, "application/xml")
        audit.record(
            viewer.actor, "bank_statement.imported", statement.public_id,
            name=read.name, iban=read.iban, entries=len(read.entries), known=statement.known, sha256=sha256,
        )  # fmt: skip
        kept.append(statement)
    return kept


def _one_at_a_time() -> None:
    """Two clerks with the same file, or with statements that overlap: the second sees what the first one brought."""
    db.session().execute(select(Seller.id).order_by(Seller.id).with_for_update(key_share=True))


def _statement(viewer: Viewer, read: ReadStatement, sha256: str, place: int) -> BankStatement:
    identities = list(_identities(read))
    known = _known(identities)
    repeated = [entry.amount for entry, identity in zip(read.entries, identities, strict=True) if identity in known]
    if repeated and len(repeated) == len(read.entries):
        raise EntriesKnown(name=read.name)
    values = {
        "public_id": db.public_id("bst"), "iban": read.iban, "statement_id": read.name, "currency": read.currency,
        "opened_on": read.opened_on, "closed_on": read.closed_on, "opening": read.opening, "closing": read.closing,
        "known": len(repeated), "known_sum": sum(repeated), "sha256": sha256, "place": place,
        "imported_by": viewer.person_id, "imported_at": clock.now(),
    }  # fmt: skip
    if not db.add_if_absent(BankStatement, **values):
        raise StatementKnown(name=read.name, iban=read.iban)
    found = db.session().scalars(select(BankStatement).where(BankStatement.public_id == values["public_id"])).one()
    rows = [
        _row(found, position, entry, identity)
        for position, (entry, identity) in enumerate(zip(read.entries, identities, strict=True))
        if identity not in known
    ]
    if rows:
        db.session().execute(insert(BankEntry), rows)
    return found


def _row(statement: BankStatement, place: int, entry: ReadEntry, identity: str) -> dict[str, object]:
    return {
        **entry.__dict__, "public_id": db.public_id("ben"), "statement_id": statement.id, "place": place,
        "identity": identity, "currency": statement.currency, "state": UNMATCHED, "bookings": 0, "note": "",
    }  # fmt: skip


def _identities(read: ReadStatement) -> Iterator[str]:
    """What tells each entry from every other one of the account, in whatever statement the bank repeats it.

    The bank's and the payer's references with day and amount; of several alike in one statement the first, the second.
    An entry without any reference is never taken for another statement's: money must not be overlooked.
    """
    seen: Counter[tuple[object, ...]] = Counter()
    for place, entry in enumerate(read.entries):
        named: tuple[object, ...] = (entry.bank_reference, entry.end_to_end_id)
        if not any(named):
            named = ("", read.name, place)
        same = (read.iban, read.currency, entry.amount, entry.booked_on.isoformat(), *named)
        yield hashlib.sha256(repr((*same, seen[same])).encode()).hexdigest()
        seen[same] += 1


def _known(identities: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(identities), _CHUNK):
        some = select(BankEntry.identity).where(BankEntry.identity.in_(identities[start : start + _CHUNK]))
        known.update(db.session().scalars(some))
    return known
