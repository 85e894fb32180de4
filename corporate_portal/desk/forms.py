"""The form in which a quote is made. It works by submits alone: add a line, remove one, recalculate, save."""

import re
import secrets
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import Field, FieldList, FormField, HiddenField, SelectField

from billing_core import money, templating, words
from billing_core.accounts import Account
from billing_core.catalogue.models import Price
from billing_core.errors import Invalid, Refusal
from billing_core.web.forms import Day, Form, TextBlock, TextLine, WholeNumber
from billing_core.words import lazy, mark
from corporate_portal.quotes.offer.content import MOST_LINES, MOST_MONTHS, MOST_UNITS, LineWish, QuoteContent
from corporate_portal.quotes.offer.drafting import LONGEST_NOTES, LONGEST_TITLE
from corporate_portal.quotes.offer.recurring import frequency_word

_PLAIN = ("csrf_token", "key", "seen", "title", "starts_on", "term_months", "valid_until", "language", "notes")
_OF_LINE = ("offer", "quantity", "discount", "discount_kind")
_LINE = re.compile(r"lines-([0-9]{1,3})-([a-z_]{1,20})")
_OFFER = re.compile(r"([^|]{1,40})\|([^|]{0,20})\|([a-z]{1,8})")


class LineForm(Form):
    """One line: what, how many, less how much."""

    class Meta(Form.Meta):
        """The token stands once, in the form around it."""

        csrf = False

    offer = SelectField(validate_choice=False)
    quantity = WholeNumber(lazy("Quantity"), 1, MOST_UNITS)
    discount = TextLine(lazy("Discount"), 20)
    discount_kind = SelectField(validate_choice=False)

    def offer_from(self, prices: Sequence[Price], currency: str) -> None:
        """The catalogue as choices, in the reader's language."""
        self.offer.choices = [("", words.gettext("Choose a product")), *(_choice(price) for price in prices)]
        self.discount_kind.choices = [("percent", "%"), ("amount", currency)]

    def wish(self, currency: str) -> LineWish:
        """The line as the verbs take it. Raises Invalid with the field's short name."""
        chosen = self.offer.data or ""
        found = _OFFER.fullmatch(chosen)
        if found is None or not chosen.isprintable():
            raise Invalid(mark("Choose something from the catalogue."), field="offer")
        percent_off, amount_off = self._discount(currency)
        code, tier, frequency = found.groups()
        return LineWish(code, tier, frequency, self.quantity.data or 0, percent_off, amount_off)

    def _discount(self, currency: str) -> tuple[int, int]:
        text = self.discount.data or ""
        if not text:
            return 0, 0
        if self.discount_kind.data == "amount":
            try:
                amount = money.parse(text, currency, words.locale())
            except Invalid as refusal:
                raise Invalid(refusal.message, field="discount", **refusal.params) from None
            if amount < 0:
                raise Invalid(mark("A discount cannot be negative."), field="discount")
            return 0, amount
        return _basis_points(text), 0


def _basis_points(text: str) -> int:
    """A percentage with at most two decimals: what its hundredths are to a percent, cents are to a euro."""
    try:
        share = money.parse(text.removesuffix("%"), "EUR", words.locale())
    except Invalid:
        share = -1
    if not 0 <= share <= 10_000:
        example = "12,5" if words.locale() == "de" else "12.5"
        sentence = mark("Enter a percentage from 0 to 100, for example %(example)s.")
        raise Invalid(sentence, field="discount", example=example)
    return share


def _choice(price: Price) -> tuple[str, str]:
    name = " ".join(part for part in (price.product.name, price.tier) if part)
    amount = money.show(price.amount, price.currency, words.locale())
    return offer_key(price.product.code, price.tier, price.frequency), (
        f"{name}, {frequency_word(price.frequency)}, {amount}"
    )


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
    language = SelectField(validate_choice=False)
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

    def offer(self, prices: Sequence[Price], currency: str) -> None:
        """Fill the choices."""
        self.language.choices = list(words.LANGUAGES.items())
        for entry in self.lines.entries:
            entry.form.offer_from(prices, currency)

    def refuse(self, refusal: Refusal) -> None:
        """Beside the field that the refusal names, also one inside a line."""
        named = re.fullmatch(r"lines-([0-9]{1,3})-([a-z_]{1,20})", getattr(refusal, "field", None) or "")
        if named is None or int(named[1]) >= len(self.lines.entries):
            super().refuse(refusal)
            return
        self.lines.entries[int(named[1])].form.refuse(Invalid(refusal.message, field=named[2], **refusal.params))

    def content(self, account: Account) -> QuoteContent:
        """The draft as the verbs take it. Raises Invalid, naming the field."""
        return QuoteContent(
            title=self.title.data or "",
            starts_on=self.starts_on.data or date.min,
            term_months=self.term_months.data or 0,
            lines=tuple(self._wishes(account.currency)),
            notes=self.notes.data or "",
            valid_until=self.valid_until.data,
            locale=self.language.data if self.language.data in words.LANGUAGES else account.locale,
        )

    def _wishes(self, currency: str) -> Iterator[LineWish]:
        for position, entry in enumerate(self.lines.entries):
            try:
                yield entry.form.wish(currency)
            except Invalid as refusal:
                field = f"lines-{position}-{refusal.field}"
                raise Invalid(refusal.message, field=field, **refusal.params) from None


def new_key() -> str:
    """A random name for one form."""
    return secrets.token_hex(16)


def sent_fields(sent: MultiDict[str, str], act: str) -> MultiDict[str, str]:
    """What a browser sent, reduced to the fields that exist, the lines numbered from 0, with `act` carried out on them.

    `act` is what the pressed button says: add and remove-<n> change the lines; anything else drops the blank ones. An
    act that makes no sense changes nothing. Raises Invalid for more lines than a quote may have.
    """
    clean: MultiDict[str, str] = MultiDict((name, sent[name]) for name in _PLAIN if name in sent)
    lines = _sent_lines(sent)
    removed = re.fullmatch(r"remove-([0-9]{1,3})", act)
    if act == "add":
        lines.append({})
    elif removed is not None:
        lines = [line for position, line in enumerate(lines) if position != int(removed[1])]
    else:
        lines = [
            line for line in lines if any(line.get(name, "").strip() for name in ("offer", "quantity", "discount"))
        ]
    if len(lines) > MOST_LINES:
        raise Invalid(mark("A quote has at most %(most)s lines."), most=MOST_LINES)
    for position, line in enumerate(lines or [{}]):
        for name in _OF_LINE:
            clean[f"lines-{position}-{name}"] = line.get(name, "")
    return clean


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
        "language": content.locale,
        "notes": content.notes,
        "lines": [
            {
                "offer": offer_key(line.product_code, line.tier, line.frequency),
                "quantity": line.quantity,
                "discount": _discount_text(line, currency),
                "discount_kind": "amount" if line.amount_off else "percent",
            }
            for line in content.lines
        ],
    }


def _discount_text(line: LineWish, currency: str) -> str:
    if line.percent_off:
        return templating.rate(line.percent_off).removesuffix("%").strip()
    if not line.amount_off:
        return ""
    text = money.plain(line.amount_off, currency)
    return text.replace(".", ",") if words.locale() == "de" else text
