"""A quote or invoice together with its lines: changed when any of them is, or the PDF."""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app.imports import book
from app.imports.book import Facts, Run
from app.imports.columns import smallest_units
from app.imports.csv_file import CsvFile
from app.imports.reading import fingerprint
from app.imports.staging import Row
from billing_core.ledger.calculation import LineDraft

PDF_MOST_BYTES = 10 * 1024 * 1024


@dataclass(frozen=True)
class Paper:
    """A row with its lines, whose fingerprint covers them and the PDF."""

    row: Row
    parts: tuple[Row, ...]
    sha256: str


def fresh_papers(run: Run, file: CsvFile, lines: CsvFile, chunk: list[Row]) -> list[Paper]:
    """The readable rows with their lines that no earlier import wrote with the same content."""
    parts = run.staging.parts_of(lines.name, [row.key for row in chunk])
    papers = [_paper(run, row, parts.get(row.key, [])) for row in chunk if row.values is not None]
    before = book.written(run.source, file, [paper.row.key for paper in papers])
    return [paper for paper in papers if before.get(paper.row.key) != paper.sha256]


def _paper(run: Run, row: Row, parts: Iterable[Row]) -> Paper:
    ordered = tuple(sorted(parts, key=lambda part: int(part.key.rpartition("\x1f")[2])))
    name = (row.values or {}).get("pdf")
    pdf = _sha256_of(run.directory / str(name)) if name else ""
    return Paper(row, ordered, fingerprint([row.sha256, [part.sha256 for part in ordered], pdf]))


def _sha256_of(path: Path) -> str:
    """The hash of a file; of one that cannot be read or is too large nothing, since its row is refused anyway."""
    if not path.is_file() or path.stat().st_size > PDF_MOST_BYTES:
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def line_draft(facts: Facts, currency: str) -> LineDraft:
    """An invoice's line as the ledger takes it."""
    return LineDraft(
        description=facts["description"],
        detail=facts["detail"],
        quantity=facts["quantity"],
        unit=facts["unit"],
        unit_price=smallest_units(facts["unit_price"], currency),
        discount=smallest_units(facts["discount"], currency),
        tax_category=facts["tax_category"],
        tax_rate=facts["tax_rate"],
        exemption=facts["exemption"],
    )
