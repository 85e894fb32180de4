"""The comparison in both directions: what a look mends, what remains, and what others have on the same account."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import giving_back, service
from billing_core.payments.gateway import Unclear
from billing_core.payments.models import Payment, ProcessorEvent
from billing_core.payments.reconciliation import running, wording
from billing_core.payments.reconciliation.models import Reconciliation
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.billing_core.payments.altered import alter, forget
from tests.billing_core.payments.paid import clerk, pay
from tests.checker import audit
from tests.factories import core, ledger
from tests.factories.till import CardTill, payment_named


def reconcile() -> Reconciliation:
    """A report."""
    report = running.run("test")
    assert report is not None
    return report


def told(report: Reconciliation) -> list[tuple[str, str]]:
    return [(one.about, one.what) for one in report.differences]


def counts(report: Reconciliation) -> dict[str, int]:
    names = (
        "there_payments", "there_refunds", "there_disputes", "here_payments", "here_refunds", "here_disputes",
        "strangers", "events_taken_in", "mended",
    )  # fmt: skip
    return {name: value for name in names if (value := getattr(report, name))}


def test_nothing_anywhere_is_zero_and_zero(till: CardTill) -> None:
    report = reconcile()
    assert (counts(report), report.missing_here, report.missing_there, report.otherwise) == ({}, 0, 0, 0)
    assert report.running is None


def test_what_is_alike_is_counted_on_both_sides(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice)
    giving_back.refund_payment(clerk(), payment.public_id, {invoice.public_id: 3000}, "Why", "key")
    other = pay(till, ledger.invoice(account_of(invoice), 5000), card="pm_card_createDispute")
    till.deliver()
    report = reconcile()
    assert told(report) == []
    found = counts(report) | {"strangers": 0}
    assert found == {
        "there_payments": 2, "here_payments": 2, "there_refunds": 1, "here_refunds": 1, "there_disputes": 1,
        "here_disputes": 1, "strangers": 0,
    }  # fmt: skip
    assert payment_named(other.public_id).state == "succeeded"
    with db.reading() as session:
        assert session.scalars(select(OutboxMail.kind).where(OutboxMail.kind == "reconciliation-differs")).all() == []
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "reconciliation.finished")).one()
    assert entry.subject == report.public_id


def account_of(invoice: Invoice) -> Any:
    from billing_core.accounts import Account

    with db.reading() as session:
        return session.get_one(Account, invoice.account_id)


def test_money_that_nobody_told_us_of_is_booked_by_the_look(
    database: Any, till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    """Webhooks are off, nobody comes back: the messages are taken in, and the payment is booked once."""
    till.sandbox.faults.webhooks_off()
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    report = reconcile()
    assert told(report) == []
    assert report.events_taken_in > 0
    assert payment_named(payment.public_id).state == "succeeded"
    till.sandbox.faults.webhooks_on()
    till.deliver()
    assert reconcile().events_taken_in == 0
    audit(database.url, till.path, quiet=False)


def test_without_any_message_the_listing_alone_is_enough(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    forget(till, "event", "")
    report = reconcile()
    assert (told(report), report.mended, report.events_taken_in) == ([], 1, 0)
    assert payment_named(payment.public_id).state == "succeeded"
    assert ledger.reread(invoice).balance == 0


def test_refunds_and_disputes_that_nobody_told_us_of_are_put_down(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice)
    second = pay(till, ledger.invoice(account_of(invoice), 5000))
    till.stripe.v1.refunds.create({"payment_intent": payment.processor_intent or "", "amount": 4000})
    dispute = till.sandbox.dispute(second.processor_intent or "")
    forget(till, "event", "")
    report = reconcile()
    assert (told(report), report.mended) == ([], 2)
    assert ledger.reread(invoice).balance == 4000
    till.stripe.v1.disputes.update(dispute, {"evidence": {"uncategorized_text": "winning_evidence"}})
    forget(till, "event", "")
    again = reconcile()
    assert (told(again), again.mended) == ([], 1)


def test_what_others_have_on_the_account_is_counted_apart(till: CardTill, invoice: Invoice) -> None:
    pay(till, invoice)
    theirs = till.stripe.v1.payment_intents.create(
        {"amount": 900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True, "off_session": True}
    )
    till.stripe.v1.refunds.create({"payment_intent": theirs.id})
    till.sandbox.dispute(
        till.stripe.v1.payment_intents.create(
            {
                "amount": 700, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True,
                "off_session": True, "metadata": {"payment": "of another program"},
            }
        ).id
    )  # fmt: skip
    report = reconcile()
    assert (told(report), report.strangers, report.there_payments) == ([], 4, 1)


ALTERED: dict[str, tuple[dict[str, Any], tuple[str, str], str]] = {
    "amount": (
        {"amount_received": 9999},
        ("payment", "amount"),
        "€100.00 are booked here, but the card",
    ),
    "currency": ({"currency": "usd"}, ("payment", "amount"), "but the card processor took $100.00."),
    "state": (
        {"status": "canceled"},
        ("payment", "state"),
        "Here the payment is paid, at the card processor it is cancelled.",
    ),
    "mode": ({"livemode": True}, ("payment", "mode"), "One side counts it as real money, the other one as test money."),
}


@pytest.mark.parametrize("name", ALTERED)
def test_a_payment_that_is_not_alike_is_told_mailed_and_kept_in_view(
    till: CardTill, invoice: Invoice, name: str
) -> None:
    changes, what, words = ALTERED[name]
    payment = pay(till, invoice)
    alter(till, "payment_intent", payment.public_id, **changes)
    report = reconcile()
    assert told(report) == [what]
    (one,) = report.differences
    assert (one.payment, one.ours, one.theirs) == (payment.public_id, payment.public_id, payment.processor_intent)
    assert words in wording.sentence(one).replace("\u00a0", " ")
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "reconciliation-differs")).one()
    assert payment.public_id in mail.text_body
    assert wording.sentence(one) in mail.text_body
    with time_machine.travel(clock.now() + timedelta(days=9), tick=False):
        assert told(reconcile()) == [what], "the next report looks at it again, however old it is"
        alter(till, "payment_intent", payment.public_id, status="succeeded", currency="eur", amount_received=10000,
              livemode=False)  # fmt: skip
        mended = reconcile()
    assert (told(mended), mended.mended) == ([], 1)


def test_money_of_ours_that_the_processor_does_not_have(till: CardTill, invoice: Invoice) -> None:
    payment = ledger.paid_by_card(invoice, core.contact(account_of(invoice)))
    report = reconcile()
    assert told(report) == [("payment", "missing_there")]
    assert (report.missing_here, report.missing_there, report.otherwise) == (0, 1, 0)
    assert report.differences[0].ours == payment.public_id


def test_money_at_the_processor_that_is_not_here(till: CardTill, invoice: Invoice) -> None:
    """Of a payment that a backup, say, has lost."""
    till.stripe.v1.payment_intents.create(
        {
            "amount": 900, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True, "off_session": True,
            "metadata": {"payment": "pay_0123456789abcdef"},
        }
    )  # fmt: skip
    report = reconcile()
    assert told(report) == [("payment", "missing_here")]
    assert report.differences[0].ours == "pay_0123456789abcdef"
    assert told(reconcile()) == [("payment", "missing_here")]


def test_a_second_charge_for_the_same_payment(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice)
    till.stripe.v1.payment_intents.create(
        {
            "amount": 10000, "currency": "eur", "payment_method": "pm_card_visa", "confirm": True, "off_session": True,
            "metadata": {"payment": payment.public_id},
        }
    )  # fmt: skip
    assert told(reconcile()) == [("payment", "second")]


MONEY_BACK = [
    ("refund", {"amount": 2999}, "amount"), ("refund", {"status": "failed"}, None),
    ("dispute", {"amount": 6999}, "amount"), ("dispute", {"status": "lost"}, None),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "changes", "what"), MONEY_BACK)
def test_refunds_and_disputes_that_are_not_alike(
    till: CardTill, invoice: Invoice, kind: str, changes: dict[str, Any], what: str | None
) -> None:
    """A state is mended by the look; another amount never is."""
    payment = pay(till, invoice)
    if kind == "refund":
        giving_back.refund_payment(clerk(), payment.public_id, {invoice.public_id: 3000}, "Why", "key")
    else:
        till.sandbox.dispute(payment.processor_intent or "", amount=7000)
    till.deliver()
    assert told(reconcile()) == []
    alter(till, kind, payment.processor_intent or "", **changes)
    report = reconcile()
    assert told(report) == ([(kind, what)] if what else [])
    assert report.mended == (0 if what else 1)


def test_a_refund_and_a_dispute_that_the_processor_has_forgotten(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice)
    giving_back.refund_payment(clerk(), payment.public_id, {invoice.public_id: 3000}, "Why", "key")
    till.sandbox.dispute(payment.processor_intent or "")
    till.deliver()
    forget(till, "refund", payment.processor_intent or "")
    forget(till, "dispute", payment.processor_intent or "")
    assert told(reconcile()) == [("refund", "missing_there"), ("dispute", "missing_there")]


def test_an_old_dispute_is_looked_at_while_it_is_not_decided(till: CardTill, invoice: Invoice) -> None:
    payment = pay(till, invoice)
    dispute = till.sandbox.dispute(payment.processor_intent or "")
    till.deliver()
    reconcile()
    with time_machine.travel(clock.now() + timedelta(days=40), tick=False):
        reconcile()
        till.stripe.v1.disputes.close(dispute)
        forget(till, "event", "")
        report = reconcile()
    assert (told(report), report.mended) == ([], 1)


def test_the_period_overlaps_and_leaves_nothing_out_after_days_of_downtime(till: CardTill, invoice: Invoice) -> None:
    pay(till, invoice)
    first = reconcile()
    with time_machine.travel(clock.now() + timedelta(days=12), tick=False):
        second = reconcile()
    assert first.until - second.since == timedelta(hours=72)
    assert second.until - first.until >= timedelta(days=12)


def test_many_pages_are_read_to_the_end(till: CardTill, invoice: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    from billing_core.payments import stripe_listing

    monkeypatch.setattr(stripe_listing, "MOST_IN_A_PAGE", 2)
    for amount in range(5):
        pay(till, ledger.invoice(account_of(invoice), 5000 + amount))
    assert counts(reconcile()) == {"there_payments": 5, "here_payments": 5}


def test_a_processor_that_cannot_be_asked_makes_no_report_and_the_next_try_takes_over(
    till: CardTill, invoice: Invoice
) -> None:
    pay(till, invoice)
    till.fail("payment_intents.list", Fault.SERVER_ERROR_BEFORE)
    with pytest.raises(Unclear):
        reconcile()
    assert running.run("test") is None, "its lease has not run out"
    with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
        assert told(reconcile()) == []
    with db.reading() as session:
        assert len(session.scalars(select(Reconciliation)).all()) == 1


def test_two_at_once_make_one_report(till: CardTill, invoice: Invoice, monkeypatch: pytest.MonkeyPatch) -> None:
    pay(till, invoice)
    others: list[Reconciliation | None] = []
    usual = running.survey

    def meanwhile(*arguments: Any) -> Any:
        others.append(running.run("another"))
        return usual(*arguments)

    monkeypatch.setattr(running, "survey", meanwhile)
    reconcile()
    assert others == [None]
    with db.reading() as session:
        assert [row.asked_by for row in session.scalars(select(Reconciliation))] == ["test"]


def test_one_that_was_thought_dead_writes_no_second_report(
    till: CardTill, invoice: Invoice, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = running.survey

    def slowly(*arguments: Any) -> Any:
        monkeypatch.setattr(running, "survey", usual)
        with time_machine.travel(clock.now() + timedelta(minutes=11), tick=False):
            assert running.run("another") is not None
        return usual(*arguments)

    monkeypatch.setattr(running, "survey", slowly)
    assert running.run("test") is None
    with db.reading() as session:
        assert len(session.scalars(select(Reconciliation)).all()) == 1


def test_it_comes_by_itself_once_a_night(till: CardTill, invoice: Invoice) -> None:
    def reports() -> int:
        with db.reading() as session:
            return len(session.scalars(select(Reconciliation)).all())

    running.nightly()
    assert reports() == 0, "there has never been a payment"
    pay(till, invoice)
    running.nightly()
    assert reports() == 0, "no night has passed"
    tomorrow = (clock.now() + timedelta(days=1)).replace(hour=2, minute=1)
    for hours, expected in ((0, 1), (1, 1), (23, 1), (24, 2), (200, 3)):
        with time_machine.travel(tomorrow + timedelta(hours=hours), tick=False):
            running.nightly()
        assert reports() == expected, hours


def test_a_message_is_taken_in_with_its_whole_body(database: Any, till: CardTill, invoice: Invoice) -> None:
    till.sandbox.faults.webhooks_off()
    payment = service.pay_invoice(core.viewer(core.contact(account_of(invoice))), invoice.public_id, None)
    till.enter_card(payment)
    reconcile()
    with db.reading() as session:
        stored = {row.kind for row in session.scalars(select(ProcessorEvent)).all()}
        assert {row.state for row in session.scalars(select(Payment))} == {"succeeded"}
    assert {"checkout.session.completed", "payment_intent.succeeded", "charge.succeeded"} <= stored
    audit(database.url, till.path, quiet=False)
