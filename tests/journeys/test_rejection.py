"""A contact rejects a quote, and the representative reads why."""

import pytest

from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visits, Walk

CASES = {
    "en": ("okafor", "grant", "Rescue for the service desk", "The price is above our budget for this year."),
    "de": ("vogt", "brandt", "Fernwartung für den Servicebereich", "Der Preis liegt über unserem Budget."),
}
"""By whom, whose quote, which one, and why."""


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "postgresql"), (GERMAN_WALK, "sqlite")], indirect=["database"], ids=str
)
def test_a_rejected_quote_is_history_and_its_reason_known(demo: Demo, visit: Visits, walk: Walk) -> None:
    person, representative, title, reason = CASES[walk.locale]
    contact, rep = visit.by(walk), visit.by(walk)
    contact.enter("/sign-in", demo.login(person))
    contact.arrives("Quotes")
    contact.look("several-quotes")
    contact.click_named(title)
    contact.click("Reject")
    contact.arrives("Reject this quote")
    contact.look("reject")
    contact.click("Reject quote")
    contact.sees("Say in a few words why you reject this quote.")
    contact.look()
    contact.fill("Reason", reason)
    contact.click("Reject quote")
    contact.sees("The quote was rejected. Your representative has been told.")
    contact.reads(reason)
    assert not contact.can_click("Review and accept")
    contact.look()
    contact.tab("Quotes")
    contact.click("History")
    contact.reads(title)
    contact.look("quote-history")

    rep.enter("/desk", demo.login(representative))
    rep.arrives("Work list")
    rep.look("busy-work-list")
    rep.click_named(title)
    rep.sees("Rejected")
    rep.reads(reason)
    rep.look()
    rep.open("/mailbox")
    rep.click_starting({"en": "Brightwell Analytics Ltd rejected", "de": "Lindner Maschinenbau GmbH hat"}[walk.locale])
    rep.reads_in_mail(reason)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_contact_without_the_right_reads_and_does_not_decide(demo: Demo, visit: Visits) -> None:
    contact = visit.by(GERMAN_WALK)
    contact.enter("/sign-in", demo.login("yildiz"))
    contact.click_named("Fernwartung für den Servicebereich")
    contact.arrives_at("Fernwartung für den Servicebereich")
    assert not contact.can_click("Review and accept")
    assert not contact.can_click("Reject")
    contact.sees("You can read this quote. Accepting it needs a contact of your company with that right.")
    contact.look()
    contact.tab("Invoices")
    contact.look("invoices")
    contact.click_named("RE-10893")
    assert not contact.can_click("Pay now")
    contact.sees("You can read this invoice. Paying it needs a contact of your company with that right.")
    contact.look()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_an_expired_quote_says_so(demo: Demo, visit: Visits) -> None:
    contact = visit.by(GERMAN_WALK)
    contact.enter("/sign-in", demo.login("petersen"))
    contact.click("History")
    contact.click_named("Online-Schulungen 24 Monate")
    contact.sees("Expired")
    assert not contact.can_click("Review and accept")
    contact.look()
