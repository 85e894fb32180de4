"""Each procedure of the help files, walked from My Account by labels, one after another in one browser.

Their numbered steps are the rows of WALK, and each is a test of its own in the report, named after it. Where a help
file begins to count anew at the checkout, we count on. What the domain adds (subscribe again, cancel, pay a renewal) is
there too. The procedures of corporate accounts are walked in test_main_job.py, test_password.py and test_routing.py.
"""

from collections.abc import Callable

import pytest

from tests.journeys import inspection
from tests.journeys.demo import Demo
from tests.journeys.procedures import buying, changing
from tests.journeys.procedures.buyer import Buyer, expired_buyer
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, GERMAN_WALK, Visits, Walk

Step = tuple[str, Callable[[Buyer], None]]

TO_BILLING: tuple[Step, ...] = (
    ("1 sign in to My Account", buying.sign_in_to_my_account),
    ("2 Go to Billing", buying.go_to_billing),
)
TO_A_NEW_ONE: tuple[Step, ...] = (*TO_BILLING, ("3 Add New Subscription", buying.add_new_subscription))

WALK: tuple[tuple[str, tuple[Step, ...]], ...] = (
    ("subscribe again after expiry", (
        *TO_BILLING,
        ("3 Subscribe again, which is all that can be done", changing.subscribe_again),
        ("4 Proceed to Checkout", changing.proceed_to_checkout),
        ("5 Place Order", changing.place_order_with_3d_secure),
    )),
    ("add a trial", (
        *TO_A_NEW_ONE,
        ("4 Try", buying.choose_try),
        ("5 tier", buying.choose_the_tier_to_try),
        ("6 seats", buying.choose_the_seats_to_try),
        ("7 Start Trial", buying.start_trial),
    )),
    ("subscribe before the trial ends", (
        *TO_BILLING,
        ("3 Subscribe Now", changing.subscribe_now),
        ("4 change what it is to be, then Proceed to Checkout", changing.change_seats_and_proceed_to_checkout),
        ("6 checkout", changing.read_what_the_trial_becomes),
        ("7 payment method, then Place Order", changing.place_order_with_a_new_card),
    )),
    ("add a paid subscription", (
        *TO_A_NEW_ONE,
        ("4 Buy", buying.choose_buy),
        ("5 tier or Compare Plans", buying.choose_the_tier_or_compare_plans),
        ("6 seats, then Next", buying.choose_the_seats_and_next),
        ("7 billing period, then Proceed to Checkout", buying.choose_the_billing_period_and_proceed_to_checkout),
        ("8 checkout, Edit Order and back", buying.read_the_checkout_and_edit_the_order),
    )),
    ("subscribe after the trial has ended, with something in the cart", (
        *TO_BILLING,
        ("3 Subscribe Now", changing.subscribe_now_after_the_end),
        ("5 Add to Cart", changing.add_to_cart),
    )),
    ("add a trial, with something in the cart", (
        *TO_A_NEW_ONE,
        ("4 Try", buying.choose_try),
        ("5 a product without tiers", buying.choose_a_product_without_tiers_to_try),
        ("6 seats", buying.choose_the_agents_to_try),
        ("7 Add to Cart, then Proceed to Checkout", buying.add_to_cart_and_proceed_to_checkout),
    )),
    ("add a paid subscription, with everything in the cart", (
        ("9 payment method, VAT number, then Place Order",
         buying.confirm_the_payment_method_add_the_vat_number_and_place_order),
    )),
    ("add seats", (
        *TO_BILLING,
        ("3 Add Organizers", changing.add_organizers),
        ("4 how many, then Add to Cart and Proceed to Checkout", changing.choose_how_many_and_go_through_the_cart),
        ("5 checkout", changing.read_what_the_seat_costs),
        ("6 payment method, then Place Order", changing.place_order_for_the_seat),
    )),
    ("edit the subscription", (
        *TO_BILLING,
        ("3 Options, then Edit Subscription", changing.open_options_and_edit_subscription),
        ("4 Change tier, seats and frequency, then Proceed to Checkout",
         changing.change_tier_seats_and_frequency_and_proceed_to_checkout),
        ("5 checkout", changing.read_what_the_change_costs),
        ("6 payment method, then Place Order", changing.place_order_for_the_change),
    )),
    ("cancel", (
        *TO_BILLING,
        ("3 Options, then Cancel Subscription", changing.open_options_and_cancel_subscription),
        ("4 confirm", changing.confirm_the_cancellation),
    )),
    ("remove a pending cancellation", (
        *TO_BILLING,
        ("3 Remove Pending Cancellation", changing.remove_pending_cancellation),
        ("4 Yes, remove cancellation", changing.yes_remove_cancellation),
        ("5 Close", changing.close),
    )),
    ("pay a renewal that failed", (
        ("1 sign in to My Account", changing.learn_that_a_renewal_failed),
        ("2 Go to Billing", buying.go_to_billing),
        ("3 Pay the renewal", changing.pay_the_renewal),
        ("4 payment method", changing.pay_with_the_saved_card),
        ("5 find the invoices in the history", changing.find_the_invoices_in_the_history),
    )),
)  # fmt: skip
PLAIN_UNLESS_SHOWN = GERMAN_WALK if inspection.on_tour() else GERMAN_PLAIN


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (PLAIN_UNLESS_SHOWN, "postgresql")], indirect=["database"], ids=str
)
def test_the_procedures(demo: Demo, visit: Visits, walk: Walk, subtests: pytest.Subtests) -> None:
    buyer = expired_buyer(visit.by(walk))
    for procedure, steps in WALK:
        for name, step in steps:
            went_well = False
            with subtests.test(f"{procedure}: {name}"):
                step(buyer)
                went_well = True
            if not went_well:
                return  # every later step would only wait for pages that do not come
