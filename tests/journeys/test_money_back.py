"""Money that goes back: finance asks for a refund, a second person approves it; a bank takes a payment back."""

import time

import pytest

from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, GERMAN_WALK, Visitor, Visits


def pay(contact: Visitor, invoice: str, card: str) -> None:
    """All of an invoice by card."""
    contact.click_named(invoice)
    contact.click("Pay now")
    contact.click("Continue to the card")
    contact.choose("Test card", card)
    contact.click("Pay")
    contact.arrives("Thank you for your payment")


def find_payment(clerk: Visitor, invoice: str) -> None:
    """From the first page of finance to the card payment of an invoice."""
    clerk.tab("Money")
    clerk.fill("Name, customer number or invoice number", invoice)
    clerk.click("Apply")
    clerk.click_named(invoice)
    clerk.click("Paid by card")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_two_people_of_finance_send_money_back(demo: Demo, visit: Visits) -> None:
    """The first one works in English, the second in German."""
    contact = visit.by(ENGLISH)
    contact.enter("/sign-in?next=/invoices", demo.login("okafor"))
    pay(contact, "INV-04502", "Visa 4242: succeeds")

    clerk = visit.by(ENGLISH)
    clerk.enter("/desk/sign-in", demo.login("bell"))
    find_payment(clerk, "INV-04502")
    clerk.arrives("Card payment of %(amount)s", amount="£1,500.00")
    clerk.look()
    clerk.click("Refund the payment")
    clerk.field_named("From Invoice INV-04502 goes back").fill("1,500.01")
    clerk.fill("Reason", "Ten seats were never used")
    clerk.click("Send the money back")
    assert "At most £1,500.00 of this payment can still go back" in clerk.complaint()
    clerk.field_named("From Invoice INV-04502 goes back").fill("600.00")
    clerk.look("refund")
    clerk.click("Send the money back")
    clerk.sees("The refund waits for a second person of finance.")
    clerk.look("refund-waits")

    second = visit.by(GERMAN_WALK)
    second.enter("/desk/sign-in", demo.login("thiele"))
    second.tab("Money")
    second.click("Refunds")
    second.reads("Ten seats were never used")
    second.look("refunds")
    second.click("Approve", context="der Erstattung für Brightwell Analytics Ltd")
    second.sees("The money was sent back to the card.")

    contact.wait_for_mail("Refund for your card payment")
    contact.reads_in_mail("£600.00")
    contact.open("/invoices")
    contact.click_named("INV-04502")
    assert contact.figure("Balance") == "£600.00"
    contact.reads("Sent back to the card")
    contact.look("invoice-refunded")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_a_disputed_payment_is_told_on_both_sides(demo: Demo, visit: Visits) -> None:
    contact = visit.by(GERMAN_PLAIN)
    contact.enter("/sign-in?next=/invoices", demo.login("vogt"))
    invoice = contact.page.locator("table a.row-link").first.inner_text()
    pay(contact, invoice, "Visa 0259: erfolgreich, dann angefochten")
    told = time.monotonic() + 30
    contact.click("Back to the invoice")
    while "angefochten" not in contact.page.content() and time.monotonic() < told:
        time.sleep(0.5)
        contact.page.reload()
    contact.sees("This invoice is disputed")
    assert not contact.can_click("Pay now")
    contact.look()

    clerk = visit.by(GERMAN_WALK)
    clerk.enter("/desk/sign-in", demo.login("thiele"))
    find_payment(clerk, invoice)
    clerk.sees("This payment is disputed")
    assert not clerk.can_click("Refund the payment")
    clerk.look("disputed")
