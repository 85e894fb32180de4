"""Paying with a card on file: taken, declined, confirmed by its owner, unknown, cancelled; what cannot be charged."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import func, select

from billing_core import clock, db, words
from billing_core.accounts import Account
from billing_core.errors import NotFound, Refusal
from billing_core.ledger.models import Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import service
from billing_core.payments.cards import keeping
from billing_core.payments.models import Payment
from billing_core.payments.refusals import (
    BrandNotAccepted,
    CardExpired,
    CardRemoved,
    NotKnownYet,
    PayFormUsed,
    PaymentUnderWay,
)
from billing_core.payments.sharing import NEW_CARD, Means, Wish
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.factories import cards, core, ledger
from tests.factories.till import CANCEL, CONFIRM, LOOK, MAKE, CardTill, payment_named


def pay(viewer: Viewer, invoice: Invoice, card: object, amount: int | None = None, key: str | None = None) -> Payment:
    means = Means(card.public_id) if card is not None else NEW_CARD  # type: ignore[attr-defined]
    return service.pay_invoice(viewer, invoice.public_id, amount, form_key=key, means=means)


def receipts() -> int:
    with db.reading() as session:
        mails = select(func.count()).select_from(OutboxMail).where(OutboxMail.kind == "payment-receipt")
        return session.scalar(mails) or 0


@pytest.mark.parametrize("amount", [None, 4000])
def test_a_card_on_file_is_charged_at_once(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer, amount: int | None
) -> None:
    card = cards.saved(till, account, payer)
    payment = pay(payer, invoice, card, amount)
    assert (payment.state, payment.card, payment.processor_session) == ("succeeded", "Visa •••• 4242", None)
    assert ledger.reread(invoice).balance == 10000 - (amount or 10000)
    (taken,) = till.charges()
    assert (taken.id, taken.payment_method) == (payment.processor_intent, card.processor_method)
    assert (till.sessions()[0].mode, len(till.sessions()), receipts()) == ("setup", 1, 1)
    again = service.settle(payment.public_id)
    assert (again.state, receipts()) == ("succeeded", 1)


def test_several_invoices_are_paid_with_one_charge(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    other, card = ledger.invoice(account, 5000), cards.saved(till, account, payer)
    wishes = [Wish(invoice.public_id, 4000), Wish(other.public_id)]
    payment = service.pay_invoices(payer, wishes, means=Means(card.public_id))
    assert (payment.state, payment.amount) == ("succeeded", 9000)
    assert [charge.amount for charge in till.charges()] == [9000]
    assert [ledger.reread(one).balance for one in (invoice, other)] == [6000, 0]


def test_a_decline_is_recorded_and_another_card_can_be_tried(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    bad, good = (cards.saved(till, account, payer, one) for one in ("pm_card_chargeCustomerFail", "pm_card_visa"))
    payment = pay(payer, invoice, bad)
    assert (payment.state, payment.failure) == ("failed", "generic_decline")
    assert [target.holds for target in payment_named(payment.public_id).targets] == [False]
    assert ledger.reread(invoice).balance == 10000
    assert pay(payer, invoice, good).state == "succeeded"
    assert len(till.charges()) == 1


@pytest.mark.parametrize("outcome", ["complete", "fail"])
def test_its_owner_confirms_where_the_bank_asks(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer, outcome: str
) -> None:
    card = cards.saved(till, account, payer, "pm_card_threeDSecure2Required")
    payment = pay(payer, invoice, card)
    assert (payment.state, payment.can_go_on, till.charges()) == ("open", True, [])
    back = till.answer_bank(payment, outcome)
    assert back.headers["Location"].endswith(f"/payments/{payment.public_id}?returned=1")
    done = service.come_back(payer, payment.public_id)
    assert len(till.intents()) == 1, "the same intent is confirmed"
    if outcome == "complete":
        assert (done.state, ledger.reread(invoice).balance) == ("succeeded", 0)
    else:
        assert (done.state, done.failure) == ("failed", "payment_intent_authentication_failure")
        assert ledger.reread(invoice).balance == 10000


def test_an_attempt_that_nobody_confirms_stays_open_until_it_is_continued_or_cancelled(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    card = cards.saved(till, account, payer, "pm_card_threeDSecure2Required")
    payment = pay(payer, invoice, card)
    assert service.come_back(payer, payment.public_id).state == "open"
    with pytest.raises(PaymentUnderWay):
        pay(payer, invoice, card)
    assert service.continue_payment(payer, payment.public_id).hosted_url == payment.hosted_url
    till.fail(CANCEL, Fault.TIMES_OUT_BEFORE)
    with pytest.raises(NotKnownYet):
        service.cancel_payment(payer, payment.public_id)
    assert payment_named(payment.public_id).state == "open"
    assert service.cancel_payment(payer, payment.public_id).state == "cancelled"
    assert [intent.status for intent in till.intents()] == ["canceled"]
    assert pay(payer, invoice, None).state == "open"


def test_an_attempt_that_nobody_confirms_ends_by_itself(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    payment = pay(payer, invoice, cards.saved(till, account, payer, "pm_card_threeDSecure2Required"))
    assert payment.session_expires_at == payment.created_at + timedelta(hours=23)
    with time_machine.travel(clock.now() + timedelta(hours=23, minutes=2), tick=False):
        service.reconcile_due()
        assert payment_named(payment.public_id).state == "expired"
    assert [intent.status for intent in till.intents()] == ["canceled"]


@pytest.mark.parametrize("fault", [Fault.TIMES_OUT_BEFORE, Fault.TIMES_OUT_AFTER, Fault.SERVER_ERROR_AFTER])
@pytest.mark.parametrize("call", [MAKE, CONFIRM])
def test_without_an_answer_it_is_unknown_and_settled_later_without_a_second_charge(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer, call: str, fault: Fault
) -> None:
    card = cards.saved(till, account, payer)
    till.fail(call, fault)
    payment = pay(payer, invoice, card)
    assert payment.state == "unknown"
    with pytest.raises(PaymentUnderWay):
        pay(payer, invoice, None)
    for hours in (1, 3, 30, 60):  # a 500 that is kept under the key ends only with the key
        with time_machine.travel(clock.now() + timedelta(hours=hours), tick=False):
            service.reconcile_due()
    kept_500 = call == MAKE and fault is Fault.SERVER_ERROR_AFTER
    assert payment_named(payment.public_id).state == ("failed" if kept_500 else "succeeded")
    assert len(till.charges()) == (0 if kept_500 else 1)
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == len(till.charges())


def test_nothing_is_charged_that_was_paid_otherwise_meanwhile(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    card = cards.saved(till, account, payer)
    till.fail(CONFIRM, Fault.TIMES_OUT_BEFORE)
    payment = pay(payer, invoice, card)
    ledger.transferred(account, 10000)
    with time_machine.travel(clock.now() + timedelta(hours=1), tick=False):
        service.reconcile_due()
    assert payment_named(payment.public_id).state == "expired"
    assert till.charges() == []


def refusal(viewer: Viewer, invoice: Invoice, card: object) -> Refusal:
    with pytest.raises(Refusal) as refused:
        pay(viewer, invoice, card)
    assert till_is_untouched()
    return refused.value


def till_is_untouched() -> bool:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(Payment)) == 0


def test_what_is_no_card_of_the_account_is_not_found(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    elsewhere = core.account()
    stranger = core.viewer(core.contact(elsewhere))
    assert isinstance(refusal(payer, invoice, cards.saved(till, elsewhere, stranger)), NotFound)
    with db.reading() as session:
        from billing_core.people import Person

        both = session.get_one(Person, payer.person_id)
    of_both = core.viewer(core.contact(core.account(), both))
    third = core.account()
    core.contact(third, both)
    of_both = core.viewer(both)
    assert isinstance(refusal(of_both, invoice, cards.saved(till, third, of_both)), NotFound)


def test_an_expired_card_is_refused_on_the_calendar_of_the_account(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    card = cards.saved(till, account, payer, "pm_card_expiresSoon")
    end = clock.now().replace(year=card.exp_year, month=card.exp_month, day=card.last_day.day, hour=20)
    with time_machine.travel(end + timedelta(hours=4), tick=False):  # the first day of the next month in Berlin
        assert isinstance(refusal(payer, invoice, card), CardExpired)
    with time_machine.travel(end, tick=False):
        assert pay(payer, invoice, card).state == "succeeded"


def test_a_brand_that_is_not_accepted_in_the_currency_is_refused(
    till: CardTill, payer: Viewer, account: Account
) -> None:
    usd = core.account(currency="USD")
    viewer = core.viewer(core.contact(usd))
    card = cards.saved(till, usd, viewer, "pm_card_discover")
    eur = ledger.invoice(usd, 10000, currency="EUR")
    told = refusal(viewer, eur, card)
    assert isinstance(told, BrandNotAccepted)
    assert words.sentence(told).startswith("Discover is not accepted for payments in EUR.")
    assert pay(viewer, ledger.invoice(usd, 10000), card).state == "succeeded"


def test_a_removed_card_is_never_charged(till: CardTill, account: Account, invoice: Invoice, payer: Viewer) -> None:
    card = cards.saved(till, account, payer)
    db.perform(keeping.remove, payer, card.public_id)
    assert isinstance(refusal(payer, invoice, card), CardRemoved)
    assert till.charges() == []


def test_the_same_form_is_the_same_payment_and_with_another_card_it_is_refused(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    one, two = (cards.saved(till, account, payer, token) for token in ("pm_card_visa", "pm_card_mastercard"))
    first = pay(payer, invoice, one, 4000, key="form_x")
    assert pay(payer, invoice, one, 4000, key="form_x").public_id == first.public_id
    for other in (two, None):
        with pytest.raises(PayFormUsed):
            pay(payer, invoice, other, 4000, key="form_x")
    assert len(till.charges()) == 1


@pytest.mark.parametrize("fault", [Fault.TIMES_OUT_BEFORE, Fault.SERVER_ERROR_BEFORE])
def test_cancelling_an_attempt_of_which_nothing_is_known_takes_no_money(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer, fault: Fault
) -> None:
    card = cards.saved(till, account, payer)
    till.fail(MAKE, fault)
    payment = pay(payer, invoice, card)
    if fault is Fault.TIMES_OUT_BEFORE:
        assert service.cancel_payment(payer, payment.public_id).state == "cancelled"
    else:
        with pytest.raises(NotKnownYet):
            service.cancel_payment(payer, payment.public_id)
    assert till.charges() == []


def test_money_that_an_attempt_took_in_spite_of_us_is_booked(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    """The charge happened, the answer was lost, and so was the look: cancelling finds it and books it."""
    card = cards.saved(till, account, payer)
    till.fail(CONFIRM, Fault.TIMES_OUT_AFTER)
    payment = pay(payer, invoice, card)
    till.fail(LOOK, Fault.TIMES_OUT_BEFORE)
    with pytest.raises(NotKnownYet):
        service.cancel_payment(payer, payment.public_id)
    assert service.cancel_payment(payer, payment.public_id).state == "succeeded"
    assert ledger.reread(invoice).balance == 0
