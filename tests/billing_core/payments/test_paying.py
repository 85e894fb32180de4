"""Intent and call: what is refused, what is held, what a second submit does, and how an attempt ends by cancelling."""

from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import func, select

from billing_core import db, words
from billing_core.audit import AuditEntry
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.ledger.models import Allocation, Invoice
from billing_core.payments import processor, service
from billing_core.payments.models import Payment
from billing_core.payments.refusals import (
    AmountNotPossible,
    InvoicePaid,
    NotByCard,
    NotKnownYet,
    PayFormUsed,
    PaymentUnderWay,
    StalePayForm,
)
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.billing_core.payments.conftest import payer_of
from tests.factories import core, ledger
from tests.factories.till import CREATE, EXPIRE, RETRIEVE, CardTill, payment_named


def pay(viewer: Viewer, invoice: Invoice, amount: int | None = None, **more: Any) -> Payment:
    return service.pay_invoice(viewer, invoice.public_id, amount, **more)


def written() -> tuple[int, int]:
    """How many payments and audit entries of payments there are."""
    with db.reading() as session:
        entries = select(func.count()).select_from(AuditEntry).where(AuditEntry.action.like("payment.%"))
        payments = session.scalar(select(func.count()).select_from(Payment))
        return payments or 0, session.scalar(entries) or 0


def sentence(deed: Callable[[], object]) -> str:
    with pytest.raises(Refusal) as refused:
        deed()
    return words.sentence(refused.value).replace("\u00a0", " ")


@pytest.mark.parametrize(("amount", "expected"), [(None, 10000), (10000, 10000), (4000, 4000), (50, 50)])
def test_an_attempt_holds_its_amount_and_leads_to_the_hosted_page(
    till: CardTill, invoice: Invoice, payer: Viewer, amount: int | None, expected: int
) -> None:
    payment = pay(payer, invoice, amount)
    assert (payment.state, payment.amount, payment.can_go_on) == ("open", expected, True)
    assert payment.hosted_url is not None
    assert payment.hosted_url.startswith("http://localhost/sandbox/pay/")
    assert ledger.reread(invoice).balance == 10000
    stored = payment_named(payment.public_id)
    assert [target.holds for target in stored.targets] == [True]
    (session,) = till.sessions()
    assert (session.client_reference_id, session.amount_total) == (payment.public_id, expected)


@pytest.mark.parametrize("amount", [-1, 0, 49, 9951, 9999, 10001, 10**15])
@pytest.mark.usefixtures("till")
def test_an_amount_that_is_not_possible_is_refused_and_the_possible_ones_are_named(
    invoice: Invoice, payer: Viewer, amount: int
) -> None:
    with pytest.raises(AmountNotPossible) as refused:
        pay(payer, invoice, amount)
    assert refused.value.field == "amount"
    assert words.sentence(refused.value) == "Enter an amount from €0.50 to €99.50, or pay the full amount of €100.00."
    with words.in_language("de"):
        assert "99,50" in words.sentence(refused.value)
    assert written() == (0, 0)


@pytest.mark.usefixtures("till")
def test_where_no_part_is_possible_only_the_full_amount_is_named() -> None:
    invoice = ledger.invoice(core.account(), 99)
    told = sentence(lambda: pay(payer_of(invoice), invoice, 60))
    assert told == "Only the full amount of €0.99 can be paid: a part would leave a rest below €0.50."


@pytest.mark.usefixtures("till")
def test_a_balance_below_the_minimum_is_for_a_transfer() -> None:
    invoice = ledger.invoice(core.account(), 49)
    with pytest.raises(NotByCard):
        pay(payer_of(invoice), invoice)
    assert written() == (0, 0)


@pytest.mark.usefixtures("till")
def test_three_decimals_end_in_zero_for_cards() -> None:
    invoice = ledger.invoice(core.account(currency="KWD"), 10005)
    viewer = payer_of(invoice)
    assert sentence(lambda: pay(viewer, invoice)) == "Enter an amount from KWD 0.500 to KWD 9.500."
    assert (
        sentence(lambda: pay(viewer, invoice, 1005))
        == "The last digit of an amount in KWD must be 0 for card payments."
    )
    assert pay(viewer, invoice, 1000).state == "open"


@pytest.mark.parametrize(
    ("currency", "total", "charged"), [("JPY", 5000, 5000), ("ISK", 5000, 500000), ("KWD", 5000, 5000)]
)
def test_every_kind_of_currency_is_charged_in_the_processors_unit(
    till: CardTill, currency: str, total: int, charged: int
) -> None:
    invoice = ledger.invoice(core.account(currency=currency), total)
    payment = pay(payer_of(invoice), invoice)
    till.enter_card(payment)
    assert service.settle(payment.public_id).state == "succeeded"
    (taken,) = till.charges()
    assert (taken.amount_received, taken.currency) == (charged, currency.lower())
    assert ledger.reread(invoice).balance == 0


@pytest.mark.usefixtures("till")
def test_who_may_not_pay_is_told_and_strangers_find_nothing(invoice: Invoice) -> None:
    with pytest.raises(NotAllowed):
        pay(payer_of(invoice, rights="accept manage"), invoice)
    stranger = core.viewer(core.contact(core.account()))
    with pytest.raises(NotFound):
        pay(stranger, invoice)
    with pytest.raises(NotFound):
        service.pay_invoice(stranger, "inv_unknown", None)
    assert written() == (0, 0)


@pytest.mark.usefixtures("till")
def test_the_same_money_is_not_paid_a_second_time(invoice: Invoice, payer: Viewer) -> None:
    pay(payer, invoice)
    other = payer_of(invoice)
    told = sentence(lambda: pay(other, invoice))
    assert told.startswith("A card payment of €100.00 is already under way")
    with pytest.raises(PaymentUnderWay):
        pay(other, invoice, 50)


@pytest.mark.usefixtures("till")
def test_payable_is_the_balance_less_what_is_held(invoice: Invoice, payer: Viewer) -> None:
    pay(payer, invoice, 6000)
    told = sentence(lambda: pay(payer, invoice, 6000))
    assert told == "Enter an amount from €0.50 to €39.50, or pay the full amount of €40.00."
    assert pay(payer, invoice).amount == 4000


def test_a_paid_invoice_is_not_paid_again(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = pay(payer, invoice)
    till.enter_card(payment)
    service.settle(payment.public_id)
    with pytest.raises(InvoicePaid):
        pay(payer, invoice)


def test_a_form_that_is_sent_twice_is_one_payment(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    first = pay(payer, invoice, 4000, form_key="form_1")
    again = pay(payer, invoice, 4000, form_key="form_1")
    assert again.public_id == first.public_id
    assert again.hosted_url == first.hosted_url
    assert len(till.sessions()) == 1
    with pytest.raises(PayFormUsed):
        pay(payer, invoice, 4100, form_key="form_1")
    with pytest.raises(PayFormUsed):
        pay(payer, invoice, None, form_key="form_1", payable_seen=10000)
    till.enter_card(first)
    service.settle(first.public_id)
    assert pay(payer, invoice, 4000, form_key="form_1").state == "succeeded"
    assert pay(payer, invoice, 4000, form_key="form_2").public_id != first.public_id
    assert pay(payer_of(invoice), invoice, 1000, form_key="form_1").public_id != first.public_id


@pytest.mark.usefixtures("till")
def test_in_full_means_the_amount_that_was_shown(invoice: Invoice, payer: Viewer) -> None:
    pay(payer, invoice, 6000)
    with pytest.raises(StalePayForm) as refused:
        pay(payer, invoice, None, payable_seen=10000)
    assert "€40.00" in words.sentence(refused.value)
    assert pay(payer, invoice, None, payable_seen=4000).amount == 4000


def test_a_clear_no_ends_the_attempt_and_frees_the_money(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    till.sandbox.faults.clear()
    payment = pay(payer, invoice)
    assert payment.state == "open"

    class Refusing:
        livemode = False

        def create_session(self, request: object) -> None:
            from billing_core.payments.gateway import Refused

            raise Refused("account_closed")

    other = ledger.invoice(core.account(), 10000)
    processor.use_gateway(Refusing())  # type: ignore[arg-type]
    refused = pay(payer_of(other), other)
    assert (refused.state, refused.failure) == ("failed", "account_closed")
    processor.use_gateway(till.gateway)
    assert pay(payer_of(other), other).state == "open"


@pytest.mark.parametrize("fault", [Fault.TIMES_OUT_BEFORE, Fault.TIMES_OUT_AFTER, Fault.RATE_LIMITED])
def test_an_unclear_call_is_unknown_and_holds_until_it_is_known(
    till: CardTill, invoice: Invoice, payer: Viewer, fault: Fault
) -> None:
    till.fail(CREATE, fault)
    payment = pay(payer, invoice)
    assert (payment.state, payment.hosted_url) == ("unknown", None)
    with pytest.raises(PaymentUnderWay):
        pay(payer, invoice)
    opened = service.continue_payment(payer, payment.public_id)
    assert (opened.state, opened.can_go_on) == ("open", True)
    assert len(till.sessions()) == 1


def test_a_stored_server_error_stays_unknown(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    till.fail(CREATE, Fault.SERVER_ERROR_BEFORE)
    payment = pay(payer, invoice)
    assert service.continue_payment(payer, payment.public_id).state == "unknown"
    with pytest.raises(NotKnownYet):
        service.cancel_payment(payer, payment.public_id)
    assert payment_named(payment.public_id).state == "unknown"


def test_cancelling_ends_it_at_the_processor_first(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = pay(payer, invoice)
    assert service.cancel_payment(payer_of(invoice), payment.public_id).state == "cancelled"
    (session,) = till.sessions()
    assert session.status == "expired"
    assert service.cancel_payment(payer, payment.public_id).state == "cancelled"
    assert pay(payer, invoice).state == "open"
    with db.reading() as session_:
        entry = session_.scalars(select(AuditEntry).where(AuditEntry.action == "payment.cancelled")).one()
    assert entry.actor.startswith("portal:per_")


def test_what_was_paid_meanwhile_is_settled_instead_of_cancelled(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    payment = pay(payer, invoice)
    till.enter_card(payment)
    assert service.cancel_payment(payer, payment.public_id).state == "succeeded"
    assert ledger.reread(invoice).balance == 0


@pytest.mark.parametrize("fault", [Fault.TIMES_OUT_BEFORE, Fault.TIMES_OUT_AFTER, Fault.SERVER_ERROR_AFTER])
def test_an_unclear_cancellation_changes_nothing_here(
    till: CardTill, invoice: Invoice, payer: Viewer, fault: Fault
) -> None:
    payment = pay(payer, invoice)
    till.fail(EXPIRE, fault)
    with pytest.raises(NotKnownYet):
        service.cancel_payment(payer, payment.public_id)
    assert payment_named(payment.public_id).state == "open"
    assert service.cancel_payment(payer, payment.public_id).state in ("cancelled", "expired")


def test_cancelling_where_nobody_answers_after_the_payment(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = pay(payer, invoice)
    till.enter_card(payment)
    till.fail(RETRIEVE, Fault.TIMES_OUT_BEFORE)
    with pytest.raises(NotKnownYet):
        service.cancel_payment(payer, payment.public_id)
    assert payment_named(payment.public_id).state == "open"


def test_an_attempt_without_a_known_session_can_be_cancelled(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    till.fail(CREATE, Fault.TIMES_OUT_AFTER)
    payment = pay(payer, invoice)
    assert service.cancel_payment(payer, payment.public_id).state == "cancelled"
    (session,) = till.sessions()
    assert session.status == "expired"


@pytest.mark.usefixtures("till")
def test_strangers_and_lookers_touch_no_attempt(invoice: Invoice, payer: Viewer) -> None:
    payment = pay(payer, invoice)
    stranger, looker = core.viewer(core.contact(core.account())), payer_of(invoice, rights="")
    for verb in (service.cancel_payment, service.continue_payment):
        with pytest.raises(NotFound):
            verb(stranger, payment.public_id)
        with pytest.raises(NotAllowed):
            verb(looker, payment.public_id)
    with pytest.raises(NotFound):
        service.come_back(stranger, payment.public_id)
    assert payment_named(payment.public_id).state == "open"
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == 0
