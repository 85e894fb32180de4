"""The start of the server: why it cannot listen, two processes that live and die together, and the readiness answer."""

import logging
import os
import signal
import socket
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from app import server
from app.demo.install import banner
from app.settings import Settings
from billing_core import db
from tests.client import Client
from tests.conftest import Database

LOOPBACKS = [(socket.AF_INET, "127.0.0.1"), (socket.AF_INET6, "::1")]


@contextmanager
def listening(family: socket.AddressFamily, host: str) -> Iterator[int]:
    """Something that listens at a port of its own."""
    with socket.socket(family) as other:
        other.bind((host, 0))
        other.listen()
        yield other.getsockname()[1]


def refusal(settings: Settings) -> str:
    with pytest.raises(server.CannotListen) as caught:
        server.require_free_port(settings)
    return str(caught.value)


@pytest.mark.parametrize(("family", "host"), LOOPBACKS)
def test_a_port_is_free_or_taken(family: socket.AddressFamily, host: str) -> None:
    with listening(family, host) as port:
        sentence = refusal(Settings(host=host, port=port))
        assert sentence.startswith(f"Port {port} of {host} is taken.")
        assert f"PORTAL_PORT={port + 1} bin/run" in sentence
    server.require_free_port(Settings(host=host, port=port))


def test_an_unknown_host_and_a_foreign_address_are_no_taken_port() -> None:
    assert refusal(Settings(host="no-such-host.invalid")) == (
        "This machine knows no host 'no-such-host.invalid': check PORTAL_HOST."
    )
    assert refusal(Settings(host="192.0.2.1")) == "192.0.2.1 is not an address of this machine: check PORTAL_HOST."
    assert "knows no host" in refusal(Settings(host="x" * 100))


def test_a_port_that_others_may_not_take(monkeypatch: pytest.MonkeyPatch) -> None:
    def deny(_socket: socket.socket, _address: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(socket.socket, "bind", deny)
    assert refusal(Settings(port=80)).startswith("You may not listen at port 80 of 127.0.0.1.")


@pytest.fixture
def own_signals() -> Iterator[None]:
    """The handlers of the test process come back."""
    kept = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    yield
    for number, handler in kept.items():
        signal.signal(number, handler)


ENDLESS = "import os, pathlib, sys, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


def wait_for(path: Path) -> int:
    """The process that wrote its number there."""
    deadline = time.monotonic() + 20
    while not (path.exists() and path.read_text()):
        assert time.monotonic() < deadline
        time.sleep(0.02)
    return int(path.read_text())


@pytest.mark.usefixtures("own_signals")
def test_when_one_process_ends_the_other_is_ended(tmp_path: Path) -> None:
    pid = tmp_path / "pid"
    brief = (
        f"import pathlib, time\nwhile not pathlib.Path({str(pid)!r}).exists(): time.sleep(0.02)\nraise SystemExit(3)"
    )
    begun = time.monotonic()
    status = server.run_together([[sys.executable, "-c", ENDLESS, str(pid)], [sys.executable, "-c", brief]])
    assert status != 0
    assert time.monotonic() - begun < 30
    assert not is_alive(wait_for(pid))


@pytest.mark.usefixtures("own_signals")
def test_a_signal_ends_both(tmp_path: Path) -> None:
    pids = [tmp_path / "first", tmp_path / "second"]

    def tell() -> None:
        for pid in pids:
            wait_for(pid)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=tell, daemon=True).start()
    server.run_together([[sys.executable, "-c", ENDLESS, str(pid)] for pid in pids])
    assert not [pid for pid in pids if is_alive(wait_for(pid))]


def test_ready_is_503_with_a_cause_in_the_log_while_the_database_is_gone(
    client: Client, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    assert client.get("/health/ready").status == 200
    gone = "sqlite:////nowhere/portal.sqlite" if database.kind == "sqlite" else "postgresql+psycopg://x@127.0.0.1:1/x"
    db.configure(gone)
    with caplog.at_level(logging.WARNING):
        assert client.get("/health/ready").status == 503
    assert "not ready: the database does not answer" in caplog.text
    assert "OperationalError" in caplog.text
    assert client.get("/health/live").status == 200


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_start_warns_where_the_network_can_read_the_mailbox(database: Database) -> None:
    for host in ("0.0.0.0", "::", "192.0.2.1", "billing.lan"):  # noqa: S104
        lines = [line for line in banner(Settings(host=host)).splitlines() if line.startswith("Warning: ")]
        assert len(lines) == 1
        assert f"PORTAL_HOST={host} " in lines[0]
        assert "Warning" not in banner(Settings(host=host, environment="production"))
    for host in ("127.0.0.1", "127.0.1.1", "::1", "localhost"):
        assert "Warning" not in banner(Settings(host=host))
