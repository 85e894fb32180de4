"""What a file of an import directory is: its columns and its key."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property

from app.imports.columns import KEY, Column, YesNo


@dataclass(frozen=True)
class CsvFile:
    """One kind of row. `key` names the columns that identify a row; `part_of` the file whose row a line belongs to."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    part_of: str = ""

    @cached_property
    def by_name(self) -> Mapping[str, Column]:
        """The columns by name."""
        return {column.name: column for column in self.columns}


def yes_no(name: str, meaning: str, default: bool = False) -> Column:
    """A switch; left out or empty it takes the default."""
    return Column(name, YesNo(), meaning, default=default)


EXTERNAL_ID = Column("external_id", KEY, "The row's key in the source.", required=True)
