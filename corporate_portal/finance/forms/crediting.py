"""The form of a credit note: what is credited of each line, and why."""

from collections.abc import Mapping

from wtforms import FieldList, FormField, HiddenField

from billing_core import money, words
from billing_core.errors import Invalid, Refusal
from billing_core.ledger.correcting import Creditable, Part, Plan
from billing_core.ledger.models import InvoiceLine
from billing_core.web.forms import Amount, Form, FormOfRows, TextLine, WholeNumber
from billing_core.words import lazy
from corporate_portal.finance.service import LONGEST_REASON, Seen, Wish

MOST_LINES = 500
"""Lines of one invoice that can be credited one by one."""
MOST_UNITS = 1_000_000


class PartForm(Form):
    """What is credited of one line: an amount or a quantity, or nothing."""

    class Meta(Form.Meta):
        """The token stands once, in the form around it."""

        csrf = False

    position = HiddenField()
    quantity = WholeNumber(lazy("Quantity"), 1, MOST_UNITS, needed=False)
    amount = Amount(lazy("Net amount"), needed=False)


class CreditNoteForm(FormOfRows):
    """A credit note on an invoice. `key` names this form once; the two seen amounts are there once it was checked."""

    key = HiddenField()
    seen_total = HiddenField()
    seen_allocated = HiddenField()
    parts = FieldList(FormField(PartForm), max_entries=MOST_LINES)
    reason = TextLine(lazy("Reason"), LONGEST_REASON)

    def offer(self, left: Creditable, key: str) -> None:
        """A row for each line of which something is left, unless they came back; before anything is read or shown."""
        if not self.is_submitted():
            for line in [line for line in left.invoice.lines if left.left(line)][:MOST_LINES]:
                self.parts.append_entry({"position": str(line.position)})
        for row in self.parts:
            row.form.amount.currency = left.invoice.currency
        self.key.data = key

    def fill(self, parts: Mapping[int, Part], currency: str) -> None:
        """Enter these amounts in the rows, as if they had been typed."""
        for row in self.parts:
            net = parts.get(_position(row.form), Part()).net or 0
            typed = money.typed(net, currency, words.locale()) if net else ""
            row.form.amount.data, row.form.amount.raw_data = typed, [typed]
            row.form.quantity.data, row.form.quantity.raw_data = None, [""]

    def wish(self) -> Wish:
        """What was entered, as the verb takes it."""
        parts = {_position(row.form): Part(row.form.amount.amount, row.form.quantity.data) for row in self.parts}
        return Wish(parts, self.reason.data or "")

    @property
    def seen(self) -> Seen:
        """What the page said; nothing of it where the fields are not ours."""
        return Seen(*(_whole(field.data) for field in (self.seen_total, self.seen_allocated)))

    def show(self, plan: Plan) -> None:
        """Remember what the page says now."""
        self.seen_total.data, self.seen_allocated.data = str(plan.totals.total), str(plan.allocated)

    def row_of(self, line: InvoiceLine) -> PartForm | None:
        """The row of a line; none where nothing of it is left."""
        found = (row.form for row in self.parts if _position(row.form) == line.position)
        return next(found, None)

    def refuse(self, refusal: Refusal) -> None:
        """Beside the field that the refusal names, also that of a line."""
        name, _, position = (getattr(refusal, "field", None) or "").partition("-")
        rows = {str(_position(row.form)): row.form for row in self.parts}
        if position in rows:
            rows[position].refuse(Invalid(refusal.message, field=name, **refusal.params))
        else:
            super().refuse(refusal)


def _position(row: PartForm) -> int:
    return _whole(row.position.data)


def _whole(sent: str | None) -> int:
    """A hidden whole number; one that is not ours names nothing."""
    return int(sent) if sent and len(sent) <= 16 and sent.isascii() and sent.isdigit() else -1
