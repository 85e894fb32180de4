"""The two ways into the database, on one engine: `reading()` and `perform(verb, ...)`.

Verbs and queries reach the open transaction by `session()`. Nothing else opens, commits or rolls back; there is no
commit in a request's teardown. A verb is pure database work, because `perform` may run it again.
"""

import os
import random
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from pathlib import Path
from typing import Any, ClassVar, ParamSpec, TypeVar

from sqlalchemy import BigInteger, Engine, Integer, create_engine, event, make_url, text
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.orm import DeclarativeBase, Session

from billing_core.db.types import Instant, folded, is_storable, partial_index, public_id, searchable
from billing_core.errors import NotAllowed

__all__ = [
    "Base", "Instant", "NoTransaction", "add_if_absent", "after_commit", "at_the_end", "attempt", "configure", "engine",
    "folded", "in_transaction", "is_retryable", "is_storable", "partial_index", "perform", "public_id", "reading",
    "savepoint", "searchable", "session", "sqlite_url", "upsert",
]  # fmt: skip

P = ParamSpec("P")
T = TypeVar("T")

RETRIES = 5
"""How often `perform` runs a verb again after a serialization failure, a deadlock or a busy database."""

SHORT_WAIT = 250
"""Milliseconds that `attempt` waits for another writer."""

_RETRYABLE_SQLSTATES = {"40001", "40P01", "55P03"}
_WAL_IS_SAFE_FROM = (3, 51, 3)
"""Older SQLite can corrupt a WAL database when two connections checkpoint at once: rollback journal there."""


class Base(DeclarativeBase):
    """The base of every table. Whole numbers have 64 bits on both databases, since amounts reach money.LARGEST."""

    type_annotation_map: ClassVar[dict[Any, Any]] = {int: BigInteger().with_variant(Integer, "sqlite")}


class NoTransaction(RuntimeError):
    """A verb or query was called outside `reading` and `perform`: a fault of the program, never of the user."""


_read_only: ContextVar[bool] = ContextVar("read_only", default=False)
_session: ContextVar[Session | None] = ContextVar("session", default=None)
_engine: Engine | None = None
_owner = 0
"""The process that made the engine: its connections are no other's."""
_after: ContextVar[list[Callable[[], None]] | None] = ContextVar("after_commit", default=None)
_last: ContextVar[list[tuple[Callable[[list[Any]], None], Any]] | None] = ContextVar("at_the_end", default=None)


def configure(url: str) -> Engine:
    """Bind the process to its database. SQLite by path or PostgreSQL (psycopg 3) by URL.

    The same address again keeps the engine, with the statements that it has compiled; after a fork it never does.
    """
    global _engine, _owner
    if _engine is not None and _owner == os.getpid() and _engine.url == make_url(url):
        return _engine
    if _engine is not None:
        _engine.dispose(close=_owner == os.getpid())
    _owner = os.getpid()
    if url.startswith("sqlite"):
        _engine = create_engine(url, hide_parameters=True, connect_args={"timeout": 10, "check_same_thread": False})
        event.listen(_engine, "connect", _prepare_sqlite)
        event.listen(_engine, "checkin", _let_sqlite_write)
    else:
        _engine = create_engine(
            url,
            hide_parameters=True,
            pool_pre_ping=True,
            pool_size=10,
            max_overflow=10,
            connect_args={"options": "-c statement_timeout=10000 -c lock_timeout=5000 -c timezone=UTC"},
        )
    return _engine


def engine() -> Engine:
    """The engine in use. Raises NoTransaction before `configure`."""
    if _engine is None:
        raise NoTransaction("the database is not configured")
    return _engine


def _prepare_sqlite(connection: sqlite3.Connection, _record: Any) -> None:
    connection.isolation_level = None  # we say BEGIN ourselves; the driver's own guess comes too late
    wal = sqlite3.sqlite_version_info >= _WAL_IS_SAFE_FROM
    for pragma in (
        "busy_timeout = 10000",
        f"journal_mode = {'WAL' if wal else 'DELETE'}",
        "synchronous = FULL",
        "foreign_keys = ON",
        "trusted_schema = OFF",
    ):
        connection.execute(f"PRAGMA {pragma}")


def _let_sqlite_write(connection: sqlite3.Connection | None, record: Any) -> None:
    """A reader's connection goes back to the pool able to write, and one in a hurry patient again."""
    if connection is not None:
        connection.execute("PRAGMA query_only = OFF")
        patience = record.info.pop("patience", None)
        if patience is not None:
            connection.execute(f"PRAGMA busy_timeout = {patience}")


def session() -> Session:
    """The session of the open transaction. Raises NoTransaction where there is none."""
    current = _session.get()
    if current is None:
        raise NoTransaction("use db.reading() or db.perform()")
    return current


def in_transaction() -> bool:
    """Whether a transaction is open here; the payment gateway refuses to be called then."""
    return _session.get() is not None


@contextmanager
def reading() -> Iterator[Session]:
    """A read-only transaction; inside another one it joins it. Whatever is written in it raises, and nothing stays."""
    current = _session.get()
    if current is not None:
        yield current
        return
    is_sqlite = engine().dialect.name == "sqlite"
    with Session(engine(), expire_on_commit=False, autoflush=False) as opened:
        opened.execute(text("BEGIN" if is_sqlite else "SET TRANSACTION READ ONLY"))
        if is_sqlite:
            opened.execute(text("PRAGMA query_only = ON"))
        token = _session.set(opened)
        try:
            yield opened
        finally:
            _session.reset(token)
            opened.close()  # not rollback: that would expire the rows that the reader goes on to show


def perform(verb: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
    """Run one verb in one writing transaction and commit; its result is returned, its exception rolls all back.

    BEGIN IMMEDIATE on SQLite. Serialization failures, deadlocks and a busy database run the verb again, at most RETRIES
    times with a growing pause; after that the last error is raised. Not nestable: verbs call verbs as plain functions.
    """
    if _session.get() is not None:
        raise NoTransaction("perform inside a transaction: call the verb itself")
    if _read_only.get():
        raise NotAllowed
    failures = 0
    while True:
        try:
            result, effects = _once(partial(verb, *args, **kwargs))
            break
        except DBAPIError as error:
            failures += 1
            if failures > RETRIES or not is_retryable(error):
                raise
            time.sleep(random.uniform(0.5, 1.0) * 0.01 * 2**failures)  # noqa: S311 - jitter, not a secret
    for effect in effects:
        effect()
    return result


@contextmanager
def read_only() -> Iterator[None]:
    """Whatever is called within, nothing is written: `perform` raises NotAllowed, `attempt` leaves its verb out."""
    token = _read_only.set(True)
    try:
        yield
    finally:
        _read_only.reset(token)


def attempt(verb: Callable[[], object]) -> None:
    """Run a verb that may as well be left out: once, and with hardly a wait for other writers (SHORT_WAIT).

    Raises OperationalError where the database is busy; nothing is written then.
    """
    if _session.get() is not None:
        raise NoTransaction("attempt inside a transaction: call the verb itself")
    if _read_only.get():
        return
    _, effects = _once(verb, in_a_hurry=True)
    for effect in effects:
        effect()


def _hurry(opened: Session) -> None:
    if engine().dialect.name == "sqlite":
        opened.connection().info["patience"] = opened.execute(text("PRAGMA busy_timeout")).scalar_one()
        opened.execute(text(f"PRAGMA busy_timeout = {SHORT_WAIT}"))
    else:
        opened.execute(text(f"SET LOCAL lock_timeout = {SHORT_WAIT}"))


def _once(verb: Callable[[], T], *, in_a_hurry: bool = False) -> tuple[T, list[Callable[[], None]]]:
    is_sqlite = engine().dialect.name == "sqlite"
    with Session(engine(), expire_on_commit=False) as opened:
        if in_a_hurry:
            _hurry(opened)
        if is_sqlite:
            opened.execute(text("BEGIN IMMEDIATE"))
        token = _session.set(opened)
        effects: list[Callable[[], None]] = []
        listening, ending = _after.set(effects), _last.set([])
        try:
            result = verb()
            _end(opened)
            opened.commit()
        except BaseException:
            opened.rollback()
            raise
        finally:
            _session.reset(token)
            _after.reset(listening)
            _last.reset(ending)
    return result, effects


def _end(opened: Session) -> None:
    """Everything else is written first, so that nothing waits for another lock under the locks of the end."""
    opened.flush()
    given: dict[Callable[[list[Any]], None], list[Any]] = {}
    for write, row in _last.get() or []:
        given.setdefault(write, []).append(row)
    for write, rows in given.items():
        write(rows)


def at_the_end(write: Callable[[list[T]], None], row: T) -> None:
    """Have `write` called once, with all rows given for it, as the last statements before the commit.

    For what has to lock a row that every verb needs: it is held for as short as possible. `write` takes no other lock.
    """
    waiting = _last.get()
    if waiting is None:
        raise NoTransaction("at_the_end outside perform")
    waiting.append((write, row))


@contextmanager
def savepoint() -> Iterator[None]:
    """Within a verb: an exception rolls back what the block did, with what it left for the end, and goes on."""
    waiting = _last.get()
    if waiting is None:
        raise NoTransaction("savepoint outside perform")
    before = len(waiting)
    try:
        with session().begin_nested():
            yield
    except BaseException:
        del waiting[before:]
        raise


def after_commit(effect: Callable[[], None]) -> None:
    """Call this once the transaction is durable: a wake-up, never anything that must not be lost."""
    waiting = _after.get()
    if waiting is None:
        raise NoTransaction("after_commit outside perform")
    waiting.append(effect)


def is_retryable(error: DBAPIError) -> bool:
    """Whether the transaction may succeed when it is run again: `perform` does that, so let the error through."""
    if isinstance(error, OperationalError) and isinstance(error.orig, sqlite3.OperationalError):
        return "locked" in str(error.orig) or "busy" in str(error.orig)
    return getattr(error.orig, "sqlstate", None) in _RETRYABLE_SQLSTATES


def upsert(table: type[Base]) -> postgresql.Insert | sqlite.Insert:
    """An INSERT that can say what happens on a conflict, in the dialect of the open transaction."""
    postgres = session().get_bind().dialect.name == "postgresql"
    return postgresql.insert(table) if postgres else sqlite.insert(table)


def add_if_absent(table: type[Base], **values: Any) -> bool:
    """Insert the row unless a unique constraint already holds one; whether it was inserted.

    This is what makes an effect happen once however often its cause is told: the losing teller sees False.
    """
    statement = upsert(table).values(**values).on_conflict_do_nothing()
    result = session().execute(statement.returning(*table.__mapper__.primary_key))
    return result.first() is not None


def sqlite_url(path: Path) -> str:
    """The URL of an SQLite file."""
    return f"sqlite:///{path}"
