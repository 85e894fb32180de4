"""The steps of adding a paid subscription or a trial, and of the checkout, each as a function of the buyer."""

import time

from tests.journeys.procedures.buyer import Buyer
from tests.journeys.procedures.written import require_bought, require_free, require_runs
from tests.journeys.visitor import PATIENCE

OWED_THERE = "No VAT is charged: the recipient owes it in their own country (reverse charge)."
WITHOUT_VAT_ID = "VAT is charged. With a confirmed VAT ID the recipient would owe it in their own country instead."
ELSEWHERE = (
    "This VAT ID belongs to another country than the billing address. To change the country, write to our support."
)


def sign_in_to_my_account(buyer: Buyer) -> None:
    if buyer.contact.page.url == "about:blank":
        buyer.contact.enter("/my-account", buyer.login)
    else:
        buyer.contact.tab("My Account")
    buyer.contact.arrives("My Account")


def go_to_billing(buyer: Buyer) -> None:
    buyer.contact.click("Go to Billing")
    buyer.contact.arrives("Subscriptions")


def add_new_subscription(buyer: Buyer) -> None:
    buyer.contact.click("Add New Subscription")
    buyer.contact.arrives("Add New Subscription")


def choose_buy(buyer: Buyer) -> None:
    buyer.contact.click("Buy")
    buyer.contact.reads("GoToWebinar")
    buyer.contact.look("add-new-subscription")
    buyer.contact.click("Choose", "GoToWebinar")


def choose_the_tier_or_compare_plans(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.click("Compare Plans")
    contact.arrives("Compare plans: %(product)s", product="GoToWebinar")
    contact.click("Back to your choice")
    buyer.choose_tier("Pro")


def choose_the_seats_and_next(buyer: Buyer) -> None:
    buyer.contact.fill("Organizers", "2")
    buyer.contact.click("Next")


def choose_the_billing_period_and_proceed_to_checkout(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.tick("Monthly")
    contact.sees("Order Summary")
    contact.sees("Total due today")
    contact.look("new-subscription")
    assert not contact.can_click("Add to Cart")
    contact.click("Proceed to Checkout")
    contact.arrives("Checkout")


def read_the_checkout_and_edit_the_order(buyer: Buyer) -> None:
    """Add another product, take it out again, and wish a third seat."""
    contact = buyer.contact
    read_the_checkout(buyer, 17800 + 3382)
    contact.sees(WITHOUT_VAT_ID)
    contact.click("Edit Order")
    contact.arrives("Edit Order")
    contact.click("Add more products")
    _read_plans_and_prices(buyer)
    contact.click("See what is included", "GoToAssist")
    contact.arrives_at("GoToAssist")
    contact.look("buy")
    contact.click("Add to Cart")
    contact.arrives("Edit Order")
    contact.look("cart")
    contact.click("Remove", "GoToAssist")
    contact.click("Change", "GoToWebinar Pro")
    contact.fill("Seats", "3")
    contact.look("cart-line")
    contact.click("Save")
    contact.arrives("Edit Order")
    contact.click("Proceed to Checkout")
    read_the_checkout(buyer, 26700 + 5073)


def _read_plans_and_prices(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.arrives("Plans and prices")
    contact.look("plans-and-prices")
    contact.click("Compare Plans", "GoToMeeting")
    contact.arrives("Compare plans: %(product)s", product="GoToMeeting")
    contact.sees("Your plan")
    contact.reads(buyer.shown(1600))
    contact.look("compare-plans")
    contact.click("Plans and prices")


def read_the_checkout(buyer: Buyer, total: int) -> None:
    """The billing period begins today; the total that is due today stands there."""
    buyer.contact.arrives("Checkout")
    assert buyer.today in buyer.contact.fact("Billing period")
    buyer.contact.sees("Total due today")
    buyer.contact.reads(buyer.shown(total))


def confirm_the_payment_method_add_the_vat_number_and_place_order(buyer: Buyer) -> None:
    """267.00 for webinars, 79.00 for trainings; with the VAT number confirmed no VAT is charged any more."""
    _add_the_vat_number(buyer)
    contact = buyer.contact
    read_the_checkout(buyer, 26700 + 7900)
    contact.look("checkout")
    contact.tick("Keep this card for later payments")
    contact.click("Place Order")
    contact.choose("Test card", contact.walk.says("Mastercard 4444: succeeds"))
    contact.click("Pay")
    contact.arrives("Your order is confirmed")
    contact.look("order-confirmed")
    require_bought(buyer, 26700 + 7900, 0)
    require_runs(buyer, "WEBINAR", "Pro", 3, "monthly", 8900)
    require_runs(buyer, "TRAINING", "Starter", 1, "monthly", 7900)
    require_runs(buyer, "ASSIST", "", 2, is_trial=True)


def _add_the_vat_number(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.click("Change", contact.walk.says("VAT number"))
    contact.arrives("VAT number")
    contact.look("no-vat-number")
    contact.fill("VAT number", "DE 136 695 976")
    contact.click("Save the VAT number")
    assert contact.walk.says(ELSEWHERE) in contact.complaint()
    contact.look("vat-number-of-another-country")
    contact.fill("VAT number", "u10223060")
    contact.click("Save the VAT number")
    contact.sees("The VAT number is saved.")
    deadline = time.monotonic() + PATIENCE / 1000
    while contact.can_click("Look again") and time.monotonic() < deadline:
        time.sleep(0.2)
        contact.click("Look again")
    assert contact.fact("VAT ID") == "ATU10223060"
    contact.sees(OWED_THERE)
    contact.look("vat-number-confirmed")
    contact.click("Proceed to Checkout")


def choose_try(buyer: Buyer) -> None:
    buyer.contact.click("Try")
    buyer.contact.look("try")


def choose_the_tier_to_try(buyer: Buyer) -> None:
    buyer.contact.click("Choose", "GoToMeeting")
    buyer.choose_tier("Pro")


def choose_the_seats_to_try(buyer: Buyer) -> None:
    buyer.contact.fill("Organizers", "3")
    buyer.look_at_the_sum()
    buyer.contact.look("new-trial")


def start_trial(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.click("Start Trial")
    contact.arrives("Your order is confirmed")
    contact.look()
    require_free(buyer)
    require_runs(buyer, "MEETING", "Pro", 3, is_trial=True)


def choose_a_product_without_tiers_to_try(buyer: Buyer) -> None:
    buyer.contact.click("Choose", "GoToAssist")


def choose_the_agents_to_try(buyer: Buyer) -> None:
    buyer.contact.fill("Agents", "2")
    buyer.look_at_the_sum()


def add_to_cart_and_proceed_to_checkout(buyer: Buyer) -> None:
    contact = buyer.contact
    assert not contact.can_click("Start Trial")
    contact.click("Add to Cart")
    contact.arrives("Edit Order")
    contact.click("Proceed to Checkout")
