"""Payments by a card on file, which have no session: reconciled, set aside, and decided about, as all others."""

from billing_core import db
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.payments import service
from billing_core.payments.models import Payment
from billing_core.payments.processor import processor
from billing_core.payments.reconciliation import running
from billing_core.payments.review import finding
from billing_core.payments.review import service as review
from billing_core.payments.review.finding import CLOSE, GIVE_BACK, TAKE_IN
from billing_core.payments.review.models import PaymentReview
from billing_core.payments.sharing import Means
from billing_core.permissions import Viewer
from tests.billing_core.payments.altered import alter
from tests.billing_core.payments.paid import clerk
from tests.factories import cards, ledger
from tests.factories.till import CardTill, payment_named

ASKS = "pm_card_threeDSecure2Required"


def pay(payer: Viewer, invoice: Invoice, till: CardTill, of: Account, card: str = "pm_card_visa") -> Payment:
    """All of it, with another card on file."""
    means = Means(cards.saved(till, of, payer, card).public_id)
    return service.pay_invoice(payer, invoice.public_id, None, means=means)


def set_aside(payer: Viewer, invoice: Invoice, till: CardTill, account: Account, **says: object) -> Payment:
    """The bank takes 90.00 instead of 100.00, or whatever else is said."""
    payment = pay(payer, invoice, till, account, ASKS)
    alter(till, "payment_intent", payment.public_id, **says)
    till.answer_bank(payment, "complete")
    assert service.come_back(payer, payment.public_id).state == "needs_review"
    return payment_named(payment.public_id)


def seen(payment: Payment) -> tuple[str, tuple[str, ...]]:
    """The fingerprint of what the page shows, and what can be decided."""
    with db.reading() as session:
        found = finding.of_review(session.get_one(PaymentReview, payment.id))
        offered = finding.possible(payment_named(payment.public_id), found, livemode=processor().livemode)
    return found.fingerprint, offered


def test_all_ends_of_cards_on_file_agree_with_the_processor(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    pay(payer, invoice, till, account)
    states = {pay(payer, ledger.invoice(account, 5000), till, account, "pm_card_chargeCustomerFail").state}
    left = pay(payer, ledger.invoice(account, 5000), till, account, ASKS)
    states |= {left.state, service.cancel_payment(payer, left.public_id).state}
    states.add(pay(payer, ledger.invoice(account, 5000), till, account, "pm_card_authenticationRequired").state)
    assert states == {"failed", "open", "cancelled"}
    till.deliver()
    report = running.run("test")
    assert report is not None
    assert ([one.what for one in report.differences], report.strangers) == ([], 0)
    assert report.there_payments == 4


def test_what_came_is_taken_in(till: CardTill, account: Account, invoice: Invoice, payer: Viewer) -> None:
    payment = set_aside(payer, invoice, till, account, amount=9000)
    shown, offered = seen(payment)
    assert offered == (TAKE_IN, GIVE_BACK)
    assert review.take_in(clerk(), payment.public_id, shown, "Short by 10.00").state == "succeeded"
    assert ledger.reread(invoice).balance == 1000
    assert payment_named(payment.public_id).processor_session is None


def test_what_came_is_given_back(till: CardTill, account: Account, invoice: Invoice, payer: Viewer) -> None:
    payment = set_aside(payer, invoice, till, account, amount=9000)
    refund = review.give_back(clerk(), payment.public_id, seen(payment)[0], "Wrong amount")
    assert refund is not None
    assert (refund.amount, refund.state, payment_named(payment.public_id).state) == (9000, "succeeded", "given_back")
    assert ledger.reread(invoice).balance == 10000


def test_what_can_still_be_charged_is_ended_before_it_is_closed(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    payment = pay(payer, invoice, till, account, ASKS)
    alter(till, "payment_intent", payment.public_id, amount=9000)
    assert service.come_back(payer, payment.public_id).state == "needs_review"
    shown, offered = seen(payment)
    assert offered == (CLOSE,)
    assert review.close(clerk(), payment.public_id, shown, "Nobody confirmed it").state == "closed"
    (intent,) = till.intents()
    assert (intent.status, ledger.reread(invoice).balance) == ("canceled", 10000)
