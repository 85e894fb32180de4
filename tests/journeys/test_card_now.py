"""Card now: from the receipt of the order straight into its payment, which can be left, taken up again or given up."""

import pytest

from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, ENGLISH_PLAIN, Visits, Walk


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (ENGLISH_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_an_order_is_paid_at_once(demo: Demo, visit: Visits, walk: Walk) -> None:
    contact = visit.by(walk)
    contact.enter("/sign-in", demo.login("okafor"))
    contact.click_named("Rescue for the service desk")
    contact.click("Review and accept")
    contact.tick("By card now")
    contact.click("Continue")
    contact.tick_the_only_box()
    contact.click("Place Service Order")
    contact.arrives("Your order is placed")
    contact.look()
    contact.click("Pay now by card")
    contact.click("Continue to the card")
    contact.look("card")
    contact.click("Cancel and return")
    contact.arrives("Your payment is not finished")
    contact.look("payment-not-finished")
    contact.click("Back to the invoice")
    contact.reads("A card payment of £10,440.00 is under way")
    contact.look()
    contact.click("Cancel the payment")
    contact.arrives("The payment was cancelled")
    contact.look()
    contact.click("Start a new payment")
    contact.click("Continue to the card")
    contact.click("Cancel and return")
    contact.click("Continue the payment")
    contact.choose("Test card", "Mastercard 4444: succeeds")
    contact.click("Pay")
    contact.arrives("Thank you for your payment")
    assert contact.fact("Remaining balance") == "£0.00"
    contact.click("Back to the invoice")
    contact.sees("Paid")
    assert not contact.can_click("Pay now")
    contact.look()
    contact.tab("Invoices")
    contact.click("Paid")
    contact.reads("£10,440.00")
    contact.look()
