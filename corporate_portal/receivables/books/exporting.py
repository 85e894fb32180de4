"""Every movement of a period for bookkeeping, as rows of plain text. docs/operations.md describes the columns."""

import heapq
from collections.abc import Callable, Iterator
from typing import Any

from billing_core import db, money
from billing_core.ledger.closing import INVOICE
from billing_core.spreadsheet import harmless
from corporate_portal.receivables.books import rows
from corporate_portal.receivables.books.rows import Movement, Place, Scope

COLUMNS = (
    "date", "seller", "kind", "document", "account", "name", "currency", "net", "tax_category", "tax_rate", "tax",
    "gross", "receivables", "credit", "way", "reference", "counter_document",
)  # fmt: skip

_ON_INVOICES = {"credit_note": "credit_note_applied", "credit": "credit_used"}
_ON_CREDIT = {"credit_note": "credit_given", "used": "credit_used"}
"""What the ledger's kinds are called in the file, where a document of the same name stands beside them."""

Cells = list[str]


def exported(scope: Scope, seller: str) -> Iterator[Cells]:
    """The lines of the file, each page of rows read in a transaction of its own. `seller` is its code."""
    streams = (_stream(scope, part) for part in (rows.invoices, rows.notes, rows.allocations, rows.credits_))
    for movement in heapq.merge(*streams, key=lambda one: one.order):
        yield from _lines(movement, seller)


def _stream(scope: Scope, part: Callable[[Scope, Movement | Place | None], list[Movement]]) -> Iterator[Movement]:
    last: Movement | None = None
    while True:
        with db.reading():
            found = part(scope, last)
        yield from found
        if len({one.id for one in found}) < rows.AT_A_TIME:
            return
        last = found[-1]


def _lines(it: Movement, seller: str) -> list[Cells]:
    """A document is a line for each tax category and rate, every other movement is one line."""
    if it.place == rows.NOTES:
        return [_line(it, seller, "credit_note", tax, -1, 0) for tax in it.note.taxes]
    if it.kind == INVOICE:
        return [_line(it, seller, INVOICE, tax, 1, tax.net + tax.tax) for tax in it.invoice.taxes]
    names = _ON_CREDIT if it.place == rows.CREDITS else _ON_INVOICES
    return [_line(it, seller, names.get(it.kind, it.kind), None, 0, it.receivables)]


def _line(it: Movement, seller: str, kind: str, tax: Any, sign: int, receivables: int) -> Cells:
    def amount(units: int) -> str:
        return money.plain(units, it.currency)

    taxed = ["", "", "", "", ""]
    if tax is not None:
        rate = money.plain(tax.rate, "EUR")
        taxed = [amount(sign * tax.net), tax.category, rate, amount(sign * tax.tax), amount(sign * (tax.net + tax.tax))]
    document, reference, counter = (harmless(text) for text in (document_of(it), _reference(it), _counter(it)))
    return [
        it.day.isoformat(), seller, kind, document, harmless(it.account.number), harmless(it.account.name),
        it.currency, *taxed, amount(receivables), amount(it.credit), it.way, reference, counter,
    ]  # fmt: skip


def document_of(it: Movement) -> str:
    """The number of the document or of the payment that moved it."""
    if it.kind == INVOICE:
        return str(it.invoice.number)
    if it.note is not None:
        return str(it.note.number)
    head = it.reference.partition("/")[0]
    if it.came is not None or head.startswith(("ref_", "dsp_")):
        return head
    return str(it.payment.public_id) if it.payment is not None else ""


def _reference(it: Movement) -> str:
    """What the payer wrote, the processor's id, or the purchase order number of a document."""
    if it.came is not None:
        return str(it.came.reference)
    if it.payment is not None:
        return it.payment.processor_intent or ""
    named = it.note or it.invoice
    return str(named.po_number) if it.place in (rows.INVOICES, rows.NOTES) else ""


def _counter(it: Movement) -> str:
    """The document on the other side: the invoice that was paid or credited, the order of an invoice."""
    if it.kind == INVOICE:
        return str(it.invoice.order_number)
    return str(it.invoice.number) if it.invoice is not None else ""
