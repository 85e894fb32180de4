"""Saved cards: add one with 3-D Secure, pay with it, keep another by the tick-box, remove the first."""

import pytest

from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visitor, Visits, Walk

WORDS = {
    "en": ("Visa 3220: 3-D Secure required", "Mastercard 4444: succeeds", "Save card", "100.00"),
    "de": ("Visa 3220: 3-D Secure erforderlich", "Mastercard 4444: erfolgreich", "Karte speichern", "100,00"),
}
"""Of the processor's page, which is no page of ours, and an amount as it is typed."""
INVOICE = {"en": ("okafor", "INV-04502"), "de": ("vogt", "RE-10893")}


def to_the_form(contact: Visitor, invoice: str, part: str) -> None:
    """The pay form of the invoice, with a part of it entered."""
    contact.tab("Invoices")
    contact.click_named(invoice)
    contact.click("Pay now")
    contact.tick("Pay a part")
    contact.fill("Amount", part)


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_WALK, "postgresql")], indirect=["database"], ids=str
)
def test_a_card_is_saved_used_and_removed(demo: Demo, visit: Visits, walk: Walk) -> None:
    contact, (who, invoice) = visit.by(walk), INVOICE[walk.locale]
    secure, plain, save, part = WORDS[walk.locale]
    contact.enter("/sign-in?next=/profile", demo.login(who))
    contact.click("Manage the cards")
    contact.arrives("Saved cards")
    contact.sees("No card is saved")
    contact.look("no-saved-card")
    contact.click("Add a card")
    contact.choose("Test card", secure)
    contact.click_named(save)
    contact.click("Complete authentication")
    contact.sees("The card is saved. You can pay with it from now on.")
    contact.reads("Visa •••• 3220")
    to_the_form(contact, invoice, part)
    contact.look("pay-with-saved-card")
    contact.click("Pay by card")
    contact.sees("Confirm this payment with your bank")
    contact.page.go_back()
    contact.tab("Invoices")
    contact.click_named(invoice)
    contact.click("Continue the payment")
    contact.click("Complete authentication")
    contact.arrives("Thank you for your payment")
    assert contact.fact("Card") == "Visa •••• 3220"
    to_the_form(contact, invoice, part)
    contact.tick("A new card")
    contact.tick("Keep this card for later payments")
    contact.look("keep-new-card")
    contact.click("Pay by card")
    contact.choose("Test card", plain)
    contact.click("Pay")
    contact.arrives("Thank you for your payment")
    contact.tab("Profile")
    contact.click("Manage the cards")
    contact.reads("Mastercard •••• 4444")
    contact.look("saved-cards")
    contact.click("Remove", "Visa •••• 3220")
    contact.arrives("Remove this card")
    contact.look("remove-card")
    contact.click("Yes, remove card")
    contact.sees_part("%(card)s was removed. Nothing is charged to it any more.", card="Visa •••• 3220")
    contact.look()
    contact.wait_for_mail(
        "A saved card of Lindner Maschinenbau GmbH was removed"
        if walk.locale == "de"
        else "A saved card of Brightwell Analytics Ltd was removed"
    )
    contact.look()
