"""docs/import.md says what the code takes: each file has its table, word for word, and an example that works."""

import re
from pathlib import Path

import pytest

from app.imports.csv_file import CsvFile
from app.imports.files import FILES
from app.imports.importing import import_directory
from app.imports.report import MOST_SHOWN

PAGE = Path("docs/import.md").read_text(encoding="utf-8")


def table_of(file: CsvFile) -> str:
    """The table of a file as the page must have it."""
    rows = ["| Column | Type | Needed | Meaning |", "|---|---|---|---|"]
    for column in file.columns:
        default = {True: "yes", False: "no", None: ""}.get(column.default, column.default)
        needed = "yes" if column.required else f"no, else {default}" if default not in ("", None) else "no"
        rows.append(f"| `{column.name}` | {column.type.described} | {needed} | {column.meaning} |")
    return "\n".join(rows)


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.name)
def test_the_page_has_the_table_of_each_file(file: CsvFile) -> None:
    assert f"## {file.name}\n" in PAGE
    assert table_of(file) in PAGE, f"docs/import.md needs this table under {file.name}:\n\n{table_of(file)}\n"


def test_the_page_names_files_and_keys_in_the_order_of_reading() -> None:
    assert re.findall(r"^## (\w+\.csv)$", PAGE, re.MULTILINE) == [file.name for file in FILES]
    for file in FILES:
        section = PAGE.split(f"## {file.name}\n")[1].split("\n## ")[0]
        assert "Key: " + ", ".join(f"`{name}`" for name in file.key) in section


def test_the_page_says_how_many_problems_are_shown() -> None:
    assert f"the first {MOST_SHOWN}" in PAGE


@pytest.mark.usefixtures("database")
def test_the_examples_of_the_page_can_be_imported_together(tmp_path: Path) -> None:
    for file in FILES:
        section = PAGE.split(f"## {file.name}\n")[1].split("\n## ")[0]
        example = re.search(r"```csv\n(.*?)```", section, re.DOTALL)
        assert example is not None, f"{file.name} has no example"
        (tmp_path / file.name).write_text(example[1], encoding="utf-8")
    report = import_directory(tmp_path, source="docs")
    assert [str(problem) for problem in report.problems] == []
    assert all(counts.added for counts in report.counts.values())
