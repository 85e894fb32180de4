"""The same money is credited once: by finance, by a change of the subscription, or by a refund (domain.md 5 and 6)."""

from datetime import UTC, date, datetime

import pytest
from time_machine import Traveller

from billing_core import db
from billing_core.ledger.correcting import CreditedInFull, Part, PartTooLarge
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.wishes import Buy, Change
from billing_core.payments import giving_back, ordering
from billing_core.permissions import Realm
from corporate_portal.finance import service as finance
from corporate_portal.finance.queries import crediting
from tests.factories import core
from tests.factories.shop import Shop, credit_of, invoice_of
from tests.factories.till import CardTill
from tests.faults.quiet import settle_down


@pytest.fixture
def bought(at: Shop, till: CardTill) -> OnlineOrder:
    """Five seats for 50.00 on 1 June: 59.50 with tax, until 1 July."""
    return at.bought(till, at.buy(5))


def on(clocks: Traveller, day: int) -> None:
    """Noon of a day in June."""
    clocks.move_to(datetime(2026, 6, day, 10, tzinfo=UTC), tick=False)


def to(at: Shop, seats: int, frequency: str = "monthly") -> Change:
    """Another number of seats of what was bought first."""
    return Change(at.subscriptions()[0].public_id, "Pro", seats, frequency)


def credit(invoice: Invoice, net: int, line: int = 1, key: str = "key") -> CreditNote:
    """Finance credits a part of a line."""
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    wish = finance.Wish({line: Part(net=net)}, "As agreed")
    return db.perform(finance.credit_invoice, clerk, invoice.public_id, wish, key)


def give_back(at: Shop, till: CardTill, order: OnlineOrder, amount: int) -> None:
    """Finance sends some of the card's money back, without a credit note: the invoice owes it again."""
    with db.reading():
        payment = ordering.payment_of_order(at.buyer, order.public_id)
    assert payment is not None
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    giving_back.refund_payment(clerk, payment.public_id, {invoice_of(order).public_id: amount}, "Why", "refund")
    settle_down(till)


def amounts(at: Shop, *wishes: Change) -> list[tuple[str, int]]:
    """What a preview charges and credits."""
    return [(one.kind, one.amount) for line in at.see(*wishes).order.lines for one in line.charges]


def left(invoice: Invoice, line: int = 1) -> int:
    """What the desk's page offers to credit."""
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    with db.reading():
        found = crediting.invoice_of(clerk, invoice.public_id).creditable
        return found.left(found.invoice.lines[line - 1])


def test_finance_credits_what_a_change_has_left(at: Shop, bought: OnlineOrder, clocks: Traveller) -> None:
    on(clocks, 16)
    at.order(to(at, 4))
    assert (credit_of(at.account), left(invoice_of(bought))) == (595, 4500)
    with pytest.raises(PartTooLarge):
        credit(invoice_of(bought), 4501)
    credit(invoice_of(bought), 4500, key="again")
    assert credit_of(at.account) == 5950
    with pytest.raises(CreditedInFull):
        credit(invoice_of(bought), 1, key="once more")


def test_what_an_invoice_sets_off_is_gone_from_the_earlier_one(
    at: Shop, till: CardTill, bought: OnlineOrder, clocks: Traveller
) -> None:
    on(clocks, 16)
    at.bought(till, to(at, 6))
    assert left(invoice_of(bought)) == 2500


def test_a_change_credits_its_share_of_what_finance_has_left(at: Shop, bought: OnlineOrder, clocks: Traveller) -> None:
    credit(invoice_of(bought), 2000)
    on(clocks, 16)
    assert amounts(at, to(at, 6)) == [("new_period", 6000), ("unused", -1500)]
    assert amounts(at, to(at, 4)) == [("reduction", -300)]
    (line,) = at.see(to(at, 4)).order.lines
    ((_, sentence),) = line.explained("EUR")
    assert sentence.endswith("exactly €5.00. Without €2.00 that was not paid or is credited already.")


def test_together_they_never_credit_more_than_the_line(at: Shop, bought: OnlineOrder) -> None:
    at.order(to(at, 2))
    assert left(invoice_of(bought)) == 2000
    credit(invoice_of(bought), 1500)
    assert amounts(at, to(at, 1)) == [("reduction", -500)]
    at.order(to(at, 1))
    assert (left(invoice_of(bought)), amounts(at, to(at, 3))) == (0, [("new_period", 3000)])


def test_what_went_back_is_not_credited_too(at: Shop, till: CardTill, bought: OnlineOrder, clocks: Traveller) -> None:
    give_back(at, till, bought, 500)
    on(clocks, 16)
    assert amounts(at, to(at, 6)) == [("new_period", 6000), ("unused", -2290)]  # 2500 x 5450 / 5950


def test_a_correction_of_one_product_leaves_the_other_alone(at: Shop, till: CardTill, clocks: Traveller) -> None:
    order = at.bought(till, at.buy(5), Buy(at.other.code, "Pro", 5, "monthly"))
    credit(invoice_of(order), 5000, line=1)
    on(clocks, 16)
    mine, other = at.subscriptions()
    assert amounts(at, Change(mine.public_id, "Pro", 4, "monthly")) == []
    assert amounts(at, Change(other.public_id, "Pro", 4, "monthly")) == [("reduction", -500)]


def test_finance_credits_while_the_card_is_asked(
    at: Shop, till: CardTill, bought: OnlineOrder, clocks: Traveller
) -> None:
    on(clocks, 16)
    placed = at.order(to(at, 6))
    assert placed.payment is not None
    credit(invoice_of(bought), 2501)
    till.enter_card(placed.payment)
    done = ordering.come_back(at.buyer, placed.order.public_id).order
    assert (done.state, at.subscription().seats) == ("unapplied", 5)
    assert credit_of(at.account) == placed.payment.amount + 2976


def test_the_next_period_is_credited_from_its_own_invoice(
    at: Shop, till: CardTill, bought: OnlineOrder, clocks: Traveller
) -> None:
    credit(invoice_of(bought), 5000)
    on(clocks, 16)
    at.bought(till, to(at, 6))
    on(clocks, 26)
    assert at.subscription().period_start == date(2026, 6, 16)
    assert amounts(at, to(at, 3)) == [("reduction", -2000)]
