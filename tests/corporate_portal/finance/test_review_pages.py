"""Payments that were set aside, and the reconciliation, on the pages of finance and of the contact."""

from typing import Any

import pytest
from sqlalchemy import select

from app.jobs import handlers
from app.ports import Ports
from billing_core import db
from billing_core.accounts import Account
from billing_core.jobs import Job
from billing_core.payments import service
from billing_core.payments.models import Payment
from billing_core.payments.reconciliation import running
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.billing_core.payments.altered import alter
from tests.client import Client, Page
from tests.factories import core, ledger
from tests.factories.till import CardTill, payment_named


@pytest.fixture
def till(client: Client, tmp_path: Any) -> CardTill:
    """The processor."""
    return CardTill(tmp_path / "of-this-test.sqlite")


@pytest.fixture
def account(client: Client) -> Account:
    """A customer."""
    return core.account(name="Lindner AG", name_folded="lindner ag")


@pytest.fixture
def contact(account: Account) -> Person:
    """Who pays."""
    return core.contact(account)


def set_aside(till: CardTill, account: Account, contact: Person, asked: int, came: int) -> Payment:
    payer, invoice = core.viewer(contact), ledger.invoice(account, 100_000)
    payment = service.pay_invoice(payer, invoice.public_id, asked)
    alter(till, "checkout.session", payment.processor_session or "", amount_total=came, amount_subtotal=came)
    till.enter_card(payment)
    return service.come_back(payer, payment.public_id)


@pytest.fixture
def clerk(client: Client) -> Client:
    """Finance is signed in."""
    return client.sign_in(core.staff("finance", name="Mara Thiele"), Realm.DESK)


def decide(clerk: Client, payment: Payment, **filled: str) -> Page:
    place = f"/desk/reviews/{payment.public_id}"
    answer = clerk.post(f"{place}/decide", clerk.get(place).form("/decide") | filled)
    return clerk.follow(answer) if answer.status == 303 else answer


def test_the_way_from_the_first_page_to_the_decision(
    clerk: Client, till: CardTill, account: Account, contact: Person
) -> None:
    assert "Payments to review (0)" in clerk.get("/desk/money").words
    assert "No payment waits for a decision" in clerk.get("/desk/reviews").words
    payment = set_aside(till, account, contact, 40_000, 60_000)
    assert "Payments to review (1)" in clerk.get("/desk/money").words
    listed = clerk.get("/desk/reviews").words
    for said in ("Lindner AG", "€400.00", "€600.00", "Waits for a decision"):
        assert said in listed
    page = clerk.get(f"/desk/reviews/{payment.public_id}").words
    for said in ("What came €400.00 €600.00 Differs", "Currency EUR EUR Alike", "Mode test mode test mode Alike"):
        assert said in page
    assert "Take in what came" in page
    assert "Close it without money" not in page
    done = decide(clerk, payment, decision="take_in", note="Agreed")
    assert "The money was taken in, and the customer gets the receipt." in done.words
    assert "Agreed" in done.words
    assert "Mara Thiele" in done.words
    assert payment_named(payment.public_id).state == "succeeded"
    assert "Agreed" in clerk.get(f"/desk/reviews/{payment.public_id}").words


@pytest.mark.parametrize(
    ("filled", "complaint"),
    [
        ({"note": "Why"}, "Choose what is to become of the money."),
        ({"decision": "take_in"}, "Please fill in this field."),
        ({"decision": "close", "note": "Why"}, "This decision is not possible for this payment."),
        ({"decision": "burn", "note": "Why"}, "This decision is not possible for this payment."),
        ({"decision": "take_in", "note": "Why", "seen": "x"}, "The card processor says something else now."),
    ],
)
def test_what_is_refused_is_said_and_changes_nothing(
    clerk: Client, till: CardTill, account: Account, contact: Person, filled: dict[str, str], complaint: str
) -> None:
    payment = set_aside(till, account, contact, 40_000, 60_000)
    refused = decide(clerk, payment, **filled)
    assert (refused.status // 100, complaint in refused.words) == (4, True)
    assert payment_named(payment.public_id).state == "needs_review"


def test_what_goes_back_above_the_limit_waits_on_all_pages(
    clerk: Client, till: CardTill, account: Account, contact: Person
) -> None:
    payment = set_aside(till, account, contact, 40_000, 60_000)
    done = decide(clerk, payment, decision="give_back", note="By mistake")
    assert "The refund waits for a second person of finance." in done.words
    assert "Waits for a second person" in done.words
    page = clerk.get(f"/desk/reviews/{payment.public_id}")
    assert "€600.00 wait for a second person of finance" in page.words
    assert "Give all of it back" not in page.words
    assert "Take it back" in clerk.get("/desk/refunds").words


def test_looking_again_shows_what_happened_meanwhile(
    clerk: Client, till: CardTill, account: Account, contact: Person
) -> None:
    payment = set_aside(till, account, contact, 40_000, 60_000)
    (intent,) = till.charges()
    till.stripe.v1.refunds.create({"payment_intent": intent.id})
    place = f"/desk/reviews/{payment.public_id}"
    looked = clerk.follow(clerk.post(f"{place}/look", clerk.get(place).form("/look")))
    assert "This is what the card processor says now." in looked.words
    assert "€600.00 went back already." in looked.words
    assert "Close it without money" in looked.words
    decide(clerk, payment, decision="close", note="Gone")
    assert payment_named(payment.public_id).state == "closed"


@pytest.mark.parametrize(
    ("decision", "note"),
    [
        ("take_in", "Another amount came than was asked for: €300.00 instead of €400.00. We have taken it in."),
        ("give_back", "so we send all of it back to your card"),
    ],
)
def test_the_contact_reads_what_became_of_it(
    clerk: Client, till: CardTill, account: Account, contact: Person, decision: str, note: str
) -> None:
    payment = set_aside(till, account, contact, 40_000, 30_000)
    theirs = Client(clerk.app).sign_in(contact)
    waiting = theirs.get(f"/payments/{payment.public_id}").words
    assert "Your payment is being checked" in waiting
    decide(clerk, payment, decision=decision, note="Our secret")
    told = theirs.get(f"/payments/{payment.public_id}").words
    assert note in told
    assert "Our secret" not in told


@pytest.mark.parametrize("role", ["rep", "support", "rep_manager"])
def test_only_finance_comes_here(client: Client, role: str) -> None:
    client.sign_in(core.staff(role), Realm.DESK)
    for place in ("/desk/reviews", "/desk/reconciliations"):
        assert client.get(place).status == 403


def test_a_report_is_made_by_the_worker_and_shown_with_its_differences(
    clerk: Client, till: CardTill, account: Account, contact: Person
) -> None:
    assert "No report yet" in clerk.get("/desk/reconciliations").words
    payment = set_aside(till, account, contact, 40_000, 60_000)
    place = "/desk/reconciliations"
    for _ in range(2):
        asked = clerk.follow(clerk.post(place, clerk.get(place).form(place)))
    assert "The reconciliation runs now." in asked.words
    assert "A reconciliation is under way." in asked.words
    with db.reading() as session:
        (job,) = session.scalars(select(Job).where(Job.kind == running.NOW)).all()
    nothing: Any = None
    handlers(Ports(nothing, nothing, nothing, nothing))[job.kind](**job.arguments)
    page = clerk.get(place)
    for said in ("1 difference", "Here the payment is set aside, at the card processor it is paid.", payment.public_id):
        assert said in page.words
    assert f"/desk/payments/{payment.public_id}" in page.text
    with db.reading() as session:
        report = session.scalars(select(running.Reconciliation)).one()
    assert "1 difference" in clerk.get(f"{place}/{report.public_id}").words
    assert clerk.get(f"{place}/rec_0000000000000000").status == 404


def test_a_report_of_zero_says_zero_and_zero(clerk: Client, till: CardTill) -> None:
    running.run("test")
    words = clerk.get("/desk/reconciliations").words
    assert "At the card processor and not here: 0. Here and not at the card processor: 0." in words
    assert "Both agree" in words
