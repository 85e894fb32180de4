"""Money that the cardholder's bank takes back: the books follow it there and back, in whatever order the news comes."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import Invalid, NotAllowed
from billing_core.ledger.models import AccountBalance, Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import booking, events, giving_back, refunding, service
from billing_core.payments.models import Dispute, Payment, ProcessorEvent
from billing_core.payments.queries import disputed_among
from billing_core.payments.refusals import InvoiceDisputed, RefundDisputed
from tests.billing_core.payments.conftest import payer_of
from tests.billing_core.payments.paid import clerk, pay
from tests.factories import core, ledger
from tests.factories.till import CardTill


def disputes() -> list[Dispute]:
    with db.reading() as session:
        return list(session.scalars(select(Dispute).order_by(Dispute.id)))


def is_disputed(invoice: Invoice) -> bool:
    with db.reading():
        return disputed_among([invoice.id]) == {invoice.id}


def answer(till: CardTill, evidence: str) -> None:
    """What the vendor sends to the bank, and its decision."""
    (dispute,) = disputes()
    till.stripe.v1.disputes.update(dispute.processor_dispute, {"evidence": {"uncategorized_text": evidence}})
    till.deliver()


def kept(invoice: Invoice) -> tuple[int, int]:
    with db.reading() as session:
        found = session.get_one(AccountBalance, (invoice.account_id, "EUR"))
        return found.open, found.credit


def kinds(invoice: Invoice) -> list[tuple[str, int]]:
    with db.reading() as session:
        rows = session.scalars(select(Allocation).where(Allocation.invoice_id == invoice.id).order_by(Allocation.id))
        return [(row.kind, row.amount) for row in rows]


def test_a_dispute_reverses_the_allocation_and_nothing_can_be_paid(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice, card="pm_card_createDispute")
    (dispute,) = disputes()
    assert (dispute.state, dispute.amount, dispute.reason) == ("disputed", 10000, "fraudulent")
    assert ledger.reread(invoice).balance == 10000
    assert is_disputed(invoice)
    with pytest.raises(InvoiceDisputed):
        service.pay_invoice(payer_of(invoice), invoice.public_id, None)
    with pytest.raises(RefundDisputed):
        giving_back.refund_payment(clerk(), payment.public_id, {invoice.public_id: 100}, "Why", "key")
    with pytest.raises(InvoiceDisputed):
        db.perform(booking.use_credit, payer_of(invoice), invoice.public_id, None, "key")
    with db.reading() as session:
        (mail,) = session.scalars(select(OutboxMail).where(OutboxMail.kind == "payment-disputed")).all()
    assert invoice.number in mail.text_body


def test_a_dispute_that_is_won_restores_the_allocation(till: CardTill, invoice: Invoice) -> None:
    pay(till, invoice, card="pm_card_createDispute")
    answer(till, "winning_evidence")
    assert disputes()[0].state == "won"
    assert kinds(invoice) == [("card", 10000), ("dispute", -10000), ("dispute_won", 10000)]
    assert ledger.reread(invoice).balance == 0
    assert not is_disputed(invoice)


def test_a_dispute_that_is_lost_leaves_the_invoice_open(till: CardTill, invoice: Invoice) -> None:
    pay(till, invoice, card="pm_card_createDispute")
    answer(till, "losing_evidence")
    assert disputes()[0].state == "lost"
    assert ledger.reread(invoice).balance == 10000
    assert not is_disputed(invoice)
    assert pay(till, invoice).state == "succeeded"
    assert ledger.reread(invoice).balance == 0


def test_an_inquiry_moves_no_money_but_marks_the_invoice(till: CardTill, invoice: Invoice) -> None:
    pay(till, invoice, 6000, card="pm_card_createDisputeInquiry")
    assert disputes()[0].state == "inquiry"
    assert ledger.reread(invoice).balance == 4000
    with pytest.raises(InvoiceDisputed):
        service.pay_invoice(payer_of(invoice), invoice.public_id, None)
    till.sandbox.escalate(disputes()[0].processor_dispute)
    till.deliver()
    assert (disputes()[0].state, ledger.reread(invoice).balance) == ("disputed", 10000)


def test_an_inquiry_that_is_closed_leaves_everything_as_it_was(till: CardTill, invoice: Invoice) -> None:
    pay(till, invoice, card="pm_card_createDisputeInquiry")
    answer(till, "winning_evidence")
    assert disputes()[0].state == "closed"
    assert kinds(invoice) == [("card", 10000)]
    assert not is_disputed(invoice)


def test_a_part_may_be_disputed_after_a_part_went_back(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice)
    giving_back.refund_payment(clerk(), payment.public_id, {invoice.public_id: 3000}, "Why", "key")
    till.sandbox.dispute(payment.processor_intent or "", amount=10000)
    till.deliver()
    assert disputes()[0].amount == 7000, "no more can be taken out of the books than is in them"
    assert ledger.reread(invoice).balance == 10000


def test_money_that_came_as_credit_and_was_used_is_taken_from_where_it_was_used(till: CardTill) -> None:
    account = core.account()
    first, second = ledger.invoice(account, 10000), ledger.invoice(account, 6000)
    payment = _paid_twice(till, account, first)
    db.perform(booking.use_credit, clerk(), second.public_id, None, "use")
    assert (ledger.reread(second).balance, kept(first)) == (0, (0, 4000))
    till.sandbox.dispute(payment.processor_intent or "")
    till.deliver()
    assert kept(first) == (6000, 0)
    assert kinds(second) == [("credit", 6000), ("credit", -6000)]
    answer(till, "winning_evidence")
    assert kept(first) == (6000, 10000)


def _paid_twice(till: CardTill, account: Account, invoice: Invoice) -> Payment:
    """By bank transfer while the card page was open, so that the card's money became credit."""
    payer = payer_of(invoice)
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    came = booking.Money(
        "bank_transfer", 10000, clock.today("Europe/Berlin"), "RE 1", shares={invoice.public_id: 10000}
    )
    db.perform(booking.book_incoming, clerk(), account.public_id, came, "key")
    return service.come_back(payer, payment.public_id)


def test_credit_that_went_back_by_another_card_is_taken_from_what_money_paid(till: CardTill) -> None:
    """The dearest case: the overpaid money was sent back through another payment, and is then disputed."""
    account = core.account()
    first, second = ledger.invoice(account, 10000), ledger.invoice(account, 10000)
    twice, other = _paid_twice(till, account, first), pay(till, second)
    giving_back.refund_payment(clerk(), other.public_id, {"credit": 10000}, "Paid twice.", "key")
    assert kept(first) == (0, 0)
    till.sandbox.dispute(twice.processor_intent or "")
    till.deliver()
    assert kept(first) == (10000, 0)


def test_what_a_refund_gives_up_after_a_dispute_is_the_disputes(till: CardTill, invoice: Invoice) -> None:
    """The refund was begun before anybody heard of the dispute, and the processor refuses it afterwards."""
    payment = pay(till, invoice)
    begun = db.perform(refunding.ask_refund, clerk(), payment.public_id, {invoice.public_id: 3000}, "Why", "key")
    assert begun.state == "begun"
    till.sandbox.dispute(payment.processor_intent or "")
    till.deliver()
    assert (disputes()[0].amount, ledger.reread(invoice).balance) == (7000, 10000)
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=False):
        assert giving_back.reconcile_due() == 1
    assert (disputes()[0].amount, ledger.reread(invoice).balance) == (10000, 10000)
    answer(till, "winning_evidence")
    assert (ledger.reread(invoice).balance, kept(invoice)) == (0, (0, 0))


class TestReturned:
    """A direct debit that the bank takes back, a cheque that bounces, a booking that was a mistake."""

    def test_what_it_paid_is_open_again(self, till: CardTill, invoice: Invoice) -> None:
        incoming = self.came(invoice, 12000)
        assert kept(invoice) == (0, 2000)
        db.perform(booking.return_incoming, clerk(), incoming, "Debit returned: account closed.")
        db.perform(booking.return_incoming, clerk(), incoming, "Once more.")
        assert kept(invoice) == (10000, 0)
        assert kinds(invoice) == [("incoming", 10000), ("returned", -10000)]

    def test_credit_that_was_used_is_taken_back(self, till: CardTill, invoice: Invoice) -> None:
        other = ledger.invoice(self.account(invoice), 2000)
        incoming = self.came(invoice, 12000, shares={invoice.public_id: 10000})
        db.perform(booking.use_credit, clerk(), other.public_id, None, "use")
        db.perform(booking.return_incoming, clerk(), incoming, "Bounced.")
        assert kept(invoice) == (12000, 0)

    def test_only_finance_and_only_with_a_reason(self, till: CardTill, invoice: Invoice) -> None:
        incoming = self.came(invoice, 10000)
        for refused, who, why in ((NotAllowed, payer_of(invoice), "Why"), (Invalid, clerk(), " ")):
            with pytest.raises(refused):
                db.perform(booking.return_incoming, who, incoming, why)
        assert kept(invoice) == (0, 0)

    @staticmethod
    def account(invoice: Invoice) -> Account:
        with db.reading() as session:
            return session.get_one(Account, invoice.account_id)

    def came(self, invoice: Invoice, amount: int, shares: dict[str, int] | None = None) -> str:
        came = booking.Money("direct_debit", amount, clock.today("Europe/Berlin"), "RE 1", shares=shares)
        return db.perform(booking.book_incoming, clerk(), self.account(invoice).public_id, came, "key").public_id


def recorded(till: CardTill) -> list[tuple[bytes, str]]:
    """The events that the processor has to tell now, signed, without anybody having got them."""
    found: list[tuple[bytes, str]] = []

    def post(body: bytes, signature: str) -> int:
        found.append((body, signature))
        return 200

    till.sandbox.deliver_due(post)
    return found


def test_any_order_of_events_of_a_disputed_payment_ends_the_same(till: CardTill, invoice: Invoice) -> None:
    """Even where the dispute is heard of before the payment: the processor says whose it is."""
    payment = service.pay_invoice(payer_of(invoice), invoice.public_id, None)
    till.enter_card(payment, "pm_card_createDispute")
    told = [(body, signature) for body, signature in recorded(till) if b"charge.dispute" in body]
    assert len(told) == 2
    for body, signature in [*reversed(told), *told]:
        assert events.receive_event(body, signature) == 200
    assert ledger.reread(invoice).balance == 10000
    assert kinds(invoice) == [("card", 10000), ("dispute", -10000)]
    with db.reading() as session:
        assert session.scalars(select(ProcessorEvent).where(ProcessorEvent.processed_at.is_(None))).all() == []


def test_a_dispute_about_money_of_somebody_else_is_noted_and_forgotten(till: CardTill, invoice: Invoice) -> None:
    session = till.stripe.v1.checkout.sessions.create(
        {
            "mode": "payment", "success_url": "http://localhost/a", "cancel_url": "http://localhost/b",
            "line_items": [
                {"quantity": 1, "price_data": {
                    "currency": "eur", "unit_amount": 5000, "product_data": {"name": "Something else"}}}
            ],
        }
    )  # fmt: skip
    till.enter_card_at(session.id, "pm_card_createDispute")
    till.deliver()
    assert disputes() == []
    with db.reading() as reading:
        assert reading.scalars(select(ProcessorEvent).where(ProcessorEvent.processed_at.is_(None))).all() == []
