"""What an import did, or why it did nothing: every bad row by file, line, column and reason."""

from dataclasses import dataclass, field

MOST_SHOWN = 300
"""So many problems are kept with their place; beyond that only the count goes on, so that memory stays flat."""


@dataclass(frozen=True, order=True)
class Problem:
    """One thing wrong. `column` is empty where the whole row or the whole file is meant; line 1 is the header."""

    file: str
    line: int
    column: str
    reason: str

    def __str__(self) -> str:
        place = f"{self.file}, line {self.line}" if self.line else self.file
        return f"{place}, column {self.column}: {self.reason}" if self.column else f"{place}: {self.reason}"


class Problems:
    """The problems of one run, all counted, the first MOST_SHOWN kept."""

    def __init__(self) -> None:
        self.count = 0
        self._kept: list[Problem] = []

    def add(self, file: str, line: int, column: str, reason: str) -> None:
        """Note one."""
        self.count += 1
        if len(self._kept) < MOST_SHOWN:
            self._kept.append(Problem(file, line, column, reason))

    def shown(self) -> tuple[Problem, ...]:
        """Those kept, by file and line."""
        return tuple(sorted(self._kept))


@dataclass
class Counts:
    """What happened to the rows of one file."""

    added: int = 0
    updated: int = 0
    skipped: int = 0


@dataclass(frozen=True)
class ImportReport:
    """The outcome. With problems nothing was written, and `counts` is empty."""

    source: str
    counts: dict[str, Counts] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()
    problem_count: int = 0

    @property
    def accepted(self) -> bool:
        """Everything was written, in one transaction."""
        return self.problem_count == 0
