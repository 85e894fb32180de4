"""Payments that were set aside: what finance can decide about what came, and what each decision does."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid, NotAllowed, Refusal
from billing_core.ledger.models import AccountBalance, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import giving_back, queries, refunding, service
from billing_core.payments.models import Payment, Refund
from billing_core.payments.processor import processor
from billing_core.payments.reconciliation import running
from billing_core.payments.refusals import NotKnownYet, RefundByTheSame
from billing_core.payments.review import finding
from billing_core.payments.review import service as review
from billing_core.payments.review.finding import CLOSE, GIVE_BACK, TAKE_IN
from billing_core.payments.review.models import PaymentReview
from billing_core.payments.review.refusals import AlreadyDecided, FindingChanged, NotPossibleNow
from billing_core.payments.sharing import Wish
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.billing_core.payments.altered import alter
from tests.billing_core.payments.paid import clerk, later, pay
from tests.factories import core, ledger
from tests.factories.till import RETRIEVE, CardTill, payment_named


def set_aside(till: CardTill, payer: Viewer, invoice: Invoice, amount: int, came: int, **says: Any) -> Payment:
    """A payment of `amount` for which the processor took `came`, and says what else is given."""
    payment = service.pay_invoice(payer, invoice.public_id, amount)
    return charge(till, payer, payment, came, **says)


def charge(
    till: CardTill, payer: Viewer, payment: Payment, came: int, card: str = "pm_card_visa", **says: Any
) -> Payment:
    session = payment.processor_session or ""
    alter_amount(till, session, came)
    till.enter_card(payment, card)
    if says:
        alter(till, "checkout.session", session, **says)
        alter(
            till,
            "payment_intent",
            payment.public_id,
            **{k: v for k, v in says.items() if k in ("currency", "livemode")},
        )
    assert service.come_back(payer, payment.public_id).state == "needs_review"
    return payment_named(payment.public_id)


def alter_amount(till: CardTill, session: str, came: int) -> None:
    alter(till, "checkout.session", session, amount_total=came, amount_subtotal=came)


def review_of(payment: Payment) -> PaymentReview:
    with db.reading() as session:
        return session.get_one(PaymentReview, payment.id)


def seen(payment: Payment) -> str:
    return finding.of_review(review_of(payment)).fingerprint


def offered(payment: Payment) -> tuple[str, ...]:
    with db.reading():
        now, found = payment_named(payment.public_id), finding.of_review(review_of(payment))
        return finding.possible(now, found, livemode=processor().livemode)


def kept(invoice: Invoice) -> tuple[int, int]:
    """Open and credit of the account."""
    with db.reading() as session:
        row = session.get_one(AccountBalance, (invoice.account_id, invoice.currency))
        return row.open, row.credit


def holds(payment: Payment) -> set[bool]:
    return {target.holds for target in payment_named(payment.public_id).targets}


def refunds() -> list[Refund]:
    with db.reading() as session:
        return list(session.scalars(select(Refund).order_by(Refund.id)))


def agree() -> None:
    """The next reconciliation finds both sides alike."""
    report = running.run("test")
    assert report is not None
    assert [(one.about, one.what) for one in report.differences] == []


def test_what_was_asked_and_what_came_are_kept_side_by_side(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = set_aside(till, payer, invoice, 4000, 6000)
    found = review_of(payment)
    assert (found.asked, found.asked_currency, found.received, found.currency) == (4000, "EUR", 6000, "EUR")
    assert (found.is_paid, found.card_last4, found.reference) == (True, "4242", payment.public_id)
    assert offered(payment) == (TAKE_IN, GIVE_BACK)
    report = running.run("test")
    assert report is not None
    assert [(one.about, one.what) for one in report.differences] == [("payment", "state")]


TAKEN = {
    "less": (4000, 2500, (7500, 0)), "more than asked": (4000, 6000, (4000, 0)),
    "more than owed": (4000, 13000, (0, 3000)),
}  # fmt: skip


@pytest.mark.parametrize("name", TAKEN)
def test_what_came_is_taken_in(till: CardTill, invoice: Invoice, payer: Viewer, name: str) -> None:
    asked, came, expected = TAKEN[name]
    payment, who = set_aside(till, payer, invoice, asked, came), clerk()
    taken = review.take_in(who, payment.public_id, seen(payment), "Agreed with the customer")
    assert (taken.state, taken.amount, taken.card) == ("succeeded", came, "Visa •••• 4242")
    assert (kept(invoice), holds(payment)) == (expected, {False})
    found = review_of(payment)
    assert (found.asked, found.decision, found.note, found.credited) == (
        asked, "take_in", "Agreed with the customer", expected[1],
    )  # fmt: skip
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "payment.succeeded")).one()
        receipts = session.scalars(select(OutboxMail.kind).where(OutboxMail.kind == "payment-receipt")).all()
    assert (entry.actor, entry.subject, len(receipts)) == (who.actor, payment.public_id, 1)
    review.take_in(who, payment.public_id, seen(payment), "Again")
    till.deliver()
    assert kept(invoice) == expected, "once more changes nothing"
    agree()


def test_several_invoices_get_what_was_meant_for_them_and_then_the_rest(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    other = ledger.invoice(account, 5000)
    whole = service.pay_invoices(payer, [Wish(invoice.public_id, 4000), Wish(other.public_id, 2000)])
    payment = charge(till, payer, whole, 4500)
    review.take_in(clerk(), payment.public_id, seen(payment), "Less came")
    assert [ledger.reread(one).balance for one in (invoice, other)] == [6000, 4500]
    again = service.pay_invoices(payer, [Wish(invoice.public_id, 1000), Wish(other.public_id, 1000)])
    much = charge(till, payer, again, 9000)
    under_way = service.pay_invoice(payer, invoice.public_id, 4000)
    review.take_in(clerk(), much.public_id, seen(much), "More came")
    assert [ledger.reread(one).balance for one in (invoice, other)] == [4000, 0], "what an attempt holds stays"
    assert kept(invoice) == (4000, 2500)
    assert payment_named(under_way.public_id).state == "open"
    agree()


def test_an_invoice_that_was_paid_otherwise_leaves_all_of_it_as_credit(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    payment = set_aside(till, payer, invoice, 4000, 5000)
    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    ledger.credit_note(account, 10000, invoice)
    review.take_in(clerk(), payment.public_id, seen(payment), "As credit")
    assert kept(invoice) == (0, 5000)


def test_it_all_goes_back_below_the_limit(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = set_aside(till, payer, invoice, 4000, 6000)
    sent = review.give_back(clerk(), payment.public_id, seen(payment), "By mistake")
    assert sent is not None
    assert (sent.state, sent.amount, sent.currency) == ("succeeded", 6000, "EUR")
    now = payment_named(payment.public_id)
    assert (now.state, kept(invoice), holds(payment)) == ("given_back", (10000, 0), {False})
    assert [one.amount for one in till.stripe.v1.refunds.list().data] == [6000]
    with db.reading() as session:
        mails = session.scalars(select(OutboxMail.kind).order_by(OutboxMail.id)).all()
    assert list(mails) == ["payment-review", "refund-sent"]
    till.deliver()
    assert service.pay_invoice(payer, invoice.public_id, None).amount == 10000, "the invoice can be paid again"
    agree()


def test_another_currency_goes_back_in_that_currency(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = set_aside(till, payer, invoice, 4000, 4000, currency="usd")
    alter(till, "charge", payment.public_id, currency="usd")
    assert offered(payment) == (GIVE_BACK,)
    with pytest.raises(NotPossibleNow):
        review.take_in(clerk(), payment.public_id, seen(payment), "No")
    sent = review.give_back(clerk(), payment.public_id, seen(payment), "Wrong currency")
    assert sent is not None
    assert (sent.state, sent.amount, sent.currency) == ("succeeded", 4000, "USD")
    agree()


def test_above_the_limit_a_second_person_decides_and_may_decline(
    till: CardTill, payer: Viewer, invoice: Invoice
) -> None:
    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    large = ledger.invoice(account, 200_000)
    payment, first, second = set_aside(till, payer, large, 90_000, 80_000), clerk(), clerk()
    asked = review.give_back(first, payment.public_id, seen(payment), "Wrong amount")
    assert asked is not None
    assert (asked.state, payment_named(payment.public_id).state, holds(payment)) == (
        "awaiting_approval", "needs_review", {True},
    )  # fmt: skip
    assert offered(payment) == (), "nothing else while the second person has not decided"
    with pytest.raises(NotPossibleNow):
        review.take_in(second, payment.public_id, seen(payment), "No")
    db.perform(refunding.decline_refund, second, asked.public_id)
    assert offered(payment) == (TAKE_IN, GIVE_BACK)
    again = review.give_back(first, payment.public_id, seen(payment), "Wrong amount after all")
    assert again is not None
    with pytest.raises(RefundByTheSame):
        giving_back.approve_refund(first, again.public_id)
    done = giving_back.approve_refund(second, again.public_id)
    assert (done.state, payment_named(payment.public_id).state, holds(payment)) == ("succeeded", "given_back", {False})
    found = review_of(payment)
    assert (found.decision, found.decided_by, found.note) == ("give_back", first.person_id, "Wrong amount after all")
    agree()


def test_money_that_does_not_go_back_waits_for_finance_again(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, 4000)
    payment = charge(till, payer, payment, 6000, card="pm_card_refundFail")
    review.give_back(clerk(), payment.public_id, seen(payment), "By mistake")
    till.deliver()
    later(till, seconds=30)
    assert [one.state for one in refunds()] == ["failed"]
    assert (payment_named(payment.public_id).state, holds(payment)) == ("needs_review", {True})
    review.look(clerk(), payment.public_id)
    assert offered(payment) == (TAKE_IN, GIVE_BACK)
    review.take_in(clerk(), payment.public_id, seen(payment), "The card is closed")
    assert kept(invoice) == (4000, 0)
    agree()


def test_what_the_processor_sent_back_by_itself_is_closed(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment, who = set_aside(till, payer, invoice, 4000, 6000), clerk()
    intent = review_of(payment).intent_id or ""
    before = seen(payment)
    till.stripe.v1.refunds.create({"payment_intent": intent})
    with pytest.raises(FindingChanged):
        review.take_in(who, payment.public_id, before, "Not any more")
    assert offered(payment) == (CLOSE,)
    closed = review.close(who, payment.public_id, seen(payment), "Sent back on the processor's pages")
    assert (closed.state, holds(payment), kept(invoice)) == ("closed", {False}, (10000, 0))
    till.deliver()
    agree()


def test_test_money_against_a_live_system_is_closed_only(
    till: CardTill, invoice: Invoice, payer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(type(till.gateway), "livemode", property(lambda _self: True))
    payment = service.pay_invoice(payer, invoice.public_id, 4000)
    assert payment.state == "needs_review"
    assert offered(payment) == (CLOSE,)
    with pytest.raises(NotPossibleNow):
        review.give_back(clerk(), payment.public_id, seen(payment), "No")
    assert review.close(clerk(), payment.public_id, seen(payment), "A test key").state == "closed"
    assert not till.is_open(payment_named(payment.public_id)) if payment.processor_session else True
    with pytest.raises(AlreadyDecided):
        review.close(clerk(), payment.public_id, seen(payment), "Somebody else")


def test_real_money_that_our_key_cannot_reach_is_not_decided_here(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    payment = set_aside(till, payer, invoice, 4000, 4000, livemode=True)
    assert offered(payment) == ()


def test_a_page_that_is_still_open_ends_before_it_is_closed(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, 4000)
    alter_amount(till, payment.processor_session or "", 3000)
    assert service.come_back(payer, payment.public_id).state == "needs_review"
    assert offered(payment) == (CLOSE,)
    closed = review.close(clerk(), payment.public_id, seen(payment), "The page was wrong")
    assert (closed.state, holds(payment)) == ("closed", {False})
    assert not till.is_open(payment)
    agree()


def test_money_of_another_payment_is_never_taken_in_twice(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    paid = pay(till, invoice, 3000)
    payment = set_aside(till, payer, invoice, 4000, 4000, client_reference_id=paid.public_id)
    assert offered(payment) == (CLOSE,)


def test_a_reference_that_nobody_knows_is_given_back_only(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = set_aside(till, payer, invoice, 4000, 4000, client_reference_id="pay_of_nobody")
    assert offered(payment) == (GIVE_BACK,)


def test_nothing_is_decided_without_an_answer_a_reason_or_the_right(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    payment, who = set_aside(till, payer, invoice, 4000, 6000), clerk()
    till.fail(RETRIEVE, Fault.TIMES_OUT_BEFORE)
    with pytest.raises(NotKnownYet):
        review.take_in(who, payment.public_id, seen(payment), "Why")
    for note in ("", " ", "x" * 301):
        with pytest.raises(Invalid):
            review.take_in(who, payment.public_id, seen(payment), note)
    with pytest.raises(NotAllowed):
        review.take_in(payer, payment.public_id, seen(payment), "Mine")
    with pytest.raises(FindingChanged):
        review.close(who, payment.public_id, "another page", "Why")
    assert (payment_named(payment.public_id).state, kept(invoice)) == ("needs_review", (10000, 0))


def test_of_two_clerks_one_decides(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = set_aside(till, payer, invoice, 4000, 6000)
    shown, people = seen(payment), [clerk() for _ in range(6)]

    def decide(place: int) -> str:
        verb: Callable[..., object] = review.take_in if place % 2 else review.give_back
        try:
            verb(people[place], payment.public_id, shown, "Mine")
        except Refusal as refusal:
            return type(refusal).__name__
        return "done"

    with ThreadPoolExecutor(6) as pool:
        answers = sorted(pool.map(decide, range(6)))
    assert answers.count("done") == 1, answers
    assert set(answers) == {"done", "AlreadyDecided"}
    state = payment_named(payment.public_id).state
    assert (state, kept(invoice)) in [("succeeded", (4000, 0)), ("given_back", (10000, 0))]
    with db.reading():
        assert queries.held_on(invoice.id) == 0
    agree()


def test_the_payer_of_a_closed_payment_starts_anew(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    core.staff("finance")
    payment = service.pay_invoice(payer, invoice.public_id, None)
    alter_amount(till, payment.processor_session or "", 3000)
    service.come_back(payer, payment.public_id)
    review.close(clerk(), payment.public_id, seen(payment), "The page was wrong")
    assert service.pay_invoice(payer, invoice.public_id, None).state == "open"
