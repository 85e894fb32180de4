"""Finance sends money back at the desk: what the pages say, who may press which button, and what the contact sees."""

import re

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.payments.models import Payment, Refund
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.client import Client, Page
from tests.factories import core, ledger


@pytest.fixture
def account(client: Client) -> Account:
    """A customer."""
    return core.account(name="Lindner AG", name_folded="lindner ag")


@pytest.fixture
def contact(account: Account) -> Person:
    """Who pays."""
    return core.contact(account)


@pytest.fixture
def invoice(account: Account) -> Invoice:
    """900.00, paid by card."""
    return ledger.invoice(account, 90000)


@pytest.fixture
def payment(invoice: Invoice, contact: Person) -> Payment:
    """All of it."""
    return ledger.paid_by_card(invoice, contact)


@pytest.fixture
def clerk(client: Client, payment: Payment) -> Client:
    """Finance is signed in."""
    client.sign_in(core.staff("finance", name="Mara Thiele"), Realm.DESK)
    return client


def refunds() -> list[Refund]:
    with db.reading() as session:
        return list(session.scalars(select(Refund)))


def ask(clerk: Client, payment: Payment, amount: str, reason: str = "Seats were cancelled.") -> Page:
    place = f"/desk/payments/{payment.public_id}/refund"
    return clerk.post(place, clerk.get(place).form(place) | {"parts-0-amount": amount, "reason": reason})


def test_the_way_from_the_account_to_the_refund(clerk: Client, account: Account, payment: Payment) -> None:
    page = clerk.get(f"/desk/accounts/{account.public_id}/money")
    assert f"/desk/payments/{payment.public_id}" in page.text
    shown = clerk.get(f"/desk/payments/{payment.public_id}")
    assert "Visa •••• 4242" in shown.text
    assert "900.00" in shown.text
    assert f"/desk/payments/{payment.public_id}/refund" in shown.text
    form = clerk.get(f"/desk/payments/{payment.public_id}/refund")
    assert "Above EUR 500.00 a second person" in form.words.replace("€500.00", "EUR 500.00")


def test_a_large_refund_waits_for_another_person(clerk: Client, payment: Payment, invoice: Invoice) -> None:
    assert ask(clerk, payment, "600.00").status == 303
    (asked,) = refunds()
    assert asked.state == "awaiting_approval"
    listed = clerk.get("/desk/refunds")
    assert "Lindner AG" in listed.text
    assert f"/desk/refunds/{asked.public_id}/approve" not in listed.text, "nobody approves the own refund"
    assert clerk.post(f"/desk/refunds/{asked.public_id}/approve", listed.form("decline")).status == 303
    assert "You asked for this refund yourself" in clerk.get("/desk/refunds").text
    clerk.sign_in(core.staff("finance", name="Jonas Weber"), Realm.DESK)
    listed = clerk.get("/desk/refunds")
    assert clerk.post(f"/desk/refunds/{asked.public_id}/decline", listed.form("decline")).status == 303
    assert refunds()[0].state == "declined"
    assert ledger.reread(invoice).balance == 0


def test_what_the_processor_refuses_is_told(clerk: Client, payment: Payment, invoice: Invoice) -> None:
    """The payment of this test is unknown there, so it says no."""
    assert ask(clerk, payment, "100.00").status == 303
    assert "Nothing was sent back" in clerk.get(f"/desk/payments/{payment.public_id}").text
    assert refunds()[0].state == "failed"
    assert ledger.reread(invoice).balance == 0


@pytest.mark.parametrize(
    ("amount", "reason", "said"),
    [
        ("900.01", "Why", "At most €900.00"),
        ("", "Why", "Enter at least one amount"),
        ("100.00", "", "reason"),
        ("ten", "Why", "amount"),
    ],
)
def test_what_cannot_be_is_said_at_its_field(
    clerk: Client, payment: Payment, amount: str, reason: str, said: str
) -> None:
    page = ask(clerk, payment, amount, reason)
    assert page.status == 400
    assert said.lower() in page.words.lower()
    assert refunds() == []


def test_a_booking_is_undone_at_the_desk(clerk: Client, account: Account) -> None:
    other = ledger.invoice(account, 10000)
    place = f"/desk/accounts/{account.public_id}/money/book"
    entries = {"method": "direct_debit", "amount": "100.00", "received_on": "2026-03-02", "reference": "SEPA 1"}
    spread = clerk.post(place, clerk.get(place).form(place) | entries | {"act": "show"})
    clerk.post(place, spread.form(place) | {"act": "book"})
    assert ledger.reread(other).balance == 0
    page = clerk.get(f"/desk/accounts/{account.public_id}/money")
    undo = re.findall(r'href="(/desk/incoming/[^"]+/return)"', page.text)[0]
    assert clerk.post(undo, clerk.get(undo).form(undo) | {"reason": ""}).status == 400
    assert clerk.post(undo, clerk.get(undo).form(undo) | {"reason": "Account closed."}).status == 303
    assert ledger.reread(other).balance == 10000
    assert "Undone" in clerk.get(f"/desk/accounts/{account.public_id}/money").text


@pytest.mark.parametrize("role", ["rep", "rep_manager", "support"])
def test_others_at_the_desk_are_refused(client: Client, payment: Payment, role: str) -> None:
    client.sign_in(core.staff(role), Realm.DESK)
    for path in (f"/desk/payments/{payment.public_id}", f"/desk/payments/{payment.public_id}/refund", "/desk/refunds"):
        assert client.get(path).status == 403


def test_the_contact_sees_what_happened(client: Client, contact: Person, payment: Payment, invoice: Invoice) -> None:
    from billing_core.payments import disputing
    from billing_core.payments.gateway import DisputeState

    taken = DisputeState("du_1", "disputed", 90000, "EUR", "fraudulent", None)
    db.perform(disputing.learn_money_back, payment.public_id, [], [taken])
    client.sign_in(contact)
    page = client.get(f"/invoices/{invoice.public_id}")
    assert "This invoice is disputed" in page.text
    assert "Disputed with the bank" in page.text
    assert f"/invoices/{invoice.public_id}/pay" not in page.text
    assert "Disputed" in client.get("/invoices").text
    assert client.get(f"/invoices/{invoice.public_id}/pay").status == 303
