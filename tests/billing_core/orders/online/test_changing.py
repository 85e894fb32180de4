"""Changes of online subscriptions, as they are charged and credited (domain.md 6)."""

from datetime import UTC, date, datetime

import pytest
from sqlalchemy import select
from time_machine import Traveller

from billing_core import db
from billing_core.ledger.models import InvoiceTax
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.wishes import Buy, Change
from billing_core.payments import giving_back, ordering, refunding
from billing_core.permissions import Realm
from billing_core.sellers.models import TaxRate
from tests.factories import core, ledger
from tests.factories.shop import Shop, credit_note_of, credit_of, invoice_of, reprice
from tests.factories.till import CardTill
from tests.faults.quiet import settle_down


def on(clocks: Traveller, month: int, day: int) -> None:
    """Noon of the day, in 2026."""
    clocks.move_to(datetime(2026, month, day, 10, tzinfo=UTC), tick=False)


def to(at: Shop, seats: int, tier: str = "Pro", frequency: str = "monthly") -> Change:
    """The wish to change the shop's subscription."""
    return Change(at.subscription().public_id, tier, seats, frequency)


def mails(kind: str) -> list[OutboxMail]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)))


def test_the_worked_examples_of_a_sixth_seat_and_of_four(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    on(clocks, 6, 16)
    seen = at.see(to(at, 6))
    assert [(one.kind, one.amount) for one in seen.order.lines[0].charges] == [("new_period", 6000), ("unused", -2500)]
    assert (seen.order.totals.net, seen.charge) == (3500, 4165)
    order = at.bought(till, to(at, 6))
    invoice, changed = invoice_of(order), at.subscription()
    assert (invoice.total, invoice.balance) == (4165, 0)
    assert (changed.seats, changed.period_start, changed.period_end) == (6, date(2026, 6, 16), date(2026, 7, 16))
    assert (changed.anchor, len(at.subscriptions())) == (16, 1)


def test_fewer_seats_are_credited_and_more_again_charged(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    on(clocks, 6, 16)
    seen = at.see(to(at, 4))
    assert (seen.order.totals.net, seen.order.total, seen.order.credited, seen.charge) == (-500, -595, 595, 0)
    placed = at.order(to(at, 4))
    note = credit_note_of(placed.order)
    assert (placed.payment, placed.order.state, note.total, note.tax, credit_of(at.account)) == (
        None, "fulfilled", 595, 95, 595,
    )  # fmt: skip
    assert (at.subscription().seats, at.subscription().period_end) == (4, date(2026, 7, 1))
    assert mails("order-confirmed")[-1].attached == f"credit-note:{note.public_id}"
    on(clocks, 6, 21)
    seen = at.see(to(at, 6))
    assert (seen.order.totals.net, seen.order.total, seen.order.credit_used, seen.charge) == (4667, 5554, 595, 4959)
    invoice = invoice_of(at.bought(till, to(at, 6)))
    assert (invoice.total, invoice.balance, credit_of(at.account)) == (5554, 0, 0)


def test_credit_from_proration_is_never_sent_back(at: Shop, till: CardTill, clocks: Traveller) -> None:
    order = at.bought(till, at.buy(5))
    on(clocks, 6, 16)
    at.order(to(at, 4))
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    with db.reading():
        payment = ordering.payment_of_order(at.buyer, order.public_id)
    assert payment is not None
    with pytest.raises(refunding.RefundTooLarge):
        giving_back.refund_payment(clerk, payment.public_id, {"credit": 100}, "Why", "key_1")
    invoice = invoice_of(order)
    giving_back.refund_payment(clerk, payment.public_id, {invoice.public_id: 1000}, "Why", "key_2")
    settle_down(till)
    assert (invoice_of(order).balance, credit_of(at.account)) == (1000, 595)


def test_overpaid_money_stays_sendable_beside_credit_from_proration(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    ledger.transferred(at.account, 700)
    order = at.bought(till, at.buy(5))
    assert (invoice_of(order).total, credit_of(at.account), order.credit_used, order.asked) == (5950, 0, 700, 5250)
    on(clocks, 6, 16)
    at.order(to(at, 4))
    ledger.transferred(at.account, 300)
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    with db.reading():
        payment = ordering.payment_of_order(at.buyer, order.public_id)
    assert payment is not None
    with pytest.raises(refunding.RefundTooLarge):
        giving_back.refund_payment(clerk, payment.public_id, {"credit": 301}, "Why", "key_1")
    giving_back.refund_payment(clerk, payment.public_id, {"credit": 300}, "Why", "key_2")
    settle_down(till)
    assert credit_of(at.account) == 595


def test_nothing_is_credited_for_a_period_whose_money_went_back(at: Shop, till: CardTill, clocks: Traveller) -> None:
    order = at.bought(till, at.buy(5))
    with db.reading():
        payment = ordering.payment_of_order(at.buyer, order.public_id)
    assert payment is not None
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    giving_back.refund_payment(clerk, payment.public_id, {invoice_of(order).public_id: 5950}, "Why", "key")
    settle_down(till)
    on(clocks, 6, 16)
    assert at.see(to(at, 4)).order.is_free
    assert at.see(to(at, 6)).order.totals.net == 6000


def test_yearly_to_monthly_restarts_and_credits_the_year(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5, frequency="yearly"))
    on(clocks, 6, 11)
    seen = at.see(to(at, 5))
    assert (seen.order.lines[0].restarts, seen.order.totals.net) == (True, 5000 - 48630)
    order = at.bought(till, to(at, 5))
    assert credit_note_of(order).net == 43630
    changed = at.subscription()
    assert (changed.frequency, changed.unit_price, changed.period_end, changed.invoice_line_id) == (
        "monthly", 1000, date(2026, 7, 11), None,
    )  # fmt: skip


def test_added_seats_cost_the_own_price_until_tier_or_frequency_changes(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    reprice(at.product, 1100, date(2026, 6, 10))
    on(clocks, 6, 16)
    assert at.see(to(at, 6)).order.lines[0].unit_price == 1000
    assert at.see(to(at, 6, frequency="yearly")).order.lines[0].unit_price == 10000
    assert at.see(to(at, 6, tier="Plus")).order.totals.net == 12000 - 2500


def test_an_equal_price_keeps_the_period_and_charges_nothing(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(4))
    on(clocks, 6, 16)
    placed = at.order(to(at, 2, tier="Plus"))
    changed = at.subscription()
    assert (placed.order.total, placed.order.invoice_id, changed.tier, changed.seats) == (0, None, "Plus", 2)
    assert (changed.period_start, changed.unit_price) == (date(2026, 6, 1), 2000)


def test_the_unused_part_bears_the_tax_it_was_invoiced_with(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    core.add(TaxRate(country="DE", category="S", rate=1600, valid_from=date(2026, 6, 10), exemption_en="",
                     exemption_de=""))  # fmt: skip
    on(clocks, 6, 16)
    seen = at.see(to(at, 6))
    assert [(tax.rate, tax.net, tax.tax) for tax in seen.order.taxes] == [(1900, -2500, -475), (1600, 6000, 960)]
    order = at.bought(till, to(at, 6))
    assert (invoice_of(order).total, invoice_of(order).balance) == (3985, 0)
    with db.reading() as session:
        rates = session.scalars(select(InvoiceTax.rate).where(InvoiceTax.invoice_id == order.invoice_id)).all()
    assert (sorted(rates), at.subscription().tax_rate) == ([1600, 1900], 1600)


def test_too_little_for_a_card_is_left_open_and_collected_with_the_next_charge(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    ledger.transferred(at.account, 1150)
    placed = at.order(at.buy(1))
    assert (placed.payment, placed.order.state, placed.order.rest) == (None, "fulfilled", 40)
    small = invoice_of(placed.order)
    assert (small.total, small.balance, at.subscription().seats) == (1190, 40, 1)
    wish = Buy(at.other.code, "Pro", 1, "monthly")
    seen = at.see(wish)
    assert (seen.asked, seen.charge, [one.number for one in seen.collected]) == (1190, 1230, [small.number])
    order = at.bought(till, wish)
    assert (invoice_of(order).balance, invoice_of(placed.order).balance) == (0, 0)
    assert small.number in mails("order-confirmed")[-1].text_body
