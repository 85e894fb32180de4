"""Memory stays flat however many rows come: what an import adds to the peak hardly depends on their number."""

import json
import subprocess
import sys
from pathlib import Path

import pytest

from billing_core import db
from tests.conftest import Database


def growth(database: Database, folder: Path, invoices: int) -> int:
    """By how many KiB the import of so many invoices raises the peak memory of a process of its own."""
    arguments = [database.url, str(folder / str(invoices)), str(invoices)]
    program = [sys.executable, "-m", "tests.app.imports.measure", *arguments]
    printed = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    measured = json.loads(printed)
    print(f"{database.kind}, {invoices} invoices: {measured}")
    assert measured["added"] == invoices
    grown: int = measured["peak"] - measured["before"]
    return grown


def test_six_times_as_many_invoices_need_no_more_memory(database: Database, tmp_path: Path) -> None:
    db.engine().dispose()
    few, many = (growth(database, tmp_path, invoices) for invoices in (500, 3_000))
    assert many < 1.4 * few


@pytest.mark.prove
def test_a_hundred_thousand_invoices_in_flat_memory(database: Database, tmp_path: Path) -> None:
    db.engine().dispose()
    few, many = (growth(database, tmp_path, invoices) for invoices in (10_000, 100_000))
    assert many < 1.2 * few
