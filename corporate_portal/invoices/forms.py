"""The forms of the invoice pages: choose how much to pay, and with what."""

from typing import Any

from wtforms import HiddenField, RadioField

from billing_core import db, money, words
from billing_core.errors import Invalid
from billing_core.payments.limits import CardAmounts
from billing_core.web.card_choice import CardChoice
from billing_core.web.forms import Amount, Form, is_form_key, key_or_new
from billing_core.words import lazy, mark

FULL, PART = "full", "part"
LONGEST_AMOUNT = 16
STALE = mark("This page is not up to date any more. Please check the amount and confirm again.")


class PayForm(CardChoice):
    """How much to pay, and with what. `seen` is what the page said is payable; `form_key` makes a second submit the
    same payment."""

    share = RadioField(choices=[FULL, PART])  # type: ignore[list-item]  # the stubs are of an older version
    amount = Amount(lazy("Amount"), needed=False)
    form_key = HiddenField()
    seen = HiddenField()

    def offer(self, allowed: CardAmounts, share: str) -> None:
        """Make it ready to be shown: what can be paid now, and a key of its own. `share` is chosen beforehand."""
        labels = {FULL: words.gettext("Pay in full"), PART: words.gettext("Pay a part")}
        offered = [FULL] * allowed.full + [PART] * bool(allowed.most)
        self.share.choices = [(value, labels[value]) for value in offered]
        wanted = self.share.data or share
        self.share.data = wanted if wanted in offered else next(iter(offered), None)
        self.amount.flags.optional = False  # it is shown where a part is chosen, and needed there
        self.form_key.data = db.public_id("form")
        self.seen.data = str(allowed.payable)

    def validate(self, extra_validators: Any = None) -> bool:
        """As every form; besides, a part needs its amount, and the hidden fields must be ours."""
        valid: bool = super().validate(extra_validators)
        if self.share.data == PART and not self.amount.data:
            self.refuse(Invalid(mark("Enter the amount that you want to pay."), field="amount"))
            valid = False
        if not (is_form_key(self.form_key.data or "") and self._has_seen()):
            self.form_errors.append(words.gettext(STALE))
            return False
        return valid

    @property
    def wanted(self) -> int | None:
        """The amount in smallest units; None is all that is payable. Of a form that is valid."""
        return None if self.share.data == FULL else self.amount.amount

    @property
    def payable_seen(self) -> int:
        """What the page said is payable, in smallest units. Of a form that is valid."""
        return int(self.seen.data or 0)

    def _has_seen(self) -> bool:
        text: str = self.seen.data or ""
        return 0 < len(text) <= LONGEST_AMOUNT and text.isascii() and text.isdigit()


class CreditForm(Form):
    """How much account credit the invoice gets; `form_key` makes a second submit the same."""

    amount = Amount(lazy("From account credit"))
    form_key = HiddenField()

    def offer(self, most: int, currency: str) -> None:
        """Make it ready to be shown, with as much as possible entered beforehand."""
        self.amount.currency = currency
        self.amount.data = self.amount.data or money.typed(most, currency, words.locale())
        self.form_key.data = db.public_id("form")

    @property
    def key(self) -> str:
        """The form's key, of a form that came back; another one where it is not ours."""
        return key_or_new(self.form_key.data)
