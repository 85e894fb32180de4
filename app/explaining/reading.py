"""JSON that a person wrote, read strictly: whatever is wrong becomes one sentence that names the field."""

import json
import re
from collections.abc import Collection
from datetime import date
from typing import Any

from app.imports.columns import CURRENCY, ZONE, Known
from billing_core.errors import Invalid
from billing_core.words import mark

MOST_BYTES = 1_000_000
FIRST_DAY, LAST_DAY = date(2000, 1, 1), date(2100, 1, 1)
"""As the forms take days (billing_core/web/forms.py)."""


class BadField(Invalid):
    """The first thing that is wrong. `name` is the field's, with those of the objects around it: account.credit."""

    def __init__(self, message: str, name: str, **params: Any) -> None:
        super().__init__(message, name, name=name, **params)


class _Object(dict[str, Any]):
    """A JSON object that remembers a name which stood in it twice: which of the two was meant nobody can know."""

    doubled: str | None = None


def _object(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object()
    for name, value in pairs:
        if name in found:
            found.doubled = name
        found[name] = value
    return found


def _whole(figures: str) -> int | float:
    """Python refuses to read integers of thousands of figures; as a float they are refused with their field's name."""
    return int(figures) if len(figures) <= 30 else float("inf")


def parse(content: bytes) -> Any:
    """What the JSON says, in any of its encodings. Raises Invalid."""
    if len(content) > MOST_BYTES:
        raise Invalid("The file is larger than 1 MB.")
    try:
        return json.loads(content, object_pairs_hook=_object, parse_int=_whole)
    except json.JSONDecodeError as error:
        line, column = error.lineno, error.colno
        raise Invalid("The file is not JSON: line %(line)s, column %(column)s.", line=line, column=column) from None
    except (ValueError, RecursionError):
        raise Invalid("The file is not JSON.") from None


class Section:
    """One object of the file. Each field is read by what it has to be; null is the same as left out.

    A field without a default has to be there. Every method raises BadField.
    """

    def __init__(self, content: Any, known: Collection[str], name: str = "") -> None:
        """`name` is empty for the whole file. A field that nobody reads is refused: it may be a slip of the pen."""
        self._name = name
        if not isinstance(content, _Object):
            whole = mark("The file has to hold one JSON object with these fields: %(known)s.")
            part = mark("%(name)s has to be a JSON object with these fields: %(known)s.")
            raise BadField(part if name else whole, name, known=", ".join(known))
        if content.doubled is not None:
            raise BadField(mark("%(name)s stands twice."), self._path(content.doubled))
        for unknown in [one for one in content if one not in known]:
            message = mark("%(name)s is not known here; known are: %(known)s.")
            raise BadField(message, self._path(unknown), known=", ".join(known))
        self._content = content

    def _path(self, field: str) -> str:
        plain = json.dumps(field[:40])[1:-1]
        return f"{self._name}.{plain}" if self._name else plain

    def _get(self, field: str, is_required: bool) -> Any:
        value = self._content.get(field)
        if value is None and is_required:
            raise BadField(mark("%(name)s is missing."), self._path(field))
        return value

    def section(self, field: str, known: Collection[str]) -> "Section":
        """An object within this one."""
        return Section(self._get(field, True), known, self._path(field))

    def has(self, field: str) -> bool:
        """Whether the field says anything."""
        return self._get(field, False) is not None

    def whole(self, field: str, least: int, most: int, default: int | None = None) -> int:
        """An integer; 3.0 and true are none."""
        value = self._get(field, default is None)
        if value is None and default is not None:
            return default
        if type(value) is not int or not least <= value <= most:
            message = mark("%(name)s has to be a whole number from %(least)s to %(most)s.")
            raise BadField(message, self._path(field), least=least, most=most)
        return value

    def text(self, field: str, default: str | None = None) -> str:
        """One line."""
        value = self._get(field, default is None)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or len(value) > 40 or not value.isprintable():
            raise BadField(mark("%(name)s has to be a text in one line, of at most 40 characters."), self._path(field))
        return value

    def choice(self, field: str, known: Collection[str], default: str | None = None) -> str:
        """One of a few words."""
        value = self._get(field, default is None)
        if value is None and default is not None:
            return default
        if not isinstance(value, str) or value not in known:
            raise BadField(mark("%(name)s has to be one of: %(known)s."), self._path(field), known=", ".join(known))
        return value

    def flag(self, field: str) -> bool:
        """true or false; 1 and "yes" are neither."""
        value = self._get(field, True)
        if not isinstance(value, bool):
            raise BadField(mark("%(name)s has to be true or false."), self._path(field))
        return value

    def day(self, field: str, default: date | None = None) -> date:
        """A day of the calendar, written as ISO 8601 has it: 2026-06-16."""
        value = self._get(field, default is None)
        if value is None and default is not None:
            return default
        found = _day(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", value) else None
        if found is None or not FIRST_DAY <= found <= LAST_DAY:
            message = mark("%(name)s has to be a day from %(first)s to %(last)s, written like 2026-06-16.")
            raise BadField(message, self._path(field), first=FIRST_DAY, last=LAST_DAY)
        return found

    def zone(self, field: str) -> str:
        """The name of a time zone."""
        message = mark("%(name)s has to be a time zone by its IANA name, for example Europe/Berlin.")
        return self._known(field, ZONE, message)

    def currency(self, field: str) -> str:
        """The code of a currency."""
        message = mark("%(name)s has to be a currency by its ISO 4217 code, for example EUR.")
        return self._known(field, CURRENCY, message)

    def _known(self, field: str, codes: Known, message: str) -> str:
        value = self._get(field, True)
        if not isinstance(value, str) or not codes.knows(value):
            raise BadField(message, self._path(field))
        return value


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
