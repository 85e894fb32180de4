"""Online orders from the wish to the subscription: priced, placed, paid, carried out (domain.md 6)."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlalchemy import func, select
from time_machine import Traveller

from billing_core import db
from billing_core.documents.models import Document
from billing_core.documents.printing import page_of
from billing_core.errors import NotAllowed, NotFound
from billing_core.ledger.models import Invoice, InvoiceLine
from billing_core.mail.models import OutboxMail
from billing_core.orders.online import refusals
from billing_core.orders.online.ending import cancel_subscription
from billing_core.orders.online.queries import order_of
from billing_core.orders.online.wishes import Buy, Change, Try
from billing_core.payments import giving_back, ordering, service
from billing_core.payments.booking import NoCredit, use_credit
from billing_core.payments.sharing import Means
from billing_core.permissions import Realm
from billing_core.sellers.models import TaxRate
from billing_core.subscriptions import online
from billing_core.subscriptions import service as subscriptions
from billing_core.subscriptions.models import Subscription
from corporate_portal.invoices.prints import invoice_print
from tests.factories import cards, core, ledger
from tests.factories.shop import Shop, credit_of, invoice_of, reprice
from tests.factories.till import CardTill, payment_named
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


def test_a_purchase_is_priced_paid_and_usable(at: Shop, till: CardTill) -> None:
    seen = at.see(at.buy())
    assert (seen.order.totals.net, seen.order.totals.tax, seen.order.total, seen.charge) == (5000, 950, 5950, 5950)
    placed = at.order(at.buy())
    assert placed.payment is not None
    assert (placed.order.state, placed.payment.state, placed.payment.amount) == ("placed", "open", 5950)
    assert at.subscriptions() == []
    (session,) = till.sessions()
    assert session.success_url == f"http://127.0.0.1:8000/billing/orders/{placed.order.public_id}?returned=1"
    till.enter_card(placed.payment)
    done = ordering.come_back(at.buyer, placed.order.public_id).order
    assert done.state == "fulfilled"
    invoice, bought = invoice_of(done), at.subscription()
    assert (invoice.total, invoice.balance, invoice.due_on) == (5950, 0, date(2026, 6, 1))
    assert (invoice.user_id, invoice.contact_id) == (at.buyer.standings[0].user_id, at.buyer.standings[0].contact_id)
    assert (bought.seats, bought.tier, bought.unit_price, bought.is_live) == (5, "Pro", 1000, True)
    assert (bought.period_start, bought.period_end) == (date(2026, 6, 1), date(2026, 7, 1))
    assert (bought.tax_category, bought.tax_rate) == ("S", 1900)
    with db.reading() as session:
        assert session.get_one(InvoiceLine, bought.invoice_line_id).invoice_id == invoice.id
    assert payment_named(placed.payment.public_id).targets[0].invoice_id == invoice.id
    (mail,) = mails("order-confirmed")
    assert mail.attached == f"invoice:{invoice.public_id}"
    assert invoice.number in mail.text_body
    assert mails("payment-receipt") == []
    with db.reading() as reading:
        assert reading.scalar(select(Document.kind).where(Document.subject == invoice.public_id)) == "invoice"
        printed = page_of(invoice_print(invoice.public_id))
    assert "Nothing is to be transferred for this invoice." in printed
    assert "IBAN" not in printed


def test_a_trial_is_free_usable_at_once_and_given_once(at: Shop, till: CardTill, clocks: Traveller) -> None:
    seen = at.see(Try(at.product.code, "Pro", 3))
    assert (seen.charge, seen.order.is_free) == (0, True)
    placed = at.order(Try(at.product.code, "Pro", 3))
    assert (placed.payment, placed.order.state, placed.order.invoice_id) == (None, "fulfilled", None)
    trial = at.subscription()
    assert (trial.status(date(2026, 6, 1)), trial.seats, trial.period_end) == ("trial", 3, date(2026, 6, 15))
    with pytest.raises(refusals.TrialUsed):
        at.see(Try(at.product.code, "Plus", 1))
    with pytest.raises(refusals.TrialNotEdited):
        at.see(Change(trial.public_id, "Plus", 3, "monthly"))
    on(clocks, 6, 10)
    person = core.person()
    for holder in (person, core.person()):
        db.perform(_seat, trial.public_id, holder.id)
    with pytest.raises(refusals.SeatsInUse):
        at.see(at.buy(1))
    order = at.bought(till, at.buy(3))
    ended, paid = at.subscriptions()
    assert (ended.ended_on, ended.is_live, ended.status(date(2026, 6, 10))) == (date(2026, 6, 10), False, "expired")
    assert (paid.is_trial, paid.period_start, paid.is_live) == (False, date(2026, 6, 10), True)
    assert invoice_of(order).net == 3000
    with db.reading():
        assert [one.person_id for one in subscriptions.assignments_of(paid)][:1] == [person.id]
    with pytest.raises(refusals.TrialUsed):
        at.see(Try(at.product.code, "Pro", 1))


def _seat(subscription: str, person_id: int) -> None:
    found = db.session().scalars(select(Subscription).where(Subscription.public_id == subscription)).one()
    subscriptions.assign_seat(subscriptions.locked([found.id])[found.id], person_id, "test")


def test_a_trial_beside_a_purchase_is_a_line_of_zero(at: Shop, till: CardTill) -> None:
    order = at.bought(till, at.buy(2), Try(at.other.code, "Plus", 1))
    assert (order.total, len(at.subscriptions())) == (2380, 2)
    assert [one.is_trial for one in at.subscriptions()] == [False, True]
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(InvoiceLine.invoice_id == order.invoice_id)) == 1


def test_credit_that_an_open_order_counts_on_is_not_used_twice(at: Shop, till: CardTill) -> None:
    ledger.transferred(at.account, 1000)
    invoice = ledger.invoice(at.account, 5000)
    placed = at.order(at.buy(5))
    assert (placed.order.credit_used, placed.order.asked) == (1000, 4950)
    with pytest.raises(NoCredit):
        db.perform(use_credit, at.buyer, invoice.public_id, None, "form")
    assert at.see(Buy(at.other.code, "Pro", 1, "monthly")).order.credit_used == 0
    assert placed.payment is not None
    till.enter_card(placed.payment)
    order = ordering.come_back(at.buyer, placed.order.public_id).order
    assert (invoice_of(order).balance, credit_of(at.account)) == (0, 0)


@pytest.mark.parametrize("what", ["day", "price", "credit", "tax"])
def test_a_stale_preview_is_asked_again(at: Shop, till: CardTill, clocks: Traveller, what: str) -> None:
    at.bought(till, at.buy(5))
    on(clocks, 6, 16)
    wish = to(at, 6, tier="Plus")
    seen = at.see(wish).digest
    if what == "day":
        clocks.shift(timedelta(hours=12))  # midnight in Berlin has passed, in UTC it has not
    elif what == "price":
        reprice(at.product, 2100, date(2026, 6, 16), tier="Plus")
    elif what == "credit":
        ledger.transferred(at.account, 100)
    else:
        core.add(TaxRate(country="DE", category="S", rate=1600, valid_from=date(2026, 6, 16), exemption_en="",
                         exemption_de=""))  # fmt: skip
    with pytest.raises(refusals.PreviewStale):
        at.order(wish, seen=seen)
    assert at.order(wish).order.state == "placed"


def test_the_attempt_honours_day_and_price_and_nothing_else_is_edited_meanwhile(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    on(clocks, 6, 16)
    placed = at.order(to(at, 6, tier="Plus"))
    with pytest.raises(refusals.OrderUnderWay):
        at.order(to(at, 3))
    with pytest.raises(refusals.OrderUnderWay):
        db.perform(cancel_subscription, at.buyer, at.account.public_id, at.subscription().public_id)
    reprice(at.product, 9900, date(2026, 6, 17), tier="Plus")
    clocks.shift(timedelta(hours=14))
    assert placed.payment is not None
    till.enter_card(placed.payment)
    order = ordering.come_back(at.buyer, placed.order.public_id).order
    changed = at.subscription()
    assert (order.state, invoice_of(order).total, invoice_of(order).issued_on) == (
        "fulfilled", placed.payment.amount, date(2026, 6, 17),
    )  # fmt: skip
    assert (changed.unit_price, changed.period_start) == (2000, date(2026, 6, 16))
    assert at.see(to(at, 7, tier="Plus")).order.lines[0].unit_price == 2000


def test_the_same_form_is_the_same_order(at: Shop, till: CardTill) -> None:
    seen = at.see(at.buy()).digest
    first = at.order(at.buy(), form="form_1", seen=seen)
    again = at.order(at.buy(), form="form_1", seen=seen)
    assert (again.order.public_id, again.payment and again.payment.public_id) == (
        first.order.public_id, first.payment and first.payment.public_id,
    )  # fmt: skip
    with pytest.raises(refusals.OrderFormUsed):
        at.order(at.buy(6), form="form_1", seen="0" * 64)
    assert len(till.sessions()) == 1


def test_a_card_on_file_pays_at_once_and_one_that_is_declined_leaves_nothing(at: Shop, till: CardTill) -> None:
    failing = cards.saved(till, at.account, at.buyer, "pm_card_chargeCustomerFail")
    declined = at.order(at.buy(), means=Means(failing.public_id))
    assert declined.payment is not None
    assert (declined.order.state, declined.payment.state, at.subscriptions()) == ("void", "failed", [])
    good = cards.saved(till, at.account, at.buyer)
    placed = at.order(at.buy(), means=Means(good.public_id))
    assert placed.payment is not None
    assert (placed.order.state, placed.payment.state, at.subscription().seats) == ("fulfilled", "succeeded", 5)


def test_the_bank_asks_the_owner_of_a_card_on_file(at: Shop, till: CardTill) -> None:
    card = cards.saved(till, at.account, at.buyer, "pm_card_threeDSecure2Required")
    placed = at.order(at.buy(), means=Means(card.public_id))
    assert placed.payment is not None
    assert (placed.order.state, placed.payment.can_go_on) == ("placed", True)
    till.answer_bank(placed.payment)
    assert ordering.come_back(at.buyer, placed.order.public_id).order.state == "fulfilled"


def test_a_card_that_pays_an_order_is_kept_by_a_tick(at: Shop, till: CardTill) -> None:
    placed = at.order(at.buy(), means=Means(keep=True))
    assert placed.payment is not None
    till.enter_card(placed.payment)
    ordering.come_back(at.buyer, placed.order.public_id)
    assert len(cards.on_file(at.account)) == 1


def test_an_order_that_is_cancelled_frees_everything(at: Shop, till: CardTill) -> None:
    ledger.transferred(at.account, 1000)
    placed = at.order(at.buy())
    ended = ordering.cancel_order(at.buyer, placed.order.public_id)
    assert ended.payment is not None
    assert (ended.order.state, ended.payment.state, ended.order.invoice_id) == ("void", "cancelled", None)
    assert at.see(at.buy()).order.credit_used == 1000
    assert at.order(at.buy()).order.state == "placed"


def test_an_order_whose_page_closes_unpaid_is_void(at: Shop, till: CardTill, clocks: Traveller) -> None:
    placed = at.order(at.buy())
    clocks.shift(timedelta(hours=24))
    settle_down(till)
    with db.reading():
        assert order_of(at.buyer, placed.order.public_id).state == "void"


def test_money_for_what_can_no_longer_be_applied_becomes_credit_and_finance_is_told(
    at: Shop, till: CardTill, clocks: Traveller
) -> None:
    at.bought(till, at.buy(5))
    on(clocks, 6, 16)
    placed = at.order(to(at, 6))
    db.perform(_change_behind_its_back, at.subscription().id)
    assert placed.payment is not None
    till.enter_card(placed.payment)
    done = ordering.come_back(at.buyer, placed.order.public_id)
    assert done.payment is not None
    assert (done.order.state, done.payment.state, done.order.invoice_id) == ("unapplied", "succeeded", None)
    assert "has changed meanwhile" in done.order.reason
    assert (credit_of(at.account), at.subscription().seats) == (4165, 9)
    assert (len(mails("order-unapplied")), len(mails("order-unapplied-desk"))) == (1, 1)
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    giving_back.refund_payment(clerk, done.payment.public_id, {"credit": 4165}, "Not applied", "key")
    settle_down(till)
    assert credit_of(at.account) == 0


def _change_behind_its_back(subscription_id: int) -> None:
    subscriptions.locked([subscription_id])[subscription_id].seats = 9


def test_a_fault_while_carrying_out_never_loses_the_money(
    at: Shop, till: CardTill, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("no seat to give")

    placed = at.order(at.buy())
    assert placed.payment is not None
    till.enter_card(placed.payment)
    monkeypatch.setattr(online, "start_online", fail)
    done = ordering.come_back(at.buyer, placed.order.public_id)
    assert (done.order.state, done.order.reason) == ("unapplied", "RuntimeError")
    assert (credit_of(at.account), at.subscriptions()) == (5950, [])
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Invoice)) == 0


def test_only_the_contact_with_the_right_orders_and_only_for_the_own_online_account(at: Shop, till: CardTill) -> None:
    seen = at.see(at.buy()).digest
    reader = core.viewer(core.contact(at.account, rights=""), Realm.MY)
    with pytest.raises(NotAllowed):
        ordering.place_order(reader, at.account.public_id, [at.buy()], seen, "form")
    stranger = core.viewer(core.contact(core.account(kind="online")), Realm.MY)
    corporate = core.account()
    for viewer, account in (
        (stranger, at.account), (core.viewer(core.contact(corporate), Realm.MY), corporate),
        (core.viewer(core.member(at.account, is_admin=True), Realm.MY), at.account),
    ):  # fmt: skip
        with pytest.raises(NotFound):
            ordering.place_order(viewer, account.public_id, [at.buy()], seen, "form")
    placed = at.order(at.buy())
    with pytest.raises(NotFound):
        ordering.come_back(stranger, placed.order.public_id)
    with pytest.raises(NotFound):
        ordering.cancel_order(stranger, placed.order.public_id)
    service.cancel_payment(at.buyer, placed.payment.public_id if placed.payment else "")


def test_every_refusal_of_a_wish_is_named(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5))
    code, pro = at.product.code, Buy(at.other.code, "Pro", 1, "monthly")
    for wishes, refusal in [
        ([], refusals.EmptyOrder), ([Buy("none", "Pro", 1, "monthly")], refusals.NotSold),
        ([replace(pro, tier="Gold")], refusals.NotSold), ([replace(pro, frequency="once")], refusals.NotSold),
        ([replace(pro, seats=0)], refusals.SeatsNotPossible), ([replace(pro, seats=10_000)], refusals.SeatsNotPossible),
        ([pro, pro], refusals.TwiceInOrder), ([Buy(code, "Plus", 1, "yearly")], refusals.AlreadySubscribed),
        ([Try(code, "Pro", 1)], refusals.AlreadySubscribed), ([to(at, 5, tier="Starter")], refusals.TierDowngrade),
        ([to(at, 5)], refusals.NothingChanges), ([Change("sub_other", "Pro", 1, "monthly")], NotFound),
        ([to(at, 5, tier="Gold")], refusals.TierDowngrade),
    ]:  # fmt: skip
        with pytest.raises(refusal):
            at.see(*wishes)
    for _ in range(3):
        db.perform(_seat, at.subscription().public_id, core.person().id)
    with pytest.raises(refusals.SeatsInUse):
        at.see(to(at, 2))
    old = to(at, 6)
    on(clocks, 7, 1)
    with pytest.raises(refusals.RenewalUnpaid):
        at.see(old)
    db.perform(cancel_subscription, at.buyer, at.account.public_id, at.subscription().public_id)
    with pytest.raises(refusals.SubscriptionExpired):
        at.see(old)
    at.bought(till, at.buy(1))
    assert [one.is_live for one in at.subscriptions()] == [False, True]
