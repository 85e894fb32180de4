"""A real death: a process of its own does a deed and ends in the middle, without rollback, close or any word."""

from collections.abc import Callable
from multiprocessing import get_context

from billing_core import db
from billing_core.payments.crashpoints import DIED_HERE
from tests.conftest import Database


def die_of(deed: Callable[[], object], database: Database) -> None:
    """Fork, do the deed there on connections of its own, and see that it ended the process at its crash point."""

    def live() -> None:
        db.configure(database.url)
        deed()

    process = get_context("fork").Process(target=live)
    process.start()
    process.join(60)
    assert process.exitcode == DIED_HERE, f"ended with {process.exitcode}"
