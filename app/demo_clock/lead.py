"""How far the demo's clock is ahead: a number of whole days in a file of the data folder.

It is read anew for each look at the clock, so that every process has a move at once, and after a restart too.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

from app.settings import Settings
from billing_core import clock

FURTHEST = timedelta(days=20 * 366)
"""Beyond that the demo's clock does not go."""


class ClockRefused(Exception):
    """The program cannot run by the clock of this data folder; the text says why and what to do."""


class Lead:
    """Called, it says how far the clock is ahead. Whole days: the time of day stays that of every other clock."""

    def __init__(self, data_dir: Path) -> None:
        self.path = data_dir / "days-ahead"

    def __call__(self) -> timedelta:
        """Raises ClockRefused where the file holds anything that `move` did not write."""
        try:
            ahead = timedelta(days=int(self.path.read_text(encoding="ascii")))
        except FileNotFoundError:
            return timedelta()
        except (ValueError, OverflowError):
            raise ClockRefused(f"{self.path} must hold a number of days.") from None
        if not timedelta() <= ahead <= FURTHEST:
            raise ClockRefused(f"{self.path} must hold between 0 and {FURTHEST.days} days.")
        return ahead

    @contextmanager
    def alone(self) -> Iterator[None]:
        """Of several who move the clock, in as many processes, one after the other."""
        with self.path.with_suffix(".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def move(self, ahead: timedelta) -> None:
        """Replace the number as a whole; it outlives a crash of the machine. To be called `alone`."""
        written = self.path.with_suffix(".new")
        with written.open("w", encoding="ascii") as file:
            file.write(str(ahead.days))
            file.flush()
            os.fsync(file.fileno())
        written.replace(self.path)
        folder = os.open(self.path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)


def use_clock(settings: Settings) -> None:
    """Go by the demo's clock where the settings allow it, else by the real one.

    Raises ClockRefused where the real clock would go back behind what this data folder has already seen.
    """
    lead = Lead(settings.data_dir)
    days = lead().days
    if days and not settings.has_movable_clock:
        raise ClockRefused(
            f"The demo's clock was moved {days} days ahead in {settings.data_dir}. These settings (production, Stripe, "
            f"a mail server or PORTAL_CLOCK=real) go by the real clock: choose another data folder."
        )
    clock.run_ahead(lead if settings.has_movable_clock else None)
