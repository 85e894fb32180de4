"""Rows as the first release wrote them, put in by SQL: the models of today know nothing of that schema."""

import itertools
from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from sqlalchemy import Connection, MetaData, Table, func, insert, select

NOW = "2026-03-01T08:00:00.000000Z"
_numbers = itertools.count(1)


class Shop:
    """A seller, a corporate account with its people and a product; it sells, and keeps what it sold by number."""

    def __init__(self, connection: Connection) -> None:
        if connection.dialect.name == "sqlite":
            connection.exec_driver_sql("BEGIN")  # otherwise each row is flushed to the disk by itself
        self.connection = connection
        self.tables = MetaData()
        self.tables.reflect(connection)
        self.seller = self.add("seller", code="DE1", timezone="Europe/Berlin", country="DE")
        self.rep = self.add("person", name="Rita Rep", staff_role="rep", locale="en")
        self.contact_person = self.add("person", name="Carla Contact", locale="de")
        self.account = self.add(
            "account", number="C1", kind="corporate", seller_id=self.seller, rep_id=self.rep, currency="EUR",
            locale="de", timezone="Europe/Berlin", payment_days=45,
        )  # fmt: skip
        self.contact = self.add(
            "billing_contact", person_id=self.contact_person, account_id=self.account, user_id="carla",
            may_accept=True, is_primary=True,
        )  # fmt: skip
        self.add("membership", person_id=self.contact_person, account_id=self.account)
        self.product = self.add("product", code="MEET", name="Meeting", seat_kind="organizer", is_active=True)

    def add(self, table: str, **values: Any) -> int:
        """One row; what is not given is empty, zero, false, or a name of its own."""
        known = self.tables.tables[table]
        added = self.connection.execute(insert(known).returning(known.c.id), dict(_fill(known)) | values)
        return int(added.scalar_one())

    def add_all(self, table: str, rows: list[dict[str, Any]]) -> list[int]:
        """Many rows at once; their ids in the same order."""
        known = self.tables.tables[table]
        highest = self.connection.execute(select(func.coalesce(func.max(known.c.id), 0))).scalar_one()
        self.connection.execute(insert(known), [dict(_fill(known)) | row for row in rows])
        added = self.connection.execute(select(known.c.id).where(known.c.id > highest).order_by(known.c.id))
        return [int(found) for found in added.scalars()]

    def quote(self, state: str, *, submitted: bool = True, versions: int = 1) -> list[int]:
        """A quote whose last version is in this state, those before it superseded; the ids of its versions."""
        quote = self.add("quote", account_id=self.account, rep_id=self.rep, currency="EUR")
        return [
            self.version(quote, number, state if number == versions else "superseded", number == versions, submitted)
            for number in range(1, versions + 1)
        ]

    def version(
        self, quote: int, number: int, state: str, is_current: bool, submitted: bool, start: date = date(2026, 1, 31)
    ) -> int:
        """One version with a yearly, a monthly and a one-off line."""
        version = self.add(
            "quote_version", quote_id=quote, account_id=self.account, version=number, state=state,
            is_current=is_current, starts_on=start, term_months=36, zone="Europe/Berlin", net=168000, tax=31920,
            total=199920, submitted_at=NOW if submitted else None, title="Meetings", locale="de",
        )  # fmt: skip
        self.lines(version)
        return version

    def lines(self, version: int) -> None:
        """The lines of a version and its tax."""
        for position, (frequency, net) in enumerate((("yearly", 108000), ("monthly", 10000), ("once", 50000)), start=1):
            self.add(
                "quote_line", version_id=version, position=position, product_id=self.product, frequency=frequency,
                description=f"Meeting {frequency}", unit="organizer", quantity=10, unit_price=12000, discount=12000,
                net=net, tax_category="S", tax_rate=1900,
            )  # fmt: skip
        self.add("quote_tax", version_id=version, category="S", rate=1900, net=168000, tax=31920)

    def accepted(self, start: date, *, months: int = 36, fulfilled: bool = True) -> int:
        """An accepted quote, its order with its lines, and the invoice of its first periods; the order's id."""
        quote = self.add("quote", number=f"Q-{next(_numbers)}", account_id=self.account, rep_id=self.rep)
        version = self.version(quote, 1, "accepted", True, True, start)
        order = self.add(
            "service_order", number=f"ORD-{quote}", account_id=self.account, origin=self.name_of(version),
            state="fulfilled" if fulfilled else "pending", starts_on=start, placed_at=NOW,
            fulfilled_at=NOW if fulfilled else None,
        )  # fmt: skip
        invoice = self.add(
            "invoice", number=f"INV-{quote}", account_id=self.account, seller_id=self.seller, contact_id=self.contact,
            order_number=f"ORD-{quote}", title="Meetings", locale="de", currency="EUR", po_number="PO 4711",
            quote_number=f"Q-{quote}", net=168000, tax=31920, total=199920, balance=199920,
        )  # fmt: skip
        self.add(
            "quote_decision", version_id=version, quote_id=quote, verdict="accepted", person_id=self.contact_person,
            order_id=order, invoice_id=invoice, po_number="PO 4711",
        )  # fmt: skip
        self.order_lines(order, start, months)
        return order

    def order_lines(self, order: int, start: date, months: int) -> None:
        """The same three lines, ordered."""
        end = date(start.year + months // 12, start.month, start.day)
        for position, frequency in enumerate(("yearly", "monthly", "once"), start=1):
            self.add(
                "order_line", order_id=order, position=position, product_id=self.product, frequency=frequency,
                seats=10, unit_price=12000, currency="EUR", term_start=start,
                term_end=None if frequency == "once" else end,
            )  # fmt: skip

    def name_of(self, version: int) -> str:
        """The public id of a version."""
        table = self.tables.tables["quote_version"]
        return str(self.connection.execute(select(table.c.public_id).where(table.c.id == version)).scalar_one())

    def many_orders(self, number: int, start: date) -> None:
        """So many accepted quotes of one monthly line, in few statements."""
        quotes = self.add_all("quote", [{"account_id": self.account, "rep_id": self.rep}] * number)
        of_version = {
            "account_id": self.account, "version": 1, "state": "accepted", "is_current": True, "starts_on": start,
            "term_months": 12, "zone": "Europe/Berlin", "submitted_at": NOW,
        }  # fmt: skip
        names = [f"ver_many_{quote}" for quote in quotes]
        versions = self.add_all(
            "quote_version",
            [of_version | {"quote_id": quote, "public_id": name} for quote, name in zip(quotes, names, strict=True)],
        )
        of_line = {
            "position": 1,
            "product_id": self.product,
            "frequency": "monthly",
            "net": 1000,
            "description": "Many",
        }
        self.add_all("quote_line", [of_line | {"version_id": version} for version in versions])
        orders = self.add_all(
            "service_order",
            [
                {"number": f"MANY-{name}", "origin": name, "account_id": self.account, "state": "fulfilled",
                 "starts_on": start}
                for name in names
            ],
        )  # fmt: skip
        of_order = {
            "position": 1, "product_id": self.product, "frequency": "monthly", "seats": 1, "term_start": start,
            "term_end": start + timedelta(days=365), "currency": "EUR",
        }  # fmt: skip
        self.add_all("order_line", [of_order | {"order_id": order} for order in orders])
        of_invoice = {"account_id": self.account, "seller_id": self.seller, "currency": "EUR", "title": "Many"}
        self.add_all("invoice", [of_invoice | {"order_number": f"MANY-{name}"} for name in names])

    def online(self) -> int:
        """A subscription of an online account, which has no order."""
        account = self.add("account", number="O1", kind="online", seller_id=self.seller, currency="EUR")
        return self.add(
            "subscription", account_id=account, product_id=self.product, seats=5, frequency="monthly",
            period_start=date(2026, 5, 1), period_end=date(2026, 6, 1),
        )  # fmt: skip


def _fill(table: Table) -> Iterator[tuple[str, Any]]:
    for column in table.columns:
        if column.nullable or column.primary_key:
            continue
        kind = column.type.python_type
        if kind is str:
            length = getattr(column.type, "length", None) or 40
            named = column.name in ("public_id", "external_id", "number", "code")
            instant = column.name.endswith("_at")
            yield column.name, NOW if instant else f"{table.name[:12]}-{next(_numbers)}"[:length] if named else ""
        else:
            empty: dict[type, Any] = {int: 0, bool: False, bytes: b"", date: date(2026, 1, 1)}
            yield column.name, empty[kind]
