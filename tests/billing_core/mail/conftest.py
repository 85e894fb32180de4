"""An SMTP server process, and a short mail."""

import base64
import email
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from email.message import EmailMessage
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from jinja2 import ChoiceLoader, DictLoader

from billing_core import db, templating
from billing_core.mail.models import OutboxMail
from billing_core.mail.service import Recipient, send_mail

ROOT = Path(__file__).parents[3]
NOTE = {
    "mail/note.txt": """{% extends 'mail/shell.txt' %}
        {% block content %}Invoice {{ number }} – {{ remark }}{% endblock %}""",
    "mail/note.html": """{% extends 'mail/shell.html' %}
        {% block content %}<p>Invoice {{ number }} – {{ remark }}</p>{% endblock %}""",
}


@dataclass(frozen=True)
class Received:
    """A message as the server took it."""

    sender: str
    to: list[str]
    raw: bytes
    tls: bool
    user: str

    @property
    def message(self) -> EmailMessage:
        """The message, parsed."""
        parsed = email.message_from_bytes(self.raw, policy=default)
        assert isinstance(parsed, EmailMessage)
        return parsed


@dataclass(frozen=True)
class SmtpServer:
    """A running server."""

    port: int
    folder: Path

    def received(self) -> list[Received]:
        """What it has taken, in order."""
        kept: list[dict[str, Any]] = [
            json.loads(path.read_text()) for path in sorted(self.folder.glob("*.json"), key=lambda path: int(path.stem))
        ]
        return [
            Received(each["from"], each["to"], base64.b64decode(each["content"]), each["tls"], each["user"])
            for each in kept
        ]


@contextmanager
def smtp_server(folder: Path, *more: str) -> Iterator[SmtpServer]:
    """Start the server in a process of its own, and end it."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.billing_core.mail.smtp_server", str(folder), *more], cwd=ROOT
    )
    try:
        deadline = time.monotonic() + 30
        while not (folder / "port").exists():
            assert process.poll() is None, "the SMTP server ended"
            assert time.monotonic() < deadline, "the SMTP server did not start"
            time.sleep(0.02)
        yield SmtpServer(int((folder / "port").read_text()), folder)
    finally:
        process.kill()
        process.wait()


@pytest.fixture
def smtp(tmp_path: Path) -> Iterator[SmtpServer]:
    """A server without TLS."""
    folder = tmp_path / "smtp"
    folder.mkdir()
    with smtp_server(folder) as server:
        yield server


@pytest.fixture(autouse=True)
def note(monkeypatch: pytest.MonkeyPatch) -> None:
    """A template of a mail, `note`, with the places number and remark."""
    environment = templating._environment(templating.brand())
    monkeypatch.setattr(environment, "loader", ChoiceLoader([environment.loader, DictLoader(NOTE)]))  # type: ignore[list-item]


def write(to: str = "anna@customer.example", **changes: Any) -> str:
    """Put a note into the outbox; its public id."""
    name = changes.pop("name", "Anna Weber")
    locale = changes.pop("locale", "en")
    context = {"number": "DE-1", "remark": "fällig"} | changes.pop("context", {})
    subject = changes.pop("subject", "Invoice %(number)s")
    return db.perform(send_mail, "note", subject, Recipient(name, to, locale), context, **changes)


def reread(public_id: str) -> OutboxMail:
    """The mail as it is now."""
    with db.reading() as session:
        return session.query(OutboxMail).filter_by(public_id=public_id).one()
