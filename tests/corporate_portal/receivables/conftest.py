"""Finance at the desk, customers who are late, and days that go by."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.incoming import Money
from billing_core.ledger.models import IncomingPayment, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments.booking import book_incoming
from billing_core.payments.disputing import learn_money_back
from billing_core.payments.gateway import DisputeState
from billing_core.payments.models import Payment
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer
from corporate_portal.receivables import states
from corporate_portal.receivables.models import Dunning, Reminder
from tests.client import Client
from tests.factories import core, ledger


@pytest.fixture(autouse=True)
def usual_steps() -> Iterator[None]:
    """7, 21 and 35 days, whatever the last test said."""
    states.use_reminder_days("7,21,35")
    yield
    states.use_reminder_days("7,21,35")


@pytest.fixture
def clerk(app: Flask) -> Client:
    """Finance is signed in."""
    return Client(app).sign_in(core.staff("finance", name="Mara Thiele"), Realm.DESK)


def finance() -> Viewer:
    """Somebody of finance, for the verbs."""
    return core.viewer(core.staff("finance"), Realm.DESK)


def customer(name: str = "Lindner AG", **changes: Any) -> Account:
    """An account with one contact who gets invoices."""
    account = core.account(name=name, name_folded=db.folded(name), **changes)
    core.contact(account, core.person("Maria Muster", locale=account.locale), is_primary=True)
    return account


def late(of: Account, days: int, total: int = 10000, **changes: Any) -> Invoice:
    """An invoice that has been past due for so many days (negative: not yet)."""
    due = clock.today("Europe/Berlin") - timedelta(days=days)
    issued = due - timedelta(days=30)
    return ledger.invoice(of, total, issued_on=issued, due_on=due, **changes)


def paid(of: Account, amount: int, method: str = "bank_transfer", **changes: Any) -> IncomingPayment:
    """Money that finance booked, the oldest first unless shares are named."""
    money = Money(method, amount, clock.today("Europe/Berlin"), "Thanks", **changes)
    booked: IncomingPayment = db.perform(book_incoming, finance(), of.public_id, money, db.public_id("key"))
    return booked


def sent() -> list[Reminder]:
    """Every reminder, with its row, items and mails."""
    whole = (selectinload(Reminder.items), selectinload(Reminder.mails), selectinload(Reminder.dunning))
    with db.reading() as session:
        return list(session.scalars(select(Reminder).options(*whole).order_by(Reminder.id)))


def rows() -> list[Dunning]:
    """Every row of steps."""
    with db.reading() as session:
        return list(session.scalars(select(Dunning).order_by(Dunning.id)))


def mails() -> list[OutboxMail]:
    """The reminders in the outbox."""
    with db.reading() as session:
        named = select(OutboxMail).where(OutboxMail.kind == "payment-reminder")
        return list(session.scalars(named.order_by(OutboxMail.id)))


@contextmanager
def at(day: date, hour: int = 12, minute: int = 0, zone: str = "Europe/Berlin") -> Iterator[None]:
    """It is this time on the seller's clock."""
    instant = datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo(zone))
    with time_machine.travel(instant, tick=False):
        yield


@contextmanager
def days_later(days: int) -> Iterator[None]:
    """Time goes by."""
    with time_machine.travel(clock.now() + timedelta(days=days), tick=False):
        yield


def disputed_with_the_bank(invoice: Invoice, payer: Person, status: str = "disputed") -> Payment:
    """It was paid by card, and the cardholder's bank has taken the money back."""
    payment = ledger.paid_by_card(invoice, payer)
    told = DisputeState(f"dp_{payment.public_id}", status, payment.amount, payment.currency, "fraudulent", None)
    return db.perform(learn_money_back, payment.public_id, [], [told])
