"""Every text that a reader can see has a German translation, with the same places, and no translation is left over."""

import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent.parent
GERMAN = ROOT / "billing_core/words/de"
KEYWORDS = {"_": None, "gettext": None, "mark": None, "lazy": None, "ngettext": (1, 2), "plural": (1, 2),
            "pgettext": ((1, "c"), 2), "tell": (2,), "Invalid": None}  # fmt: skip
SOURCES = {
    "app": [("**.py", "python")],
    "billing_core": [("**.py", "python")],
    "corporate_portal": [("**.py", "python")],
    "online_bridge": [("**.py", "python")],
    "templates": [("**.html", "jinja2"), ("**.txt", "jinja2")],
}
PLACE = re.compile(r"%\((\w+)\)")
MESSAGE_ATTRIBUTE = re.compile(r'^    message = (?:mark\()?\(?\s*((?:"(?:[^"\\]|\\.)*"\s*)+)', re.MULTILINE)
"""Refusals declare their sentence as a class attribute."""


@cache
def extracted() -> dict[str, str]:
    """Every message id with the first place it stands at."""
    found: dict[str, str] = {}
    for folder, methods in SOURCES.items():
        jinja = {"newstyle_gettext": "true", "trimmed": "false", "extensions": "jinja2.ext.do", "silent": "false"}
        options = {"**.html": jinja, "**.txt": jinja}
        for path, line, message, _comments, _context in extract_from_dir(
            ROOT / folder, methods, options, keywords=KEYWORDS
        ):
            key = message if isinstance(message, str) else message[0]
            if key:
                found.setdefault(key, f"{folder}/{path}:{line}")
    for path in _python_files():
        for match in MESSAGE_ATTRIBUTE.finditer(path.read_text()):
            key = "".join(re.findall(r'"((?:[^"\\]|\\.)*)"', match.group(1)))
            found.setdefault(key, str(path.relative_to(ROOT)))
    return found


def _python_files() -> Iterator[Path]:
    for folder in SOURCES:
        yield from (ROOT / folder).rglob("*.py")


@cache
def translated() -> dict[str, Message]:
    """Every German translation by message id; the same id in two rooms must be translated alike."""
    found: dict[str, Message] = {}
    for path in sorted(GERMAN.glob("*.po")):
        with path.open("rb") as source:
            catalogue: Catalog = read_po(source, locale="de")
        for message in catalogue:
            if message.id and message.string:
                key = message.id if isinstance(message.id, str) else message.id[0]
                assert not message.fuzzy, f"{path.name}: fuzzy: {key}"
                same = key not in found or found[key].string == message.string
                assert same, f"{path.name}: two translations of {key!r}"
                found[key] = message
    return found


def test_every_text_has_a_german_translation() -> None:
    missing = sorted(f"{place}: {key!r}" for key, place in extracted().items() if key not in translated())
    assert not missing, "\n".join(missing)


def test_no_translation_is_left_over() -> None:
    assert not sorted(set(translated()) - set(extracted()))


def test_translations_have_the_same_places() -> None:
    wrong = []
    for key, message in translated().items():
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        strings = message.string if isinstance(message.string, tuple) else (message.string,)
        wanted = {place for text in ids for place in PLACE.findall(text)}
        for text in strings:
            given = set(PLACE.findall(text))
            if given - wanted or wanted - {"num"} - given:
                wrong.append(key)
    assert not wrong


@pytest.mark.parametrize("word", ["!", " du ", "Dein "])
def test_german_is_formal_and_calm(word: str) -> None:
    texts = [s for m in translated().values() for s in (m.string if isinstance(m.string, tuple) else (m.string,))]
    assert not [text for text in texts if word in text]
