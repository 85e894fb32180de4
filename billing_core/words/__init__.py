"""Words: the reader's language in a context variable, and gettext over plain .po files, one a room and language.

It works the same in a request, in the worker and at the command line. English is the source language, so it needs no
file. A message id that German lacks is reported by tests/rules/test_words.py; at run time it falls back to English.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from gettext import NullTranslations
from pathlib import Path
from typing import Any, cast

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import LazyProxy, Translations

from billing_core import money
from billing_core.errors import Refusal

LANGUAGES = {"en": "English", "de": "Deutsch"}
"""Code and own name of every language the product speaks."""

_locale: ContextVar[str] = ContextVar("locale", default="en")


def locale() -> str:
    """The code of the present reader's language."""
    return _locale.get()


def set_locale(code: str) -> None:
    """Make this the language of the present context (one request, one job). Unknown codes become English."""
    _locale.set(code if code in LANGUAGES else "en")


@contextmanager
def in_language(code: str) -> Iterator[None]:
    """The language of a mail or document, whatever its maker's own is."""
    token = _locale.set(code if code in LANGUAGES else "en")
    try:
        yield
    finally:
        _locale.reset(token)


@cache
def _catalogue(code: str) -> NullTranslations:
    merged: Translations | None = None
    for path in sorted((Path(__file__).parent / code).glob("*.po")):
        compiled = io.BytesIO()
        with path.open("rb") as source:
            write_mo(compiled, read_po(source, locale=code))
        compiled.seek(0)
        room = Translations(compiled)
        merged = room if merged is None else merged.merge(room)
    return merged if merged is not None else NullTranslations()


def gettext(message: str, **params: Any) -> str:
    """The message in the reader's language, with its %(name)s places filled."""
    text = _catalogue(locale()).gettext(message)
    return text % params if params else text


def plural(one: str, many: str, n: int) -> str:
    """The form that the number asks for, its places still open."""
    return _catalogue(locale()).ngettext(one, many, n)


def ngettext(one: str, many: str, n: int, **params: Any) -> str:
    """As gettext, in the form that the number asks for; %(num)s is the number."""
    return plural(one, many, n) % {"num": n, **params}


def pgettext(context: str, message: str, **params: Any) -> str:
    """As gettext, for a message whose English alone is ambiguous."""
    text = _catalogue(locale()).pgettext(context, message)
    return text % params if params else text


def mark(message: str) -> str:
    """Mark a message id for translation where it stands as data; it is translated when shown."""
    return message


def lazy(message: str) -> str:
    """A message of a class or module that is translated when it is shown: labels of form fields.

    What it returns is not a str but behaves as the translation in the reader's language wherever it is used as one.
    """
    return cast(str, LazyProxy(gettext, message, enable_cache=False))


def shown(amount: int, currency: str) -> LazyProxy:
    """An amount as a parameter of a refusal: spelled when it is read."""
    return LazyProxy(lambda: money.show(amount, currency, locale()), enable_cache=False)


def sentence(refusal: Refusal) -> str:
    """A refusal as one sentence for the present reader."""
    return gettext(refusal.message, **refusal.params)
