"""The two forms on the way: how much goes to each invoice, and the division as it was shown."""

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from wtforms import FieldList, FormField, HiddenField, RadioField

from billing_core import db, money, words
from billing_core.errors import Invalid, NotFound, Refusal
from billing_core.payments.proposals.service import LONGEST_REASON
from billing_core.payments.refusals import NothingToPay, TooManyInvoices
from billing_core.payments.sharing import MOST_INVOICES, Payable, Wish, spread
from billing_core.web.card_choice import CardChoice
from billing_core.web.forms import Amount, Form, FormOfRows, TextBlock, key_or_new
from billing_core.words import lazy, mark

EACH, TOTAL = "each", "total"
OUR_KEY = re.compile(r"form_\w{16}", re.ASCII)
PART = re.compile(r"(\w{1,32})\.([0-9]{1,16})\.([0-9]{1,16})", re.ASCII)
"""An invoice, its amount, and what was payable of it, as the address of the confirmation carries them."""
NOT_OURS = mark("This page is not up to date any more. Please check the amounts and confirm again.")


def carried(wishes: Iterable[Wish]) -> dict[str, str]:
    """A division by the names of the fields that hold it."""
    return {f"parts-{place}": f"{wish.invoice}.{wish.amount}.{wish.seen}" for place, wish in enumerate(wishes)}


class ShareRow(Form):
    """What one invoice gets; `seen` is what the page said is payable of it."""

    class Meta(Form.Meta):
        """The token stands once, in the form around it."""

        csrf = False

    invoice = HiddenField()
    seen = HiddenField()
    amount = Amount(lazy("Amount"), needed=False)


class AmountsForm(FormOfRows):
    """An amount for each invoice, or one for all of them."""

    how = RadioField(lazy("How do you want to divide the payment?"), choices=[EACH, TOTAL])  # type: ignore[list-item]
    total = Amount(lazy("One amount for all"), needed=False)
    rows = FieldList(FormField(ShareRow), max_entries=MOST_INVOICES + 1)

    @property
    def named(self) -> list[str]:
        """The invoices of the rows, by public id."""
        return [row.form.invoice.data or "" for row in self.rows]

    def offer(self, payables: Mapping[str, Payable]) -> None:
        """Make it ready to be read or shown: choices, and the currency that all have."""
        labels = {EACH: words.gettext("The amounts in the table"), TOTAL: words.gettext("One amount, oldest first")}
        self.how.choices = list(labels.items())
        currency = next(iter(payables.values())).invoice.currency
        for field in (self.total, *(row.form.amount for row in self.rows)):
            field.currency = currency
            field.flags.optional = False

    def fill(self, payables: Sequence[Payable], wishes: Iterable[Wish] = ()) -> None:
        """A row for each invoice: with what is payable, or with what was wished before.

        Who wished all that was payable gets all that is.
        """
        before = {wish.invoice: wish for wish in wishes}
        for one in payables:
            wish = before.get(one.invoice.public_id)
            amount = one.amount if wish is None or wish.amount in (None, wish.seen) else wish.amount or 0
            typed = money.typed(amount, one.invoice.currency, words.locale())
            self.rows.append_entry({"invoice": one.invoice.public_id, "amount": typed})

    def renew(self, payables: Mapping[str, Payable]) -> None:
        """Before it is shown: what is payable now; where that is nothing, nothing is asked for."""
        self.offer(payables)
        self.how.data = self.how.data if self.how.data in (EACH, TOTAL) else EACH
        for row in self.rows:
            payable = payables[row.form.invoice.data or ""].amount
            row.form.seen.data = str(payable)
            if not payable:
                row.form.amount.data = ""

    def wishes(self, payables: Mapping[str, Payable]) -> list[Wish]:
        """What a valid form asks for; invoices without an amount are left out.

        Raises NothingToPay, TooManyInvoices, TotalNotPossible, and Invalid for a form that is not ours.
        """
        seen = {row.form.invoice.data or "": _figure(row.form.seen.data) for row in self.rows}
        if self.how.data == TOTAL:
            if self.total.amount is None:
                raise Invalid(mark("Enter the amount that you want to pay."), field="total")
            shares = spread(self.total.amount, [payables[public_id] for public_id in seen])
        else:
            shares = {row.form.invoice.data or "": row.form.amount.amount or 0 for row in self.rows}
        wishes = [Wish(public_id, amount, seen[public_id]) for public_id, amount in shares.items() if amount]
        if not wishes:
            raise NothingToPay
        if len(wishes) > MOST_INVOICES:
            raise TooManyInvoices(most=MOST_INVOICES)
        return wishes

    def object(self, objections: Iterable[tuple[str, Refusal]]) -> bool:
        """Say each objection where it belongs; whether there is one."""
        rows = {row.form.invoice.data: row.form for row in self.rows}
        found = list(objections)
        for where, refusal in found:
            told = Invalid(refusal.message, field="amount", **refusal.params)
            if where in rows:
                rows[where].refuse(told)
            else:
                self.refuse(Invalid(refusal.message, "total" if self.how.data == TOTAL else None, **refusal.params))
        return bool(found)


class ConfirmForm(CardChoice):
    """The division as it was shown, and the card; `form_key` makes a second submit the same payment."""

    parts = FieldList(HiddenField(), max_entries=MOST_INVOICES + 1)
    form_key = HiddenField()

    @property
    def wishes(self) -> list[Wish]:
        """The division. Raises NotFound where a part is none of ours."""
        found = [PART.fullmatch(part.data or "") for part in self.parts]
        wishes = [Wish(part[1], int(part[2]), int(part[3])) for part in found if part]
        if len(wishes) < len(found) or len({wish.invoice for wish in wishes}) < len(wishes):
            raise NotFound
        return wishes

    def offer(self) -> None:
        """A key of its own."""
        self.form_key.data = db.public_id("form")

    def validate(self, extra_validators: Any = None) -> bool:
        """As every form; besides, the key must be ours."""
        valid: bool = super().validate(extra_validators)
        if not OUR_KEY.fullmatch(self.form_key.data or ""):
            self.form_errors.append(words.gettext(NOT_OURS))
            return False
        return valid


class ProposalForm(CardChoice):
    """The card with which a proposed payment is made; `form_key` makes a second submit the same payment."""

    form_key = HiddenField()

    def offer(self) -> None:
        """A key of its own."""
        self.form_key.data = db.public_id("form")

    @property
    def key(self) -> str:
        """The form's key; another one where it is not ours."""
        return key_or_new(self.form_key.data)


class RefusalForm(Form):
    """Why a proposed payment is not confirmed."""

    reason = TextBlock(lazy("Reason"), LONGEST_REASON, needed=mark("Say in a few words why you do not confirm it."))


def _figure(text: str | None) -> int:
    if not re.fullmatch("[0-9]{1,16}", text or ""):
        raise Invalid(NOT_OURS)
    return int(text or 0)
