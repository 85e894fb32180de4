"""Awkward money: another amount than was asked for, an attempt that is over, other taxes and currencies, disputes."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import select, update
from time_machine import Traveller

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.correcting import Part
from billing_core.ledger.reversing import take_credit
from billing_core.ledger.service import lock_account
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.wishes import Buy, Change
from billing_core.payments import moves, ordering
from billing_core.payments.gateway import SessionState
from billing_core.payments.models import Payment
from billing_core.payments.ordering import Placed
from billing_core.payments.processor import processor
from billing_core.payments.refusals import OrderTooLarge
from billing_core.payments.review import deciding, finding
from billing_core.permissions import Realm
from corporate_portal.finance import service as finance
from tests.conftest import Database
from tests.factories import core, ledger
from tests.factories.shop import Shop, credit_note_of, credit_of, invoice_of, shop
from tests.factories.till import CardTill, impatient, payment_named
from tests.faults.quiet import settle_down


@pytest.fixture
def alone(database: Database, clocks: Traveller, tmp_path: object) -> Shop:
    """A shop whose processor is told things that it does not know: nobody audits it."""
    CardTill(tmp_path / "sandbox.sqlite")  # type: ignore[operator]
    return shop()


def paid(payment: Payment, amount: int | None = None) -> SessionState:
    """What a processor says that took the money, of another amount where one is named."""
    took = payment.amount if amount is None else amount
    return SessionState(
        payment.processor_session or "", payment.public_id, "complete", is_paid=True, is_final=True, amount=took,
        received=took, currency=payment.currency, livemode=payment.livemode, url=None,
        expires_at=clock.now() + timedelta(hours=1), intent_id=f"pi_{payment.public_id}", card_brand="visa",
        card_last4="4242",
    )  # fmt: skip


def order_again(placed: Placed) -> OnlineOrder:
    with db.reading() as session:
        return session.get_one(OnlineOrder, placed.order.id)


def kinds() -> list[str]:
    with db.reading() as session:
        return sorted(session.scalars(select(OutboxMail.kind)))


@pytest.mark.parametrize(("more", "state", "credit"), [(100, "fulfilled", 100), (-100, "unapplied", 5850)])
def test_finance_takes_another_amount_in(alone: Shop, more: int, state: str, credit: int) -> None:
    placed = alone.order(alone.buy())
    assert placed.payment is not None
    seen = paid(placed.payment, 5950 + more)
    aside = db.perform(moves.learn, placed.payment.public_id, seen)
    assert (aside.state, order_again(placed).state) == ("needs_review", "placed")
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    print_of = finding.of_session(seen).fingerprint
    db.perform(deciding.take_in, clerk, aside.public_id, print_of, "Why", livemode=processor().livemode)
    assert (order_again(placed).state, credit_of(alone.account)) == (state, credit)
    assert payment_named(aside.public_id).amount == 5950 + more


def test_an_order_is_void_when_its_money_goes_back(alone: Shop) -> None:
    placed = alone.order(alone.buy())
    assert placed.payment is not None
    seen = paid(placed.payment, 6000)
    aside = db.perform(moves.learn, placed.payment.public_id, seen)
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    print_of = finding.of_session(seen).fingerprint
    db.perform(deciding.give_back, clerk, aside.public_id, print_of, "Why", livemode=processor().livemode)
    assert (order_again(placed).state, alone.subscriptions()) == ("void", [])


def test_money_for_an_attempt_that_we_had_given_up_is_booked_and_told(alone: Shop) -> None:
    placed = alone.order(alone.buy())
    assert placed.payment is not None
    expired = replace(paid(placed.payment), status="expired", is_paid=False, received=None, intent_id=None)
    db.perform(moves.learn, placed.payment.public_id, expired)
    assert order_again(placed).state == "void"
    late = db.perform(moves.learn, placed.payment.public_id, paid(placed.payment))
    assert (late.state, order_again(placed).state, credit_of(alone.account)) == ("succeeded", "unapplied", 5950)
    assert kinds() == ["order-unapplied", "order-unapplied-desk"]


def test_credit_that_was_taken_back_meanwhile_leaves_the_invoice_open(alone: Shop) -> None:
    ledger.transferred(alone.account, 1000)
    placed = alone.order(alone.buy())
    assert placed.payment is not None
    db.perform(_take_all_credit, alone.account.id)
    db.perform(moves.learn, placed.payment.public_id, paid(placed.payment))
    order = order_again(placed)
    assert (order.state, invoice_of(order).balance, credit_of(alone.account)) == ("fulfilled", 1000, 0)


def _take_all_credit(account_id: int) -> None:
    """As a dispute or a returned debit does, which asks nobody."""
    lock_account(account_id)
    take_credit(account_id, "EUR", 1000, "returned", "forced")


def test_reverse_charge_for_a_confirmed_vat_id_of_another_member_state(at: Shop, till: CardTill) -> None:
    db.perform(_move_abroad, at.account.id)
    seen = at.see(at.buy())
    assert (seen.order.total, seen.order.taxes[0].category, bool(seen.order.taxes[0].why)) == (5000, "AE", True)
    order = at.bought(till, at.buy())
    assert (invoice_of(order).tax, at.subscription().tax_category) == (0, "AE")


def _move_abroad(account_id: int) -> None:
    found = {"country": "AT", "vat_id": "ATU13585627", "vat_confirmed_at": clock.now()}
    db.session().execute(update(Account).where(Account.id == account_id).values(**found))


def test_what_a_card_cannot_take_in_whole_steps_stays_open(
    database: Database, clocks: Traveller, tmp_path: object
) -> None:
    with impatient():
        till = CardTill(tmp_path / "sandbox.sqlite")  # type: ignore[operator]
        at = shop(currency="KWD")
        ledger.transferred(at.account, 3)
        seen = at.see(at.buy())
        assert (seen.order.total, seen.asked, seen.rest) == (5950, 5940, 7)
        order = at.bought(till, at.buy())
        assert invoice_of(order).balance == 7
        settle_down(till)


def test_more_than_a_card_takes_is_refused(at: Shop, till: CardTill) -> None:
    with pytest.raises(OrderTooLarge):
        at.see(at.buy(9_999, "Plus", "yearly"))


def test_a_disputed_period_is_not_credited_and_the_order_goes_on(at: Shop, till: CardTill, clocks: Traveller) -> None:
    order = at.bought(till, at.buy())
    with db.reading():
        payment = ordering.payment_of_order(at.buyer, order.public_id)
    assert payment is not None
    till.sandbox.dispute(payment.processor_intent or "")
    settle_down(till)
    assert invoice_of(order).balance == 5950
    assert at.see(Change(at.subscription().public_id, "Pro", 3, "monthly")).order.is_free


def test_a_period_whose_invoice_finance_has_credited_is_not_credited_again(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    order = at.bought(till, at.buy())
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    wish = finance.Wish({1: Part(net=5000)}, "Bought by mistake")
    db.perform(finance.credit_invoice, clerk, invoice_of(order).public_id, wish, "key")
    assert credit_of(at.account) == 5950
    assert at.see(Change(at.subscription().public_id, "Pro", 3, "monthly")).order.is_free


def test_a_mixed_order_below_zero_is_one_credit_note(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(100))
    clocks.move_to(datetime(2026, 6, 16, 10, tzinfo=UTC), tick=False)
    placed = at.order(
        Change(at.subscription().public_id, "Pro", 50, "monthly"), Buy(at.other.code, "Starter", 1, "monthly")
    )  # fmt: skip
    note = credit_note_of(placed.order)
    assert (placed.order.net, note.net, credit_of(at.account)) == (500 - 25000, 24500, note.total)
    assert [one.period_start for one in at.subscriptions()] == [date(2026, 6, 1), date(2026, 6, 16)]
