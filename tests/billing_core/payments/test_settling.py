"""Settle: whoever brings the news, what the processor says is booked once, and nothing else is."""

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from typing import Any

import pytest
import time_machine
from sqlalchemy import func, select

from billing_core import clock, db, templating
from billing_core.audit import AuditEntry
from billing_core.ledger.models import AccountBalance, Allocation, CreditEntry, Invoice
from billing_core.ledger.service import allocate, lock_account, lock_invoices
from billing_core.mail.models import OutboxMail
from billing_core.payments import moves, service
from billing_core.payments.gateway import SessionState, Unclear
from billing_core.payments.models import Payment
from billing_core.payments.refusals import AmountNotPossible
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.factories import ledger
from tests.factories.till import RETRIEVE, CardTill, payment_named


@pytest.fixture
def payment(till: CardTill, invoice: Invoice, payer: Viewer) -> Payment:
    """40.00 of 100.00, waiting for the card."""
    return service.pay_invoice(payer, invoice.public_id, 4000)


def count(table: type[Any]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_a_payment_is_booked_with_card_receipt_and_audit(till: CardTill, payment: Payment, invoice: Invoice) -> None:
    till.enter_card(payment)
    settled = service.settle(payment.public_id)
    assert (settled.state, settled.card, settled.check_at) == ("succeeded", "Visa •••• 4242", None)
    assert ledger.reread(invoice).balance == 6000
    with db.reading() as session:
        booked = session.scalars(select(Allocation)).one()
        mail = session.scalars(select(OutboxMail)).one()
        told = select(AuditEntry.action).where(AuditEntry.subject == payment.public_id).order_by(AuditEntry.id)
        actions = session.scalars(told).all()
    assert (booked.kind, booked.amount, booked.payment_id) == ("card", 4000, payment.id)
    assert booked.reference == settled.processor_intent
    assert mail.kind == "payment-receipt"
    text = mail.text_body.replace("\u00a0", " ")
    assert "Paid amount: €40.00" in text
    assert "Remaining balance: €60.00" in text
    assert actions == ["payment.begun", "payment.opened", "payment.succeeded"]


def test_settling_again_and_again_changes_nothing(till: CardTill, payment: Payment, payer: Viewer) -> None:
    till.enter_card(payment)
    for _ in range(3):
        service.settle(payment.public_id)
        service.come_back(payer, payment.public_id)
        till.deliver()
    assert (count(Allocation), count(OutboxMail)) == (1, 1)
    assert len(till.charges()) == 1


def test_a_decline_is_noted_and_the_attempt_stays_open(till: CardTill, payment: Payment, invoice: Invoice) -> None:
    till.enter_card(payment, "pm_card_visa_chargeDeclinedInsufficientFunds")
    seen = service.settle(payment.public_id)
    assert (seen.state, seen.failure, seen.can_go_on) == ("open", "insufficient_funds", True)
    assert ledger.reread(invoice).balance == 10000
    till.enter_card(payment)
    assert service.settle(payment.public_id).state == "succeeded"


def test_a_session_that_ended_frees_the_money(till: CardTill, payment: Payment) -> None:
    with time_machine.travel(clock.now() + timedelta(hours=23, minutes=1), tick=False):
        assert service.settle(payment.public_id).state == "expired"
    assert [target.holds for target in payment_named(payment.public_id).targets] == [False]


MISMATCHES: dict[str, dict[str, Any]] = {
    "amount": {"amount": 3999},
    "received": {"received": 3999},
    "currency": {"currency": "USD"},
    "livemode": {"livemode": True},
    "reference": {"reference": "pay_other"},
    "session": {"session_id": "cs_other"},
    "intent": {"intent_id": None},
    "no amount of ours": {"amount": None},
}


@pytest.mark.parametrize("name", MISMATCHES)
def test_what_is_not_what_was_asked_for_is_never_booked(
    till: CardTill, payment: Payment, invoice: Invoice, name: str
) -> None:
    till.enter_card(payment)
    seen = till.gateway.retrieve_session(payment.processor_session or "")
    aside = db.perform(moves.learn, payment.public_id, replace(seen, **MISMATCHES[name]))
    assert aside.state == "needs_review"
    assert aside.review_note
    assert ledger.reread(invoice).balance == 10000
    assert [target.holds for target in aside.targets] == [True]
    assert service.settle(payment.public_id).state == "needs_review"
    assert count(Allocation) == 0
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail)).one()
    assert (mail.kind, mail.recipient) == ("payment-review", templating.brand().support_email)
    text = mail.text_body.replace("\u00a0", " ")
    assert payment.public_id in mail.subject
    for said in (
        invoice.number,
        "Amount expected: €40.00",
        "Amount at the processor: ",
        *aside.review_note.split("\n"),
    ):
        assert said in text
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "payment.set_aside")).one()
    assert entry.actor == "processor"


def states_of(till: CardTill, payment: Payment) -> list[SessionState]:
    """Everything that the processor says of one session over its life."""
    session = payment.processor_session or ""
    opened = till.gateway.retrieve_session(session)
    till.enter_card(payment, "pm_card_visa_chargeDeclined")
    declined = till.gateway.retrieve_session(session)
    till.enter_card(payment)
    paid = till.gateway.retrieve_session(session)
    waiting = replace(paid, is_paid=False)
    expired = replace(opened, status="expired", is_final=True)
    return [opened, declined, paid, waiting, expired]


class _Undo(Exception):
    """Take the transaction back."""


def test_every_order_of_the_news_ends_alike(till: CardTill, payment: Payment, invoice: Invoice) -> None:
    """120 orders of five pieces of news, each told twice: booked once, and no other end is possible."""
    news = states_of(till, payment)

    def tell(order: tuple[SessionState, ...]) -> None:
        for seen in (*order, *order):
            told = moves.learn(payment.public_id, seen)
        assert told.state == "succeeded"
        session = db.session()
        assert session.get_one(Invoice, invoice.id).balance == 6000
        assert session.scalar(select(func.count()).select_from(Allocation)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxMail)) == 1
        raise _Undo

    for order in permutations(news):
        with pytest.raises(_Undo):
            db.perform(tell, order)
    for seen in reversed(news):
        db.perform(moves.learn, payment.public_id, seen)
    assert payment_named(payment.public_id).state == "succeeded"


@pytest.mark.parametrize("given_up", ["expired", "cancelled", "failed"])
def test_money_that_comes_after_we_gave_up_is_booked(
    till: CardTill, payment: Payment, invoice: Invoice, payer: Viewer, given_up: str
) -> None:
    """The invoice was paid otherwise in the meantime, so all of it becomes account credit. Nothing is dropped."""
    opened = till.gateway.retrieve_session(payment.processor_session or "")
    gone = replace(opened, status="expired", is_final=True)
    if given_up == "cancelled":
        db.perform(moves.call_off, payment.public_id, gone, payer.actor)
    elif given_up == "expired":
        db.perform(moves.learn, payment.public_id, gone)
    else:
        db.perform(moves.learn, payment.public_id, replace(opened, status="complete", is_final=True))
    assert payment_named(payment.public_id).state == given_up
    db.perform(_pay_otherwise, invoice)
    till.enter_card(payment)
    assert service.settle(payment.public_id).state == "succeeded"
    with db.reading() as session:
        kept = session.scalars(select(AccountBalance)).one()
        assert session.scalars(select(CreditEntry.amount)).all() == [4000]
    assert (kept.open, kept.credit) == (0, 4000)


def _pay_otherwise(invoice: Invoice) -> None:
    lock_account(invoice.account_id)
    (locked,) = lock_invoices([invoice.id])
    allocate(locked, 10000, "imported", "bank transfer 1")


def test_a_part_of_the_money_that_is_too_much_becomes_credit(
    till: CardTill, payment: Payment, invoice: Invoice
) -> None:
    def pay_most() -> None:
        lock_account(invoice.account_id)
        (locked,) = lock_invoices([invoice.id])
        allocate(locked, 7000, "imported", "bank transfer 1")

    db.perform(pay_most)
    till.enter_card(payment)
    service.settle(payment.public_id)
    with db.reading() as session:
        kept = session.scalars(select(AccountBalance)).one()
    assert (kept.open, kept.credit) == (0, 1000)


def test_a_processor_that_does_not_know_yet_leaves_it_unknown(till: CardTill, payment: Payment) -> None:
    till.enter_card(payment)
    seen = till.gateway.retrieve_session(payment.processor_session or "")
    waiting = db.perform(moves.learn, payment.public_id, replace(seen, is_paid=False))
    assert waiting.state == "unknown"
    assert waiting.check_at is not None
    assert db.perform(moves.learn, payment.public_id, replace(seen, is_paid=False)).state == "unknown"
    assert service.settle(payment.public_id).state == "succeeded"


def test_coming_back_while_nobody_answers_is_being_confirmed(
    till: CardTill, payment: Payment, invoice: Invoice, payer: Viewer
) -> None:
    till.enter_card(payment)
    till.fail(RETRIEVE, Fault.TIMES_OUT_BEFORE)
    assert service.come_back(payer, payment.public_id).state == "unknown"
    with pytest.raises(AmountNotPossible):
        service.pay_invoice(payer, invoice.public_id, 7000)
    assert service.come_back(payer, payment.public_id).state == "succeeded"


def test_settling_says_when_the_processor_cannot_be_asked(till: CardTill, payment: Payment) -> None:
    till.fail(RETRIEVE, Fault.SERVER_ERROR_BEFORE)
    with pytest.raises(Unclear):
        service.settle(payment.public_id)
    assert payment_named(payment.public_id).state == "open"


def test_a_payer_whom_no_mail_reaches_does_not_undo_the_booking(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None)
    db.perform(_spoil_address, payer.person_id)
    till.enter_card(payment)
    assert service.come_back(payer, payment.public_id).state == "succeeded"
    assert ledger.reread(invoice).balance == 0


def _spoil_address(person_id: int) -> None:
    from billing_core.people import Person

    db.session().get_one(Person, person_id).email = "nobody"
