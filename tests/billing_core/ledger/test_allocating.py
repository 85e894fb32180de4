"""Allocation, the only mover of balances: never dropped, never twice."""

from concurrent.futures import ThreadPoolExecutor

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from billing_core import db
from billing_core.ledger.models import AccountBalance, CreditEntry, Invoice
from billing_core.ledger.service import Booking, allocate, lock_account, lock_invoices
from tests.factories import core, ledger

pytestmark = pytest.mark.usefixtures("database")


def book(invoice: Invoice, amount: int, reference: str, kind: str = "card") -> Booking:
    """Lock as a caller does, then allocate."""

    def verb() -> Booking:
        lock_account(invoice.account_id)
        (locked,) = lock_invoices([invoice.id])
        return allocate(locked, amount, kind, reference)

    return db.perform(verb)


def kept(account_id: int) -> tuple[int, int]:
    with db.reading() as session:
        row = session.scalars(select(AccountBalance).where(AccountBalance.account_id == account_id)).one()
        return row.open, row.credit


def test_a_part_and_the_rest() -> None:
    invoice = ledger.invoice(core.account(), 10000)
    assert book(invoice, 4000, "pi_1") == Booking(4000, 0)
    assert ledger.reread(invoice).settlement == "partially_paid"
    assert book(invoice, 6000, "pi_2") == Booking(6000, 0)
    assert ledger.reread(invoice).settlement == "paid"
    assert kept(invoice.account_id) == (0, 0)


def test_what_exceeds_the_balance_becomes_credit() -> None:
    invoice = ledger.invoice(core.account(), 10000)
    assert book(invoice, 12500, "pi_1") == Booking(10000, 2500)
    assert book(invoice, 300, "pi_2") == Booking(0, 300)
    assert kept(invoice.account_id) == (0, 2800)
    with db.reading() as session:
        assert session.scalars(select(CreditEntry.kind)).all() == ["overpayment", "overpayment"]


@pytest.mark.parametrize("amount", [4000, 10000, 12500])
def test_the_same_money_is_booked_once(amount: int) -> None:
    invoice = ledger.invoice(core.account(), 10000)
    first = book(invoice, amount, "pi_1")
    after = kept(invoice.account_id)
    again = book(invoice, amount, "pi_1")
    assert first.is_new
    assert not again.is_new
    assert kept(invoice.account_id) == after


def test_the_same_excess_is_credited_once() -> None:
    invoice = ledger.invoice(core.account(), 10000)
    book(invoice, 10000, "pi_1")
    assert book(invoice, 500, "pi_2") == Booking(0, 500)
    assert book(invoice, 500, "pi_2") == Booking()
    assert kept(invoice.account_id) == (0, 500)


@pytest.mark.parametrize("amount", [0, -1])
def test_only_money_that_came_in_is_allocated(amount: int) -> None:
    invoice = ledger.invoice(core.account(), 10000)
    with pytest.raises(ValueError, match="positive"):
        book(invoice, amount, "pi_1")


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.integers(1, 6000), st.sampled_from("abcdef")), min_size=1, max_size=8))
def test_whatever_comes_in_is_somewhere(payments: list[tuple[int, str]]) -> None:
    """The sum of what is allocated and credited is the money that came in, each reference counted once."""
    account = core.account()
    invoice = ledger.invoice(account, 10000)
    came: dict[str, int] = {}
    for amount, reference in payments:
        booking = book(invoice, amount, reference)
        assert booking.is_new is (reference not in came)
        came.setdefault(reference, amount)
    total = sum(came.values())
    assert kept(account.id) == (max(10000 - total, 0), max(total - 10000, 0))


def test_tellers_at_the_same_moment_book_once() -> None:
    invoice = ledger.invoice(core.account(), 10000)
    with ThreadPoolExecutor(6) as pool:
        bookings = list(pool.map(lambda n: book(invoice, 3000, f"pi_{n % 2}"), range(12)))
    assert sorted(b.is_new for b in bookings) == [False] * 10 + [True] * 2
    assert kept(invoice.account_id) == (4000, 0)
