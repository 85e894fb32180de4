"""My Account > Go to Billing and Admin Center > Add Licenses: each row of tables 2a and 2b of the domain, by labels."""

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.mail.models import OutboxMail
from tests.factories import core
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, ENGLISH_PLAIN, GERMAN_WALK, Visitor, Visits, Walk

MY_ACCOUNT, ADMIN_CENTER = "/my-account", "/admin-center"


def go_to_billing(visit: Visits, demo: Demo, person: str, walk: Walk = ENGLISH) -> Visitor:
    """As this person from the door of My Account, just after the button."""
    visitor = visit.by(walk)
    visitor.enter(MY_ACCOUNT, demo.login(person))
    visitor.arrives("My Account")
    visitor.click("Go to Billing")
    return visitor


def add_licenses(visit: Visits, demo: Demo, person: str, walk: Walk = ENGLISH) -> Visitor:
    """As this person from the door of the Admin Center, just after the button."""
    visitor = visit.by(walk)
    visitor.enter(ADMIN_CENTER, demo.login(person))
    visitor.arrives("Admin Center")
    visitor.click("Add Licenses")
    return visitor


def names(visitor: Visitor, name: str, email: str) -> None:
    """The page that says whom to ask."""
    visitor.arrives("Contact your billing administrator")
    assert visitor.fact("Name") == name
    assert visitor.fact("E-mail") == email
    assert visitor.can_click("Email the billing admin")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_go_to_billing_of_an_online_account(demo: Demo, visit: Visits) -> None:
    contact = go_to_billing(visit, demo, "hughes")
    contact.arrives("Subscriptions")
    contact.reads("GoToWebinar")
    contact.look("subscriptions")

    expired = go_to_billing(visit, demo, "delgado")
    expired.arrives("Subscriptions")
    expired.reads("All subscriptions of this account have expired.")
    expired.look()

    member = go_to_billing(visit, demo, "krause", GERMAN_WALK)
    names(member, "Anna Weber", "anna@studio-weber.example")
    member.look("ask-the-contact")

    abandoned = go_to_billing(visit, demo, "tanaka")
    abandoned.arrives("Your account has no billing contact")
    abandoned.reads("support@northgate.example")
    abandoned.look("no-contact")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_go_to_billing_of_a_corporate_account(demo: Demo, visit: Visits) -> None:
    contact = visit.by(ENGLISH)
    contact.enter("/sign-in", demo.login("okafor"))
    contact.arrives("Quotes")
    contact.enter(MY_ACCOUNT, demo.login("okafor"))
    contact.look("my-account")
    contact.click("Go to Billing")
    contact.arrives("Quotes")
    contact.tab("Invoices")
    contact.arrives("Invoices")

    outside = go_to_billing(visit, demo, "okafor", ENGLISH_PLAIN)
    outside.arrives("Sign in")
    outside.sign_in(demo.login("okafor").user_id, demo.login("okafor").password)
    outside.arrives("Quotes")

    member = go_to_billing(visit, demo, "doyle")
    member.arrives("Sign in")
    member.sign_in(demo.login("doyle").user_id, demo.login("doyle").password)
    member.reads("does not belong to a billing contact of a corporate account")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_go_to_billing_with_none_or_several_accounts_or_not_signed_in(demo: Demo, visit: Visits) -> None:
    stranger = core.person("Nora Solo")
    alone = visit.by(ENGLISH)
    alone.open(MY_ACCOUNT)
    alone.sign_in(stranger.email, core.PASSWORD)
    alone.click("Go to Billing")
    alone.arrives("You do not belong to an account")
    alone.look()

    several = go_to_billing(visit, demo, "weber", GERMAN_WALK)
    several.arrives("Choose the account")
    several.look("choose-the-account")
    several.click("Choose", "Studio Weber")
    several.arrives("Subscriptions")
    several.reads("Studio Weber")
    several.choose_account("Hansekontor Logistik AG")
    several.click("Go to Billing")
    several.arrives("Sign in")

    late = visit.by(ENGLISH)
    late.enter("/my-account/billing", demo.login("hughes"))
    late.arrives("Subscriptions")
    late.is_at("/billing")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_portal_that_shows_another_account_is_switched_by_a_button(demo: Demo, visit: Visits) -> None:
    person = visit.by(ENGLISH)
    person.enter("/sign-in", demo.login("marsh"))
    person.reads("Brightwell Analytics Ltd")
    person.enter(MY_ACCOUNT, demo.login("marsh"))
    person.click("Go to Billing")
    person.click("Choose", "Kestrel Legal LLP")
    person.arrives("Open the Corporate Billing Portal")
    person.look()
    person.click_named("Open for Kestrel Legal LLP")
    person.arrives("Quotes")
    person.reads("GoToMeeting for hearings")


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_add_licenses(demo: Demo, visit: Visits) -> None:
    online = add_licenses(visit, demo, "hughes")
    online.arrives("Subscriptions")

    names(add_licenses(visit, demo, "frei", GERMAN_WALK), "Beat Zimmerli", "beat@zimmerli-treuhand.example")
    names(add_licenses(visit, demo, "foster"), "Grace Okafor", "grace.okafor@brightwell.example")

    hidden = add_licenses(visit, demo, "baird")
    hidden.arrives("Sign in")

    corporate = add_licenses(visit, demo, "reid")
    corporate.arrives("Add licenses")
    corporate.look("choose-the-product")
    corporate.click("Choose", "GoToMeeting")
    corporate.arrives("Sign in")
    corporate.sign_in(demo.login("reid").user_id, demo.login("reid").password)
    corporate.arrives("Quotes")
    corporate.open(ADMIN_CENTER)
    corporate.look("admin-center")
    corporate.click("Add Licenses")
    corporate.click("Choose", "GoToMeeting")
    corporate.arrives("Quotes")

    user = visit.by(ENGLISH)
    user.enter(ADMIN_CENTER, demo.login("doyle"))
    user.reads("This place is for admins of an account.")
    assert not user.can_click("Add Licenses")
    user.open("/admin-center/licenses")
    user.arrives("You do not have access to this")
    user.look()


ASKING = {
    "en": ("foster", "ellen.foster@brightwell.example", "Grace Okafor"),
    "de": ("frei", "corinne@zimmerli-treuhand.example", "Beat Zimmerli"),
}
"""Who asks, from which address, and whom."""


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "postgresql"), (GERMAN_WALK, "sqlite")], indirect=["database"], ids=str
)
def test_a_member_writes_to_the_billing_contact(demo: Demo, visit: Visits, walk: Walk) -> None:
    person, address, contact = ASKING[walk.locale]
    member = add_licenses(visit, demo, person, walk)
    member.click("Email the billing admin")
    member.arrives("Email the billing admin")
    member.click("Send message")
    member.sees("Write what you need, so that your contact can help.")
    member.look("write-to-the-contact")
    member.fill("Your message", "Two more seats, please.\nFrom Monday on.")
    member.click("Send message")
    member.sees("Your message was sent to your billing contact.")
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "contact-asked")).one()
    assert (mail.recipient_name, mail.reply_to) == (contact, address)
    assert "Two more seats, please.\nFrom Monday on." in mail.text_body
