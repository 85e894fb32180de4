"""A contact makes a passkey, signs in with it and confirms an acceptance with it: Chromium's virtual authenticator."""

from dataclasses import replace

import pytest
from playwright.sync_api import Page
from sqlalchemy import select

from billing_core import db
from billing_core.credentials.factors.models import Passkey
from corporate_portal.quotes.models import QuoteDecision
from tests.billing_core.credentials.test_proving import old
from tests.concurrency.server import Server
from tests.factories import quotes
from tests.factories.core import PASSWORD
from tests.journeys.stage import speaks
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visits, Walk


def plug_in(page: Page, *, verifies: bool = True) -> None:
    """An authenticator that makes sure who holds it, and says yes without being touched."""
    tools = page.context.new_cdp_session(page)
    tools.send("WebAuthn.enable")
    made = {
        "protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
        "isUserVerified": verifies, "automaticPresenceSimulation": True,
    }  # fmt: skip
    tools.send("WebAuthn.addVirtualAuthenticator", {"options": made})


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "postgresql"), (GERMAN_WALK, "sqlite")], indirect=["database"], ids=str
)
def test_a_passkey_from_the_first_touch_to_an_acceptance(visit: Visits, walk: Walk, server: Server) -> None:
    deal = quotes.deal()
    speaks(deal.contact, walk.locale)
    quote = quotes.sent(deal)
    found = visit.by(walk)
    visitor = replace(found, server=Server("localhost", server.port))  # passkeys need a name
    plug_in(visitor.page)
    visitor.open("/sign-in")
    visitor.sign_in(deal.portal.email, PASSWORD)
    visitor.arrives("Quotes")
    visitor.open("/security")
    visitor.look()
    visitor.click("Add a passkey")
    visitor.arrives("Add a passkey")
    visitor.look("new-passkey")
    visitor.fill("Name", "Laptop")
    visitor.click("Make the passkey")
    visitor.arrives("Keep your recovery codes")
    visitor.click("I have kept them")
    visitor.reads("Laptop")
    visitor.look("passkey")
    visitor.sign_out()

    visitor.sign_in(deal.portal.email, PASSWORD)
    visitor.arrives("Second step of the sign-in")
    visitor.look("second-step-passkey")
    visitor.click("Use your passkey")
    visitor.arrives("Quotes")

    visitor.click_named(quotes.version(quote).title)
    visitor.click("Review and accept")
    visitor.arrives("Order details")
    visitor.click("Continue")
    visitor.tick_the_only_box()
    old()
    visitor.click("Place Service Order")
    visitor.arrives("Confirm that it is you")
    visitor.look("proof-passkey")
    visitor.click("Use your passkey")
    visitor.arrives("Your order is placed")
    with db.reading() as session:
        assert session.scalars(select(QuoteDecision.verdict)).all() == ["accepted"]
        assert session.scalars(select(Passkey.sign_count)).one() >= 2


def test_an_authenticator_that_does_not_know_its_holder_is_told_so(visit: Visits, server: Server) -> None:
    deal = quotes.deal()
    visitor = replace(visit.by(ENGLISH), server=Server("localhost", server.port))
    plug_in(visitor.page, verifies=False)
    visitor.open("/sign-in")
    visitor.sign_in(deal.portal.email, PASSWORD)
    visitor.arrives("Quotes")
    visitor.open("/security")
    visitor.click("Add a passkey")
    visitor.click("Make the passkey")
    visitor.sees("Nothing came back from your passkey. Try again, or choose another way.")
    with db.reading() as session:
        assert session.scalars(select(Passkey)).all() == []
