"""The web server: gunicorn with threads, in one process with the worker inside, or several beside a worker process."""

import errno
import signal
import socket
import struct
import subprocess
import sys
import threading
from collections.abc import Sequence
from types import FrameType
from typing import Any

from gunicorn.app.base import BaseApplication

from app.factory import create_app
from app.settings import Settings
from app.worker import Worker
from billing_core import db
from billing_core.credentials import hashing


class CannotListen(Exception):
    """The server cannot listen at the configured address; the text says why and what to do."""


SLOWEST_READ = 10
"""Seconds that a browser may keep a thread waiting for its next bytes."""


def _bound_reads(arbiter: Any) -> None:
    """Accepted connections inherit this time-out. Without it a few half-sent requests would hold every thread."""
    for listener in arbiter.LISTENERS:
        limit = struct.pack("ll", SLOWEST_READ, 0)
        listener.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVTIMEO, limit)


class _Server(BaseApplication):
    """gunicorn, configured from our settings; the application is made in each process after the fork."""

    def __init__(self, settings: Settings, *, with_worker: bool) -> None:
        self.settings, self.with_worker = settings, with_worker
        super().__init__()

    def load_config(self) -> None:
        """Our settings in gunicorn's words."""
        options: dict[str, Any] = {
            "bind": self.settings.listens_at,
            "workers": self.settings.web_processes,
            "worker_class": "gthread",
            "threads": self.settings.web_threads,
            "timeout": 60,
            "graceful_timeout": 25,
            "loglevel": "warning",
            "accesslog": None,
            "control_socket_disable": True,
            "when_ready": _bound_reads,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The application; in single-process mode its worker thread starts with it."""
        application = create_app(self.settings)
        hashing.leave_threads(self.settings.web_threads)
        if self.with_worker:
            worker = Worker(application.extensions["ports"])
            threading.Thread(target=worker.run, name="worker", daemon=True).start()
        return application


def require_free_port(settings: Settings) -> None:
    """Raise CannotListen before anything is started."""
    host, port = settings.host, settings.port
    wanted = socket.AF_INET6 if ":" in host else socket.AF_INET  # as gunicorn will take it
    try:
        family, kind, _, _, address = socket.getaddrinfo(host, port, wanted, socket.SOCK_STREAM)[0]
    except (socket.gaierror, UnicodeError):
        raise CannotListen(f"This machine knows no host {host!r}: check PORTAL_HOST.") from None
    with socket.socket(family, kind) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise CannotListen(_why_not(error, host, port)) from None


def _why_not(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken. Try PORTAL_PORT={port + 1 if port < 65535 else 8000} bin/run"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"You may not listen at port {port} of {host}. Try a port above 1023: PORTAL_PORT=8000 bin/run"
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{host} is not an address of this machine: check PORTAL_HOST."
    return f"It is not possible to listen at port {port} of {host}: {error.strerror}."


def serve(settings: Settings, *, with_worker: bool) -> None:
    """Answer requests until told to stop."""
    _Server(settings, with_worker=with_worker).run()


def _tell_end(child: subprocess.Popen[bytes], ended: threading.Event) -> None:
    child.wait()
    ended.set()


def supervise() -> int:
    """Run the web processes and a worker process; when one of the two ends, end the other. The exit status."""
    db.engine().dispose()
    return run_together([[sys.executable, "-m", "app.cli", part] for part in ("web", "worker")])


def run_together(commands: Sequence[Sequence[str]]) -> int:
    """Run programs until one ends or a signal ends this one, then end the others. The highest exit status."""
    children = [subprocess.Popen(command) for command in commands]  # noqa: S603 - our own programs

    def stop(_signal: int, _frame: FrameType | None) -> None:
        for child in children:
            child.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    ended = threading.Event()
    for child in children:
        threading.Thread(target=_tell_end, args=(child, ended), daemon=True).start()
    while not ended.wait(0.5):
        pass
    for child in children:
        child.terminate()
    return max(abs(child.wait()) for child in children)
