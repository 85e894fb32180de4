"""The form in which a quote is made. It works by submits alone: add a line, remove one, recalculate, save."""

import re
import secrets
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, FieldList, FormField, HiddenField, SelectField

from billing_core import money, templating, words
from billing_core.accounts import Account
from billing_core.catalogue.models import Price
from billing_core.errors import Invalid, Refusal
from billing_core.subscriptions.models import Subscription
from billing_core.web.forms import Day, Form, TextBlock, TextLine, WholeNumber
from billing_core.words import lazy, mark
from corporate_portal.quotes.offer.content import (
    ADD,
    EFFECTS,
    FREE,
    LONGEST_DESCRIPTION,
    MOST_LINES,
    MOST_MONTHS,
    MOST_UNITS,
    REMOVE,
    RENEW,
    START,
    LineWish,
    QuoteContent,
)
from corporate_portal.quotes.offer.drafting import LONGEST_NOTES, LONGEST_TITLE
from corporate_portal.quotes.offer.explaining import counted
from corporate_portal.quotes.offer.recurring import frequency_word
from corporate_portal.quotes.offer.terms import TERMS_VERSIONS

_PLAIN = (
    "csrf_token", "key", "seen", "title", "starts_on", "term_months", "valid_until", "zone", "language", "notes",
    "terms_version", "total_discount", "total_discount_kind",
)  # fmt: skip
_SAID = ("offer", "subscription", "product", "description", "quantity", "unit_price", "discount")
"""What a person enters in a line; one without any of it is blank."""
_OF_LINE = (*_SAID, "effect", "discount_kind", "starts_on", "term_months", "leaves")
_LINE = re.compile(r"lines-([0-9]{1,3})-([a-z_]{1,20})")
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
        self.discount_kind.choices = _discount_kinds(shown.currency)
        self.leaves.choices = [
            ("end", words.gettext("At the end of the term, without a credit")),
            (AT_ONCE, words.gettext("On a day, with a credit")),
        ]

    def wish(self, currency: str) -> LineWish:
        """The line as the verbs take it. Raises Invalid with the field's short name."""
        return _WISHES[self.kind](self, currency)

    def _start(self, currency: str) -> LineWish:
        code, tier, frequency = self._offered()
        percent_off, amount_off = _discount_of(self.discount, self.discount_kind, currency)
        return LineWish(
            code, tier, frequency, self.quantity.data or 0, percent_off, amount_off,
            starts_on=self.starts_on.data, term_months=self.term_months.data,
        )  # fmt: skip

    def _renew(self, currency: str) -> LineWish:
        code, tier, frequency = self._offered() if self.offer.data else ("", "", "")
        percent_off, amount_off = _discount_of(self.discount, self.discount_kind, currency)
        return LineWish(
            code, tier, frequency, self.quantity.data or 0, percent_off, amount_off, effect=RENEW,
            subscription=self._subscribed(), term_months=self.term_months.data,
        )  # fmt: skip

    def _add(self, currency: str) -> LineWish:
        percent_off, amount_off = _discount_of(self.discount, self.discount_kind, currency)
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
        percent_off, amount_off = _discount_of(self.discount, self.discount_kind, currency)
        return LineWish(
            self.product.data or "", "", "once", self.quantity.data or 0, percent_off, amount_off, effect=FREE,
            unit_price=_amount(self.unit_price.data, currency, "unit_price"), description=self.description.data or "",
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


def _discount_of(text: Field, kind: Field, currency: str) -> tuple[int, int]:
    """Basis points or smallest units. Raises Invalid with the short name of the text's field."""
    if not text.data:
        return 0, 0
    if kind.data != "amount":
        return _basis_points(text.data, text.short_name), 0
    amount = _amount(text.data, currency, text.short_name)
    if amount < 0:
        raise Invalid(mark("A discount cannot be negative."), field=text.short_name)
    return 0, amount


def _amount(text: str, currency: str, field: str) -> int:
    try:
        return money.parse(text, currency, words.locale())
    except Invalid as refusal:
        raise Invalid(refusal.message, field=field, **refusal.params) from None


def _basis_points(text: str, field: str) -> int:
    """A percentage with at most two decimals: what its hundredths are to a percent, cents are to a euro."""
    try:
        share = money.parse(text.removesuffix("%"), "EUR", words.locale())
    except Invalid:
        share = -1
    if not 0 <= share <= 10_000:
        example = "12,5" if words.locale() == "de" else "12.5"
        sentence = mark("Enter a percentage from 0 to 100, for example %(example)s.")
        raise Invalid(sentence, field=field, example=example)
    return share


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


def _discount_kinds(currency: str) -> list[tuple[str, str]]:
    return [("percent", "%"), ("amount", currency)]


def offer_key(code: str, tier: str, frequency: str) -> str:
    """What names an offer in the form."""
    return f"{code}|{tier}|{frequency}"


class QuoteForm(Form):
    """A whole draft. `key` names this form once, `seen` is the hash of the draft that it was opened with."""

    key = HiddenField()
    seen = HiddenField()
    title = TextLine(lazy("Title"), LONGEST_TITLE, needed=mark("Enter a title: the customer sees it first."))
    starts_on = Day(lazy("Begins on"), needed=True)
    term_months = WholeNumber(lazy("Term in months"), 1, MOST_MONTHS)
    valid_until = Day(lazy("Valid until"))
    zone = TextLine(lazy("Time zone of the deadline"), 40, render_kw={"list": "zones", "autocomplete": "off"})
    language = SelectField(validate_choice=False)
    terms_version = SelectField(lazy("Terms"), validate_choice=False)
    total_discount = TextLine(lazy("Discount on the whole quote"), 20)
    total_discount_kind = SelectField(lazy("Discount in"), validate_choice=False)
    notes = TextBlock(lazy("Note to the customer"), LONGEST_NOTES)
    lines = FieldList(FormField(LineForm))

    def __iter__(self) -> Iterator[Field]:
        """Every field that a person fills in, those of the lines included, so that each error is told at its field."""
        for field in self._fields.values():
            if isinstance(field, FieldList):
                for entry in field.entries:
                    yield from entry.form
            else:
                yield field

    @property
    def errors(self) -> dict[str | None, Sequence[str]]:
        """The sentences by field, as they stand now, and under None those above the form."""
        found: dict[str | None, Sequence[str]] = {field.name: field.errors for field in self if field.errors}
        return found | ({None: self.form_errors} if self.form_errors else {})

    def show(self, shown: Shown) -> None:
        """Fill the choices."""
        self.language.choices = list(words.LANGUAGES.items())
        self.terms_version.choices = [(version, version) for version in TERMS_VERSIONS]
        self.total_discount_kind.choices = [
            ("percent", words.gettext("% in every period")),
            ("amount", words.gettext("%(currency)s once", currency=shown.currency)),
        ]
        for entry in self.lines.entries:
            entry.form.show(shown)

    def refuse(self, refusal: Refusal) -> None:
        """Beside the field that the refusal names, also one inside a line."""
        named = re.fullmatch(r"lines-([0-9]{1,3})-([a-z_]{1,20})", getattr(refusal, "field", None) or "")
        if named is None or int(named[1]) >= len(self.lines.entries):
            super().refuse(refusal)
            return
        self.lines.entries[int(named[1])].form.refuse(Invalid(refusal.message, field=named[2], **refusal.params))

    def unread(self) -> list[str]:
        """Why the sums cannot be said yet: what is wrong in lines, start, term and discount, each with its place."""
        found = []
        for field in (self.starts_on, self.term_months, self.total_discount):
            found += [f"{field.label.text}: {error}" for error in field.errors]
        for number, entry in enumerate(self.lines.entries, start=1):
            for field in entry.form:
                found += [
                    words.gettext("Line %(number)s: %(text)s", number=number, text=error) for error in field.errors
                ]
        return found

    def content(self, account: Account) -> QuoteContent:
        """The draft as the verbs take it. Raises Invalid, naming the field."""
        percent_off, amount_off = _discount_of(self.total_discount, self.total_discount_kind, account.currency)
        return QuoteContent(
            title=self.title.data or "",
            starts_on=self.starts_on.data or date.min,
            term_months=self.term_months.data or 0,
            lines=tuple(self._wishes(account.currency)),
            notes=self.notes.data or "",
            valid_until=self.valid_until.data,
            zone=self.zone.data or "",
            percent_off=percent_off,
            amount_off=amount_off,
            terms_version=self.terms_version.data or "",
            locale=self.language.data if self.language.data in words.LANGUAGES else account.locale,
        )

    def _wishes(self, currency: str) -> Iterator[LineWish]:
        for position, entry in enumerate(self.lines.entries):
            try:
                yield entry.form.wish(currency)
            except Invalid as refusal:
                field = f"lines-{position}-{refusal.field}"
                raise Invalid(refusal.message, field=field, **refusal.params) from None


def located(refusal: Refusal) -> str:
    """A refusal as a sentence that says which line it is about."""
    named = re.fullmatch(r"lines-([0-9]{1,3})-[a-z_]{1,20}", getattr(refusal, "field", None) or "")
    sentence = words.sentence(refusal)
    return words.gettext("Line %(number)s: %(text)s", number=int(named[1]) + 1, text=sentence) if named else sentence


def new_key() -> str:
    """A random name for one form."""
    return secrets.token_hex(16)


def sent_fields(sent: MultiDict[str, str], act: str) -> MultiDict[str, str]:
    """What a browser sent, reduced to the fields that exist, the lines numbered from 0, with `act` carried out on them.

    `act` is what the pressed button says: add, add-<effect> and remove-<n> change the lines; anything else drops the
    blank ones. An act that makes no sense changes nothing. Raises Invalid for more lines than a quote may have.
    """
    clean: MultiDict[str, str] = MultiDict((name, sent[name]) for name in _PLAIN if name in sent)
    lines = _sent_lines(sent)
    removed = re.fullmatch(r"remove-([0-9]{1,3})", act)
    if changes_lines(act) and removed is None:
        lines.append({"effect": act.removeprefix("add").removeprefix("-") or START})
    elif removed is not None:
        lines = [line for position, line in enumerate(lines) if position != int(removed[1])]
    else:
        lines = [line for line in lines if any(line.get(name, "").strip() for name in _SAID)]
    if len(lines) > MOST_LINES:
        raise Invalid(mark("A quote has at most %(most)s lines."), most=MOST_LINES)
    for position, line in enumerate(lines or [{}]):
        for name in _OF_LINE:
            clean[f"lines-{position}-{name}"] = line.get(name, "")
    return clean


def changes_lines(act: str) -> bool:
    """Whether the pressed button only adds or removes a line."""
    return act == "add" or act.startswith("remove-") or act in {f"add-{effect}" for effect in EFFECTS}


def _sent_lines(sent: MultiDict[str, str]) -> list[dict[str, str]]:
    lines: dict[int, dict[str, str]] = {}
    for name in sent:
        found = _LINE.fullmatch(name)
        if found is not None and found[2] in _OF_LINE:
            lines.setdefault(int(found[1]), {})[found[2]] = sent[name]
    return [lines[number] for number in sorted(lines)]


def fields_of(content: QuoteContent, currency: str, **hidden: str) -> dict[str, Any]:
    """A draft's content as the values of its form."""
    return {
        **hidden,
        "title": content.title,
        "starts_on": content.starts_on,
        "term_months": content.term_months,
        "valid_until": content.valid_until,
        "zone": content.zone,
        "language": content.locale,
        "notes": content.notes,
        "terms_version": content.terms_version,
        "total_discount": _discount_text(content.percent_off, content.amount_off, currency),
        "total_discount_kind": "amount" if content.amount_off else "percent",
        "lines": [_line_fields(line, currency) for line in content.lines],
    }


def _line_fields(line: LineWish, currency: str) -> dict[str, Any]:
    return {
        "effect": line.effect,
        "offer": offer_key(line.product_code, line.tier, line.frequency) if line.product_code else "",
        "subscription": line.subscription,
        "product": line.product_code,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": "" if line.unit_price is None else _typed(line.unit_price, currency),
        "discount": _discount_text(line.percent_off, line.amount_off, currency),
        "discount_kind": "amount" if line.amount_off else "percent",
        "starts_on": line.starts_on,
        "term_months": line.term_months,
        "leaves": AT_ONCE if line.credited else "end",
    }


def _discount_text(percent_off: int, amount_off: int, currency: str) -> str:
    if percent_off:
        return templating.rate(percent_off).removesuffix("%").strip()
    return _typed(amount_off, currency) if amount_off else ""


def _typed(amount: int, currency: str) -> str:
    text = money.plain(amount, currency)
    return text.replace(".", ",") if words.locale() == "de" else text
