"""Money that goes back to the card: how much of it can, who may send it, and what becomes of the books."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import select

from billing_core import clock, db
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.ledger.models import AccountBalance, Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import booking, giving_back, refunding
from billing_core.payments.models import Payment, Refund
from billing_core.payments.refusals import (
    NotRefundable,
    RefundByTheSame,
    RefundDisputed,
    RefundFormUsed,
    RefundNotPossible,
    RefundTooLarge,
)
from billing_core.permissions import Viewer
from billing_core.transitions import WrongState
from stripe_sandbox import Fault
from tests.billing_core.payments.conftest import payer_of
from tests.billing_core.payments.paid import clerk, later, pay
from tests.factories import core, ledger
from tests.factories.till import CardTill

REFUND = "refunds.create"


@pytest.fixture
def payment(till: CardTill, invoice: Invoice) -> Payment:
    """100.00, paid in full."""
    return pay(till, invoice)


def refund(payment: Payment, invoice: Invoice, amount: int, key: str = "key", who: Viewer | None = None) -> Refund:
    wishes = {invoice.public_id: amount}
    return giving_back.refund_payment(who or clerk(), payment.public_id, wishes, "Seats were cancelled.", key)


def reread(one: Refund) -> Refund:
    with db.reading() as session:
        return session.scalars(select(Refund).where(Refund.id == one.id)).one()


def booked(invoice: Invoice) -> list[tuple[str, int]]:
    with db.reading() as session:
        rows = session.scalars(select(Allocation).where(Allocation.invoice_id == invoice.id).order_by(Allocation.id))
        return [(row.kind, row.amount) for row in rows]


def mails(kind: str) -> list[OutboxMail]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)))


def sent_back(till: CardTill) -> list[tuple[int, str | None]]:
    return [(one.amount, one.status) for one in till.stripe.v1.refunds.list({"limit": 100}).data]


def kept(account_id: int) -> tuple[int, int]:
    with db.reading() as session:
        found = session.get_one(AccountBalance, (account_id, "EUR"))
        return found.open, found.credit


def test_a_part_goes_back_and_the_invoice_is_open_again(till: CardTill, invoice: Invoice, payment: Payment) -> None:
    done = refund(payment, invoice, 3000)
    assert (done.state, done.amount) == ("succeeded", 3000)
    assert ledger.reread(invoice).balance == 3000
    assert booked(invoice) == [("card", 10000), ("refund", -3000)]
    assert sent_back(till) == [(3000, "succeeded")]
    till.deliver()
    assert len(mails("refund-sent")) == 1
    assert "30.00" in mails("refund-sent")[0].text_body


def test_several_refunds_until_nothing_is_left(till: CardTill, invoice: Invoice, payment: Payment) -> None:
    for number, amount in enumerate((3000, 3000, 4000)):
        assert refund(payment, invoice, amount, key=f"key{number}").state == "succeeded"
    assert ledger.reread(invoice).balance == 10000
    with pytest.raises(RefundTooLarge):
        refund(payment, invoice, 1, key="one more")
    assert sum(amount for amount, _ in sent_back(till)) == 10000


def test_more_than_came_never_goes_back(till: CardTill, invoice: Invoice, payment: Payment) -> None:
    with pytest.raises(RefundTooLarge):
        refund(payment, invoice, 10001)
    assert sent_back(till) == []
    assert booked(invoice) == [("card", 10000)]


@pytest.mark.parametrize("wishes", [{}, {"credit": -1}, {"inv_unknown": 100}, {"credit": 0}])
def test_what_is_no_refund_is_refused(payment: Payment, wishes: dict[str, int]) -> None:
    with pytest.raises(RefundNotPossible):
        giving_back.refund_payment(clerk(), payment.public_id, wishes, "Why", "key")


@pytest.mark.parametrize("reason", ["", "   ", "x" * 301])
def test_a_reason_is_needed(invoice: Invoice, payment: Payment, reason: str) -> None:
    with pytest.raises(Invalid) as refused:
        giving_back.refund_payment(clerk(), payment.public_id, {invoice.public_id: 100}, reason, "key")
    assert refused.value.field == "reason"


def test_the_same_form_twice_is_one_refund(till: CardTill, invoice: Invoice, payment: Payment) -> None:
    who = clerk()
    assert refund(payment, invoice, 3000, who=who).id == refund(payment, invoice, 3000, who=who).id
    with pytest.raises(RefundFormUsed):
        refund(payment, invoice, 2000, who=who)
    assert sent_back(till) == [(3000, "succeeded")]


def test_only_finance_sends_money_back(invoice: Invoice, payment: Payment) -> None:
    for stranger in (core.viewer(core.staff("rep")), core.viewer(core.staff("support")), payer_of(invoice)):
        with pytest.raises(NotAllowed):
            refund(payment, invoice, 100, who=stranger)
    with pytest.raises(NotFound):
        giving_back.refund_payment(clerk(), "pay_unknown", {"credit": 1}, "Why", "key")


def test_only_what_came_can_go_back(till: CardTill, invoice: Invoice) -> None:
    from billing_core.payments import service

    waiting = service.pay_invoice(payer_of(invoice), invoice.public_id, None)
    with pytest.raises(NotRefundable):
        refund(waiting, invoice, 100)


@pytest.fixture
def large(till: CardTill) -> tuple[Payment, Invoice]:
    """900.00, more than one person may send back."""
    invoice = ledger.invoice(core.account(), 90000)
    return pay(till, invoice), invoice


def test_above_the_limit_a_second_person_approves(till: CardTill, large: tuple[Payment, Invoice]) -> None:
    payment, invoice = large
    first, second = clerk(), clerk()
    asked = refund(payment, invoice, 50001, who=first)
    assert asked.state == "awaiting_approval"
    assert (sent_back(till), ledger.reread(invoice).balance) == ([], 0)
    with pytest.raises(RefundByTheSame):
        giving_back.approve_refund(first, asked.public_id)
    done = giving_back.approve_refund(second, asked.public_id)
    assert (done.state, done.decided_by) == ("succeeded", second.person_id)
    assert giving_back.approve_refund(second, asked.public_id).state == "succeeded"
    assert (sent_back(till), ledger.reread(invoice).balance) == ([(50001, "succeeded")], 50001)


def test_what_was_asked_for_may_be_too_much_by_now(till: CardTill, large: tuple[Payment, Invoice]) -> None:
    payment, invoice = large
    asked = refund(payment, invoice, 60000)
    refund(payment, invoice, 40000, key="another")
    with pytest.raises(RefundTooLarge):
        giving_back.approve_refund(clerk(), asked.public_id)
    assert reread(asked).state == "awaiting_approval"
    assert sent_back(till) == [(40000, "succeeded")]


def test_a_declined_refund_moves_nothing(till: CardTill, large: tuple[Payment, Invoice]) -> None:
    payment, invoice = large
    asked = refund(payment, invoice, 60000)
    assert db.perform(refunding.decline_refund, clerk(), asked.public_id).state == "declined"
    with pytest.raises(WrongState):
        giving_back.approve_refund(clerk(), asked.public_id)
    assert (sent_back(till), ledger.reread(invoice).balance) == ([], 0)


def test_a_refund_that_is_pending_succeeds_later(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice, card="pm_card_pendingRefund")
    waiting = refund(payment, invoice, 2500)
    assert waiting.state == "pending"
    assert ledger.reread(invoice).balance == 2500
    assert mails("refund-sent") == []
    later(till, seconds=10)
    assert reread(waiting).state == "succeeded"
    assert len(mails("refund-sent")) == 1


def test_a_refund_that_fails_later_brings_the_money_back_into_the_books(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice, card="pm_card_refundFail")
    sent = refund(payment, invoice, 2500)
    assert (sent.state, ledger.reread(invoice).balance) == ("succeeded", 2500)
    later(till, seconds=10)
    assert (reread(sent).state, reread(sent).failure) == ("failed", "expired_or_canceled_card")
    assert ledger.reread(invoice).balance == 0
    assert booked(invoice) == [("card", 10000), ("refund", -2500), ("refund_failed", 2500)]
    assert len(mails("refund-failed")) == 1


def test_money_of_a_failed_refund_becomes_credit_where_the_invoice_was_paid_again(
    till: CardTill, invoice: Invoice
) -> None:
    payment = pay(till, invoice, card="pm_card_refundFail")
    refund(payment, invoice, 2500)
    pay(till, invoice)
    assert ledger.reread(invoice).balance == 0
    later(till, seconds=10)
    assert kept(invoice.account_id) == (0, 2500)


@pytest.mark.parametrize("fault", [Fault.TIMES_OUT_AFTER, Fault.TIMES_OUT_BEFORE, Fault.RATE_LIMITED])
def test_no_answer_is_asked_for_again_under_the_same_key(
    till: CardTill, invoice: Invoice, payment: Payment, fault: Fault
) -> None:
    till.fail(REFUND, fault)
    unclear = refund(payment, invoice, 3000)
    assert unclear.state == "begun"
    assert ledger.reread(invoice).balance == 3000
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=False):
        assert giving_back.reconcile_due() == 1
        assert giving_back.reconcile_due() == 0
    assert reread(unclear).state == "succeeded"
    assert sent_back(till) == [(3000, "succeeded")]


@pytest.mark.parametrize(("fault", "ends"), [(Fault.TIMES_OUT_AFTER, "succeeded"), (Fault.TIMES_OUT_BEFORE, "failed")])
def test_once_the_key_may_be_forgotten_nothing_is_sent_again(
    till: CardTill, invoice: Invoice, payment: Payment, fault: Fault, ends: str
) -> None:
    till.sandbox.faults.webhooks_off()
    till.fail(REFUND, fault)
    unclear = refund(payment, invoice, 3000)
    with time_machine.travel(clock.now() + timedelta(hours=23), tick=False):
        assert giving_back.reconcile_due() == 1
    assert reread(unclear).state == ends
    assert len(sent_back(till)) == (1 if ends == "succeeded" else 0)
    assert ledger.reread(invoice).balance == (3000 if ends == "succeeded" else 0)


def test_a_clear_no_of_the_processor_undoes_it(till: CardTill, invoice: Invoice, payment: Payment) -> None:
    till.sandbox.dispute(payment.processor_intent or "")
    failed = refund(payment, invoice, 3000)
    assert (failed.state, failed.failure) == ("failed", "charge_disputed")
    assert booked(invoice)[:3] == [("card", 10000), ("refund", -3000), ("refund_failed", 3000)]
    till.deliver()
    assert ledger.reread(invoice).balance == 10000
    with pytest.raises(RefundDisputed):
        refund(payment, invoice, 3000, key="again")


def test_a_refund_made_at_the_processor_is_taken_over(till: CardTill, invoice: Invoice, payment: Payment) -> None:
    till.stripe.v1.refunds.create({"payment_intent": payment.processor_intent or "", "amount": 4000})
    till.deliver()
    till.deliver()
    assert ledger.reread(invoice).balance == 4000
    with db.reading() as session:
        (adopted,) = session.scalars(select(Refund)).all()
    assert (adopted.state, adopted.amount, adopted.requested_by) == ("succeeded", 4000, None)


@pytest.mark.parametrize("hours", [1, 23])
@pytest.mark.parametrize("there", [4000, 10000])
def test_what_a_refund_of_ours_held_is_booked_for_one_made_at_the_processor(
    till: CardTill, invoice: Invoice, payment: Payment, there: int, hours: int
) -> None:
    """Ours never reached the processor, where somebody sent more back than it left; it fails, and then all is true."""
    till.fail(REFUND, Fault.TIMES_OUT_BEFORE)
    ours = refund(payment, invoice, 9000 if there == 4000 else 10000)
    till.stripe.v1.refunds.create({"payment_intent": payment.processor_intent or "", "amount": there})
    till.deliver()
    with time_machine.travel(clock.now() + timedelta(hours=hours), tick=False):
        giving_back.reconcile_due()
    assert reread(ours).state == "failed"
    assert sent_back(till) == [(there, "succeeded")]
    assert ledger.reread(invoice).balance == there
    with db.reading() as session:
        adopted = session.scalars(select(Refund).where(Refund.processor_refund.is_not(None))).one()
    assert (adopted.state, adopted.amount, adopted.requested_by) == ("succeeded", there, None)


def test_overpaid_money_goes_back_from_the_credit(till: CardTill, invoice: Invoice) -> None:
    from billing_core.payments import service

    payer = payer_of(invoice)
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    db.perform(booking.book_incoming, clerk(), _account_of(invoice), _transfer(10000), "key")
    service.come_back(payer, payment.public_id)
    assert kept(invoice.account_id) == (0, 10000)
    done = giving_back.refund_payment(clerk(), payment.public_id, {"credit": 10000}, "Paid twice.", "key")
    assert done.state == "succeeded"
    assert kept(invoice.account_id) == (0, 0)
    assert ledger.reread(invoice).balance == 0


def _account_of(invoice: Invoice) -> str:
    from billing_core.accounts import Account

    with db.reading() as session:
        return session.get_one(Account, invoice.account_id).public_id


def _transfer(amount: int) -> booking.Money:
    return booking.Money("bank_transfer", amount, clock.today("Europe/Berlin"), "RE 1")


@pytest.mark.parametrize(("currency", "amount"), [("JPY", 300), ("KWD", 3000)])
def test_currencies_without_and_with_three_digits(till: CardTill, currency: str, amount: int) -> None:
    account = core.account(currency=currency)
    invoice = ledger.invoice(account, 10000)
    payment = pay(till, invoice)
    asked = refund(payment, invoice, amount)
    if asked.state == "awaiting_approval":
        asked = giving_back.approve_refund(clerk(), asked.public_id)
    assert asked.state == "succeeded"
    assert sent_back(till) == [(amount, "succeeded")]
    if currency == "KWD":
        with pytest.raises(RefundNotPossible):
            refund(payment, invoice, 1005, key="odd")


def test_two_clerks_at_once_never_send_back_more_than_came(till: CardTill, invoice: Invoice, payment: Payment) -> None:
    barrier = Barrier(4)

    def press(number: int) -> str:
        who = clerk()
        barrier.wait()
        try:
            return refund(payment, invoice, 4000, key=f"key{number}", who=who).state
        except Refusal as refusal:
            return type(refusal).__name__

    with ThreadPoolExecutor(4) as pool:
        ends = list(pool.map(press, range(4)))
    assert sorted(ends) == ["RefundTooLarge", "RefundTooLarge", "succeeded", "succeeded"]
    assert sum(amount for amount, _ in sent_back(till)) == 8000
    assert ledger.reread(invoice).balance == 8000


def test_many_small_refunds_are_a_large_one(till: CardTill, large: tuple[Payment, Invoice]) -> None:
    payment, invoice = large
    assert refund(payment, invoice, 30000).state == "succeeded"
    assert refund(payment, invoice, 20000, key="second").state == "succeeded"
    assert refund(payment, invoice, 1, key="third").state == "awaiting_approval"
