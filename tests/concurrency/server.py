"""The real server with several processes on the test's database, and browsers that talk HTTP to it."""

import http.client
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from pathlib import Path
from threading import Barrier
from typing import TypeVar
from urllib.parse import urlencode, urlsplit

from bs4 import BeautifulSoup

from billing_core import db
from billing_core.credentials import sessions
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.client import Page
from tests.concurrency.nursery import ROOT, Child

T = TypeVar("T")


@dataclass(frozen=True)
class Server:
    """A running server."""

    host: str
    port: int

    @property
    def url(self) -> str:
        """Scheme and authority."""
        return f"http://{self.host}:{self.port}"


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def environment(url: str, data_dir: Path, port: int, secret: str, **more: str) -> dict[str, str]:
    """The settings of a server on the test's database."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith("PORTAL_")}
    return kept | {
        "PORTAL_DATABASE_URL": url,
        "PORTAL_DATA_DIR": str(data_dir),
        "PORTAL_PORT": str(port),
        "PORTAL_SECRET_KEY": secret,
        "PORTAL_WEB_PROCESSES": "2",
        "PORTAL_WEB_THREADS": "4",
        "PYTHONPATH": str(ROOT),
        **more,
    }


@contextmanager
def running(
    url: str, data_dir: Path, secret: str, *, without: str = "", by: Path | None = None, command: str = "web",
    **more: str,
) -> Iterator[Server]:  # fmt: skip
    """The program as `portal web` (2 processes) or `portal run`. `without`: a guard of guards_off.py to leave out.

    `by`: the file of the clock that it goes by (see moved_clock.py).
    """
    port, log = free_port(), data_dir / "server.log"
    program = ["tests.concurrency.guards_off", without] if without else ["app.cli"]
    if by is not None:
        program = ["tests.concurrency.moved_clock", str(by), *program]
    child = Child([*program, command], environment(url, data_dir, port, secret, **more), log)
    try:
        _wait_until_ready("127.0.0.1", port, child, log)
        yield Server("127.0.0.1", port)
    finally:
        child.send_signal(signal.SIGTERM)
        if not child.wait(15):
            child.send_signal(signal.SIGKILL)
            child.wait(15)


def _wait_until_ready(host: str, port: int, child: Child, log: Path) -> None:
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        assert child.poll() is None, f"the server ended: {log.read_text()[-3000:]}"
        connection = http.client.HTTPConnection(host, port, timeout=5)
        try:
            connection.request("GET", "/health/ready")
            if connection.getresponse().status == 200:
                return
        except OSError:
            time.sleep(0.1)
        finally:
            connection.close()
    raise AssertionError(f"the server did not get ready: {log.read_text()[-3000:]}")


@dataclass
class Browser:
    """One signed-in browser of its own: cookies, forms, no redirects followed."""

    server: Server
    cookies: dict[str, str] = field(default_factory=dict)

    def sign_in(self, person: Person, realm: Realm = Realm.PORTAL) -> "Browser":
        """Be this person from now on; the session row is written directly."""
        self.cookies[f"{realm}-session"] = db.perform(sessions.begin_session, realm, person.id, "127.0.0.1", "race")
        return self

    def get(self, path: str) -> "Answer":
        """Open an address."""
        return self._ask("GET", path, None)

    def post(self, path: str, data: dict[str, str]) -> "Answer":
        """Send a form."""
        return self._ask("POST", path, urlencode(data))

    def _ask(self, method: str, path: str, body: str | None) -> "Answer":
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())}
        if body is not None:
            headers["Content-Type"] = "application/x-www-form-urlencoded"
        connection = http.client.HTTPConnection(self.server.host, self.server.port, timeout=60)
        try:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            content = response.read()
            for line in response.headers.get_all("Set-Cookie") or []:
                for name, morsel in SimpleCookie(line).items():
                    self.cookies[name] = morsel.value
            return Answer(response.status, response.getheader("Location", ""), content.decode("utf-8", "replace"))
        finally:
            connection.close()


@dataclass(frozen=True)
class Answer:
    """Status, target of a redirect, body."""

    status: int
    location: str
    text: str

    @property
    def path(self) -> str:
        """The path of the redirect."""
        return urlsplit(self.location).path

    def form(self, action: str = "") -> dict[str, str]:
        """The fields of the first POST form whose action contains the text."""
        return Page.form(self, action)  # type: ignore[arg-type]

    @property
    def html(self) -> BeautifulSoup:
        """The parsed page."""
        return BeautifulSoup(self.text, "html.parser")

    @property
    def h1(self) -> str:
        """The heading."""
        return " ".join(self.html.h1.get_text().split()) if self.html.h1 else self.text[:200]


def at_once(deeds: list[Callable[[], T]]) -> list[T]:
    """Do all of them at the same moment and collect what came of each."""
    barrier = Barrier(len(deeds))

    def start(deed: Callable[[], T]) -> T:
        barrier.wait()
        return deed()

    with ThreadPoolExecutor(len(deeds)) as pool:
        return [future.result() for future in [pool.submit(start, deed) for deed in deeds]]
