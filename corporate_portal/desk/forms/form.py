"""The form of a whole draft."""

import re
from collections.abc import Iterator
from datetime import date

from wtforms import FieldList, FormField, HiddenField, SelectField

from billing_core import words
from billing_core.accounts import Account
from billing_core.errors import Invalid, Refusal
from billing_core.web.forms import Day, FormOfRows, TextBlock, TextLine, WholeNumber
from billing_core.words import lazy, mark
from corporate_portal.desk.forms.figures import read_discount
from corporate_portal.desk.forms.line import LineForm, Shown
from corporate_portal.quotes.offer.content import MOST_MONTHS, LineWish, QuoteContent
from corporate_portal.quotes.offer.drafting import LONGEST_NOTES, LONGEST_TITLE
from corporate_portal.quotes.offer.terms import TERMS_VERSIONS

_IN_LINE = re.compile(r"lines-([0-9]{1,3})-([a-z_]{1,20})")


class QuoteForm(FormOfRows):
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
        named = _IN_LINE.fullmatch(getattr(refusal, "field", None) or "")
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
        percent_off, amount_off = read_discount(self.total_discount, self.total_discount_kind, account.currency)
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
    named = _IN_LINE.fullmatch(getattr(refusal, "field", None) or "")
    sentence = words.sentence(refusal)
    return words.gettext("Line %(number)s: %(text)s", number=int(named[1]) + 1, text=sentence) if named else sentence
