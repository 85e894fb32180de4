"""While many guess passwords, whoever is signed in goes on working: a list's slow answers, without and with a storm.

Throttles are off, so that every guess reaches the bounded hashing; the control takes the bounds off as well. Figures of
one run are compared with each other, since the machine's own speed says nothing.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from billing_core.people import Person
from tests.concurrency.server import Browser, Server, running
from tests.conftest import SECRET, Database
from tests.factories import core, ledger

pytestmark = pytest.mark.prove
BOTS, LOOKS = 32, 40


@dataclass
class Measured:
    """Seconds that 19 of 20 looks at the list took at most, and what the guesses met."""

    quiet: float
    stormy: float
    statuses: dict[int, int]

    @property
    def slower(self) -> float:
        """How many times a slow answer takes as long as on a quiet server."""
        return self.stormy / self.quiet


def measure(database: Database, folder: Path, without: str, reader: Person) -> Measured:
    """The list of invoices before and during a storm of guesses."""
    folder.mkdir()
    with running(database.url, folder, SECRET, without=without, PORTAL_WEB_PROCESSES="1") as server:
        browser = Browser(server).sign_in(reader)
        p95_of(browser)  # the first looks fill caches
        quiet = p95_of(browser)
        with storm(server) as statuses:
            time.sleep(1)
            stormy = p95_of(browser)
    return Measured(quiet, stormy, statuses)


def p95_of(browser: Browser) -> float:
    """Seconds."""
    times = []
    for _ in range(LOOKS):
        begun = time.perf_counter()
        assert browser.get("/invoices").status == 200
        times.append(time.perf_counter() - begun)
    return sorted(times)[int(LOOKS * 0.95)]


@contextmanager
def storm(server: Server) -> Iterator[dict[int, int]]:
    """Bots that guess without a pause; how often each status came."""
    over, statuses = threading.Event(), dict[int, int]()
    bots = [threading.Thread(target=_guess, args=(server, number, over, statuses)) for number in range(BOTS)]
    for bot in bots:
        bot.start()
    try:
        yield statuses
    finally:
        over.set()
        for bot in bots:
            bot.join()


def _guess(server: Server, number: int, over: threading.Event, statuses: dict[int, int]) -> None:
    browser = Browser(server)
    form = browser.get("/sign-in").form("/sign-in")
    while not over.is_set():
        answer = browser.post("/sign-in", form | {"user_id": f"person{number}", "password": "a guess of many"})
        statuses[answer.status] = statuses.get(answer.status, 0) + 1
        over.wait(0.05)


def test_a_storm_of_sign_ins_does_not_starve_a_list(
    database: Database, tmp_path: Path, tell: Callable[[str], None]
) -> None:
    account = core.account()
    reader = core.contact(account)
    for _ in range(30):
        ledger.invoice(account)
    bounded = measure(database, tmp_path / "bounded", "throttles", reader)
    control = measure(database, tmp_path / "control", "bounds", reader)
    for name, found in (("bounded", bounded), ("control", control)):
        tell(f"{name}: p95 of the list {found.slower:.1f} times that of a quiet server; guesses met {found.statuses}")
    assert bounded.statuses[429] > 0
    assert bounded.slower * 1.5 < control.slower
