"""The web server: gunicorn with threads, in one process with the worker inside, or several beside a worker process."""

import signal
import socket
import subprocess
import sys
import threading
from contextlib import closing
from types import FrameType
from typing import Any

from gunicorn.app.base import BaseApplication

from app.factory import create_app
from app.settings import Settings
from app.worker import Worker
from billing_core import db


class PortTaken(Exception):
    """Something else listens at the address."""


class _Server(BaseApplication):
    """gunicorn, configured from our settings; the application is made in each process after the fork."""

    def __init__(self, settings: Settings, *, with_worker: bool) -> None:
        self.settings, self.with_worker = settings, with_worker
        super().__init__()

    def load_config(self) -> None:
        """Our settings in gunicorn's words."""
        options: dict[str, Any] = {
            "bind": f"{self.settings.host}:{self.settings.port}",
            "workers": self.settings.web_processes,
            "worker_class": "gthread",
            "threads": self.settings.web_threads,
            "timeout": 60,
            "graceful_timeout": 25,
            "loglevel": "warning",
            "accesslog": None,
            "control_socket_disable": True,
        }
        for name, value in options.items():
            if name in self.cfg.settings:
                self.cfg.set(name, value)

    def load(self) -> Any:
        """The application; in single-process mode its worker thread starts with it."""
        application = create_app(self.settings)
        if self.with_worker:
            worker = Worker(application.extensions["ports"])
            threading.Thread(target=worker.run, name="worker", daemon=True).start()
        return application


def require_free_port(settings: Settings) -> None:
    """Raise PortTaken, with the way out, before anything is started."""
    with closing(socket.socket()) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((settings.host, settings.port))
        except OSError:
            raise PortTaken(
                f"Port {settings.port} of {settings.host} is taken. Try PORTAL_PORT={settings.port + 1} bin/run"
            ) from None


def serve(settings: Settings, *, with_worker: bool) -> None:
    """Answer requests until told to stop."""
    _Server(settings, with_worker=with_worker).run()


def _tell_end(child: subprocess.Popen[bytes], ended: threading.Event) -> None:
    child.wait()
    ended.set()


def supervise(settings: Settings) -> int:
    """Run the web processes and a worker process; when one of the two ends, end the other. The exit status."""
    db.engine().dispose()
    command = [sys.executable, "-m", "app.cli"]
    children = [subprocess.Popen([*command, part]) for part in ("web", "worker")]  # noqa: S603 - our own program

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
