"""Orders as an acceptance places them, and the subscriptions that they are about."""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.catalogue.models import Product
from billing_core.ledger.service import lock_account
from billing_core.orders.models import ServiceOrder
from billing_core.orders.service import OrderedLine, OrderFacts, number_order, place_order
from billing_core.people import Person
from billing_core.subscriptions.models import SeatAssignment, Subscription
from tests.factories import core

T = TypeVar("T")


@dataclass(frozen=True)
class Buyer:
    """An account and a product to order."""

    account: Account
    product: Product


def buyer(**of_account: Any) -> Buyer:
    """A new one, in Berlin unless told otherwise."""
    return Buyer(core.account(**of_account), core.product())


def line(of: Buyer, effect: str = "start", seats: int = 5, months: int = 12, **changes: Any) -> OrderedLine:
    """A yearly term from today, or what `changes` says."""
    start = changes.get("term_start", clock.today(of.account.timezone))
    term = OrderedLine(
        of.product.id, "Pro", seats, "yearly", 12000, "EUR", start, clock.add_months(start, months), effect,
        description="Meeting Pro", unit="organizer",
    )  # fmt: skip
    return replace(term, **changes)


def about(of: Buyer, subscription: Subscription, effect: str, seats: int, **changes: Any) -> OrderedLine:
    """A line that renews the subscription, or lets seats join or leave it until its end."""
    start = subscription.period_end if effect == "renew" else clock.today(of.account.timezone)
    end = clock.add_months(subscription.period_end, 12) if effect == "renew" else subscription.period_end
    values: dict[str, Any] = {"term_start": start, "term_end": end, "subscription_id": subscription.id}
    return line(of, effect, seats, **(values | changes))


def order(
    of: Buyer, *lines: OrderedLine, admin: Person | None = None, contact_id: int | None = None, locale: str = "en"
) -> ServiceOrder:
    """What an acceptance does with them."""
    facts = OrderFacts(
        contact_id, "Meetings", locale, "EUR", "PO 1", "Q-2026-000001", 14, admin_person_id=admin.id if admin else None
    )

    def verb() -> ServiceOrder:
        lock_account(of.account.id)
        whole = select(Account).where(Account.id == of.account.id).options(joinedload(Account.seller))
        account = db.session().scalars(whole.execution_options(populate_existing=True)).one()
        first = min(one.term_start for one in lines)
        placed = place_order(account, db.public_id("ver"), first, lines, "test", facts)
        number_order(placed, account.seller, "test")
        return placed

    return db.perform(verb)


def term(of: Buyer, seats: int = 5, **changes: Any) -> Subscription:
    """A subscription that an order began."""
    placed = order(of, line(of, seats=seats, **changes))
    return next(one for one in subscriptions() if one.external_id == f"{placed.public_id}-1")


def subscriptions() -> list[Subscription]:
    """All of them, as they are stored now."""
    with db.reading() as session:
        return list(session.scalars(select(Subscription).order_by(Subscription.id)))


def reread(row: T) -> T:
    """The row as it is stored now."""
    with db.reading() as session:
        return session.get_one(type(row), row.id)  # type: ignore[attr-defined]


def holders(of: Subscription) -> list[int]:
    """Who has a seat of it, in the order in which they got it."""
    with db.reading() as session:
        held = select(SeatAssignment.person_id).where(SeatAssignment.subscription_id == of.id)
        return list(session.scalars(held.order_by(SeatAssignment.id)))


def audited(action: str) -> list[str]:
    """The subjects of the audit entries of one kind."""
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.subject).where(AuditEntry.action == action)))


def it_is(monkeypatch: pytest.MonkeyPatch, day: date, hour: int = 10) -> None:
    """From now on it is that day and hour in Berlin."""
    present = datetime.combine(day, time(hour), ZoneInfo("Europe/Berlin")).astimezone(UTC)
    monkeypatch.setattr(clock, "now", lambda: present)
