"""The pages of finance: from the list of who owes what to money that is booked where the page said."""

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.ledger.models import AccountBalance, IncomingPayment, Invoice
from billing_core.permissions import Realm
from tests.client import Client
from tests.factories import core, ledger


@pytest.fixture
def account(client: Client) -> Account:
    """Owes 100.00."""
    return core.account(name="Lindner AG", name_folded="lindner ag")


@pytest.fixture
def invoice(account: Account) -> Invoice:
    """100.00, open."""
    return ledger.invoice(account, 10000)


@pytest.fixture
def clerk(client: Client) -> Client:
    """Finance is signed in."""
    client.sign_in(core.staff("finance", name="Mara Thiele"), Realm.DESK)
    return client


def booked() -> list[IncomingPayment]:
    with db.reading() as session:
        return list(session.scalars(select(IncomingPayment)))


ENTRIES = {"method": "bank_transfer", "amount": "150.00", "received_on": "2026-03-02", "reference": "RE 7", "note": ""}


def test_money_goes_where_the_page_says(clerk: Client, account: Account, invoice: Invoice) -> None:
    shown = clerk.get("/desk/money")
    assert "100.00" in shown.text
    shown = clerk.get(f"/desk/accounts/{account.public_id}/money/book")
    place = f"/desk/accounts/{account.public_id}/money/book"
    fields = shown.form(place) | ENTRIES
    spread = clerk.post(place, fields | {"act": "show"})
    assert spread.status == 200
    assert "50.00 becomes account credit" in spread.text
    assert booked() == []
    done = clerk.post(place, spread.form(place) | {"act": "book"})
    assert done.status == 303
    assert [(one.amount, one.reference) for one in booked()] == [(15000, "RE 7")]
    assert ledger.reread(invoice).balance == 0
    after = clerk.get(f"/desk/accounts/{account.public_id}/money")
    assert "The money is booked." in after.text
    assert "Mara Thiele" in after.text
    assert clerk.post(place, spread.form(place) | {"act": "book"}).status == 303, "the same form again"
    assert len(booked()) == 1
    other = spread.form(place) | {"act": "book", "key": "0" * 32}
    assert "no longer open" in clerk.post(place, other).text
    assert len(booked()) == 1


def test_the_shares_can_be_changed(clerk: Client, account: Account, invoice: Invoice) -> None:
    place = f"/desk/accounts/{account.public_id}/money/book"
    spread = clerk.post(place, clerk.get(place).form(place) | ENTRIES | {"act": "show"})
    changed = spread.form(place) | {"shares-0-amount": "20.00"}
    assert "130.00 becomes account credit" in clerk.post(place, changed | {"act": "show"}).text
    too_much = clerk.post(place, changed | {"shares-0-amount": "100.01", "act": "book"})
    assert too_much.status == 400
    assert f"More than the balance of invoice {invoice.number}" in too_much.text
    clerk.post(place, changed | {"act": "book"})
    assert ledger.reread(invoice).balance == 8000


def test_credit_is_used_once(clerk: Client, account: Account) -> None:
    place = f"/desk/accounts/{account.public_id}/money/book"
    spread = clerk.post(place, clerk.get(place).form(place) | ENTRIES | {"act": "show"})
    clerk.post(place, spread.form(place) | {"act": "book"})
    invoice = ledger.invoice(account, 20000)
    page = clerk.get(f"/desk/accounts/{account.public_id}/money")
    use = f"/desk/invoices/{invoice.public_id}/use-credit"
    for _ in range(2):
        assert clerk.post(use, page.form(use)).status == 303
    assert ledger.reread(invoice).balance == 5000
    with db.reading() as session:
        assert session.get_one(AccountBalance, (account.id, "EUR")).credit == 0


@pytest.mark.parametrize("role", ["rep", "rep_manager", "support"])
def test_others_at_the_desk_are_refused(client: Client, account: Account, invoice: Invoice, role: str) -> None:
    client.sign_in(core.staff(role), Realm.DESK)
    for path in (
        "/desk/money",
        f"/desk/accounts/{account.public_id}/money",
        f"/desk/accounts/{account.public_id}/money/book",
    ):
        assert client.get(path).status == 403
    assert "/desk/money" not in client.get("/desk").text
