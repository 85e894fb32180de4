"""What `portal import` does: import, then say in words what happened."""

import sys
from pathlib import Path

import click

from app.imports.importing import import_directory
from app.imports.report import ImportReport

LONG_FROM_BYTES = 1_000_000
"""From this size on a directory gets a progress bar."""


def run(directory: Path, source: str) -> int:
    """Import the directory; the exit status is 0 where everything was written, otherwise 1."""
    size = sum(path.stat().st_size for path in directory.glob("*.csv"))
    report = import_directory(directory, source=source, progress=sys.stderr.isatty() and size > LONG_FROM_BYTES)
    for line in account_of(report):
        click.echo(line, err=not report.accepted)
    return 0 if report.accepted else 1


def account_of(report: ImportReport) -> list[str]:
    """The report in lines: each file's counts, or each problem and their number."""
    if report.accepted:
        return [
            f"{file}: {counts.added} added, {counts.updated} updated, {counts.skipped} unchanged"
            for file, counts in report.counts.items()
        ]
    lines = [str(problem) for problem in report.problems]
    hidden = report.problem_count - len(lines)
    if hidden:
        lines.append(f"... and {hidden} more")
    plural = "problem" if report.problem_count == 1 else "problems"
    return [*lines, f"Nothing was imported: {report.problem_count} {plural}."]
