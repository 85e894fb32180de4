"""A database that another writer holds, or that is gone, costs a reader nothing, or an answer of 503; never a 500."""

import logging
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from time import monotonic
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import create_engine, event, select, text

from billing_core import db
from billing_core.credentials.models import SignInSession
from billing_core.people import Person
from tests.client import Client
from tests.conftest import Database
from tests.factories import core as make

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def anna(database: Database) -> Person:
    return make.contact(make.account(), make.person("Anna Schmidt", "anna"))


@contextmanager
def another_writer(database: Database) -> Iterator[None]:
    """Somebody else is in the middle of writing; ours give up waiting after a moment."""
    if database.kind == "sqlite":
        event.listen(db.engine(), "checkout", _hardly_wait)
    other = create_engine(database.url, isolation_level="AUTOCOMMIT")
    with other.connect() as connection:
        if database.kind == "sqlite":
            connection.execute(text("BEGIN IMMEDIATE"))
        else:
            connection.execute(text("BEGIN"))
            connection.execute(text("SELECT id FROM sign_in_session FOR UPDATE"))
        yield
        connection.execute(text("ROLLBACK"))
    other.dispose()
    if database.kind == "sqlite":
        event.remove(db.engine(), "checkout", _hardly_wait)
        db.engine().dispose()  # its connections would stay in a hurry


def _hardly_wait(connection: Any, *_: object) -> None:
    connection.execute("PRAGMA busy_timeout = 20")


def seen_at() -> datetime:
    with db.reading() as session:
        return session.scalars(select(SignInSession.seen_at)).one()


def test_a_page_is_shown_while_another_writes_and_marked_as_seen_afterwards(
    client: Client, anna: Person, database: Database, caplog: pytest.LogCaptureFixture
) -> None:
    with time_machine.travel(NOON, tick=False) as moving:
        client.sign_in(anna)
        moving.shift(timedelta(minutes=2))
        with another_writer(database), caplog.at_level(logging.WARNING):
            begun = monotonic()
            assert client.get("/profile").status == 200
            assert monotonic() - begun < 3
        assert "a session was not marked as seen" in caplog.text
        assert seen_at() == NOON
        assert client.get("/profile").status == 200
        assert seen_at() == NOON + timedelta(minutes=2)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_attempt_leaves_the_connection_as_patient_as_it_was(database: Database) -> None:
    def patience() -> int:
        with db.reading() as session:
            return int(session.execute(text("PRAGMA busy_timeout")).scalar_one())

    before = patience()
    hurried: list[int] = []
    db.attempt(lambda: hurried.append(patience()))
    assert (hurried, patience()) == ([db.SHORT_WAIT], before)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_who_wants_to_write_meanwhile_is_asked_to_come_again(client: Client, anna: Person, database: Database) -> None:
    client.sign_in(anna)
    page = client.get("/profile")
    with another_writer(database):
        answer = client.post("/language", {"language": "de"}, page=page)
    assert answer.status == 503
    assert answer.response.headers["Retry-After"] == "30"
    assert answer.h1 == "We are not available for a moment"


def test_a_database_that_is_gone_is_no_fault_of_the_page(
    app: Flask, client: Client, anna: Person, database: Database
) -> None:
    client.sign_in(anna)
    gone = "sqlite:////nowhere/portal.sqlite" if database.kind == "sqlite" else "postgresql+psycopg://x@127.0.0.1:1/x"
    db.configure(gone)
    page = client.get("/profile")
    assert (page.status, page.h1) == (503, "We are not available for a moment")
    assert page.response.headers["Retry-After"] == "30"


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_faulty_statement_stays_a_fault(app: Flask, client: Client, anna: Person) -> None:
    client.sign_in(anna)
    with db.engine().begin() as connection:
        connection.execute(text("ALTER TABLE quote_version RENAME TO elsewhere"))
    app.config["PROPAGATE_EXCEPTIONS"] = False
    app.config["TESTING"] = False
    try:
        assert client.get("/quotes").status == 500
    finally:
        with db.engine().begin() as connection:
            connection.execute(text("ALTER TABLE elsewhere RENAME TO quote_version"))
