"""A credit note: finance finds the invoice, sees what a credit note does and issues it; the contact reads it."""

from dataclasses import dataclass

import pytest

from tests.journeys.demo import Demo
from tests.journeys.printed import text_of
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visits, Walk


@dataclass(frozen=True)
class Case:
    """Who credits what, and what it comes to."""

    walk: Walk
    clerk: str
    contact: str
    invoice: str
    field: str
    entered: str
    reason: str
    total: str

    def __str__(self) -> str:
        return str(self.walk)


SEATS = Case(
    ENGLISH, "bell", "okafor", "INV-04471", "Quantity credited of GoToMeeting Plus, line 1", "2",
    "Two organizers were counted twice", "£492.00",
)  # fmt: skip
AMOUNT = Case(
    GERMAN_PLAIN, "thiele", "vogt", "RE-10871", "Gutzuschreibender Nettobetrag von Einrichtungspaket, Position 1",
    "100,00", "Anfahrt war im Preis enthalten", "119,00 €",
)  # fmt: skip


@pytest.mark.parametrize(
    ("case", "database"), [(SEATS, "sqlite"), (AMOUNT, "postgresql")], indirect=["database"], ids=str
)
def test_finance_credits_and_the_contact_reads_why(demo: Demo, visit: Visits, case: Case) -> None:
    clerk = visit.by(case.walk)
    clerk.enter("/desk/sign-in", demo.login(case.clerk))
    clerk.tab("Money")
    clerk.fill("Name, customer number or invoice number", case.invoice)
    clerk.click("Apply")
    clerk.click_named(case.invoice)
    clerk.arrives("Invoice %(number)s", number=case.invoice)
    clerk.look("desk-invoice")
    clerk.click("Credit this invoice")
    clerk.page.get_by_label(case.field).fill(case.entered)
    clerk.click("Check the credit note")
    clerk.reads(case.total)
    clerk.fill("Reason", case.reason)
    clerk.look("credit-invoice")
    clerk.click("Issue the credit note")
    clerk.arrives("Invoice %(number)s", number=case.invoice)
    clerk.reads(case.reason)
    clerk.look()

    contact = visit.by(case.walk)
    contact.enter("/sign-in", demo.login(case.contact))
    contact.tab("Invoices")
    contact.click("Credit notes")
    contact.page.locator("table a.row-link").first.click()
    contact.reads(case.reason)
    contact.look("credit-note")
    printed = text_of(contact.download("Download PDF"))
    for told in (case.reason, case.invoice):
        assert told in printed
