"""A contact has a colleague replaced: the representative verifies it, and the new one comes in by the mailbox."""

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.people import BillingContact, Person
from tests.factories import core, quotes
from tests.factories.core import PASSWORD
from tests.journeys.stage import speaks
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visits, Walk


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_a_contact_is_replaced(visit: Visits, walk: Walk) -> None:
    deal = quotes.deal(locale=walk.locale)
    leaving = core.contact(deal.account, core.person("Dora Zweig", "dzweig"))
    for one in (deal.contact, leaving, deal.rep):
        speaks(one, walk.locale)
    contact, old, desk, new = (visit.by(walk) for _ in range(4))
    for visitor, user_id in ((contact, deal.contact.email), (old, "dzweig")):
        visitor.open("/sign-in")
        visitor.sign_in(user_id, PASSWORD)
        visitor.arrives("Quotes")
    contact.tab("Profile")
    contact.click("Ask for a change", walk.says("Billing contacts"))
    contact.arrives("Billing contacts")
    contact.look("contacts")
    contact.click("Replace", "Dora Zweig")
    contact.arrives("Ask for a change of contacts")
    contact.fill("Name of the new contact", "Cora Neu")
    contact.fill("E-mail address", "cora@customer.example")
    contact.fill("Reason", "Dora leaves us.")
    contact.look("ask-for-contact")
    contact.click("Send the request")
    contact.sees("Your request is on its way. We make sure that it is right before anything changes.")
    contact.look("contacts-asked")

    desk.open("/desk")
    desk.sign_in(deal.rep.email, PASSWORD)
    desk.click("Changes of contacts")
    desk.arrives("Changes of contacts")
    desk.look()
    desk.click_named(deal.account.name)
    desk.arrives("Change of contacts")
    desk.look("contact-change")
    desk.fill("How did you make sure?", "Called Ms Contact.")
    desk.click("Carry it out")
    desk.sees("The change is carried out. Everybody whom it concerns has been told.")

    old.tab("Invoices")
    old.arrives("Sign in")
    new.wait_for_mail("Create your password")
    new.reads_in_mail("cora@customer.example")
    new.follow_in_mail("Create your password")
    new.fill("New password", PASSWORD)
    new.fill("New password again", PASSWORD)
    new.click("Save the password")
    new.sees("Your new password is set. Sign in with it now.")
    new.sign_in("cora@customer.example", PASSWORD)
    new.arrives("Quotes")
    with db.reading() as session:
        mine = select(Person.name).join(BillingContact, BillingContact.person_id == Person.id)
        active = mine.where(BillingContact.removed_at.is_(None), BillingContact.account_id == deal.account.id)
        assert sorted(session.scalars(active)) == [deal.contact.name, "Cora Neu"]
