"""Whatever a verb of the product changes, the same transaction leaves an entry in the trail: looked at in every test.

Left out is what only makes the machine go (MECHANICS) or says how far it has come (COLUMNS), and what tests write
themselves.
"""

import re
import sys
from collections.abc import Iterator
from functools import partial
from types import FrameType
from typing import Any

from sqlalchemy import Connection, Engine, event

from billing_core import db

MECHANICS = {
    "api_answer", "api_token", "audit_head", "card_setup", "cart", "cart_line", "document", "document_bytes",
    "hand_off", "import_source", "imported_row", "job", "number_series", "outbox_mail", "payment_review",
    "pending_sign_in", "processor_event", "reconciliation", "renewal_notice", "sign_in_session", "throttle",
    "app_enrolment", "passkey_enrolment", "password_link", "vat_check",
}  # fmt: skip
"""Under way, derived, or the trace of a message. Sign-in, sign-out and mailed links have entries all the same."""
COLUMNS = {
    "payment": {
        "processor_session", "processor_intent", "failure", "hosted_url", "session_expires_at", "check_at", "checks",
    },
    "refund": {"check_at", "checks", "processor_refund", "failure"},
    "saved_card": {"detached_at"},
    "passkey": {"sign_count", "used_at"},
    "authenticator_app": {"last_step"},
    "person": {"locale"},
    "quote_version": {"first_viewed_at"},
    "subscription": {"retry_on"},
}  # fmt: skip
"""Kept beside a state that does not change, or, as quote_version, by statements that often find nothing."""
PARTS = {
    "billing_core.db.add_if_absent", "billing_core.subscriptions.service.start_subscription",
    "billing_core.credentials.factors.recovery.make_codes", "app.demo.install._put_password",
}  # fmt: skip
"""Pieces of verbs that tests call alone, and the passwords of the demo."""

_WRITE = re.compile(r'\s*(INSERT INTO|UPDATE|DELETE FROM) "?(\w+)"?(.*)', re.S)
_SET = re.compile(r"(\w+) ?=")
found: list[str] = []


def watch() -> None:
    """Look at every transaction of this process from now on."""
    event.listen(Engine, "begin", _begin)
    event.listen(Engine, "after_cursor_execute", _note)
    event.listen(Engine, "commit", _judge)


def check() -> None:
    """Fail where a verb has committed a change without an entry since the last time."""
    wrong, found[:] = sorted(set(found)), []
    assert not wrong, "changed without an entry in the trail:\n" + "\n".join(wrong)


def _begin(connection: Connection) -> None:
    connection.info["written"] = set()


def _note(connection: Connection, cursor: Any, statement: str, *_more: Any) -> None:
    written = _WRITE.match(statement)
    if written is None or (cursor.rowcount == 0 and "RETURNING" not in statement):
        return
    deed, table, rest = written.groups()
    if table not in MECHANICS and not (deed == "UPDATE" and _columns(rest) <= COLUMNS.get(table, set())):
        connection.info.setdefault("written", set()).add(table)


def _columns(rest: str) -> set[str]:
    return set(_SET.findall(rest.partition(" SET ")[2].partition(" WHERE ")[0]))


def _judge(connection: Connection) -> None:
    tables = connection.info.pop("written", set())
    if tables and "audit_entry" not in tables:
        verb = next((frame.f_locals["verb"] for frame in _frames() if frame.f_code is db._once.__code__), None)
        name = _name_of(verb)
        if verb is not None and not name.startswith("tests.") and name not in PARTS:
            found.append(f"{name}: {', '.join(sorted(tables))}")


def _frames() -> Iterator[FrameType]:
    frame: FrameType | None = sys._getframe()
    while frame is not None:
        yield frame
        frame = frame.f_back


def _name_of(verb: Any) -> str:
    while isinstance(verb, partial):
        verb = verb.func
    return f"{getattr(verb, '__module__', '')}.{getattr(verb, '__qualname__', '')}"
