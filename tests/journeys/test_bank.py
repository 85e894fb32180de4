"""A bank statement at the desk: from the file of the bank to money that is booked, returned or dismissed."""

from pathlib import Path

import pytest

from app.demo import install
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visitor, Visits, Walk

STATEMENT = Path(install.__file__).with_name("bank-statement.xml")


def upload(clerk: Visitor, file: Path) -> None:
    """Choose the file and import it."""
    clerk.tab("Money")
    clerk.click("Bank statements")
    clerk.upload("File of the bank (camt.053)", file)
    clerk.click("Import")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("walk", "person"), [(ENGLISH, "bell"), (GERMAN_WALK, "thiele")], ids=["en", "de"])
def test_a_clerk_works_a_statement_off(demo: Demo, visit: Visits, walk: Walk, person: str) -> None:
    clerk = visit.by(walk)
    clerk.enter("/desk/sign-in", demo.login(person))
    upload(clerk, Path(__file__))
    assert clerk.walk.says("This file is not an XML file.") in clerk.complaint()
    upload(clerk, STATEMENT)
    clerk.sees("The statement was imported.")
    clerk.reads("IMB-2026-224")
    clerk.reads("RE-10871")
    clerk.look("bank-statement")

    clerk.click("Book 3 certain entries")
    clerk.sees("3 entries are booked.")
    clerk.click_named("Alpenblick Hotels GmbH")
    clerk.sees_part("Invoice %(number)s is the only open one of this amount.", number="RE-10899")
    clerk.look("bank-entry")
    clerk.click("Book as proposed", clerk.walk.says("for %(company)s") % {"company": "Alpenblick Hotels GmbH"})
    clerk.sees("The entry is booked.")

    clerk.click_named("Hansekontor Logistik AG")
    clerk.sees("Money from this bank account was booked for this customer before.")
    clerk.click("Book as proposed", clerk.walk.says("for %(company)s") % {"company": "Hansekontor Logistik AG"})
    clerk.sees("The entry is booked.")
    clerk.click_named("Hansekontor Logistik AG")
    clerk.sees("It carries the same end-to-end reference as the money that came.")
    clerk.look("bank-return")
    clerk.click("Undo the booking")
    clerk.sees("The booking is undone. What it paid is open again.")

    clerk.fill("Why it is not booked", "Own payments")
    clerk.click("Dismiss them all")
    clerk.sees("2 entries are dismissed.")

    clerk.tab("Money")
    clerk.click("Look at unmatched money")
    clerk.arrives("Unmatched money")
    clerk.look("unmatched-money")
    clerk.click_named("Petra Sommer")
    clerk.fill("Name, customer number or invoice number", "Lindner")
    clerk.click("Apply")
    clerk.click_named("Lindner Maschinenbau GmbH")
    clerk.look("bank-by-hand")
    clerk.click("Another customer")
    clerk.fill("Why it is not booked", "A donation")
    clerk.click("Dismiss")
    clerk.sees("The entry is dismissed.")
    clerk.click_named("Lindner Maschinenbau GmbH")
    clerk.click("Book as proposed", clerk.walk.says("for %(company)s") % {"company": "Lindner Maschinenbau GmbH"})
    clerk.sees("No entry waits")

    upload(clerk, STATEMENT)
    assert clerk.walk.says("This file was imported before. Nothing was imported.") in clerk.complaint()
