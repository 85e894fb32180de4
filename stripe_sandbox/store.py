"""The sandbox's own SQLite file: Stripe objects as they go over the wire, kept keys, the webhook outbox and faults.

Every unit of work opens its own connection, so several threads and processes may share one file. Writers take the lock
at once (BEGIN IMMEDIATE), because a reader that turns into a writer can deadlock; the journal is a rollback journal
with full sync, since the WAL of SQLite before 3.51.3 can lose a write.
"""

import json
import secrets
import sqlite3
import string
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from stripe_sandbox.errors import Json, missing

SCHEMA_VERSION = 1
SCHEMA = """
CREATE TABLE object (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    kind TEXT NOT NULL,
    created INTEGER NOT NULL,
    customer TEXT, payment_intent TEXT, charge TEXT, status TEXT, type TEXT, email TEXT, expires_at INTEGER,
    body TEXT NOT NULL,
    private TEXT NOT NULL
) STRICT;
CREATE INDEX object_of_kind ON object (kind, seq);
CREATE INDEX object_of_customer ON object (kind, customer, seq);
CREATE INDEX object_of_intent ON object (kind, payment_intent, seq);
CREATE INDEX session_to_expire ON object (expires_at) WHERE kind = 'checkout.session' AND status = 'open';
CREATE TABLE kept_answer (
    key TEXT PRIMARY KEY, created REAL NOT NULL, fingerprint TEXT NOT NULL,
    claim TEXT NOT NULL, claimed_until REAL NOT NULL,
    status INTEGER, body TEXT
) STRICT;
CREATE INDEX kept_answer_to_prune ON kept_answer (created);
CREATE TABLE delivery (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL REFERENCES object (id),
    due_at REAL NOT NULL, attempts INTEGER NOT NULL DEFAULT 0, last_status INTEGER, delivered_at REAL,
    claim TEXT, claimed_until REAL NOT NULL DEFAULT 0
) STRICT;
CREATE INDEX delivery_due ON delivery (due_at) WHERE delivered_at IS NULL;
CREATE INDEX delivery_of_event ON delivery (event);
CREATE TABLE fault (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    call TEXT NOT NULL, kind TEXT NOT NULL, remaining INTEGER NOT NULL, seconds REAL NOT NULL
) STRICT;
"""
COLUMNS = ("customer", "payment_intent", "charge", "status", "type", "email", "expires_at")
ALPHABET = string.ascii_letters + string.digits


def new_id(prefix: str, length: int = 24) -> str:
    """An id as Stripe forms it: a prefix that names the kind, then random letters and digits."""
    return f"{prefix}_{''.join(secrets.choice(ALPHABET) for _ in range(length))}"


class Unit:
    """One transaction over the file. `now` is in whole seconds, as every Stripe timestamp is."""

    def __init__(self, connection: sqlite3.Connection, moment: float) -> None:
        self.sql = connection
        self.moment = moment
        self.now = int(moment)
        self.request_id: str | None = None
        self.idempotency_key: str | None = None

    def add(self, body: Json, private: Json | None = None) -> Json:
        values = [body.get(column) for column in COLUMNS]
        self.sql.execute(
            "INSERT INTO object (id, kind, created, customer, payment_intent, charge, status, type, email, expires_at,"
            " body, private) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (body["id"], body["object"], body["created"], *values, json.dumps(body), json.dumps(private or {})),
        )
        return body

    def save(self, body: Json) -> Json:
        values = [body.get(column) for column in COLUMNS]
        self.sql.execute(
            "UPDATE object SET customer = ?, payment_intent = ?, charge = ?, status = ?, type = ?, email = ?,"
            " expires_at = ?, body = ? WHERE id = ?",
            (*values, json.dumps(body), body["id"]),
        )
        return body

    def find(self, identifier: str, kind: str | None = None) -> Json | None:
        row = self.sql.execute("SELECT kind, body FROM object WHERE id = ?", (identifier,)).fetchone()
        if row is None or kind not in (None, row[0]):
            return None
        body: Json = json.loads(row[1])
        return body

    def get(self, identifier: str, kind: str, param: str = "id", *, status: int = 404) -> Json:
        """The object, or Stripe's `resource_missing`."""
        body = self.find(identifier, kind)
        if body is None:
            raise missing(kind, identifier, param, status=status)
        return body

    def private(self, identifier: str) -> Json:
        """What the sandbox knows about an object and Stripe would not show."""
        row = self.sql.execute("SELECT private FROM object WHERE id = ?", (identifier,)).fetchone()
        private: Json = json.loads(row[0])
        return private

    def save_private(self, identifier: str, private: Json) -> None:
        self.sql.execute("UPDATE object SET private = ? WHERE id = ?", (json.dumps(private), identifier))

    def bodies(self, conditions: Sequence[tuple[str, object]], *, newest_first: bool, limit: int) -> list[Json]:
        """Objects that meet all conditions; each is a constant SQL fragment with one placeholder, and its value."""
        where = " AND ".join(fragment for fragment, _ in conditions)
        order = "DESC" if newest_first else "ASC"
        query = f"SELECT body FROM object WHERE {where} ORDER BY seq {order} LIMIT ?"  # noqa: S608 (constant fragments)
        return [json.loads(row[0]) for row in self.sql.execute(query, (*(value for _, value in conditions), limit))]

    def position(self, identifier: str) -> int | None:
        row = self.sql.execute("SELECT seq FROM object WHERE id = ?", (identifier,)).fetchone()
        return None if row is None else int(row[0])


class Store:
    def __init__(self, path: Path, clock: Callable[[], float]) -> None:
        self.path = path
        self.clock = clock
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = self._connect()
        try:
            connection.execute("BEGIN IMMEDIATE")
            version = connection.execute("PRAGMA user_version").fetchone()[0]
            if version not in (0, SCHEMA_VERSION):
                raise RuntimeError(f"{path} was written by another version of the sandbox: move it away.")
            if version == 0:
                for statement in SCHEMA.split(";\n"):
                    connection.execute(statement)
                connection.execute(f"PRAGMA user_version = {SCHEMA_VERSION}")
            connection.execute("COMMIT")
        finally:
            connection.close()

    def _connect(self) -> sqlite3.Connection:
        connection = sqlite3.connect(self.path, timeout=20, isolation_level=None)
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        return connection

    @contextmanager
    def _unit(self, begin: str) -> Iterator[Unit]:
        connection = self._connect()
        try:
            connection.execute(begin)
            # Read after the lock is held: waiting writers would otherwise run with a time of the past.
            yield Unit(connection, self.clock())
            connection.execute("COMMIT")
        finally:
            connection.close()  # rolls back whatever is not committed

    @contextmanager
    def reading(self) -> Iterator[Unit]:
        with self._unit("BEGIN") as unit:
            yield unit

    @contextmanager
    def writing(self) -> Iterator[Unit]:
        with self._unit("BEGIN IMMEDIATE") as unit:
            yield unit
