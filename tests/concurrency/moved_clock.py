"""A clock that several processes share and one of them moves, so that midnight comes when a race begins.

`python -m tests.concurrency.moved_clock FILE MODULE ARGUMENT...` runs the module by the clock of the file.
"""

import mmap
import runpy
import struct
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from billing_core import clock

AHEAD = struct.Struct("d")
"""How many seconds it is ahead of the machine's clock."""


class MovedClock:
    """It goes on by itself from where it was put."""

    def __init__(self, path: Path) -> None:
        if not path.exists():
            path.write_bytes(AHEAD.pack(0.0))
        with path.open("r+b") as file:
            self._shared = mmap.mmap(file.fileno(), AHEAD.size)

    def put(self, instant: datetime) -> None:
        """It is the instant now, for everybody."""
        AHEAD.pack_into(self._shared, 0, (instant - datetime.now(UTC)).total_seconds())

    def now(self) -> datetime:
        """What takes the place of `clock.now`."""
        return datetime.now(UTC) + timedelta(seconds=AHEAD.unpack_from(self._shared)[0])


@contextmanager
def following(path: Path) -> Iterator[MovedClock]:
    """This process goes by it."""
    moved, usual = MovedClock(path), clock.now
    clock.now = moved.now
    try:
        yield moved
    finally:
        clock.now = usual


if __name__ == "__main__":
    clock.now = MovedClock(Path(sys.argv[1])).now
    sys.argv = sys.argv[2:]
    runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
