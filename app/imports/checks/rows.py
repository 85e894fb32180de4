"""The rows of a chunk under check, with a short way to name what is wrong with one; rules that files share."""

from collections.abc import Iterator
from typing import Any

from app.imports import book
from app.imports.book import Facts, Run, known
from app.imports.catalogue_files import PRODUCTS, TAXED
from app.imports.columns import BadCell, smallest_units
from app.imports.csv_file import CsvFile
from app.imports.files import ACCOUNTS, CONTACTS, PEOPLE
from app.imports.staging import Row
from billing_core import db

WITHOUT_TAX_TEXT = ("Z",)
"""The one category without tax whose documents need no reason (EN 16931)."""


_WITH_STORED = (PRODUCTS, ACCOUNTS, PEOPLE, CONTACTS)
"""A column that such a file lacks is checked with what is stored."""


def fresh(run: Run, file: CsvFile, rows: list[Row]) -> list[Row]:
    """The readable rows that no earlier import wrote with the same content."""
    before = book.written(run.source, file, [row.key for row in rows])
    return [row for row in rows if row.values is not None and before.get(row.key) != row.sha256]


class Rows:
    """The rows of a chunk with a short way to name what is wrong with one."""

    def __init__(self, run: Run, file: CsvFile, rows: list[Row]) -> None:
        self.run = run
        self.file = file
        self.rows = fresh(run, file, rows)
        self.facts = known(run, file, [row.key for row in self.rows]) if file in _WITH_STORED else {}

    def __iter__(self) -> Iterator[tuple[Row, Facts]]:
        """Each row with its values; where a column is missing in the file, with the stored one or the default."""
        defaults = {column.name: column.default for column in self.file.columns}
        for row in self.rows:
            facts = self.facts.get(row.key) or {**defaults, **(row.values or {})}
            yield row, facts

    def bad(self, row: Row, column: str, reason: str) -> None:
        """Name a problem of a row."""
        self.run.problems.add(row.file, row.line, column, reason)

    def keys(self, column: str) -> set[str]:
        """The references of a column."""
        return {str(facts[column]) for _, facts in self if facts[column] is not None}

    def referred(self, row: Row, column: str, key: str, found: dict[str, Facts | None]) -> Facts | None:
        """The facts of the row referred to; None, and where it does not exist a problem too, if there are none."""
        where = getattr(self.file.by_name[column].type, "file", "the import")
        if key not in found and where not in self.run.unread:
            self.bad(row, column, f"there is no {key!r} in {where}, nor from an earlier import of this source")
        return found.get(key)

    def amount(self, row: Row, column: str, text: Any, currency: str) -> int | None:
        """The smallest units of an amount cell; None, and a problem, where the currency has fewer decimals."""
        try:
            return None if text is None else smallest_units(str(text), currency)
        except BadCell as reason:
            self.bad(row, column, str(reason))
            return None

    def claim(self, row: Row, column: str, value: str) -> None:
        """Name a second row of the file with a value that must be unique."""
        first = self.run.staging.claim(f"{row.file}.{column}", value, row.key, row.line)
        if first is not None:
            self.bad(row, column, f"{value!r} is already in line {first}")

    def owned_by_others(self, column: str, query: Any) -> None:
        """Name rows whose unique value belongs to another row of the database. query: value, source, external id."""
        owners = {value: (source, key) for value, source, key in db.session().execute(query)}
        for row, facts in self:
            source, key = owners.get(facts[column], (self.run.source, row.key))
            if (source, key) != (self.run.source, row.key):
                self.bad(row, column, f"{facts[column]!r} already belongs to {key!r} of the source {source!r}")


def check_tax(rows: Rows, row: Row, category: str, rate: int, column: str) -> None:
    """Only S and AA have a rate above zero."""
    if rate and category not in TAXED:
        rows.bad(row, column, f"must be 0 in the category {category}")


def check_is_rep(rows: Rows, row: Row, key: str, reps: dict[str, Facts | None]) -> None:
    """The person can be a representative."""
    rep = rows.referred(row, "rep", key, reps)
    if rep is not None and rep["staff_role"] not in ("rep", "rep_manager"):
        rows.bad(row, "rep", f"{key!r} is no representative (staff_role rep or rep_manager)")


def check_currency(rows: Rows, row: Row, currency: str, account: Facts | None) -> None:
    """The currency is the account's."""
    if account is not None and account["currency"] != currency:
        rows.bad(row, "currency", f"is {currency}, but the account's currency is {account['currency']}")
