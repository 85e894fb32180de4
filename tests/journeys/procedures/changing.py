"""The steps of subscribing to what ended or is tried, of adding seats, editing, cancelling and its removal."""

from datetime import timedelta

from sqlalchemy import select

from billing_core import clock, db
from billing_core.catalogue.models import Product
from billing_core.subscriptions.models import Subscription
from tests.journeys.procedures.buyer import Buyer
from tests.journeys.procedures.buying import read_the_checkout, sign_in_to_my_account
from tests.journeys.procedures.written import require_bought, require_cancelled, require_runs

SAVED_CARD = "Mastercard •••• 4444"


def subscribe_again(buyer: Buyer) -> None:
    """The account has expired, and nothing else can be done with it."""
    contact = buyer.contact
    contact.sees("All subscriptions of this account have expired. Subscribe again to go on.")
    assert not contact.can_click("Add New Subscription")
    contact.look("billing-center-expired")
    contact.click("Subscribe again", "Rescue")


def proceed_to_checkout(buyer: Buyer) -> None:
    buyer.contact.sees("Order Summary")
    buyer.contact.click("Proceed to Checkout")


def place_order_with_3d_secure(buyer: Buyer) -> None:
    contact = buyer.contact
    read_the_checkout(buyer, 8300 + 1577)
    contact.click("Place Order")
    contact.choose("Test card", contact.walk.says("Visa 3220: 3-D Secure required"))
    contact.click("Pay")
    contact.click("Complete authentication")
    contact.arrives("Your order is confirmed")
    require_bought(buyer, 8300, 1577)
    require_runs(buyer, "RESCUE", "", 1, "monthly", 8300)


def subscribe_now(buyer: Buyer) -> None:
    buyer.contact.look("billing-center-trial")
    buyer.contact.click("Subscribe Now", "GoToMeeting Pro")


def change_seats_and_proceed_to_checkout(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.fill("Organizers", "4")
    contact.tick("Monthly")
    buyer.look_at_the_sum()
    contact.reads(buyer.shown(7616))
    contact.look("subscribe-now")
    contact.click("Proceed to Checkout")


def read_what_the_trial_becomes(buyer: Buyer) -> None:
    read_the_checkout(buyer, 6400 + 1216)


def place_order_with_a_new_card(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.click("Place Order")
    contact.click("Pay")
    contact.arrives("Your order is confirmed")
    require_bought(buyer, 6400, 1216)
    require_runs(buyer, "MEETING", "Pro", 4, "monthly", 1600)


def subscribe_now_after_the_end(buyer: Buyer) -> None:
    buyer.contact.click("Subscribe Now", "GoToTraining Starter")


def add_to_cart(buyer: Buyer) -> None:
    """Webinars wait there."""
    contact = buyer.contact
    assert not contact.can_click("Proceed to Checkout")
    contact.click("Add to Cart")
    contact.arrives("Edit Order")
    contact.reads("GoToWebinar Pro")


def add_organizers(buyer: Buyer) -> None:
    buyer.contact.click("Add Organizers", "GoToMeeting Pro")
    buyer.contact.arrives("Add Organizers")


def choose_how_many_and_go_through_the_cart(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.choose("Additional seats", contact.walk.says("%(added)s more, %(seats)s in all") % {"added": 1, "seats": 5})
    contact.look("add-seats")
    assert not contact.can_click("Proceed to Checkout")
    contact.click("Add to Cart")
    contact.arrives("Edit Order")
    contact.click("Proceed to Checkout")


def read_what_the_seat_costs(buyer: Buyer) -> None:
    """80.00 without VAT, less 64.00 that were invoiced today with 12.16 of it."""
    read_the_checkout(buyer, 384)


def place_order_for_the_seat(buyer: Buyer) -> None:
    _place_order_with_the_saved_card(buyer)
    require_bought(buyer, 1600, -1216)
    require_runs(buyer, "MEETING", "Pro", 5, "monthly", 1600)


def _place_order_with_the_saved_card(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.reads(SAVED_CARD)
    contact.click("Place Order")
    contact.arrives("Your order is confirmed")
    assert contact.fact("Card") == SAVED_CARD


def open_options_and_edit_subscription(buyer: Buyer) -> None:
    buyer.contact.look("billing-center")
    _choose_option(buyer, "GoToMeeting Pro", "Edit Subscription")
    buyer.contact.arrives("Edit subscription")


def change_tier_seats_and_frequency_and_proceed_to_checkout(buyer: Buyer) -> None:
    contact = buyer.contact
    assert not contact.can_click("Proceed to Checkout")
    buyer.choose_tier("Plus")
    contact.fill("Organizers", "6")
    contact.tick("Yearly")
    buyer.look_at_the_sum()
    contact.reads(buyer.shown(136000))
    contact.look("edit-subscription")
    contact.click("Proceed to Checkout")


def read_what_the_change_costs(buyer: Buyer) -> None:
    """A year of 1,440.00 less the 80.00 of today."""
    read_the_checkout(buyer, 136000)
    buyer.contact.look("checkout-of-a-change")


def place_order_for_the_change(buyer: Buyer) -> None:
    _place_order_with_the_saved_card(buyer)
    require_bought(buyer, 136000, 0)
    require_runs(buyer, "MEETING", "Plus", 6, "yearly", 24000)


def open_options_and_cancel_subscription(buyer: Buyer) -> None:
    _choose_option(buyer, "GoToMeeting Plus", "Cancel Subscription")
    buyer.contact.arrives("Cancel %(plan)s", plan="GoToMeeting Plus")
    buyer.contact.look("cancel-subscription")


def confirm_the_cancellation(buyer: Buyer) -> None:
    contact = buyer.contact
    contact.click("Cancel Subscription")
    contact.sees_part("%(product)s is cancelled. We have confirmed it by mail.", product="GoToMeeting")
    contact.sees("Pending cancellation")
    contact.look("billing-center-cancelled")
    require_cancelled(buyer, "MEETING", pending=True)


def remove_pending_cancellation(buyer: Buyer) -> None:
    buyer.contact.click("Remove Pending Cancellation", "GoToMeeting Plus")
    buyer.contact.arrives("Remove Pending Cancellation")
    buyer.contact.look("remove-pending-cancellation")


def yes_remove_cancellation(buyer: Buyer) -> None:
    buyer.contact.click("Yes, remove cancellation")
    buyer.contact.arrives("The pending cancellation is removed")
    buyer.contact.look()
    require_cancelled(buyer, "MEETING", pending=False)


def close(buyer: Buyer) -> None:
    buyer.contact.click("Close")
    buyer.contact.arrives("Subscriptions")
    require_runs(buyer, "MEETING", "Plus", 6, "yearly", 24000)


def _choose_option(buyer: Buyer, plan: str, entry: str) -> None:
    buyer.contact.page.locator("summary").filter(has_text=plan).click()
    buyer.contact.click(entry)


def learn_that_a_renewal_failed(buyer: Buyer) -> None:
    """What the night does to it, tests/faults and tests/billing_core/renewals show."""
    today = clock.today(buyer.account.timezone)

    def fail() -> None:
        owned = (Subscription.account_id == buyer.account.id, Subscription.is_live)
        found = db.session().scalars(select(Subscription).join(Product).where(*owned, Product.code == "RESCUE")).one()
        found.period_start, found.period_end = today - timedelta(33), today - timedelta(2)
        found.retry_on = today + timedelta(3)

    db.perform(fail)
    sign_in_to_my_account(buyer)


def pay_the_renewal(buyer: Buyer) -> None:
    assert "Rescue" in buyer.contact.page.locator("section.subscription").first.inner_text(), (
        "the most urgent one first"
    )
    buyer.contact.sees("Payment overdue")
    buyer.contact.look("billing-center-overdue")
    buyer.contact.click("Pay the renewal", "Rescue")
    buyer.contact.arrives("Pay the renewal")
    buyer.contact.look("pay-the-renewal")


def pay_with_the_saved_card(buyer: Buyer) -> None:
    """The new period counts from the end of the last one."""
    buyer.contact.click_named(buyer.contact.walk.says("Pay with %(card)s") % {"card": SAVED_CARD})
    buyer.contact.arrives("The renewal is paid")
    require_bought(buyer, 8300, 0, mail="subscription-renewed")
    require_runs(buyer, "RESCUE", "", 1, "monthly", 8300)


def find_the_invoices_in_the_history(buyer: Buyer) -> None:
    """Each of them, the PDF of the newest, and its mail."""
    contact, newest = buyer.contact, buyer.numbers[-1]
    contact.click("Invoices")
    contact.arrives("Invoice history")
    contact.look("invoice-history")
    assert len(set(buyer.numbers)) == 6
    for number in buyer.numbers:
        contact.reads(number)
    contact.click_named(newest)
    contact.reads(buyer.shown(8300))
    contact.look("online-invoice")
    assert contact.download("Download PDF").read_bytes().startswith(b"%PDF")
    contact.wait_for_mail_named(contact.walk.says("%(product)s was renewed") % {"product": "Rescue"})
    contact.reads_in_mail(newest)
