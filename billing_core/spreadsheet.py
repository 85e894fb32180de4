"""Files that are opened with a spreadsheet: UTF-8 with a byte order mark, and nothing in them that becomes a formula.

In German the cells are separated by semicolons, in English by commas, so that a file opens without any question.
"""

import csv
import io
from collections.abc import Iterable, Sequence

MARK = "\ufeff"
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What a spreadsheet takes for the beginning of a formula (CWE-1236), also in full width."""


def harmless(text: str) -> str:
    """Text that no spreadsheet takes for a formula."""
    return f"'{text}" if text.lstrip(" ").startswith(FORMULA) else text


def written(lines: Iterable[Sequence[str]], locale: str) -> str:
    """The lines as a spreadsheet of the language reads them."""
    text = io.StringIO()
    csv.writer(text, delimiter=";" if locale == "de" else ",").writerows(lines)
    return text.getvalue()
