"""A statement as CSV: what the spreadsheet of the reader's language opens without being asked anything.

UTF-8 with a byte order mark. In German the cells are separated by semicolons and amounts have a decimal comma, in
English commas and a decimal point; never grouping or a currency sign. Days are ISO dates in both.
"""

from collections.abc import Iterable, Iterator
from itertools import chain

from billing_core import money, words
from billing_core.spreadsheet import MARK, harmless, written
from corporate_portal.statement.books.entries import Entry
from corporate_portal.statement.books.movements import Scope, Sums

LINES_AT_A_TIME = 200

Cells = list[str]


def as_csv(entries: Iterable[Entry], scope: Scope, sums: Sums, locale: str) -> Iterator[str]:
    """The file in parts: its head with the opening balance, every entry, and the closing balance."""
    found = chain(iter([None]), iter(entries))
    closing = sums.opening
    while True:
        with words.in_language(locale):
            lines: list[Cells] = []
            for entry in found:
                lines += _line(entry, scope, locale) if entry else _head(scope, sums, locale)
                closing = entry.balance if entry else closing
                if len(lines) >= LINES_AT_A_TIME:
                    break
            is_last = len(lines) < LINES_AT_A_TIME
            if is_last:
                lines.append(
                    _balance(scope.period.last.isoformat(), words.gettext("Closing balance"), closing, scope, locale)
                )
            text = written(lines, locale)
        yield text
        if is_last:
            return


def _head(scope: Scope, sums: Sums, locale: str) -> list[Cells]:
    titles = [
        words.gettext("Date"), words.gettext("Entry"), words.gettext("Reference"), words.gettext("Details"),
        words.gettext("Amount"), words.gettext("Account balance"), words.gettext("Currency"),
    ]  # fmt: skip
    opening = _balance(scope.period.first.isoformat(), words.gettext("Opening balance"), sums.opening, scope, locale)
    return [[MARK + titles[0], *titles[1:]], opening]


def _balance(day: str, name: str, amount: int, scope: Scope, locale: str) -> Cells:
    return [day, name, "", "", "", money.typed(amount, scope.currency, locale), scope.currency]


def _line(entry: Entry, scope: Scope, locale: str) -> list[Cells]:
    amounts = [money.typed(amount, scope.currency, locale) for amount in (entry.amount, entry.balance)]
    told = [entry.name, entry.number or entry.reference, entry.about]
    return [[entry.day.isoformat(), *map(harmless, told), *amounts, scope.currency]]
