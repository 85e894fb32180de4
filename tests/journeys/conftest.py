"""Journeys: the real program as a newcomer starts it, and a real browser that moves by visible labels only."""

from collections.abc import Callable, Generator, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, sync_playwright

from app.demo.install import install_demo
from app.demo.logins import demo_logins
from app.factory import brand_of
from app.ports import make_ports
from app.settings import Settings
from app.worker import Worker
from billing_core import db, templating
from billing_core.documents.weasy import WeasyPrinter
from tests.browser import CHROMIUM, FLAGS
from tests.concurrency.server import Server, running
from tests.conftest import SECRET, Database
from tests.copies import Copies
from tests.journeys.demo import Demo
from tests.journeys.visitor import Visits, visits


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Beside a failure stands what each person had before them, and what the server said last."""
    report = yield
    funcargs = getattr(item, "funcargs", {})
    found = funcargs.get("visit")
    if report.when == "call" and report.failed and isinstance(found, Visits):
        report.sections += [(f"page {number}", text) for number, text in enumerate(found.screens(), 1)]
        report.sections.append(("server", (funcargs["tmp_path"] / "server.log").read_text()[-3000:]))
    return report


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; nothing is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def demo(settings: Settings, database: Database, copies: Copies) -> Demo:
    """The demo customers, as a newcomer finds them once the worker has printed and mailed everything.

    Before the server: a database is not replaced under its feet.
    """

    def write() -> None:
        install_demo(settings)
        ports = make_ports(settings)
        Worker(ports).work_off()
        if isinstance(ports.printer, WeasyPrinter):
            ports.printer.close()

    return _begin(settings, database, copies, "demo_worked_off", write)


@pytest.fixture
def fresh_demo(settings: Settings, database: Database, copies: Copies) -> Demo:
    """The same before the worker has done anything."""
    return _begin(settings, database, copies, "demo", lambda: install_demo(settings))


def _begin(settings: Settings, database: Database, copies: Copies, name: str, write: Callable[[], None]) -> Demo:
    db.configure(database.url)
    templating.set_brand(brand_of(settings))
    copies.begin_with(name, write)
    return Demo(demo_logins())


@pytest.fixture
def server(database: Database, tmp_path: Path) -> Iterator[Server]:
    """The program in single-process mode, web and worker, on the test's database."""
    with running(database.url, tmp_path, SECRET, command="run", PORTAL_WEB_PROCESSES="1") as found:
        yield found


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator[Visits]:
    """Opens browsers of their own for several people."""
    with visits(chromium, server) as found:
        yield found
