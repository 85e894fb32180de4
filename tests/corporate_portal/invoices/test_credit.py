"""Account credit and money that finance booked, as a contact sees and uses them."""

from datetime import date

from billing_core import db
from billing_core.ledger.incoming import Money
from billing_core.payments.booking import book_incoming
from billing_core.permissions import Realm
from tests.client import Page
from tests.corporate_portal.invoices.conftest import Desk
from tests.factories import core, ledger


def came(desk: Desk, amount: int, **shares: int) -> None:
    """Money by transfer; without shares all of it becomes credit."""
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    money = Money("bank_transfer", amount, date(2026, 3, 2), "Lindner, thanks", shares=shares)
    db.perform(book_incoming, clerk, desk.account.public_id, money, db.public_id("key"))


def use(desk: Desk, amount: str) -> Page:
    page = desk.browser.get(f"{desk.address}/pay")
    return desk.browser.post(f"{desk.address}/use-credit", page.form("use-credit") | {"credit-amount": amount})


def test_without_credit_nothing_is_offered(desk: Desk) -> None:
    assert "Use account credit" not in desk.browser.get(f"{desk.address}/pay").words


def test_a_part_of_the_credit_is_used(desk: Desk) -> None:
    came(desk, 7000)
    page = desk.browser.get(f"{desk.address}/pay")
    assert "€70.00 of account credit can be used" in page.words
    assert page.form("use-credit")["credit-amount"] == "70.00"
    assert use(desk, "20.00").location.endswith(desk.address)
    assert ledger.reread(desk.invoice).balance == 8000
    words = desk.browser.get(desk.address).words
    assert "Paid from account credit" in words
    assert "The account credit was used for this invoice." in words


def test_the_same_form_twice_uses_it_once(desk: Desk) -> None:
    came(desk, 7000)
    form = desk.browser.get(f"{desk.address}/pay").form("use-credit") | {"credit-amount": "20.00"}
    for _ in range(2):
        assert desk.browser.post(f"{desk.address}/use-credit", form).status == 303
    assert ledger.reread(desk.invoice).balance == 8000


def test_too_much_is_refused_with_the_amounts_named(desk: Desk) -> None:
    came(desk, 7000)
    page = use(desk, "70.01")
    assert page.status == 400
    assert "Enter an amount from €0.01 to €70.00." in page.words
    assert ledger.reread(desk.invoice).balance == 10000


def test_what_a_card_cannot_pay_credit_can(desk: Desk) -> None:
    came(desk, 10000, **{desk.invoice.public_id: 9970})
    assert "Pay now" in desk.browser.get(desk.address).words
    use(desk, "0.30")
    assert "Paid" in desk.browser.get(desk.address).words
    assert ledger.reread(desk.invoice).balance == 0


def test_only_who_may_pay_uses_credit(desk: Desk) -> None:
    came(desk, 7000)
    form = desk.browser.get(f"{desk.address}/pay").form("use-credit")
    for browser, status in ((desk.someone("accept"), 403), (desk.stranger(), 404)):
        token = browser.token(browser.get("/invoices"))
        assert browser.post(f"{desk.address}/use-credit", form | {"csrf_token": token}).status == status
    assert ledger.reread(desk.invoice).balance == 10000


def test_the_history_says_how_money_came(desk: Desk) -> None:
    came(desk, 4000, **{desk.invoice.public_id: 4000})
    words = desk.browser.get(desk.address).words
    assert "Paid by bank transfer" in words
    assert "Lindner, thanks" in words
    assert "2 March 2026" in words
