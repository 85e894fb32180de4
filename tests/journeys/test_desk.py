"""What else the desk does: see a quote as the customer does, record a decision that came by phone, book money."""

import pytest

from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visits, Walk

WALKS = [(ENGLISH, "sqlite"), (GERMAN_WALK, "postgresql")]
PHONED = {
    "en": ("grant", "Rescue for the service desk", "Grace Okafor", "Note of the call, 14:10"),
    "de": ("brandt", "Fernwartung für den Servicebereich", "Katharina Vogt", "Gesprächsnotiz, 14:10 Uhr"),
}
"""Whose quote, which one, who decided, and where the proof is."""
TRANSFERS = {
    "en": ("bell", "Brightwell Analytics Ltd", "10,000.00", "INV-04471, INV-04502"),
    "de": ("thiele", "Lindner Maschinenbau GmbH", "4.000,00", "RE-10871, RE-10893"),
}
"""Who books it, from whom it came, how much, and what the payer wrote."""


@pytest.mark.parametrize(("walk", "database"), WALKS, indirect=["database"], ids=str)
def test_a_decision_by_phone_is_recorded(demo: Demo, visit: Visits, walk: Walk) -> None:
    representative, title, contact, reference = PHONED[walk.locale]
    rep = visit.by(walk)
    rep.enter("/desk", demo.login(representative))
    rep.click_named(title)
    rep.look("sent")
    rep.click("As the customer sees it")
    rep.arrives_at(title)
    assert not rep.can_click("Review and accept")
    rep.look("customer-view")
    rep.click("Back to the desk")
    rep.click("Record a decision")
    rep.arrives("Record a decision")
    rep.tick("Accepted")
    rep.choose_matching("Who decided?", contact)
    rep.tick("By phone")
    rep.fill("Reference of the proof", reference)
    rep.fill("Purchase order number", {"en": "BW-2291", "de": "4500091884"}[walk.locale])
    rep.tick_the_only_box()
    rep.look("record-a-decision")
    rep.click("Record the decision")
    rep.sees("The decision is recorded. The contact is told by mail.")
    rep.reads(reference)
    rep.look("decision-recorded")


@pytest.mark.parametrize(("walk", "database"), WALKS, indirect=["database"], ids=str)
def test_finance_books_money_and_uses_what_is_left(demo: Demo, visit: Visits, walk: Walk) -> None:
    person, company, amount, reference = TRANSFERS[walk.locale]
    clerk = visit.by(walk)
    clerk.enter("/desk", demo.login(person))
    clerk.tab("Money")
    clerk.arrives("Money")
    clerk.look("accounts-with-money")
    clerk.click_named(company)
    clerk.arrives_at(company)
    clerk.click("Book money that came in")
    clerk.arrives("Book money that came in")
    clerk.fill("Amount", amount)
    clerk.fill("Reference", reference)
    clerk.click("Show where it goes")
    clerk.sees("Where the money goes")
    clerk.page.locator("td input[name$='amount']").first.fill("")
    clerk.click("Recalculate")
    clerk.sees("Where the money goes")
    clerk.look("book-money")
    clerk.click("Book it so")
    clerk.sees("The money is booked.")
    clerk.reads(reference)
    clerk.look("account-money")
    clerk.page.get_by_role("button").filter(has_text=walk.says("Use credit")).first.click()
    clerk.sees("Account credit was used for invoice")
    clerk.look("credit-used")
