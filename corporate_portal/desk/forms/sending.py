"""What a browser sent, cleaned before the form reads it."""

import re
import secrets

from werkzeug.datastructures import MultiDict

from billing_core.errors import Invalid
from billing_core.words import mark
from corporate_portal.quotes.offer.content import EFFECTS, MOST_LINES, START

_PLAIN = (
    "csrf_token", "key", "seen", "title", "starts_on", "term_months", "valid_until", "zone", "language", "notes",
    "terms_version", "total_discount", "total_discount_kind",
)  # fmt: skip
_SAID = ("offer", "subscription", "product", "description", "quantity", "unit_price", "discount")
"""What a person enters in a line; one without any of it is blank."""
_OF_LINE = (*_SAID, "effect", "discount_kind", "starts_on", "term_months", "leaves")
_LINE = re.compile(r"lines-([0-9]{1,3})-([a-z_]{1,20})")


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
