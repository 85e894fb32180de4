"""A contact who signed in a while ago confirms with the password before an acceptance, and loses nothing typed."""

import pytest
from sqlalchemy import select

from billing_core import db
from corporate_portal.quotes.models import QuoteDecision
from tests.billing_core.credentials.test_proving import old
from tests.factories import quotes
from tests.factories.core import PASSWORD
from tests.journeys.stage import speaks
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visits, Walk


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_an_acceptance_asks_who_is_there(visit: Visits, walk: Walk) -> None:
    deal = quotes.deal()
    speaks(deal.contact, walk.locale)
    quote = quotes.sent(deal)
    visitor = visit.by(walk)
    visitor.open("/sign-in")
    visitor.sign_in(deal.portal.email, PASSWORD)
    visitor.arrives("Quotes")
    visitor.click_named(quotes.version(quote).title)
    visitor.click("Review and accept")
    visitor.arrives("Order details")
    visitor.fill("Purchase order number", "PO-4711")
    visitor.click("Continue")
    visitor.tick_the_only_box()
    old()
    visitor.click("Place Service Order")
    visitor.arrives("Confirm that it is you")
    visitor.look("proof")
    visitor.fill("Your password", "not my password at all")
    visitor.click("Confirm")
    assert walk.says("This is not your password.") in visitor.complaint()
    visitor.fill("Your password", PASSWORD)
    visitor.click("Confirm")
    visitor.arrives("Your order is placed")
    visitor.reads("PO-4711")
    with db.reading() as session:
        assert session.scalars(select(QuoteDecision.verdict)).all() == ["accepted"]
