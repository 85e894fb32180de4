"""The import from its beginning to its end."""

import re
from datetime import date
from pathlib import Path

from sqlalchemy.exc import OperationalError

from app.imports.book import Run
from app.imports.checks import check
from app.imports.csv_file import CsvFile
from app.imports.progress import Steps, showing
from app.imports.reading import files_in, stage
from app.imports.report import Counts, ImportReport, Problems
from app.imports.staging import staging
from app.imports.writes import ImportRefused, write
from billing_core import clock, db

RESERVED_SOURCES = ("portal", "order")
"""The program's own: its rows must not be taken for somebody else's."""


def import_directory(path: Path, *, source: str, progress: bool = False, today: date | None = None) -> ImportReport:
    """Read, check and write the CSV files of a directory. With any problem nothing is written.

    Relative dates count from `today`, by default the present day in UTC. Not to be called inside a transaction.
    """
    problems = Problems()
    if re.fullmatch(r"[a-z0-9][a-z0-9._-]{0,38}", source) is None or source in RESERVED_SOURCES:
        form = "1 to 39 of a-z, 0-9, dot, hyphen and underscore, but not " + " or ".join(RESERVED_SOURCES)
        problems.add(path.name, 0, "", f"the source {source!r} cannot be used; possible are {form}")
        return _refused(source, problems)
    with staging() as area, showing(progress) as steps:
        run = Run(path, source, today or clock.today("UTC"), area, problems)
        files = files_in(path, problems)
        _stage(run, files, steps)
        _check(run, files, steps)
        if problems.count:
            return _refused(source, problems)
        return _write(run, files, steps)


def _refused(source: str, problems: Problems) -> ImportReport:
    return ImportReport(source, problems=problems.shown(), problem_count=problems.count)


def _stage(run: Run, files: list[CsvFile], steps: Steps) -> None:
    sizes = {file.name: (run.directory / file.name).stat().st_size for file in files}
    steps.begin("Reading", sum(sizes.values()))
    for file in files:
        if not stage(run.directory, file, run.staging, run.problems, run.today, steps.advance):
            run.unread.add(file.name)


def _check(run: Run, files: list[CsvFile], steps: Steps) -> None:
    steps.begin("Checking", sum(run.staging.count(file.name) for file in files))
    for file in files:
        check(run, file, steps.advance)


def _write(run: Run, files: list[CsvFile], steps: Steps) -> ImportReport:
    def verb() -> dict[str, Counts]:
        # The transaction may have to begin again, and the bar with it.
        steps.begin("Writing", sum(run.staging.count(file.name) for file in files if not file.part_of))
        return write(run, files, steps.advance)

    try:
        counts = db.perform(verb)
    except ImportRefused:
        return _refused(run.source, run.problems)
    except OperationalError as error:
        reason = f"the database could not do it ({error.orig}); run the import again when it is less busy"
        run.problems.add(run.directory.name, 0, "", reason)
        return _refused(run.source, run.problems)
    return ImportReport(run.source, counts)
