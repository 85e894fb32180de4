"""The form of finance: money that came in, and where it goes."""

import secrets
from collections.abc import Sequence
from datetime import date

from wtforms import FieldList, FormField, HiddenField, SelectField

from billing_core import money, words
from billing_core.errors import Invalid, Refusal
from billing_core.ledger.incoming import (
    BANK_TRANSFER,
    CHEQUE,
    DIRECT_DEBIT,
    LONGEST_NOTE,
    LONGEST_REFERENCE,
    Money,
    Spread,
)
from billing_core.ledger.models import Invoice
from billing_core.web.forms import Amount, Day, Form, FormOfRows, TextBlock, TextLine
from billing_core.words import lazy, mark

METHOD_NAMES = {BANK_TRANSFER: mark("Bank transfer"), DIRECT_DEBIT: mark("Direct debit"), CHEQUE: mark("Cheque")}
MOST_SHARES = 200
"""Invoices among which one sum can be divided by hand."""


class ShareForm(Form):
    """What one invoice gets."""

    class Meta(Form.Meta):
        """The token stands once, in the form around it."""

        csrf = False

    invoice = HiddenField()
    amount = Amount(lazy("Gets"), needed=False)


class BookingForm(FormOfRows):
    """Money that came in. `key` names this form once; the shares are there from the second step on."""

    key = HiddenField()
    method = SelectField(lazy("How it came"), validate_choice=False)
    amount = Amount(lazy("Amount"))
    received_on = Day(lazy("Day of value"), needed=True)
    reference = TextLine(lazy("Reference"), LONGEST_REFERENCE, needed=True)
    note = TextBlock(lazy("Note for the desk"), LONGEST_NOTE)
    shares = FieldList(FormField(ShareForm), max_entries=MOST_SHARES)

    def offer(self, currency: str) -> None:
        """The choices and the currency, before anything is read or shown."""
        self.method.choices = [(value, words.gettext(name)) for value, name in METHOD_NAMES.items()]
        for field in (self.amount, *(row.form.amount for row in self.shares)):
            field.currency = currency
        if not self.key.data:
            self.key.data = secrets.token_hex(16)

    def money(self, *, by_hand: bool) -> Money:
        """What was entered, as the verb takes it; `by_hand` with the shares as they stand."""
        shares = {row.form.invoice.data or "": row.form.amount.amount or 0 for row in self.shares}
        return Money(
            method=self.method.data or "",
            amount=self.amount.amount or 0,
            received_on=self.received_on.data or date.max,
            reference=self.reference.data or "",
            note=self.note.data or "",
            shares=shares if by_hand else None,
        )

    def show(self, spread: Spread, invoices: Sequence[Invoice], currency: str) -> None:
        """A row for each open invoice with what it gets of the money."""
        shares = {share.invoice.public_id: share.amount for share in spread.shares}
        for invoice in invoices[:MOST_SHARES]:
            amount = shares.get(invoice.public_id, 0)
            typed = money.typed(amount, currency, words.locale()) if amount else ""
            self.shares.append_entry({"invoice": invoice.public_id, "amount": typed})

    def refuse(self, refusal: Refusal) -> None:
        """Beside the field that the refusal names, also that of an invoice's share."""
        named = getattr(refusal, "field", None) or ""
        rows = {f"share-{row.form.invoice.data}": row.form for row in self.shares}
        if named in rows:
            rows[named].refuse(Invalid(refusal.message, field="amount", **refusal.params))
        else:
            super().refuse(refusal)
