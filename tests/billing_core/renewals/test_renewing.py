"""Renewals by the worker, with a clock that is moved (domain.md 6)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select
from time_machine import Traveller

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.ledger.models import InvoiceLine
from billing_core.orders.online import refusals
from billing_core.orders.online.wishes import Change, Try
from billing_core.payments.cards.keeping import make_default
from billing_core.payments.sharing import Means
from billing_core.people import BillingContact
from billing_core.permissions import Realm
from billing_core.renewals import queries, service
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.queries import are_all_over
from tests.factories import cards, core, ledger
from tests.factories.nights import attempts, invoices, mails, night, orders
from tests.factories.shop import Shop, credit_of, invoice_of, reprice, shop
from tests.factories.till import CardTill

FAILS, ASKS = "pm_card_chargeCustomerFail", "pm_card_authenticationRequired"


def renewed(at: Shop) -> tuple[date, date]:
    """The running period."""
    found = at.subscription()
    return found.period_start, found.period_end


def pay(at: Shop, means: Means | None = None, form: str = "form_pay") -> service.Placed:
    """What the page of an overdue renewal does."""
    public_id = at.subscription().public_id
    with db.reading():
        _, seen = queries.overdue(at.buyer, public_id)
    return service.pay_renewal(
        at.buyer, at.account.public_id, public_id, seen.digest, form, means=means or Means(None)
    )  # fmt: skip


def test_the_default_card_is_charged_at_the_end_at_the_price_that_was_sold(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    reprice(at.product, 9900, date(2026, 6, 20))
    night(till, clocks, 6, 30)
    assert len(orders()) == 1
    for _ in range(2):
        night(till, clocks, 7, 1)
    order = orders()[-1]
    invoice = invoice_of(order)
    assert (len(orders()), order.state, invoice.total, invoice.balance) == (2, "fulfilled", 5950, 0)
    assert (invoice.issued_on, invoice.period_start, invoice.period_end) == (
        date(2026, 7, 1), date(2026, 7, 1), date(2026, 8, 1),
    )  # fmt: skip
    assert renewed(at) == (date(2026, 7, 1), date(2026, 8, 1))
    assert at.subscription().status(date(2026, 7, 1)) == "active"
    with db.reading() as session:
        assert session.get_one(InvoiceLine, at.subscription().invoice_line_id).invoice_id == invoice.id
    (mail,) = mails("subscription-renewed")
    assert invoice.number in mail.text_body
    assert mail.attached == f"invoice:{invoice.public_id}"
    assert attempts() == [(date(2026, 7, 1), "")]


def test_a_declined_charge_is_retried_and_then_it_is_over_without_a_claim(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer, FAILS)
    for day in (1, 1, 2, 4, 5, 8):
        night(till, clocks, 7, day)
    overdue = at.subscription()
    assert (overdue.status(date(2026, 7, 8)), overdue.is_running(date(2026, 7, 8))) == ("payment_overdue", True)
    with db.reading():
        assert not are_all_over(at.account)
    with pytest.raises(refusals.RenewalUnpaid):
        at.see(Change(overdue.public_id, "Pro", 6, "monthly"))
    with pytest.raises(refusals.AlreadySubscribed):
        at.see(at.buy(1))
    assert "8 Jul" in mails("renewal-failed")[1].text_body or "July 8" in mails("renewal-failed")[1].text_body
    night(till, clocks, 7, 15)
    over = at.subscription()
    assert [day.day for day, _ in attempts()] == [1, 4, 8, 15]
    assert (over.status(date(2026, 7, 15)), over.ended_on, over.is_live) == ("expired", date(2026, 7, 15), False)
    assert (len(invoices()), len(mails("renewal-failed")), len(mails("renewal-expired"))) == (1, 3, 1)
    with db.reading():
        assert are_all_over(at.account)
    night(till, clocks, 7, 16)
    assert len(attempts()) == 4
    at.bought(till, at.buy(2))
    assert at.subscription().period_start == date(2026, 7, 16)


def test_a_retry_that_succeeds_bills_from_the_original_date(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    failing = cards.saved(till, at.account, at.buyer, FAILS)
    night(till, clocks, 7, 1)
    good = cards.saved(till, at.account, at.buyer)
    db.perform(make_default, at.buyer, good.public_id)
    night(till, clocks, 7, 4)
    assert failing.is_default
    assert (renewed(at), at.subscription().retry_on) == ((date(2026, 7, 1), date(2026, 8, 1)), None)
    assert [(one.state, one.day.day) for one in orders()[1:]] == [("void", 1), ("fulfilled", 4)]
    assert invoice_of(orders()[-1]).issued_on == date(2026, 7, 4)


def test_what_needs_the_person_is_asked_for_and_not_tried_blindly(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer, ASKS)
    night(till, clocks, 7, 1)
    assert (len(mails("renewal-confirm")), at.subscription().status(date(2026, 7, 1))) == (1, "payment_overdue")
    with pytest.raises(refusals.RenewalUnpaid):
        at.see(Change(at.subscription().public_id, "Pro", 6, "monthly"))
    for day in (2, 4, 8):
        night(till, clocks, 7, day)
    assert (attempts(), len(till.intents())) == ([(date(2026, 7, 1), "authentication")], 2)
    placed = pay(at)
    assert placed.payment is not None
    till.enter_card(placed.payment)
    night(till, clocks, 7, 9)
    assert (renewed(at), at.subscription().retry_on) == ((date(2026, 7, 1), date(2026, 8, 1)), None)
    assert (len(invoices()), len(mails("subscription-renewed"))) == (2, 1)
    night(till, clocks, 7, 15)
    assert at.subscription().status(date(2026, 7, 15)) == "active"


def test_nobody_confirms_and_it_ends_after_fourteen_days(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer, ASKS)
    for day in (1, 2, 4, 8, 14, 15):
        night(till, clocks, 7, day)
    assert (at.subscription().status(date(2026, 7, 15)), len(attempts()), len(mails("renewal-expired"))) == (
        "expired", 1, 1,
    )  # fmt: skip


def test_the_payment_that_is_under_way_on_the_last_day_is_waited_for(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer, ASKS)
    for day in (1, 4, 8, 14):
        night(till, clocks, 7, day)
    clocks.shift(timedelta(hours=15))
    placed = pay(at)
    night(till, clocks, 7, 15)
    assert (at.subscription().is_live, len(mails("renewal-expired"))) == (True, 0)
    assert placed.payment is not None
    till.enter_card(placed.payment)
    night(till, clocks, 7, 16)
    assert renewed(at) == (date(2026, 7, 1), date(2026, 8, 1))


def test_after_its_last_day_it_is_not_begun_by_hand_any_more(at: Shop, till: CardTill, clocks: Traveller) -> None:
    """Otherwise who opens the card's page each day would use it for ever and never pay."""
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer, ASKS)
    for day in (1, 8, 14):
        night(till, clocks, 7, day)
    clocks.shift(timedelta(hours=15))
    pay(at)
    night(till, clocks, 7, 15)
    with_a_page_open = pay(at, form="form_15")
    assert with_a_page_open.payment is not None
    clocks.shift(timedelta(hours=22))
    with pytest.raises(refusals.SubscriptionExpired):
        pay(at, form="form_16")
    for day in (17, 18):
        night(till, clocks, 7, day)
    assert (at.subscription().status(date(2026, 7, 18)), len(invoices())) == ("expired", 1)


def test_an_attempt_that_somebody_ends_to_pay_by_hand_is_not_called_declined(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer, ASKS)
    ledger.transferred(at.account, 500)
    night(till, clocks, 7, 1)
    (mail,) = mails("renewal-confirm")
    assert "54.50" in mail.text_body
    placed = pay(at)
    night(till, clocks, 7, 2)
    assert placed.payment is not None
    assert not mails("renewal-failed")


def test_the_same_form_pays_once_and_a_confirmation_goes_on_with_the_card(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    card = cards.saved(till, at.account, at.buyer, ASKS)
    night(till, clocks, 7, 1)
    first = pay(at, Means(card.public_id))
    again = pay(at, Means(card.public_id))
    assert first.payment is not None
    assert again.payment is not None
    assert first.payment.public_id == again.payment.public_id
    till.answer_bank(again.payment)
    night(till, clocks, 7, 2)
    assert (renewed(at), len(till.charges())) == ((date(2026, 7, 1), date(2026, 8, 1)), 2)


@pytest.mark.parametrize(("card", "why"), [("", "no_card"), ("pm_card_expiresSoon", "card_expired")])
def test_without_a_card_that_can_be_charged_it_is_a_failed_attempt(
    at: Shop, till: CardTill, clocks: Traveller, card: str, why: str
) -> None:
    at.bought(till, at.buy(5))
    if card:
        cards.saved(till, at.account, at.buyer, card)
    night(till, clocks, 7, 1)
    assert (attempts(), len(orders())) == ([(date(2026, 7, 1), why)], 1)
    (mail,) = mails("renewal-failed")
    assert "/billing/payment-methods" in mail.text_body
    assert at.subscription().retry_on == date(2026, 7, 4)


def test_account_credit_pays_by_itself_and_needs_no_card(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    ledger.transferred(at.account, 6000)
    night(till, clocks, 7, 1)
    assert (renewed(at), credit_of(at.account)) == ((date(2026, 7, 1), date(2026, 8, 1)), 50)
    assert invoice_of(orders()[-1]).balance == 0
    night(till, clocks, 8, 1)
    assert at.subscription().status(date(2026, 8, 1)) == "payment_overdue"


def test_a_small_rest_stays_open_and_comes_with_the_next_charge(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    ledger.transferred(at.account, 5930)
    night(till, clocks, 7, 1)
    small = invoice_of(orders()[-1])
    assert (small.balance, renewed(at)[0]) == (20, date(2026, 7, 1))
    night(till, clocks, 8, 1)
    assert [one.balance for one in invoices()] == [0, 0, 0]
    assert till.charges()[0].amount == 5970


@pytest.mark.parametrize(("came_in", "credit", "charge"), [(0, 0, 5970), (1000, 980, 4970)])
def test_what_a_charge_holds_that_waits_for_the_person_is_there_for_paying_by_hand(
    at: Shop, till: CardTill, clocks: Traveller, came_in: int, credit: int, charge: int
) -> None:
    """The small rest of another invoice, or account credit."""
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    ledger.transferred(at.account, 5930)
    night(till, clocks, 7, 1)
    asking = cards.saved(till, at.account, at.buyer, ASKS)
    db.perform(make_default, at.buyer, asking.public_id)
    if came_in:
        ledger.transferred(at.account, came_in)
    night(till, clocks, 8, 1)
    placed = pay(at, Means(asking.public_id))
    assert placed.payment is not None
    assert (placed.order.credit_used, placed.payment.amount) == (credit, charge)
    till.answer_bank(placed.payment)
    night(till, clocks, 8, 2)
    assert (renewed(at), credit_of(at.account)) == ((date(2026, 8, 1), date(2026, 9, 1)), 0)
    assert [one.balance for one in invoices()] == [0, 0, 0]


def test_yen_have_no_cents(till: CardTill, clocks: Traveller) -> None:
    at = shop(currency="JPY")
    at.bought(till, at.buy(3))
    cards.saved(till, at.account, at.buyer)
    night(till, clocks, 7, 1)
    assert (invoices()[-1].total, renewed(at)[0], till.charges()[0].amount) == (3570, date(2026, 7, 1), 3570)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_anchor_day_is_kept_over_a_year(at: Shop, till: CardTill, clocks: Traveller) -> None:
    clocks.move_to(clock.now().replace(year=2027, month=1, day=31), tick=False)
    at.bought(till, at.buy(1))
    ledger.transferred(at.account, 100_000)
    ends = [at.subscription().period_end]
    while len(ends) < 14:
        night(till, clocks, ends[-1].month, ends[-1].day, ends[-1].year)
        ends.append(at.subscription().period_end)
    assert [(end.month, end.day) for end in ends] == [
        (2, 28), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30), (10, 31), (11, 30), (12, 31), (1, 31),
        (2, 29), (3, 31),
    ]  # fmt: skip


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_year_from_a_leap_day_ends_on_the_28th_until_the_next_one(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    clocks.move_to(clock.now().replace(year=2028, month=2, day=29), tick=False)
    at.bought(till, at.buy(1, frequency="yearly"))
    ledger.transferred(at.account, 100_000)
    ends = [at.subscription().period_end]
    while len(ends) < 4:
        night(till, clocks, ends[-1].month, ends[-1].day, ends[-1].year)
        ends.append(at.subscription().period_end)
    assert ends == [date(2029, 2, 28), date(2030, 2, 28), date(2031, 2, 28), date(2032, 2, 29)]


def test_after_months_without_a_worker_each_period_is_billed_once_and_on_a_day_of_its_own(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    clocks.move_to(clock.now().replace(month=9, day=10), tick=False)
    assert at.subscription().status(date(2026, 9, 10)) == "active"
    periods = []
    for day in (10, 10, 11, 12, 13, 14):
        night(till, clocks, 9, day)
        periods.append(at.subscription().period_start.month)
    assert periods == [7, 7, 8, 9, 9, 9]
    assert [one.period_start.month for one in invoices() if one.period_start] == [6, 7, 8, 9]


def test_what_is_cancelled_tried_or_corporate_is_left_alone(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5), Try(at.other.code, "Pro", 1))
    cards.saved(till, at.account, at.buyer)
    service.cancel(at.buyer, at.account.public_id, at.subscriptions()[0].public_id)

    def make_corporate() -> None:
        db.session().get_one(Account, at.account.id).kind = "corporate"

    for _ in range(2):
        night(till, clocks, 7, 5)
        assert (attempts(), len(orders())) == ([], 1)
        db.perform(make_corporate)


@pytest.mark.parametrize("card", ["", ASKS])
def test_cancelled_while_overdue_it_ends_at_once(at: Shop, till: CardTill, clocks: Traveller, card: str) -> None:
    at.bought(till, at.buy(5))
    if card:
        cards.saved(till, at.account, at.buyer, card)
    night(till, clocks, 7, 1)
    service.cancel(at.buyer, at.account.public_id, at.subscription().public_id)
    found = at.subscription()
    assert (found.status(date(2026, 7, 1)), found.is_live, found.retry_on) == ("expired", False, None)
    assert ([one.state for one in orders()[1:]], len(invoices())) == (["void"] if card else [], 1)
    assert len(mails("overdue-cancelled")) == 1
    night(till, clocks, 7, 4)
    assert len(attempts()) == 1


def test_an_account_without_contacts_loses_nothing(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)

    def leave() -> None:
        contact = db.session().scalars(select(BillingContact)).one()
        contact.is_primary, contact.removed_at = False, clock.now()

    db.perform(leave)
    night(till, clocks, 7, 1)
    (mail,) = mails("renewal-support")
    assert "no active billing contact" in mail.text_body
    assert at.subscription().status(date(2026, 7, 1)) == "payment_overdue"
    core.viewer(core.contact(at.account), Realm.MY)
    night(till, clocks, 7, 4)
    assert renewed(at)[0] == date(2026, 7, 1)


def test_a_closed_account_is_not_charged(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)

    def close() -> None:
        db.session().get_one(Account, at.account.id).closed_on = date(2026, 6, 20)

    db.perform(close)
    night(till, clocks, 7, 1)
    assert (at.subscription().status(date(2026, 7, 1)), len(orders())) == ("expired", 1)


def test_the_page_of_another_account_finds_nothing(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    night(till, clocks, 7, 1)
    stranger = shop()
    with pytest.raises(NotFound), db.reading():
        queries.overdue(stranger.buyer, at.subscription().public_id)
    with db.reading() as session:
        assert session.scalars(select(Subscription.retry_on)).one() == date(2026, 7, 4)
