"""The parts of the demo that go stale, written anew for another day as an import directory of their own."""

import csv
import re
import shutil
from collections.abc import Collection
from datetime import date, timedelta
from pathlib import Path

Rows = list[dict[str, str]]
CATALOGUE = ("products.csv", "tiers.csv", "features.csv", "feature_values.csv", "prices.csv")


def write_current(data: Path, to: Path, today: date, without: Collection[str]) -> None:
    """Quotes under keys of this day, accounts and subscriptions with dates counted from it, and the catalogue as it is.

    Left out are the quotes named in `without` and those that the demo shows as expired.
    """
    suffix = f"-{today}"
    quotes = [row for row in _read(data / "quotes.csv") if row["external_id"] not in without and not _is_over(row)]
    kept = {row["external_id"] for row in quotes}
    lines = [row for row in _read(data / "quote_lines.csv") if row["quote"] in kept]
    for row in quotes:
        row["external_id"] += suffix
    for row in lines:
        row["quote"] += suffix
    _write(to / "quotes.csv", quotes)
    _write(to / "quote_lines.csv", lines)
    for name in CATALOGUE:
        shutil.copy(data / name, to / name)
    for name in ("accounts.csv", "subscriptions.csv"):
        rows = [{column: _absolute(cell, today) for column, cell in row.items()} for row in _read(data / name)]
        _write(to / name, rows)


def _is_over(quote: dict[str, str]) -> bool:
    return quote["valid_until"].startswith("today-")


def _absolute(cell: str, today: date) -> str:
    """A relative date as the day that it is now, so that the import sees other content than yesterday."""
    relative = re.fullmatch(r"today(?:([+-]\d+))?", cell)
    return cell if relative is None else (today + timedelta(days=int(relative[1] or 0))).isoformat()


def _read(path: Path) -> Rows:
    with path.open(encoding="utf-8", newline="") as stream:
        return list(csv.DictReader(stream))


def _write(path: Path, rows: Rows) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, fieldnames=list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
