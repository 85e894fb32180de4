"""The forms about bank statements: the file, whose money an entry is, and why it is not booked."""

from collections.abc import Mapping

from flask_wtf.file import FileField
from wtforms import FieldList, FormField, HiddenField

from billing_core import money, words
from billing_core.bank.service import LONGEST_NOTE
from billing_core.errors import Invalid, Refusal
from billing_core.web.forms import Form, FormOfRows, TextLine
from billing_core.words import lazy
from corporate_portal.finance.forms.booking import MOST_SHARES, ShareForm
from corporate_portal.finance.queries.bank import ByHand

LONGEST_NAME = 120


class StatementForm(Form):
    """A file of the bank."""

    file = FileField(lazy("File of the bank (camt.053)"))

    @property
    def content(self) -> bytes:
        """The bytes; none where no file was chosen."""
        return self.file.data.read() if self.file.data else b""

    @property
    def filename(self) -> str:
        """The name under which it is kept: what a person can read of the name that it had."""
        given = (self.file.data.filename or "") if self.file.data else ""
        tidy = "".join(c for c in given if c.isprintable() and c not in '/\\:*?"<>|').strip(" .")
        return tidy[-LONGEST_NAME:] or "bank-statement.xml"


class DismissForm(Form):
    """Why an entry is not booked."""

    note = TextLine(lazy("Why it is not booked"), LONGEST_NOTE, needed=True)


class ByHandForm(FormOfRows):
    """Whose money it is, and how much of it each invoice gets; the rest becomes account credit."""

    account = HiddenField()
    shares = FieldList(FormField(ShareForm), max_entries=MOST_SHARES)

    def show(self, chosen: ByHand) -> None:
        """A row for each open invoice, with what it would get."""
        self.account.data = chosen.account.public_id
        shares = {share.invoice.public_id: share.amount for share in chosen.spread.shares}
        for invoice in chosen.invoices[:MOST_SHARES]:
            amount = shares.get(invoice.public_id, 0)
            typed = money.typed(amount, invoice.currency, words.locale()) if amount else ""
            self.shares.append_entry({"invoice": invoice.public_id, "amount": typed})

    def set_currency(self, currency: str) -> None:
        """Before anything is read or shown."""
        for row in self.shares:
            row.form.amount.currency = currency

    @property
    def wishes(self) -> Mapping[str, int]:
        """What each invoice gets."""
        return {row.form.invoice.data or "": row.form.amount.amount or 0 for row in self.shares}

    def refuse(self, refusal: Refusal) -> None:
        """Beside the invoice that the refusal names."""
        named = getattr(refusal, "field", None) or ""
        rows = {f"share-{row.form.invoice.data}": row.form for row in self.shares}
        if named in rows:
            rows[named].refuse(Invalid(refusal.message, field="amount", **refusal.params))
        elif self.shares.entries and named == "amount":
            self.shares[0].form.refuse(refusal)
        else:
            super().refuse(refusal)
