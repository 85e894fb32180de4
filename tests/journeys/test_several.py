"""Several quotes in one go: one order for each, and a line of the result for each."""

import pytest

from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visits, Walk

PEOPLE = {"en": ("okafor", "BW-2291"), "de": ("vogt", "4500091884")}
"""Who orders, and under which number that the account keeps."""


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "postgresql"), (GERMAN_WALK, "sqlite")], indirect=["database"], ids=str
)
def test_two_quotes_are_ordered_together(demo: Demo, visit: Visits, walk: Walk) -> None:
    person, number = PEOPLE[walk.locale]
    contact = visit.by(walk)
    contact.enter("/sign-in", demo.login(person))
    contact.arrives("Quotes")
    for place in (0, 1):
        contact.page.get_by_role("checkbox").nth(place).check()
    contact.click("Order the ticked quotes together")
    contact.arrives("Order details")
    contact.fill("Purchase order number for all", number)
    contact.tick("By invoice")
    contact.look("several-order-details")
    contact.click("Continue")
    contact.arrives("Confirm your orders")
    contact.look("several-confirm")
    contact.tick_the_only_box()
    contact.click("Place Service Order")
    contact.arrives("Your orders")
    assert contact.page.get_by_role("row").filter(has_text=contact.walk.says("Accepted")).count() == 2
    contact.look("several-result")
