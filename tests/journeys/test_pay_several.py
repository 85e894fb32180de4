"""Several invoices at once: tick them, divide the payment, see the division, pay by one card, read the receipt."""

import pytest

from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visits


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_ticked_invoices_are_paid_together(demo: Demo, visit: Visits) -> None:
    contact = visit.by(ENGLISH)
    contact.enter("/sign-in?next=/invoices", demo.login("okafor"))
    contact.arrives("Invoices")
    for number in ("INV-04502", "GB-2026-000001"):
        contact.field_named(f"Select invoice {number}").check()
    contact.look("invoices-ticked")
    contact.click("Pay selected invoices")
    contact.arrives("Pay several invoices")
    contact.field_named("Amount for invoice INV-04502").fill("1499.80")
    contact.click("Show allocation")
    assert "Enter an amount from £0.01 to £1,499.70, or pay the full amount of £1,500.00." in contact.complaint()
    contact.look()
    contact.field_named("Amount for invoice INV-04502").fill("1,000.00")
    contact.look("pay-several")
    contact.click("Show allocation")
    contact.arrives("Confirm your payment")
    contact.reads("£5,896.00")
    contact.look("confirm-several")
    contact.click("Pay by card")
    contact.choose("Test card", "Mastercard 4444: succeeds")
    contact.click("Pay")
    contact.arrives("Thank you for your payment")
    assert contact.fact("Paid amount") == "£5,896.00"
    assert contact.figure("Remaining balance") == "£500.00"
    contact.reads("INV-04502")
    contact.look("receipt-several")
    contact.wait_for_mail("Payment received for 2 invoices")
    contact.reads_in_mail("£4,896.00")
    contact.look()


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_one_amount_goes_over_all_open_invoices(demo: Demo, visit: Visits) -> None:
    contact = visit.by(GERMAN_PLAIN)
    contact.enter("/sign-in?next=/invoices", demo.login("vogt"))
    contact.arrives("Invoices")
    contact.click("Pay selected invoices")
    contact.sees("Tick at least one invoice.")
    contact.click("Pay all open invoices")
    contact.arrives("Pay several invoices")
    contact.tick("One amount, oldest first")
    contact.fill("One amount for all", "1.772,30")
    contact.click("Show allocation")
    contact.arrives("Confirm your payment")
    contact.reads("1.772,00 €")
    contact.reads("0,30 €")
    contact.click("Change the amounts")
    contact.arrives("Pay several invoices")
    contact.tick("One amount, oldest first")
    contact.fill("One amount for all", "2000")
    contact.click("Show allocation")
    contact.reads("227,50 €")
    contact.click("Pay by card")
    contact.choose("Test card", "Visa 4242: erfolgreich")
    contact.click("Pay")
    contact.arrives("Thank you for your payment")
    assert contact.fact("Paid amount") == "2.000,00 €"
    contact.click("Back to the invoices")
    contact.reads("1.498,00 €")
