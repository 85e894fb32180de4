"""Forms: each field has a limit, refuses control characters, and says in one sentence what is wrong with it."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

from flask import Response, after_this_request
from flask_wtf import FlaskForm
from wtforms import DateField, Field, FieldList, IntegerField, StringField, TextAreaField
from wtforms.form import BaseForm
from wtforms.validators import Length, Optional, StopValidation, ValidationError

from billing_core import db, money, words
from billing_core.errors import Invalid, Refusal, TooMany
from billing_core.words import lazy, mark

LONGEST_INTEGER = 9
"""Digits that any whole number in a form may have; nothing here counts to a thousand millions."""


LONGEST_KEY = 30
"""Characters of a form's key, which makes a second submit the same deed."""


def is_form_key(sent: str) -> bool:
    """Whether a form that came back carries a key as we give them."""
    return 0 < len(sent) <= LONGEST_KEY and sent.isascii() and sent.replace("_", "").isalnum()


def key_or_new(sent: str | None) -> str:
    """The key of a form that came back; another one where it is not ours."""
    return sent if sent and is_form_key(sent) else db.public_id("form")


class _Words:
    """WTForms' own sentences in the reader's language; they are listed in web.po."""

    def gettext(self, message: str) -> str:
        return words.gettext(message)

    def ngettext(self, one: str, many: str, n: int) -> str:
        return words.plural(one, many, n)


class Form(FlaskForm):  # type: ignore[misc]
    """The parent of every form. `refuse` puts a refusal beside the field that it names, or above the form."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        """Our translations instead of WTForms' own."""

        def get_translations(self, form: Any) -> _Words:
            """Sentences in the reader's language."""
            return _Words()

    def refuse(self, refusal: Refusal) -> None:
        """Show a refusal of the service on this form; a throttle also tells the browser when to come back."""
        if isinstance(refusal, TooMany):
            _come_back_after(refusal.retry_after)
        field = getattr(refusal, "field", None)
        target = self._fields.get(field) if field else None
        sentence = words.sentence(refusal)
        if target is None:
            self.form_errors.append(sentence)
        else:
            target.errors = [*target.errors, sentence]


class FormOfRows(Form):
    """A form with rows of fields (FieldList of FormField): each field of a row tells its errors like any other."""

    def __iter__(self) -> Iterator[Field]:
        """Every field that a person fills in, those of the rows included."""
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


def _come_back_after(seconds: int) -> None:
    @after_this_request
    def tell(response: Response) -> Response:
        response.headers["Retry-After"] = str(seconds)
        return response


class Needed:
    """The field must not be empty; `message` says what to enter."""

    field_flags = {"required": True}  # noqa: RUF012 - WTForms reads a plain class attribute

    def __init__(self, message: str = mark("Please fill in this field.")) -> None:
        self.message = message

    def __call__(self, form: Form, field: Field) -> None:
        if not field.raw_data or not str(field.raw_data[0] or "").strip():
            field.errors = []
            raise StopValidation(words.gettext(self.message))


def no_control_characters(form: Form, field: Field) -> None:
    """Refuse what cannot be seen: it has no place in a name, a reference or a document."""
    allowed = "\n\t" if isinstance(field, TextBlock) else ""
    if any(unicodedata.category(c) in ("Cc", "Cs", "Co", "Cn") and c not in allowed for c in field.data or ""):
        raise ValidationError(words.gettext("This contains characters that cannot be used here."))


def _tidy(text: str | None) -> str:
    return unicodedata.normalize("NFC", (text or "").replace("\r\n", "\n")).strip()


class TextLine(StringField):
    """One line of text, trimmed, at most `longest` characters."""

    def __init__(
        self, label: str, longest: int, *, needed: str | bool = False, validators: Sequence[Any] = (), **kwargs: Any
    ) -> None:
        super().__init__(label, _rules(longest, needed, validators), filters=[_tidy], **kwargs)


class TextBlock(TextAreaField):
    """Several lines of text, trimmed, at most `longest` characters."""

    def __init__(
        self, label: str, longest: int, *, needed: str | bool = False, validators: Sequence[Any] = (), **kwargs: Any
    ) -> None:
        super().__init__(label, _rules(longest, needed, validators), filters=[_tidy], **kwargs)


def _rules(longest: int, needed: str | bool, validators: Sequence[Any]) -> list[Any]:
    first = [Needed(needed) if isinstance(needed, str) else Needed()] if needed else []
    too_long = lazy("Please use at most %(max)d characters.")
    return [*first, Length(max=longest, message=too_long), no_control_characters, *validators]


class WholeNumber(IntegerField):
    """A whole number from `least` to `most`. Only the figures 0-9; empty is None unless needed."""

    def __init__(self, label: Any, least: int, most: int, *, needed: bool = True, **kwargs: Any) -> None:
        self.least, self.most = least, most
        super().__init__(label, [Needed()] if needed else [Optional()], **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError with the sentence for the field."""
        if not valuelist or not str(valuelist[0]).strip():
            self.data = None
            return
        text = str(valuelist[0]).strip()
        if not re.fullmatch(rf"-?[0-9]{{1,{LONGEST_INTEGER}}}", text):
            raise ValueError(words.gettext("Enter a whole number."))
        self.data = int(text)
        if not self.least <= self.data <= self.most:
            sentence = mark("Enter a whole number from %(least)s to %(most)s.")
            raise ValueError(words.gettext(sentence, least=self.least, most=self.most))


class Day(DateField):
    """A calendar day as a browser's date field sends it (2026-03-31), or as German readers write it (31.03.2026)."""

    def __init__(self, label: Any, *, needed: bool = False, **kwargs: Any) -> None:
        rules = [Needed()] if needed else [Optional()]
        super().__init__(label, rules, format=["%Y-%m-%d", "%d.%m.%Y"], **kwargs)

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Raises ValueError with the sentence for the field."""
        try:
            super().process_formdata(valuelist[:1])
        except ValueError:
            raise ValueError(words.gettext("Enter a date, for example 2026-03-31.")) from None
        if self.data is not None and not date(2000, 1, 1) <= self.data <= date(2100, 1, 1):
            raise ValueError(words.gettext("Enter a date between 2000 and 2100."))


class Amount(StringField):
    """An amount of money in the currency set by the view (`field.currency`); `field.amount` has the smallest units."""

    currency = "EUR"
    amount: int | None = None

    def __init__(self, label: Any, *, needed: bool = True, **kwargs: Any) -> None:
        super().__init__(label, [Needed()] if needed else [Optional()], filters=[_tidy], **kwargs)

    def post_validate(self, form: BaseForm, validation_stopped: bool) -> None:
        """Read the text by the reader's rules for figures. Raises ValidationError with the sentence for the field."""
        self.amount = None
        if self.data and not validation_stopped:
            try:
                self.amount = money.parse(self.data, self.currency, words.locale())
            except Invalid as refusal:
                raise ValidationError(words.sentence(refusal)) from None
