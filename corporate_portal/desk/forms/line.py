"""One line of the form: what it offers to choose from, and the wish that it says."""

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date

from wtforms import HiddenField, SelectField

from billing_core import money, templating, words
from billing_core.catalogue.models import Price
from billing_core.errors import Invalid
from billing_core.subscriptions.models import Subscription
from billing_core.web.forms import Day, Form, TextLine, WholeNumber
from billing_core.words import lazy, mark
from corporate_portal.desk.forms.figures import read_amount, read_discount
from corporate_portal.quotes.offer.content import (
    ADD,
    EFFECTS,
    FREE,
    LONGEST_DESCRIPTION,
    MOST_MONTHS,
    MOST_UNITS,
    REMOVE,
    RENEW,
    START,
    LineWish,
)
from corporate_portal.quotes.offer.explaining import counted
from corporate_portal.quotes.offer.recurring import frequency_word

_OFFER = re.compile(r"([^|]{1,40})\|([^|]{0,20})\|([a-z]{1,8})")
_HEADINGS = {
    START: mark("New product"),
    ADD: mark("More seats"),
    REMOVE: mark("Fewer seats"),
    RENEW: mark("Renewal"),
    FREE: mark("Own words and amount"),
}
AT_ONCE = "day"
"""Of seats that leave: on a day, with a credit. Otherwise they leave at their term's end."""


@dataclass(frozen=True)
class Shown:
    """What the form offers to choose from."""

    prices: Sequence[Price]
    subscriptions: Sequence[Subscription]
    """Those of the account, with their products, that can still change or be renewed."""
    currency: str
    today: date
    """On the account's calendar."""


class LineForm(Form):
    """One line; `effect` says which of its fields count."""

    class Meta(Form.Meta):
        """The token stands once, in the form around it."""

        csrf = False

    effect = HiddenField()
    offer = SelectField(lazy("Product"), validate_choice=False)
    subscription = SelectField(lazy("Subscription"), validate_choice=False)
    product = SelectField(lazy("Taxed like"), validate_choice=False)
    description = TextLine(lazy("Words on the quote"), LONGEST_DESCRIPTION)
    quantity = WholeNumber(lazy("Quantity"), 1, MOST_UNITS)
    unit_price = TextLine(lazy("Amount of one"), 20)
    discount = TextLine(lazy("Discount"), 20)
    discount_kind = SelectField(lazy("Discount in"), validate_choice=False)
    starts_on = Day(lazy("Takes effect on"))
    term_months = WholeNumber(lazy("Own term in months"), 1, MOST_MONTHS, needed=False)
    leaves = SelectField(lazy("When they leave"), validate_choice=False)

    @property
    def kind(self) -> str:
        """The effect that the line has; a new product where none is said."""
        return self.effect.data if self.effect.data in EFFECTS else START

    @property
    def heading(self) -> str:
        """What the line does, in the reader's language."""
        return words.gettext(_HEADINGS[self.kind])

    @property
    def has_own_time(self) -> bool:
        """Whether a start or term of its own was entered, or refused: then it is not folded away."""
        fields = (self.starts_on, self.term_months)
        return any(field.data or field.errors for field in fields)

    def show(self, shown: Shown) -> None:
        """The choices, in the reader's language."""
        catalogue = [_choice(price) for price in shown.prices]
        if self.kind == RENEW:
            self.offer.choices = [("", words.gettext("As it is now")), *_recurring(catalogue)]
        else:
            self.offer.choices = [("", words.gettext("Choose a product")), *catalogue]
        offered = [one for one in shown.subscriptions if self.kind == RENEW or not one.is_over(shown.today)]
        self.subscription.choices = [
            ("", words.gettext("Choose a subscription")), *(_subscription_choice(one) for one in offered),
        ]  # fmt: skip
        names = {price.product.code: price.product.name for price in shown.prices}
        self.product.choices = [("", words.gettext("Choose a product")), *names.items()]
        self.discount_kind.choices = [("percent", "%"), ("amount", shown.currency)]
        self.leaves.choices = [
            ("end", words.gettext("At the end of the term, without a credit")),
            (AT_ONCE, words.gettext("On a day, with a credit")),
        ]

    def wish(self, currency: str) -> LineWish:
        """The line as the verbs take it. Raises Invalid with the field's short name."""
        return _WISHES[self.kind](self, currency)

    def _start(self, currency: str) -> LineWish:
        code, tier, frequency = self._offered()
        percent_off, amount_off = read_discount(self.discount, self.discount_kind, currency)
        return LineWish(
            code, tier, frequency, self.quantity.data or 0, percent_off, amount_off,
            starts_on=self.starts_on.data, term_months=self.term_months.data,
        )  # fmt: skip

    def _renew(self, currency: str) -> LineWish:
        code, tier, frequency = self._offered() if self.offer.data else ("", "", "")
        percent_off, amount_off = read_discount(self.discount, self.discount_kind, currency)
        return LineWish(
            code, tier, frequency, self.quantity.data or 0, percent_off, amount_off, effect=RENEW,
            subscription=self._subscribed(), term_months=self.term_months.data,
        )  # fmt: skip

    def _add(self, currency: str) -> LineWish:
        percent_off, amount_off = read_discount(self.discount, self.discount_kind, currency)
        return LineWish(
            "", "", "", self.quantity.data or 0, percent_off, amount_off, effect=ADD,
            subscription=self._subscribed(), starts_on=self.starts_on.data,
        )  # fmt: skip

    def _remove(self, currency: str) -> LineWish:
        is_credited = self.leaves.data == AT_ONCE
        if self.starts_on.data and not is_credited:
            raise Invalid(mark("Without a credit the seats leave at the end of their term."), field="starts_on")
        return LineWish(
            "", "", "", self.quantity.data or 0, effect=REMOVE, subscription=self._subscribed(),
            starts_on=self.starts_on.data, credited=is_credited,
        )  # fmt: skip

    def _free(self, currency: str) -> LineWish:
        if not self.unit_price.data:
            raise Invalid(mark("Enter an amount; below zero it is credited."), field="unit_price")
        percent_off, amount_off = read_discount(self.discount, self.discount_kind, currency)
        return LineWish(
            self.product.data or "", "", "once", self.quantity.data or 0, percent_off, amount_off, effect=FREE,
            unit_price=read_amount(self.unit_price.data, currency, "unit_price"),
            description=self.description.data or "",
        )  # fmt: skip

    def _offered(self) -> tuple[str, str, str]:
        chosen = self.offer.data or ""
        found = _OFFER.fullmatch(chosen)
        if found is None or not chosen.isprintable():
            raise Invalid(mark("Choose something from the catalogue."), field="offer")
        code, tier, frequency = found.groups()
        return code, tier, frequency

    def _subscribed(self) -> str:
        chosen: str = self.subscription.data or ""
        if re.fullmatch("[a-z0-9_]{1,32}", chosen) is None:
            raise Invalid(mark("Choose one of the subscriptions of this account."), field="subscription")
        return chosen


_WISHES: dict[str, Callable[[LineForm, str], LineWish]] = {
    START: LineForm._start,
    RENEW: LineForm._renew,
    ADD: LineForm._add,
    REMOVE: LineForm._remove,
    FREE: LineForm._free,
}


def _choice(price: Price) -> tuple[str, str]:
    name = " ".join(part for part in (price.product.name, price.tier) if part)
    amount = money.show(price.amount, price.currency, words.locale())
    return offer_key(price.product.code, price.tier, price.frequency), (
        f"{name}, {frequency_word(price.frequency)}, {amount}"
    )


def _recurring(choices: list[tuple[str, str]]) -> list[tuple[str, str]]:
    return [(key, label) for key, label in choices if not key.endswith("|once")]


def _subscription_choice(of: Subscription) -> tuple[str, str]:
    name = " ".join(part for part in (of.product.name, of.tier) if part)
    label = words.gettext(
        "%(product)s: %(units)s at %(price)s, %(frequency)s, until %(day)s",
        product=name,
        units=counted(of.seats, of.product.seat_kind),
        price=money.show(of.unit_price, of.currency, words.locale()),
        frequency=frequency_word(of.frequency),
        day=templating.day(of.last_day),
    )
    if of.removed_at_end:
        leaving = words.ngettext("%(num)s leaves then", "%(num)s leave then", of.removed_at_end)
        label = f"{label} ({leaving})"
    return of.public_id, label


def offer_key(code: str, tier: str, frequency: str) -> str:
    """What names an offer in the form."""
    return f"{code}|{tier}|{frequency}"
