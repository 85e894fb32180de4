"""Money that is not what was asked for: finance decides about it, and the reconciliation says what differs."""

from pathlib import Path

import pytest

from tests.billing_core.payments.altered import alter_file
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visitor, Visits


def pay_another_amount(contact: Visitor, invoice: str, store: Path, came: int) -> None:
    """The page of the processor asks for something else than was asked of it."""
    contact.click_named(invoice)
    contact.click("Pay now")
    contact.click("Continue to the card")
    contact.field("Test card").wait_for()
    session = contact.page.url.rsplit("/", 1)[-1].partition("?")[0]
    alter_file(store, "checkout.session", session, amount_total=came, amount_subtotal=came)
    contact.choose("Test card", contact.page.locator("select option").nth(1).inner_text())
    contact.click("Pay")
    contact.arrives("Your payment is being checked")


def wait_for_report(clerk: Visitor, outcome: str) -> None:
    """The worker makes it; the page is loaded anew until it is there."""
    clerk.tab("Money")
    clerk.click("Reconciliation")
    clerk.click("Run now")
    for _ in range(60):
        if clerk.page.get_by_text(clerk.walk.says(outcome)).count():
            break
        clerk.page.wait_for_timeout(500)
        clerk.page.reload()
    clerk.sees(outcome)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_finance_decides_about_another_amount(demo: Demo, visit: Visits, tmp_path: Path) -> None:
    """In English it is taken in; the reconciliation has told of it before, and agrees afterwards."""
    contact = visit.by(ENGLISH)
    contact.enter("/sign-in?next=/invoices", demo.login("okafor"))
    pay_another_amount(contact, "INV-04502", tmp_path / "sandbox.sqlite", 140_000)

    clerk = visit.by(ENGLISH)
    clerk.enter("/desk/sign-in", demo.login("bell"))
    wait_for_report(clerk, "1 difference")
    clerk.sees("Here the payment is set aside, at the card processor it is paid.")
    clerk.look("reconciliation-differs")
    clerk.tab("Money")
    clerk.click("Payments to review (1)")
    clerk.arrives("Payments to review")
    clerk.look("reviews")
    clerk.click_named("Brightwell Analytics Ltd")
    clerk.arrives("Review of a card payment")
    clerk.look("review")
    clerk.fill("Reason", "Agreed by phone: the rest follows")
    clerk.click("Decide")
    assert "Choose what is to become of the money." in clerk.complaint()
    clerk.tick("Take in what came")
    clerk.click("Decide")
    clerk.sees("The money was taken in, and the customer gets the receipt.")
    clerk.reads("Agreed by phone: the rest follows")
    clerk.look()
    wait_for_report(clerk, "Both agree")
    clerk.look("reconciliation")

    contact.page.reload()
    contact.arrives("Thank you for your payment")
    contact.sees("Another amount came than was asked for")
    assert contact.fact("Remaining balance") == "£100.00"


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_finance_gives_another_amount_back(demo: Demo, visit: Visits, tmp_path: Path) -> None:
    """In German; it is above the limit, so a second person approves it."""
    contact = visit.by(GERMAN_WALK)
    contact.enter("/sign-in?next=/invoices", demo.login("vogt"))
    pay_another_amount(contact, "RE-10871", tmp_path / "sandbox.sqlite", 170_000)
    clerk = visit.by(GERMAN_WALK)
    clerk.enter("/desk/sign-in", demo.login("thiele"))
    clerk.tab("Money")
    clerk.click("Payments to review (1)")
    clerk.look("reviews")
    clerk.click_named("Lindner Maschinenbau GmbH")
    clerk.arrives("Review of a card payment")
    clerk.look("review")
    clerk.tick("Give all of it back to the card")
    clerk.fill("Reason", "Falscher Betrag")
    clerk.click("Decide")
    second = visit.by(ENGLISH)
    second.enter("/desk/sign-in", demo.login("bell"))
    second.tab("Money")
    second.click("Refunds")
    second.reads("Falscher Betrag")
    second.click("Approve", context="the refund for Lindner Maschinenbau GmbH")
    second.sees("The money was sent back to the card.")
    wait_for_report(clerk, "Both agree")
    clerk.look("reconciliation")
    contact.page.reload()
    contact.arrives("The money goes back to your card")
    contact.look("payment-given-back")
