"""Which passwords may be chosen: long enough, not too long, and not one that everybody tries first.

A password that is the only factor has at least 15 characters, beside a second one 12 (NIST SP 800-63B-4 asks for 15
and 8). There are no rules about kinds of characters. What is refused is what a guesser tries first: the 30,000 most
common passwords of zxcvbn's list and the words of common_passwords.txt as they are, and whatever consists of few pieces
that take no guessing (those, rows and columns of keys, repeated characters, short figures, the names of the person, of
the brand and of this product).
"""

import re
from collections.abc import Iterable
from functools import cache
from pathlib import Path

from zxcvbn.frequency_lists import FREQUENCY_LISTS

from billing_core.credentials import hashing
from billing_core.errors import Invalid
from billing_core.words import mark

SHORTEST = 15
"""Characters of a password that signs in alone."""
SHORTEST_WITH_FACTOR = 12
"""Beside a second factor."""
FEW = 3
"""So many easy pieces in a row are still easy: a word, a word, a year."""

SYLLABLE = 3
"""Characters: shorter entries of a long list would make easy pieces of everything."""

_ROWS = ("1234567890", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "qwertzuiopasdfghjklyxcvbnm",
         "azertyuiopqsdfghjklmwxcvbn", "1q2w3e4r5t6y7u8i9o0p", "1qaz2wsx3edc4rfv5tgb6yhn7ujm",
         "qazwsxedcrfvtgbyhnujmikolp", "zaqxswcdevfrbgtnhymju", "asdfjkl")  # fmt: skip
_LOOKALIKES = str.maketrans("@4380156$7!", "aaeboisgsti")
_FIGURE_AS_LETTER = re.compile(r"(?<=[^\W\d_])[\d@$!]{1,2}(?=[^\W\d_])")
_OF_THE_PRODUCT = ("billing", "portal", "invoice", "invoices", "quote", "quotes", "account", "payment", "rechnung",
                   "rechnungen", "angebot", "abrechnung", "konto", "zahlung")  # fmt: skip


class TooShort(Invalid):
    """Fewer characters than it must have."""

    message = mark("Use at least %(least)s characters. Several words in a row are easy to remember.")


class TooLong(Invalid):
    """More than hashing.LONGEST characters, or too many bytes."""

    message = mark("Use at most %(most)s characters.")


class TooEasy(Invalid):
    """One of those that are tried first."""

    message = mark("This password is easy to guess. Avoid common words, rows of keys, and names of you or of us.")


def is_shorter_than(least: int, password: str) -> bool:
    """Whether the password has fewer characters; spaces around it do not count."""
    return len(hashing.normal(password).strip()) < least


def demand_strength(password: str, names: Iterable[str], least: int = SHORTEST) -> None:
    """Raise TooShort, TooLong or TooEasy, beside the field `password`. names: of the person and the brand, User IDs."""
    if hashing.is_too_long(password):
        raise TooLong(field="password", most=hashing.LONGEST)
    text = hashing.normal(password)
    if is_shorter_than(least, password):
        raise TooShort(field="password", least=least)
    if is_easy(text, names):
        raise TooEasy(field="password")


def is_easy(password: str, names: Iterable[str]) -> bool:
    """Whether a guesser who knows the person and the lists gets there quickly."""
    known = common_words() | set(_OF_THE_PRODUCT) | set(_parts(names))
    plain = password.casefold()
    spelled = _FIGURE_AS_LETTER.sub(lambda found: found[0].translate(_LOOKALIKES), plain)
    forms = {plain, spelled, plain.translate(_LOOKALIKES)}
    return any(_is_easy(re.sub(r"[\W_]+", "", form), known) for form in forms)


@cache
def common_words() -> frozenset[str]:
    """The entries of common_passwords.txt, and of the library's list those that are more than a syllable."""
    lines = (Path(__file__).parent / "common_passwords.txt").read_text(encoding="utf-8").splitlines()
    ours = {word for line in lines if not line.startswith("#") for word in line.split()}
    return frozenset(ours.union(word for word in FREQUENCY_LISTS["passwords"] if len(word) > SYLLABLE))


def _parts(names: Iterable[str]) -> Iterable[str]:
    for name in names:
        folded = name.casefold()
        yield from (part for part in (*re.split(r"[\W_\d]+", folded), re.sub(r"[\W_]+", "", folded)) if len(part) > 2)


def _is_easy(text: str, known: set[str] | frozenset[str]) -> bool:
    text = _without_repetition(text)
    return not text or _fewest_pieces(text, known) <= FEW


def _without_repetition(text: str) -> str:
    """The shortest unit that the text repeats from its beginning on: `secretsecretsec` is `secret`."""
    for size in range(1, len(text) // 2 + 1):
        if (text[:size] * (len(text) // size + 1))[: len(text)] == text:
            return text[:size]
    return text


def _fewest_pieces(text: str, known: set[str] | frozenset[str]) -> int:
    """Of how many easy pieces the text consists at least; more than FEW where it does not."""
    least = [0] + [FEW + 1] * len(text)
    for end in range(1, len(text) + 1):
        for start in range(end):
            if least[start] < least[end] - 1 and _is_easy_piece(text[start:end], known):
                least[end] = least[start] + 1
    return least[-1]


def _is_easy_piece(piece: str, known: set[str] | frozenset[str]) -> bool:
    if piece in known or len(set(piece)) == 1:
        return True
    if piece.isdigit() and len(piece) <= 4:
        return True
    return len(piece) >= 3 and _is_row_of_keys(piece)


def _is_row_of_keys(piece: str) -> bool:
    return any(piece in (row * 3) or piece in (row[::-1] * 3) for row in _ROWS)
