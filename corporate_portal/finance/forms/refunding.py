"""The forms in which money goes back: to a card, and to a bank that took it back itself."""

import secrets

from wtforms import FieldList, FormField, HiddenField

from billing_core.errors import Refusal
from billing_core.ledger.models import Invoice
from billing_core.payments.booking import LONGEST_REASON
from billing_core.payments.models import Payment
from billing_core.payments.refunding import CREDIT, Refundable
from billing_core.web.forms import Amount, Form, FormOfRows, TextLine
from billing_core.words import lazy


class PartForm(Form):
    """What one invoice, or the account's credit, gives back."""

    class Meta(Form.Meta):
        """The token stands once, in the form around it."""

        csrf = False

    part = HiddenField()
    amount = Amount(lazy("Goes back"), needed=False)


class RefundForm(FormOfRows):
    """A refund of one payment. `key` names this form once; a row for each part that can give something."""

    key = HiddenField()
    parts = FieldList(FormField(PartForm), max_entries=200)
    reason = TextLine(lazy("Reason"), LONGEST_REASON, needed=True)

    def offer(self, payment: Payment, most: Refundable) -> None:
        """A row for each part, before anything is shown."""
        self.key.data = self.key.data or secrets.token_hex(16)
        sent = {row.form.part.data: row.form for row in self.parts}
        for name, _, _ in rows_of(payment, most):
            if name not in sent:
                self.parts.append_entry({"part": name})
        self.set_currency(payment.currency)

    def set_currency(self, currency: str) -> None:
        """Before anything is read."""
        for row in self.parts:
            row.form.amount.currency = currency

    def wishes(self) -> dict[str, int]:
        """What was entered, as the verb takes it."""
        return {row.form.part.data or "": row.form.amount.amount or 0 for row in self.parts if row.form.amount.amount}

    def refuse(self, refusal: Refusal) -> None:
        """Beside the reason, or beside the first of the amounts."""
        if getattr(refusal, "field", None) == "amount" and self.parts.entries:
            self.parts[0].form.refuse(refusal)
        else:
            super().refuse(refusal)


def rows_of(payment: Payment, most: Refundable) -> list[tuple[str, Invoice | None, int]]:
    """The parts that can give something back: name, the invoice (None: the account's credit), and how much at most."""
    rows: list[tuple[str, Invoice | None, int]] = [
        (target.invoice.public_id, target.invoice, most.invoices[target.invoice.id])
        for target in payment.targets
        if target.invoice is not None and most.invoices.get(target.invoice.id)
    ]
    return [*rows, (CREDIT, None, most.credit)] if most.credit else rows


class ReturnForm(Form):
    """Why money that finance booked is taken out of the books again."""

    reason = TextLine(lazy("Reason"), LONGEST_REASON, needed=True)
