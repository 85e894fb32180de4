"""A cause starts one subscription, however often it is told, and none without seats or days."""

from dataclasses import replace
from datetime import date

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.service import SubscriptionStart, start_subscription
from tests.factories import core

pytestmark = pytest.mark.usefixtures("database")


def begins() -> SubscriptionStart:
    return SubscriptionStart(
        core.account().id, core.product().id, "Pro", 5, "monthly", 1200, "EUR", date(2026, 1, 31), date(2027, 1, 31),
        "order", "ord_1-1",
    )  # fmt: skip


def test_a_cause_starts_one_subscription() -> None:
    start = begins()
    first = db.perform(start_subscription, start, "test")
    assert db.perform(start_subscription, start, "test").id == first.id
    with db.reading() as session:
        found = session.scalars(select(Subscription)).one()
        assert session.scalars(select(AuditEntry)).one().subject == found.public_id
    assert [found.status(day) for day in (date(2026, 1, 30), date(2026, 1, 31), date(2027, 1, 31))] == [
        "scheduled", "active", "grace",
    ]  # fmt: skip


def test_no_seats_and_no_days_are_refused() -> None:
    start = begins()
    for wrong in (replace(start, seats=0), replace(start, seats=-1), replace(start, period_end=start.period_start)):
        with pytest.raises(Invalid):
            db.perform(start_subscription, wrong, "test")
    with db.reading() as session:
        assert session.scalars(select(Subscription)).all() == []
