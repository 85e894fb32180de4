"""Above an amount of the account two contacts decide: one accepts, another confirms; then the same for a payment."""

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.ledger.models import Invoice
from billing_core.payments.proposals.models import PaymentProposal
from corporate_portal.quotes.models import QuoteDecision
from tests.factories import core, quotes
from tests.factories.core import PASSWORD
from tests.journeys.stage import speaks
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visits, Walk


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_two_contacts_accept_and_two_contacts_pay(visit: Visits, walk: Walk) -> None:
    deal = quotes.deal(second_above=1000)
    quote, second = quotes.sent(deal), core.contact(deal.account, core.person("Dora Zweig", "dzweig"))
    for one in (deal.contact, second):
        speaks(one, walk.locale)
    first, other = visit.by(walk), visit.by(walk)
    for visitor, user_id in ((first, deal.contact.email), (other, "dzweig")):
        visitor.open("/sign-in")
        visitor.sign_in(user_id, PASSWORD)
        visitor.arrives("Quotes")
    title = quotes.version(quote).title
    first.click_named(title)
    first.click("Review and accept")
    first.fill("Purchase order number", "PO-77")
    first.click("Continue")
    first.tick_the_only_box()
    first.click("Place Service Order")
    first.sees("Your acceptance is kept. A second contact has to confirm it before anything is ordered.")
    first.look("second-waits")

    other.tab("Quotes")
    other.click_named(title)
    other.reads("PO-77")
    other.look("second-confirms")
    other.tick_the_only_box()
    other.click("Confirm and place the order")
    other.arrives("Your order is placed")

    with db.reading() as session:
        number = session.scalars(select(Invoice.number)).one()
        assert session.scalars(select(QuoteDecision.person_id)).one() == second.id
    first.tab("Invoices")
    first.click_named(number)
    first.click("Pay now")
    first.click("Continue to the card")
    first.arrives("Proposed payment")
    first.look("payment-proposed")
    other.tab("Invoices")
    other.click_starting({"en": "Payment of", "de": "Zahlung von"}[walk.locale])
    other.arrives("Proposed payment")
    other.look("payment-to-confirm")
    other.click("Confirm and pay by card")
    other.page.wait_for_url("**/sandbox/**")
    with db.reading() as session:
        assert session.scalars(select(PaymentProposal.state)).one() == "confirmed"
