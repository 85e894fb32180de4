"""My Account > Go to Billing > Plans and prices > Compare Plans, by labels."""

import pytest

from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visits, Walk

FIGURES = {
    "en": ("hughes", "£14.00", "saves £28.00", "14 days"),
    "de": ("zimmerli", "17,00 CHF", "spart 34,00 CHF", "14 Tage"),
}
"""Who looks, and what GoToMeeting Pro costs them."""


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_WALK, "postgresql")], indirect=["database"], ids=str
)
def test_a_contact_compares_plans(demo: Demo, visit: Visits, walk: Walk) -> None:
    person, price, saving, trial = FIGURES[walk.locale]
    contact = visit.by(walk)
    contact.enter("/my-account", demo.login(person))
    contact.click("Go to Billing")
    contact.arrives("Subscriptions")
    contact.click("Plans and prices")
    contact.arrives("Plans and prices")
    contact.look("plans-and-prices")
    contact.click("See what is included", "GoToAssist")
    contact.arrives_at("GoToAssist")
    contact.click("Plans and prices")
    contact.click("Compare Plans", "GoToMeeting")
    contact.arrives("Compare plans: %(product)s", product="GoToMeeting")
    pro = contact.page.locator("table.plans tr > :nth-child(3)").all_inner_texts()
    shown = [" ".join(text.split()) for text in pro]
    assert shown[0] == "Pro"
    assert price in shown
    assert saving in " ".join(shown)
    assert trial in shown
    if walk is ENGLISH:
        contact.sees("Your plan")
    contact.look("compare-plans")
