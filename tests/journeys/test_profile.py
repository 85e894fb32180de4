"""The billing address is changed by a contact who may, and all billing contacts are told."""

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.mail.models import OutboxMail
from tests.journeys.demo import Demo
from tests.journeys.inspection import take_print
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visits, Walk


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_billing_address_is_changed(demo: Demo, visit: Visits) -> None:
    contact = visit.by(ENGLISH)
    contact.enter("/sign-in", demo.login("okafor"))
    contact.tab("Profile")
    contact.look("profile")
    contact.click("Change", "billing address")
    contact.arrives("Change the billing address")
    contact.fill("Street and number", "")
    contact.click("Save the address")
    contact.look("change-address")
    contact.fill("Street and number", "9 Canal Street")
    contact.click("Save the address")
    contact.sees("The billing address was changed. It stands on the invoices to come.")
    contact.reads("9 Canal Street")
    with db.reading() as session:
        told = session.scalars(select(OutboxMail.recipient_name).where(OutboxMail.kind == "bill-to-changed")).all()
    assert sorted(told) == ["Fiona Marsh", "Grace Okafor", "Priya Nair", "Thomas Reid"]


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_WALK, "postgresql")], indirect=["database"], ids=str
)
def test_a_purchase_order_number_is_kept(demo: Demo, visit: Visits, walk: Walk) -> None:
    contact = visit.by(walk)
    contact.enter("/sign-in", demo.login({"en": "okafor", "de": "vogt"}[walk.locale]))
    contact.tab("Profile")
    contact.click("Manage the numbers")
    contact.arrives("Purchase order numbers")
    contact.fill("Purchase order number", "PO-7731")
    contact.click("Keep this number")
    contact.reads("PO-7731")
    contact.look("purchase-orders")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_credit_note_is_found_read_and_downloaded(demo: Demo, visit: Visits) -> None:
    contact = visit.by(GERMAN_WALK)
    contact.enter("/sign-in", demo.login("petersen"))
    contact.tab("Invoices")
    contact.click("Credit notes")
    contact.arrives("Credit notes")
    contact.look("credit-notes")
    contact.click_named("CN-DE-2026-000001")
    contact.arrives("Credit note %(number)s", number="CN-DE-2026-000001")
    contact.look("credit-note")
    contact.choose_language("English")
    contact.arrives("Credit note %(number)s", number="CN-DE-2026-000001")
    contact.look("credit-note")
    take_print(contact.download("Download PDF"), "credit-note-on-paper", "de")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_contact_of_two_accounts_sees_one_at_a_time(demo: Demo, visit: Visits) -> None:
    contact = visit.by(ENGLISH)
    contact.enter("/sign-in", demo.login("marsh"))
    contact.reads("Brightwell Analytics Ltd")
    contact.choose_account("Kestrel Legal LLP")
    contact.arrives("Quotes")
    contact.reads("GoToMeeting for hearings")
    contact.tab("Profile")
    contact.look()
    contact.tab("Invoices")
    contact.reads("INV-04495")
