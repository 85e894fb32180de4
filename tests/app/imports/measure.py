"""Run as a program of its own: makes a directory of that many invoices, imports it, prints seconds and peak memory.

python -m tests.app.imports.measure DATABASE_URL FOLDER INVOICES
"""

import csv
import itertools
import json
import sys
import time
from collections.abc import Iterable
from pathlib import Path

from app import tables
from app.imports.importing import import_directory
from billing_core import db
from tests.app.imports import directories

ACCOUNTS = 200


def make(folder: Path, invoices: int) -> None:
    """A directory with sellers, people, accounts and that many invoices of two lines each."""
    directories.write(folder, directories.parties(ACCOUNTS))
    _write(folder / "invoices.csv", _invoices(invoices))
    _write(folder / "invoice_lines.csv", itertools.chain.from_iterable(_lines(invoices, n) for n in range(invoices)))


def _invoices(count: int) -> Iterable[dict[str, object]]:
    for n in range(count):
        yield {
            "external_id": f"{count}-{n}", "number": f"OLD-{count}-{n}", "account": f"a{n % ACCOUNTS}",
            "currency": "EUR", "issued_on": "today-20", "due_on": "today+10", "total": "238.00",
            "paid": "38.00" if n % 3 == 0 else "",
        }  # fmt: skip


def _lines(count: int, n: int) -> Iterable[dict[str, object]]:
    for position in (1, 2):
        yield {
            "invoice": f"{count}-{n}", "position": position, "description": f"Delivery {n}, part {position}",
            "quantity": 2, "unit_price": "50.00", "tax_category": "S", "tax_rate": 19,
        }  # fmt: skip


def _write(path: Path, rows: Iterable[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = None
        for row in rows:
            if writer is None:
                writer = csv.DictWriter(stream, list(row))
                writer.writeheader()
            writer.writerow(row)


def peak_memory() -> int:
    """In KiB. From /proc, because getrusage also counts the process that started this one."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM:"))


def main() -> None:
    """Prints one line of JSON: seconds, peak before the import and at the end in KiB, rows added."""
    url, folder, invoices = sys.argv[1], Path(sys.argv[2]), int(sys.argv[3])
    make(folder, invoices)
    db.configure(url)
    tables.metadata.create_all(db.engine())
    before = peak_memory()
    started = time.monotonic()
    report = import_directory(folder, source="measure")
    peak = peak_memory()
    added = report.counts["invoices.csv"].added if report.accepted else [str(p) for p in report.problems[:5]]
    print(json.dumps({"seconds": round(time.monotonic() - started, 1), "before": before, "peak": peak, "added": added}))


if __name__ == "__main__":
    main()
