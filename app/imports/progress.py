"""The progress bar of long imports; without a terminal nothing is shown."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn


class Steps:
    """The steps of a run. Without a bar they are only counted."""

    def __init__(self, bar: Progress | None = None) -> None:
        self._bar = bar
        self._task: TaskID | None = None

    def begin(self, name: str, total: int) -> None:
        """The next step, of `total` bytes or rows."""
        if self._bar is None:
            return
        if self._task is not None:
            self._bar.remove_task(self._task)
        self._task = self._bar.add_task(name, total=total)

    def advance(self, done: int) -> None:
        """So many more are done."""
        if self._bar is not None and self._task is not None:
            self._bar.advance(self._task, done)


@contextmanager
def showing(progress: bool) -> Iterator[Steps]:
    """Steps with a bar on the error stream, if it is wanted."""
    if not progress:
        yield Steps()
        return
    name, share = TextColumn("{task.description}"), TextColumn("{task.percentage:>3.0f} %")
    with Progress(name, BarColumn(), share, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        yield Steps(bar)
