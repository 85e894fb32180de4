"""The portal's database as an auditor reads it: plain SQL over a plain DB-API connection."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol
from urllib.parse import unquote

import psycopg

Row = dict[str, Any]

UNDER_WAY = frozenset({"creating", "open", "unknown"})
"""States of a payment of which nobody here knows the end."""
OVER_WITHOUT_MONEY = frozenset({"failed", "expired", "cancelled", "closed"})
SUCCEEDED, SET_ASIDE, GIVEN_BACK, CLOSED = "succeeded", "needs_review", "given_back", "closed"
DECIDED = (SET_ASIDE, GIVEN_BACK, CLOSED)
"""What came was not what was asked for; a person decides about it, or has."""


class Connection(Protocol):
    """What sqlite3 and psycopg have in common."""

    def cursor(self) -> Any:
        """A cursor, with `execute`, `description` and `fetchall`."""
        ...


@contextmanager
def opened(address: str) -> Iterator[Connection]:
    """A connection to the database at an address such as the portal is configured with."""
    if address.startswith("sqlite:///"):
        place = unquote(address.removeprefix("sqlite:///").partition("?")[0])
        with closing(sqlite3.connect(place, timeout=20)) as file:
            yield file
    else:
        with psycopg.connect(address.replace("+psycopg", "", 1)) as server:
            yield server


@dataclass(frozen=True)
class Books:
    """All rows that are about money, each table read when a rule first asks for it."""

    connection: Connection

    def rows(self, sql: str) -> list[Row]:
        """The rows of a query without parameters."""
        cursor = self.connection.cursor()
        try:
            cursor.execute(sql)
            names = [column[0] for column in cursor.description]
            return [dict(zip(names, values, strict=True)) for values in cursor.fetchall()]
        finally:
            cursor.close()

    @cached_property
    def payments(self) -> dict[str, Row]:
        """By the public id, under which the processor knows them."""
        return {row["public_id"]: row for row in self.rows("SELECT * FROM payment")}

    @cached_property
    def targets(self) -> list[Row]:
        """What payments are meant for."""
        return self.rows("SELECT * FROM payment_target")

    @cached_property
    def orders(self) -> dict[int, Row]:
        """What online accounts ordered, by id."""
        found = self.rows("SELECT * FROM online_order") if "online_order" in self.tables else []
        return {row["id"]: row for row in found}

    @cached_property
    def order_lines(self) -> list[Row]:
        """Their lines, each with the sum of its charges."""
        if "online_order_line" not in self.tables:
            return []
        sums = "SELECT line_id, SUM(amount) AS net FROM online_order_charge GROUP BY line_id"
        joined = (
            f"SELECT line.*, sums.net FROM online_order_line AS line LEFT JOIN ({sums}) AS sums ON line.id = line_id"  # noqa: S608
        )
        return self.rows(joined)

    @cached_property
    def subscriptions(self) -> list[Row]:
        """All of them."""
        return self.rows("SELECT * FROM subscription")

    @cached_property
    def invoices(self) -> dict[int, Row]:
        """By id."""
        columns = "id, number, account_id, currency, total, balance, issued_elsewhere"
        return {row["id"]: row for row in self.rows(f"SELECT {columns} FROM invoice")}  # noqa: S608 (constant)

    @cached_property
    def allocations(self) -> list[Row]:
        """What reduced invoices."""
        return self.rows("SELECT * FROM allocation")

    @cached_property
    def credit(self) -> list[Row]:
        """What the accounts' credit is made of."""
        return self.rows("SELECT * FROM credit_entry")

    @cached_property
    def balances(self) -> dict[tuple[int, str], Row]:
        """The kept sums, by account and currency."""
        return {(row["account_id"], row["currency"]): row for row in self.rows("SELECT * FROM account_balance")}

    @cached_property
    def cards(self) -> dict[int, Row]:
        """On file, now or before."""
        return {row["id"]: row for row in self.rows("SELECT * FROM saved_card")}

    @cached_property
    def customers(self) -> dict[int, Row]:
        """For whom the processor keeps cards."""
        return {row["id"]: row for row in self.rows("SELECT * FROM processor_customer")}

    @cached_property
    def events(self) -> list[Row]:
        """What the processor told us, with its message decoded as `said`."""
        rows = self.rows("SELECT event_id, kind, body, processed_at FROM processor_event")
        return [row | {"said": json.loads(bytes(row["body"]))} for row in rows]

    @cached_property
    def jobs(self) -> list[Row]:
        """Work about payments, refunds and cards that is not done."""
        undone = self.rows("SELECT id, kind, payload, state FROM job WHERE state <> 'done'")
        about_money = [row for row in undone if row["kind"].startswith(("payment.", "refund.", "card."))]
        return [row | {"about": json.loads(row["payload"]).get("payment")} for row in about_money]

    @cached_property
    def refunds(self) -> list[Row]:
        """Money that went back, with the payment that it came from."""
        return self._money_back("refund")

    @cached_property
    def disputes(self) -> list[Row]:
        """Money that a bank asks about or took back, with its payment."""
        return self._money_back("dispute")

    @cached_property
    def bank_statements(self) -> dict[int, Row]:
        """What the bank says, by id."""
        found = self.rows("SELECT * FROM bank_statement") if "bank_statement" in self.tables else []
        return {row["id"]: row for row in found}

    @cached_property
    def bank_entries(self) -> list[Row]:
        """What moved, and what it was booked as."""
        return self.rows("SELECT * FROM bank_entry") if "bank_entry" in self.tables else []

    @cached_property
    def incoming(self) -> dict[int, Row]:
        """Money that finance booked, by id."""
        return {row["id"]: row for row in self.rows("SELECT * FROM incoming_payment")}

    @cached_property
    def undone(self) -> dict[int, Row]:
        """Bookings of finance that were undone, by the id of the undoing."""
        return {row["id"]: row for row in self.rows("SELECT * FROM incoming_return")}

    def _money_back(self, table: str) -> list[Row]:
        if table not in self.tables:
            return []
        joined = f"SELECT it.*, payment.processor_intent FROM {table} AS it JOIN payment ON payment.id = it.payment_id"  # noqa: S608
        return self.rows(joined)

    @cached_property
    def tables(self) -> set[str]:
        """The names of all that are there: an older portal has fewer."""
        source = "sqlite_master" if isinstance(self.connection, sqlite3.Connection) else "information_schema.tables"
        column = "name" if source == "sqlite_master" else "table_name"
        return {row["found"] for row in self.rows(f"SELECT {column} AS found FROM {source}")}  # noqa: S608 (constants)
