"""The migrations reach exactly the models' schema, have one head, keep what was sold before, and go down again."""

import os
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import pytest
import time_machine
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import CheckConstraint, create_engine, inspect, make_url, text
from sqlalchemy.exc import DBAPIError

from app import schema, tables
from billing_core import audit, db
from billing_core.audit.verifying import verify
from tests.rules.sold_before import Shop

FAST_ENOUGH = 20
"""Seconds in which many orders are carried over even on a machine that does other things too."""


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without anything in it."""
    if request.param == "sqlite":
        db.configure(db.sqlite_url(tmp_path / "empty.sqlite"))
        yield request.param
        db.engine().dispose()
        return
    given = os.environ.get("PORTAL_TEST_POSTGRES_URL")
    assert given, "use bin/test or bin/with-postgres"
    name = f"migrations_{os.getpid()}"
    server = create_engine(given, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    db.configure(make_url(given).set(database=name).render_as_string(hide_password=False))
    yield request.param
    db.engine().dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    server.dispose()


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(schema._config()).get_heads()) == 1


def test_up_gives_the_models_schema_and_down_gives_nothing(empty: str) -> None:
    assert not schema.is_current()
    schema.migrate()
    assert schema.is_current()
    with db.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        names = {table.name: {index["name"] for index in inspect(connection).get_indexes(table.name)} for table in
                 tables.metadata.sorted_tables}  # fmt: skip
    for table in tables.metadata.sorted_tables:
        assert {index.name for index in table.indexes} <= names[table.name]
    with db.engine().connect() as connection:
        there = inspect(connection)
        for table in tables.metadata.sorted_tables:
            checks = {check.name for check in table.constraints if isinstance(check, CheckConstraint)}
            assert {check["name"] for check in there.get_check_constraints(table.name)} == checks, table.name
    schema.migrate()
    command.downgrade(schema._config(), "base")
    with db.engine().connect() as connection:
        assert inspect(connection).get_table_names() in ([], ["alembic_version"])


def rows(statement: str, **values: Any) -> list[tuple[Any, ...]]:
    """What the database says."""
    with db.engine().connect() as connection:
        return [tuple(row) for row in connection.execute(text(statement), values)]


def days(statement: str, **values: Any) -> list[date]:
    """The days in the first column: PostgreSQL gives days, SQLite their text."""
    return [date.fromisoformat(str(row[0])) for row in rows(statement, **values)]


@time_machine.travel("2026-06-30T12:00:00Z", tick=False)
def test_what_was_sold_before_is_carried_over(empty: str) -> None:
    schema.migrate("0001")
    with db.engine().begin() as connection:
        shop = Shop(connection)
        (sent,), (draft,) = shop.quote("sent"), shop.quote("draft", submitted=False)
        former, later = shop.quote("rejected", versions=2)
        order, pending = shop.accepted(date(2026, 1, 31)), shop.accepted(date(2026, 9, 30), fulfilled=False)
        online = shop.online()
    for _again in range(2):
        schema.migrate()
        shown = "SELECT id FROM quote_version WHERE is_shown AND id IN (:sent, :draft, :former, :later) ORDER BY id"
        assert rows(shown, sent=sent, draft=draft, former=former, later=later) == [(sent,), (later,)]
        assert rows("SELECT count(*) FROM quote_line WHERE due <> net OR effect <> 'start'") == [(0,)]
        starts = "SELECT DISTINCT starts_on FROM quote_line WHERE version_id = :version"
        assert days(starts, version=sent) == [date(2026, 1, 31)]
        ends = "SELECT ends_on FROM quote_line WHERE version_id = :version AND frequency <> 'once'"
        assert days(ends, version=sent) == [date(2029, 1, 31)] * 2
        assert rows("SELECT count(*) FROM quote_line WHERE frequency = 'once' AND ends_on IS NOT NULL") == [(0,)]
        facts = "SELECT title, locale, currency, po_number, quote_number, payment_days, contact_id FROM service_order"
        kept = rows(f"{facts} WHERE id = :order", order=order)
        quote = rows("SELECT quote_id FROM quote_decision WHERE order_id = :order", order=order)[0][0]
        assert kept == [("Meetings", "de", "EUR", "PO 4711", f"Q-{quote}", 45, shop.contact)]
        lines = "SELECT description, unit, discount, fulfilled_at FROM order_line"
        first = f"{lines} WHERE order_id = :order AND position = 1"
        assert rows(first, order=order) == [("Meeting yearly", "organizer", 12000, "2026-03-01T08:00:00.000000Z")]
        assert rows(first, order=pending) == [("Meeting yearly", "organizer", 12000, None)]
        _check_schedule(order, pending)
        subscription = "SELECT removed_at_end, renewed_by_id, seats FROM subscription WHERE id = :online"
        assert rows(subscription, online=online) == [(0, None, 5)]
        assert rows("SELECT verdict, channel, reference FROM quote_decision") == [("accepted", "portal", "")] * 2
        command.downgrade(schema._config(), "0001")
        assert rows("SELECT count(*) FROM quote_line") == [(18,)]
    command.downgrade(schema._config(), "base")


def _check_schedule(order: int, pending: int) -> None:
    """Later periods from today on, on the term's own day or the month's last, each once."""
    waiting = "SELECT issue_on FROM scheduled_invoice WHERE order_id = :order AND state = 'waiting' ORDER BY issue_on"
    found = days(waiting, order=order)
    assert found[:4] == [date(2026, 6, 30), date(2026, 7, 31), date(2026, 8, 31), date(2026, 9, 30)]
    assert date(2027, 2, 28) in found
    assert date(2028, 2, 29) in found
    assert found[-1] == date(2028, 12, 31)
    assert len(found) == len(set(found)) == 31
    later = days(waiting, order=pending)
    assert (later[0], later[-1], len(later)) == (date(2026, 10, 30), date(2029, 8, 30), 35)
    assert rows("SELECT count(*) FROM scheduled_invoice") == [(66,)]


@time_machine.travel("2026-06-30T12:00:00Z", tick=False)
def test_what_was_cancelled_or_ended_brings_no_invoices(empty: str) -> None:
    schema.migrate("0001")
    with db.engine().begin() as connection:
        shop = Shop(connection)
        cancelled = shop.accepted(date(2026, 1, 31))
        connection.execute(text("UPDATE service_order SET state = 'cancelled' WHERE id = :id"), {"id": cancelled})
        shop.accepted(date(2024, 6, 30), months=24)
    schema.migrate()
    assert rows("SELECT count(*) FROM scheduled_invoice") == [(0,)]


def test_numbers_of_earlier_invoices_are_found_in_texts(empty: str) -> None:
    command.upgrade(schema._config(), "0006")
    with db.engine().begin() as connection:
        shop = Shop(connection)
        whose = {"account_id": shop.account, "seller_id": shop.seller}
        numbers = ["DE-2026-000042", "inv 04471/a"]
        for number in numbers:
            shop.add("invoice", number=number, **whose)
    schema.migrate()
    assert rows("SELECT number_plain FROM invoice ORDER BY id") == [("DE2026000042",), ("INV04471A",)]
    command.downgrade(schema._config(), "0006")
    assert rows("SELECT number FROM invoice ORDER BY id") == [(number,) for number in numbers]


def test_the_audit_trail_is_chained_in_its_order_and_without_gaps(empty: str) -> None:
    schema.migrate("0001")
    said = "at, actor, action, subject, account_id, detail"
    with db.engine().begin() as connection:
        shop = Shop(connection)
        account = shop.account
        for number, about in ((3, None), (4, account), (9, None)):
            values = {"at": f"2026-03-0{number}T08:00:00.000000Z", "actor": "worker", "action": "thing.changed"}
            values |= {"subject": f"Thing \u20ac{number}", "account_id": about}
            shop.add("audit_entry", id=number, detail=f'{{"name":"Ä {number}"}}'.encode(), **values)
    before = rows(f"SELECT {said} FROM audit_entry ORDER BY id")  # noqa: S608 (constant)
    for again in range(2):
        schema.migrate()
        assert rows(f"SELECT {said} FROM audit_entry ORDER BY id") == before  # noqa: S608 (constant)
        db.perform(audit.record, "worker", "thing.changed", f"later {again}", account)
        assert rows("SELECT id FROM audit_entry ORDER BY id") == [(number,) for number in range(1, 5 + again)]
        assert (verify().entries, verify().wrong) == (4 + again, None)
        with pytest.raises(DBAPIError, match="append-only"), db.engine().begin() as connection:
            connection.execute(text("DELETE FROM audit_entry"))
        before = rows(f"SELECT {said} FROM audit_entry ORDER BY id")  # noqa: S608 (constant)
        command.downgrade(schema._config(), "0018")
        assert rows(f"SELECT {said} FROM audit_entry ORDER BY id") == before  # noqa: S608 (constant)
    with db.engine().begin() as connection:
        added = "INSERT INTO audit_entry (at, actor, action, subject, detail) SELECT at, actor, action, subject, detail"
        connection.execute(text(f"{added} FROM audit_entry WHERE id = 5"))
        connection.execute(text("DELETE FROM audit_entry WHERE id = 1"))
    assert rows("SELECT id FROM audit_entry ORDER BY id") == [(number,) for number in range(2, 7)]


def test_many_orders_are_carried_over_in_seconds(empty: str) -> None:
    _carry_over(3_000)


@pytest.mark.prove
def test_very_many_orders_are_carried_over_in_seconds(empty: str) -> None:
    _carry_over(20_000)


@time_machine.travel("2026-06-30T12:00:00Z")
def _carry_over(orders: int) -> None:
    schema.migrate("0001")
    with db.engine().begin() as connection:
        Shop(connection).many_orders(orders, date(2026, 1, 31))
    began = time.monotonic()
    schema.migrate()
    assert time.monotonic() - began < FAST_ENOUGH
    assert rows("SELECT count(*) FROM service_order WHERE title = 'Many' AND currency = 'EUR'") == [(orders,)]
    assert rows("SELECT count(*) FROM scheduled_invoice") == [(orders * 7,)]
