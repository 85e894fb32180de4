"""First pass: read each CSV file cell by cell and put its rows down in the staging area."""

import csv
import hashlib
import json
import re
import unicodedata
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import TextIO

from app.imports.columns import BadCell, Column, Text, Value
from app.imports.csv_file import CsvFile
from app.imports.files import FILES, key_of, shown_key
from app.imports.report import Problems
from app.imports.staging import Row, Staging

HEADER = 1
"""The line of the column names."""

LONGEST_LINE = 1 << 20
"""In characters: a file without line ends must not fill the memory."""

# Controls, line and paragraph separators, and what turns the direction of writing round without being seen.
_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ufeff]")
_UNDECODED = re.compile("[\udc80-\udcff]")

Advance = Callable[[int], None]
"""Told how many more bytes or rows are done."""


def files_in(directory: Path, problems: Problems) -> list[CsvFile]:
    """The files that are there, in the order in which they are read. A CSV file of another name is a problem."""
    known = {file.name for file in FILES}
    present = {path.name for path in directory.iterdir() if path.suffix.lower() == ".csv"}
    for stray in sorted(present - known):
        problems.add(stray, 0, "", "is not a file that can be imported; known are " + ", ".join(sorted(known)))
    if not present:
        problems.add(str(directory), 0, "", "holds no CSV file")
    return [file for file in FILES if file.name in present]


class Unreadable(Exception):
    """The rest of the file cannot be read; line, column and reason of each cause."""

    def __init__(self, *causes: tuple[int, str, str]) -> None:
        super().__init__(*causes)
        self.causes = causes


def stage(directory: Path, file: CsvFile, staging: Staging, problems: Problems, today: date, advance: Advance) -> bool:
    """Read one file, and put down every row that can be read; what cannot is named in `problems`.

    False where the file could not be read to its end.
    """
    try:
        # Undecodable bytes become lone surrogates, so that the bad cell can be named and the rest of the file is read.
        with (directory / file.name).open(encoding="utf-8-sig", errors="surrogateescape", newline="") as text:
            records = _records(text, advance)
            columns = _columns(next(records, (HEADER, []))[1], file)
            for line, cells in records:
                _put(file, columns, line, cells, staging, problems, today)
    except OSError as error:
        problems.add(file.name, 0, "", f"cannot be opened ({error.strerror})")
        return False
    except Unreadable as broken:
        for cause in broken.causes:
            problems.add(file.name, *cause)
        return False
    return True


def _records(text: TextIO, advance: Advance) -> Iterator[tuple[int, list[str]]]:
    """Each record with the line on which it begins. Broken quoting ends the file: nobody knows where a cell ends."""
    done = 0

    def counted() -> Iterator[str]:
        nonlocal done
        while line := text.readline(LONGEST_LINE):
            if len(line) == LONGEST_LINE:
                raise csv.Error("a line is longer than a million characters")
            done += len(line)
            if done > 1 << 16:
                advance(done)
                done = 0
            yield line

    reader = csv.reader(counted(), strict=True)
    while True:
        line = reader.line_num + 1
        try:
            cells = next(reader)
        except StopIteration:
            advance(done)
            return
        except csv.Error as error:
            reason = f"cannot be read as CSV ({error}); the rest of the file was not read"
            raise Unreadable((line, "", reason)) from None
        if cells:
            yield line, cells


def _columns(header: list[str], file: CsvFile) -> list[Column]:
    """The columns in the header's order. Raises Unreadable."""
    names = [name.strip() for name in header]
    if not names:
        raise Unreadable((HEADER, "", "has no header row"))
    if len(names) == 1 and (";" in names[0] or "\t" in names[0]):
        raise Unreadable((HEADER, "", "must separate its columns by commas"))
    known = ", ".join(file.by_name)
    unknown = f"is not a column of this file; known are {known}"
    causes = [(HEADER, _printable(name), unknown) for name in dict.fromkeys(names) if name not in file.by_name]
    twice = dict.fromkeys(name for name in names if name in file.by_name and names.count(name) > 1)
    causes += [(HEADER, name, "stands twice in the header") for name in twice]
    missing = [column.name for column in file.columns if column.required and column.name not in names]
    causes += [(HEADER, name, "is missing in the header") for name in missing]
    if causes:
        raise Unreadable(*causes)
    return [file.by_name[name] for name in names]


def _put(
    file: CsvFile,
    columns: list[Column],
    line: int,
    cells: list[str],
    staging: Staging,
    problems: Problems,
    today: date,
) -> None:
    if len(cells) != len(columns):
        reason = f"has {len(cells)} cells, but the header names {len(columns)} columns"
        problems.add(file.name, line, "", reason)
        return
    row = _row(file, columns, line, cells, problems, today)
    first = None if row is None else staging.put(row)
    if row is not None and first is not None:
        reason = f"the key {shown_key(row.key)} is already in line {first}"
        problems.add(file.name, line, file.key[-1], reason)


def _row(
    file: CsvFile, columns: list[Column], line: int, cells: list[str], problems: Problems, today: date
) -> Row | None:
    """The row, without values where a cell is wrong; None where its key cannot be told."""
    values: dict[str, Value] = {}
    texts: dict[str, str] = {}
    bad: set[str] = set()
    for column, cell in zip(columns, cells, strict=True):
        try:
            text = _clean(column, cell)
            value = _value(column, text, today)
        except BadCell as reason:
            problems.add(file.name, line, column.name, str(reason))
            bad.add(column.name)
            continue
        texts[column.name] = text
        values[column.name] = value
    if bad & set(file.key):
        return None
    return Row(
        file=file.name,
        key=key_of(file, values),
        line=line,
        owner=str(values[file.key[0]]) if file.part_of else "",
        sha256=fingerprint(texts),
        values=None if bad else values,
    )


def fingerprint(content: object) -> str:
    """The SHA-256 of plain values, whatever the order of the columns."""
    body = json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(body.encode()).hexdigest()


def _value(column: Column, text: str, today: date) -> Value:
    if text:
        return column.type.parse(text, today)
    if column.required:
        raise BadCell("must not be empty")
    return column.default


def _clean(column: Column, cell: str) -> str:
    """The cell's text, trimmed and in Unicode's composed form. Raises BadCell for what no text may contain."""
    if _UNDECODED.search(cell):
        raise BadCell("is not UTF-8")
    text = cell if cell.isascii() else unicodedata.normalize("NFC", cell)
    text = text.replace("\r\n", "\n").strip()
    is_multiline = isinstance(column.type, Text) and column.type.multiline
    strange = _CONTROL.search(text.replace("\n", " ").replace("\t", " ") if is_multiline else text)
    if strange is not None:
        raise BadCell(f"contains the control character U+{ord(strange[0]):04X}")
    return text


def _printable(name: str) -> str:
    return "".join(c if c.isprintable() else "?" for c in name)[:80] or "(empty)"
