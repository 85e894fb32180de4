"""What `portal import` prints and how it exits."""

from pathlib import Path

import pytest

from app.imports import command
from app.imports.command import account_of, run
from app.imports.report import Counts, ImportReport, Problem
from tests.app.imports import directories as d


@pytest.mark.usefixtures("database")
def test_it_prints_counts_or_problems(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = d.write(tmp_path, d.whole())
    assert run(folder, "erp") == 0
    assert "people.csv: 2 added, 0 updated, 0 unchanged\n" in capsys.readouterr().out
    d.write(folder, {"people.csv": [d.person(locale="fr")]})
    assert run(folder, "erp") == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.splitlines() == [
        "people.csv, line 2, column locale: is 'fr', possible are de or en",
        "Nothing was imported: 1 problem.",
    ]


@pytest.mark.usefixtures("database")
def test_long_files_have_a_progress_bar_on_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(command, "LONG_FROM_BYTES", 0)
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    assert run(d.write(tmp_path, d.whole()), "erp") == 0
    bar = capsys.readouterr().err
    for step in ("Reading", "Checking", "Writing"):
        assert step in bar


def test_problems_beyond_those_shown_are_counted() -> None:
    report = ImportReport("erp", {"a.csv": Counts()}, (Problem("a.csv", 2, "name", "is bad"),), 1700)
    assert account_of(report) == [
        "a.csv, line 2, column name: is bad",
        "... and 1699 more",
        "Nothing was imported: 1700 problems.",
    ]
