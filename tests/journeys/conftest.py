"""Journeys: the real program as a newcomer starts it, and a real browser that moves by visible labels only."""

import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from tests.concurrency.server import Server, running
from tests.conftest import SECRET, Database

CHROMIUM = shutil.which("chromium") or "/usr/bin/chromium"
FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip
TOUR = Path(__file__).parent.parent.parent / "docs/tour"


@dataclass(frozen=True)
class Walk:
    """How a journey is walked: in which language, with or without JavaScript, on how wide a screen."""

    locale: str
    javascript: bool = True
    width: int = 1280

    @property
    def name(self) -> str:
        """For file names."""
        return f"{self.locale}{'' if self.javascript else '-no-js'}{'-phone' if self.width < 600 else ''}"


ENGLISH, GERMAN = Walk("en"), Walk("de")
ENGLISH_PLAIN, GERMAN_PLAIN = Walk("en", javascript=False), Walk("de", javascript=False)
ALL_WALKS = [ENGLISH, GERMAN, ENGLISH_PLAIN, GERMAN_PLAIN]


@pytest.fixture(scope="session")
def chromium() -> Iterator[Browser]:
    """The system's Chromium; nothing is downloaded."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


@pytest.fixture
def server(database: Database, tmp_path: Path) -> Iterator[Server]:
    """The program in single-process mode, web and worker, on the test's database."""
    with running(database.url, tmp_path, SECRET, command="run", PORTAL_WEB_PROCESSES="1") as found:
        yield found


@dataclass
class Visitor:
    """A person at a browser. Every move is by what can be read on the page."""

    page: Page
    server: Server
    walk: Walk

    def open(self, path: str) -> None:
        """Type an address."""
        self.page.goto(self.server.url + path)

    def click(self, label: str) -> None:
        """Press the button or follow the link with this label."""
        button = self.page.get_by_role("button", name=label, exact=True)
        link = self.page.get_by_role("link", name=label, exact=True)
        button.or_(link).locator("visible=true").first.click()

    def fill(self, label: str, text: str) -> None:
        """Type into the field with this label."""
        self.page.get_by_label(label, exact=True).fill(text)

    def choose(self, label: str, option: str) -> None:
        """Pick an option of the list with this label."""
        self.page.get_by_label(label, exact=True).select_option(label=option)

    def tick(self, label: str) -> None:
        """Tick a box or choose a radio button."""
        self.page.get_by_label(label).first.check()

    def sees(self, text: str) -> None:
        """Wait until the text stands on the page."""
        self.page.get_by_text(text).locator("visible=true").first.wait_for(timeout=15000)

    @property
    def heading(self) -> str:
        """The h1."""
        return " ".join(self.page.locator("h1").inner_text().split())

    def inspect(self, name: str) -> None:
        """No accessibility finding in light or dark, and a picture for the tour."""
        for scheme in ("light", "dark"):
            self.page.emulate_media(color_scheme=scheme)  # type: ignore[arg-type]
            found = Axe().run(self.page) if self.walk.javascript else None
            assert found is None or found.violations_count == 0, f"{name}, {scheme}: {found.generate_report()}"
            if self.walk.javascript:
                TOUR.mkdir(parents=True, exist_ok=True)
                self.page.screenshot(path=TOUR / f"{name}-{self.walk.name}-{scheme}.png", full_page=True)
        self.page.emulate_media(color_scheme="light")


@pytest.fixture
def visit(chromium: Browser, server: Server) -> Iterator["Visits"]:
    """Opens browsers of their own for several people."""
    visits = Visits(chromium, server)
    yield visits
    visits.close()


class Visits:
    """The browsers of one test."""

    def __init__(self, chromium: Browser, server: Server) -> None:
        self.chromium, self.server = chromium, server
        self.contexts: list[object] = []

    def by(self, walk: Walk) -> Visitor:
        """A fresh browser that reads as the walk says."""
        context = self.chromium.new_context(
            locale="de-DE" if walk.locale == "de" else "en-GB",
            java_script_enabled=walk.javascript,
            viewport={"width": walk.width, "height": 900},
            reduced_motion="reduce",
        )
        context.set_default_timeout(20000)
        self.contexts.append(context)
        return Visitor(context.new_page(), self.server, walk)

    def close(self) -> None:
        """Close them all."""
        for context in self.contexts:
            context.close()  # type: ignore[attr-defined]
