"""The printer in use: WeasyPrint in one child process, kept warm, limited in time and memory, replaced when it fails.

A child of its own, because the layout of a page that someone's data made enormous can neither be interrupted nor
bounded inside the worker; because WeasyPrint's 90 MB stay out of the web process; and because it never sees a secret.
"""

import os
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

from billing_core.documents import wire
from billing_core.documents.printing import CannotPrint

_ROOT = Path(__file__).parents[2]
_PASSED_ON = ("PATH", "HOME", "TMPDIR", "LANG", "XDG_CACHE_HOME", "FONTCONFIG_FILE", "LD_LIBRARY_PATH")
"""What the child gets of our environment: never a setting of ours, so never a secret."""


_TYPESETTER = "billing_core.documents.typesetter"


class WeasyPrinter:
    """A Printer. May be used from any thread; one page is printed at a time."""

    def __init__(
        self, *, seconds: int = 10, start_seconds: int = 60, memory: int = 768 * 1024**2, pages_each: int = 200
    ) -> None:
        """`seconds` for one page, `start_seconds` for a child to be ready, `memory` in bytes of address space for it.

        After `pages_each` pages a new child takes over, so that nothing it keeps can grow without end.
        """
        self._seconds, self._start_seconds, self._memory, self._pages_each = seconds, start_seconds, memory, pages_each
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._line: socket.socket | None = None
        self._pages = 0

    def print_page(self, html: str) -> bytes:
        """The PDF. Raises CannotPrint when the child cannot, is not in time, or dies of it; it is replaced then."""
        with self._lock:
            try:
                line = self._ready_line()
                deadline = time.monotonic() + self._seconds
                wire.send(line, wire.PAGE, html.encode(), deadline)
                kind, body = wire.receive(line, deadline)
            except TimeoutError as error:
                self._end()
                raise CannotPrint(f"the page was not printed within {self._seconds} seconds") from error
            except (EOFError, OSError) as error:
                self._end()
                raise CannotPrint("the printing process ended before the page was done") from error
            if kind != wire.PDF:
                self._end()
                raise CannotPrint(body.decode(errors="replace"))
            self._pages += 1
            if self._pages >= self._pages_each:
                self._end()
            return body

    def close(self) -> None:
        """End the child; the next page starts another."""
        with self._lock:
            self._end()

    @property
    def child_id(self) -> int | None:
        """The process that would print the next page, if it is there."""
        return None if self._child is None else self._child.pid

    def _ready_line(self) -> socket.socket:
        """The line to a child that waits for a page."""
        if self._line is not None and self._child is not None and self._child.poll() is None:
            return self._line
        self._end()
        ours, theirs = socket.socketpair()
        with theirs:
            self._child = subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-m", _TYPESETTER, *map(str, (theirs.fileno(), self._seconds, self._memory))],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(theirs.fileno(),),
                env={name: os.environ[name] for name in _PASSED_ON if name in os.environ} | {"PYTHONPATH": str(_ROOT)},
                start_new_session=True,
            )
        self._line, self._pages = ours, 0
        wire.receive(ours, time.monotonic() + self._start_seconds)
        return ours

    def _end(self) -> None:
        if self._line is not None:
            self._line.close()
        if self._child is not None:
            self._child.kill()
            self._child.wait()
        self._line = self._child = None
