"""Payments above an amount of the account: one contact proposes, a second one confirms and pays, or refuses."""

import threading
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select, update

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.errors import Refusal
from billing_core.ledger.models import Invoice
from billing_core.payments import service as card
from billing_core.payments.beginning import propose
from billing_core.payments.models import Payment
from billing_core.payments.proposals import queries, service
from billing_core.payments.proposals.models import PaymentProposal
from billing_core.payments.refusals import (
    NobodyElsePays,
    NotProposedAnyMore,
    OwnProposal,
    ProposerMayNotPay,
    SecondContactNeeded,
)
from billing_core.payments.sharing import Wish
from billing_core.people import BillingContact, Person
from billing_core.permissions import Viewer
from tests.billing_core.credentials.observing import mails
from tests.client import Client
from tests.factories import core as make
from tests.factories import ledger
from tests.factories.till import CardTill

ABOVE = 100_000


@pytest.fixture
def account(app: Flask) -> Account:
    return make.account(second_above=ABOVE)


@pytest.fixture
def anna(account: Account) -> Person:
    return make.contact(account, make.person("Anna Schmidt", "anna"))


@pytest.fixture
def ben(account: Account) -> Person:
    return make.contact(account, make.person("Ben Weber", "ben"))


@pytest.fixture
def invoice(account: Account, anna: Person) -> Invoice:
    return ledger.invoice(account, 500_000, contact=anna)


def proposed(by: Person, invoice: Invoice, amount: int | None = 200_000, key: str = "form_0123456789abcdef") -> str:
    return db.perform(propose, make.viewer(by), [Wish(invoice.public_id, amount)], key).public_id


def state(public_id: str) -> str:
    with db.reading() as session:
        return session.scalars(select(PaymentProposal.state).where(PaymentProposal.public_id == public_id)).one()


def count(row: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(row)) or 0


def pay(who: Person, public_id: str, key: str = "form_fedcba9876543210") -> Payment:
    return card.pay_proposed(make.viewer(who), public_id, form_key=key)


def actions() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


@pytest.mark.parametrize(("amount", "alone"), [(ABOVE, True), (ABOVE + 1, False)])
def test_the_amount_decides(
    account: Account, anna: Person, ben: Person, invoice: Invoice, amount: int, alone: bool
) -> None:
    if alone:
        assert card.pay_invoice(make.viewer(anna), invoice.public_id, amount).amount == amount
    else:
        with pytest.raises(SecondContactNeeded):
            card.pay_invoice(make.viewer(anna), invoice.public_id, amount)
        assert count(Payment) == 0


def test_without_a_rule_everybody_pays_alone(app: Flask) -> None:
    account = make.account()
    who = make.contact(account)
    assert card.pay_invoice(make.viewer(who), ledger.invoice(account, 900_000, contact=who).public_id, None).amount


def test_parts_within_a_day_count_together(account: Account, anna: Person, ben: Person, invoice: Invoice) -> None:
    card.pay_invoice(make.viewer(anna), invoice.public_id, 60_000)
    with pytest.raises(SecondContactNeeded):
        card.pay_invoice(make.viewer(anna), invoice.public_id, 60_000)
    assert card.pay_invoice(make.viewer(ben), invoice.public_id, 60_000)
    with time_machine.travel(clock.real_now() + timedelta(hours=25)):
        assert card.pay_invoice(make.viewer(anna), invoice.public_id, 60_000)


def test_another_currency_than_the_accounts_always_takes_two(account: Account, anna: Person, ben: Person) -> None:
    dollars = ledger.invoice(account, 5_000, contact=anna, currency="USD")
    with pytest.raises(SecondContactNeeded):
        card.pay_invoice(make.viewer(anna), dollars.public_id, None)


def test_the_second_contact_pays_what_was_proposed(
    account: Account, anna: Person, ben: Person, invoice: Invoice, till: CardTill
) -> None:
    viewer = make.contact(account, make.person("Only Looks", "looks"), rights="")
    public_id = proposed(anna, invoice)
    (mail,) = mails("payment-proposed")
    assert (mail.recipient_name, "Anna Schmidt proposes to pay" in mail.text_body) == ("Ben Weber", True)
    assert viewer.name not in [one.recipient_name for one in mails("payment-proposed")]
    assert count(Payment) == 0
    payment = pay(ben, public_id)
    assert (payment.amount, payment.requested_by, state(public_id)) == (200_000, ben.id, "confirmed")
    (told,) = mails("payment-answered")
    assert (told.recipient_name, "Ben Weber confirmed" in told.text_body) == ("Anna Schmidt", True)
    assert [one for one in actions() if one.startswith("payment.")][:3] == [
        "payment.proposed", "payment.begun", "payment.confirmed_second",
    ]  # fmt: skip
    assert pay(ben, public_id).public_id == payment.public_id  # the same form again


def test_nobody_confirms_the_own_proposal(anna: Person, ben: Person, invoice: Invoice) -> None:
    public_id = proposed(anna, invoice)
    with pytest.raises(OwnProposal):
        pay(anna, public_id)
    with pytest.raises(OwnProposal):
        db.perform(service.refuse, make.viewer(anna), public_id, "No")
    assert (state(public_id), count(Payment)) == ("proposed", 0)


def test_alone_with_the_right_nothing_can_be_proposed(account: Account, anna: Person, invoice: Invoice) -> None:
    make.contact(account, make.person("Only Looks", "looks"), rights="accept")
    with pytest.raises(NobodyElsePays):
        proposed(anna, invoice)
    assert count(PaymentProposal) == 0


def test_a_refusal_has_a_reason_and_ends_it(anna: Person, ben: Person, invoice: Invoice) -> None:
    public_id = proposed(anna, invoice)
    with pytest.raises(Refusal):
        db.perform(service.refuse, make.viewer(ben), public_id, "  ")
    db.perform(service.refuse, make.viewer(ben), public_id, "Wrong supplier")
    (told,) = mails("payment-answered")
    assert ("refused the payment" in told.text_body, "Wrong supplier" in told.text_body) == (True, True)
    for act in (lambda: pay(ben, public_id), lambda: db.perform(service.withdraw, make.viewer(anna), public_id)):
        with pytest.raises(NotProposedAnyMore):
            act()
    assert count(Payment) == 0


def test_who_proposed_takes_it_back_and_nobody_else(anna: Person, ben: Person, invoice: Invoice) -> None:
    public_id = proposed(anna, invoice)
    with pytest.raises(NotProposedAnyMore):
        db.perform(service.withdraw, make.viewer(ben), public_id)
    db.perform(service.withdraw, make.viewer(anna), public_id)
    with pytest.raises(NotProposedAnyMore):
        pay(ben, public_id)
    assert state(public_id) == "withdrawn"


def test_after_a_week_it_has_lapsed(anna: Person, ben: Person, invoice: Invoice) -> None:
    public_id = proposed(anna, invoice)
    with time_machine.travel(clock.real_now() + service.LASTS), pytest.raises(NotProposedAnyMore):
        pay(ben, public_id)
    assert count(Payment) == 0


def test_what_can_no_longer_be_paid_is_not(anna: Person, ben: Person, invoice: Invoice) -> None:
    public_id = proposed(anna, invoice, None)
    card.pay_invoice(make.viewer(ben), invoice.public_id, 90_000)
    with pytest.raises(Refusal, match=r"Enter an amount|can be paid"):
        pay(ben, public_id)
    assert state(public_id) == "proposed"


def test_a_proposer_who_lost_the_right_counts_no_longer(
    account: Account, anna: Person, ben: Person, invoice: Invoice
) -> None:
    make.contact(account, make.person("Cem", "cem"))
    public_id = proposed(anna, invoice)
    hers = update(BillingContact).where(BillingContact.person_id == anna.id)
    db.perform(lambda: db.session().execute(hers.values(may_pay=False)))
    with pytest.raises(ProposerMayNotPay):
        pay(ben, public_id)


def test_another_accounts_proposal_does_not_exist(anna: Person, ben: Person, invoice: Invoice) -> None:
    public_id = proposed(anna, invoice)
    stranger = make.contact(make.account())
    for act in (
        lambda: pay(stranger, public_id),
        lambda: db.perform(service.refuse, make.viewer(stranger), public_id, "No"),
        lambda: db.perform(service.withdraw, make.viewer(stranger), public_id),
    ):
        with pytest.raises(Refusal, match="nothing at this address"):
            act()


@pytest.mark.parametrize("against", ["confirm", "refuse", "withdraw"])
def test_of_two_answers_at_once_one_counts(
    account: Account, anna: Person, ben: Person, invoice: Invoice, against: str
) -> None:
    cem = make.contact(account, make.person("Cem", "cem"))
    public_id = proposed(anna, invoice)
    barrier, outcomes = threading.Barrier(2), []

    def answer(act: str, who: Viewer) -> None:
        barrier.wait()
        try:
            if act == "confirm":
                card.pay_proposed(who, public_id, form_key=f"form_{who.person_id:016}")
            elif act == "refuse":
                db.perform(service.refuse, who, public_id, "No")
            else:
                db.perform(service.withdraw, who, public_id)
        except NotProposedAnyMore:
            return
        outcomes.append(act)

    other = make.viewer(anna) if against == "withdraw" else make.viewer(cem)
    threads = [threading.Thread(target=answer, args=args) for args in (("confirm", make.viewer(ben)), (against, other))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(outcomes) == 1
    assert count(Payment) == (1 if outcomes[0] == "confirm" else 0)


def test_the_pages_lead_from_the_form_to_the_payment(
    app: Flask, account: Account, anna: Person, ben: Person, invoice: Invoice
) -> None:
    hers, his = Client(app).sign_in(anna), Client(app).sign_in(ben)
    shown = hers.get(f"/invoices/{invoice.public_id}/pay")
    asked = hers.follow(hers.post(f"/invoices/{invoice.public_id}/pay", shown.form("/pay")))
    assert (asked.h1, "Your payment is proposed." in asked.words) == ("Proposed payment", True)
    assert "Confirm and pay" not in asked.words
    with db.reading():
        (waiting,) = queries.waiting_of(make.viewer(ben))
    assert "proposed by Anna Schmidt" in his.get("/invoices").words
    page = his.get(f"/payments/proposed/{waiting.public_id}")
    gone = his.post(f"/payments/proposed/{waiting.public_id}/confirm", page.form("confirm"))
    assert gone.status == 303
    assert "Confirmed" in hers.get(f"/payments/proposed/{waiting.public_id}").words
    assert "Proposed payment confirmed" in his.get(f"/invoices/{invoice.public_id}/history").words


def test_several_invoices_are_proposed_together(app: Flask, account: Account, anna: Person, ben: Person) -> None:
    named = [ledger.invoice(account, 70_000, contact=anna).public_id for _ in range(2)]
    client = Client(app).sign_in(anna)
    parts = "&".join(f"parts-{place}={name}.70000.70000" for place, name in enumerate(named))
    shown = client.get(f"/payments/confirm?{parts}")
    asked = client.follow(client.post("/payments/confirm", shown.form("confirm")))
    assert asked.h1 == "Proposed payment"
    assert count(PaymentProposal) == 1
    assert client.follow(client.post("/payments/confirm", shown.form("confirm"))).h1 == "Proposed payment"
    assert count(PaymentProposal) == 1
