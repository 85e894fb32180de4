"""Half-sent requests on every thread do not keep the portal from answering for longer than the time-out of a read."""

import socket
import time
from contextlib import ExitStack
from pathlib import Path

from app.server import SLOWEST_READ
from tests.concurrency.server import Browser, running
from tests.conftest import SECRET, Database

THREADS = 8


def test_half_sent_requests_give_their_threads_back(database: Database, tmp_path: Path) -> None:
    whole = running(database.url, tmp_path, SECRET, PORTAL_WEB_PROCESSES="1", PORTAL_WEB_THREADS=str(THREADS))
    with ExitStack() as stack, whole as server:
        for _ in range(THREADS):
            stalled = stack.enter_context(socket.create_connection((server.host, server.port)))
            stalled.sendall(b"POST /sign-in HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 1000\r\n\r\nx")
        time.sleep(0.5)
        started = time.monotonic()
        assert Browser(server).get("/health/live").status == 200
        assert time.monotonic() - started < SLOWEST_READ + 5
