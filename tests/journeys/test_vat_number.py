"""An online customer in another EU state enters the VAT number; it is confirmed, and the tax is explained."""

import time

import pytest
from sqlalchemy import select

from app.demo.logins import Login
from billing_core import db
from billing_core.sellers.models import Seller
from tests.factories import core
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, PATIENCE, Visitor, Visits, Walk

OWED_THERE = "No VAT is charged: the recipient owes it in their own country (reverse charge)."
ELSEWHERE = (
    "This VAT ID belongs to another country than the billing address. To change the country, write to our support."
)


def customer(locale: str) -> Login:
    """A contact of an online account in Austria, which a German seller serves."""
    with db.reading() as session:
        seller = session.scalars(select(Seller).where(Seller.country == "DE")).first()
    account = core.account(
        seller, kind="online", rep_id=None, name="Atelier Novak", country="AT", city="Wien", postal_code="1070",
        timezone="Europe/Vienna", locale=locale,
    )  # fmt: skip
    who = core.contact(account, core.person("Lena Novak", "lena.novak", locale=locale))
    return Login(who.external_id, "lena.novak", core.PASSWORD, "my", "")


def look_until_it_is_checked(contact: Visitor) -> None:
    deadline = time.monotonic() + PATIENCE / 1000
    while contact.can_click("Look again") and time.monotonic() < deadline:
        time.sleep(0.2)
        contact.click("Look again")


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_a_vat_number_is_entered_and_confirmed(demo: Demo, visit: Visits, walk: Walk) -> None:
    contact = visit.by(walk)
    contact.enter("/my-account", customer(walk.locale))
    contact.click("Go to Billing")
    contact.click("VAT number")
    contact.arrives("VAT number")
    contact.look("no-vat-number")
    contact.fill("VAT number", "DE 136 695 976")
    contact.click("Save the VAT number")
    assert walk.says(ELSEWHERE) in contact.complaint()
    contact.look("vat-number-of-another-country")
    contact.fill("VAT number", "u10223060")
    contact.click("Save the VAT number")
    contact.sees("The VAT number is saved.")
    look_until_it_is_checked(contact)
    assert contact.fact("VAT ID") == "ATU10223060"
    contact.sees_part(OWED_THERE)
    contact.look("vat-number-confirmed")
