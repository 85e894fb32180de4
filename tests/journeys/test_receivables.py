"""Finance looks who is late, holds reminders back for one of them, and closes the day; the customer read the mail."""

from dataclasses import dataclass
from datetime import date

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.incoming import Money
from billing_core.payments.booking import book_incoming
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.factories import core
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visits, Walk


@dataclass(frozen=True)
class Case:
    """Who looks at whose open items, and what the last reminder asked for."""

    walk: Walk
    clerk: str
    account: str
    invoice: str
    subject: str
    step: str
    note: str
    seller: str
    payer: str
    paid: str
    """What one of the seller's customers pays today, as it stands in the report."""

    def __str__(self) -> str:
        return str(self.walk)


LATE = Case(
    ENGLISH, "bell", "Brightwell Analytics Ltd", "INV-04471", "Reminder: £9,760.00 is past due", "First reminder",
    "They pay on Friday", "GB –", "Kestrel Legal LLP", "-£1,000.00",
)  # fmt: skip
LATER = Case(
    GERMAN_WALK, "thiele", "Lindner Maschinenbau GmbH", "RE-10871",
    "Erneute Zahlungserinnerung: 1.772,50 € sind überfällig", "Another reminder", "Zahlung für Freitag zugesagt",
    "DE –", "Hansekontor Logistik AG", "-1.000,00 €",
)  # fmt: skip


def money_comes_in(case: Case) -> date:
    """Finance books a cheque for an invoice, and a transfer that nobody can explain yet: today, which is returned."""
    with db.reading() as session:
        person = session.scalars(select(Person).where(Person.external_id == case.clerk)).one()
        named = select(Account).options(joinedload(Account.seller)).where(Account.name == case.payer)
        account = session.scalars(named).one()
        today = clock.today(account.seller.timezone)
    clerk = core.viewer(person, Realm.DESK)
    for method, amount in (("bank_transfer", 5000), ("cheque", 100_000)):
        money = Money(method, amount, today, "Thanks", shares={} if method == "bank_transfer" else None)
        db.perform(book_incoming, clerk, account.public_id, money, method)
    return today


@pytest.mark.parametrize(
    ("case", "database"), [(LATE, "sqlite"), (LATER, "postgresql")], indirect=["database"], ids=str
)
def test_finance_sees_who_is_late_and_what_was_done_about_it(demo: Demo, visit: Visits, case: Case) -> None:
    reader = visit.by(case.walk)
    reader.wait_for_mail_named(case.subject)
    reader.reads_in_mail(case.invoice)
    reader.look("reminder-mail")

    day = money_comes_in(case)
    clerk = visit.by(case.walk)
    clerk.enter("/desk/sign-in", demo.login(case.clerk))
    clerk.tab("Money")
    clerk.click("Open items")
    clerk.arrives("Open items")
    clerk.fill("Name, customer number or invoice number", case.invoice)
    clerk.click("Apply")
    clerk.reads(case.account)
    clerk.look("open-items-found")
    clerk.click("Clear filters")
    clerk.look("open-items")
    clerk.click_named(case.account)
    clerk.arrives("Open items of %(company)s", company=case.account)
    clerk.sees(case.step)
    clerk.look("open-items-of-account")
    clerk.click("Reminders")
    clerk.arrives("Reminders")
    clerk.reads(case.invoice)
    clerk.fill("Note for the desk", case.note)
    clerk.click("Hold back")
    clerk.sees("Reminders are held back.")
    clerk.look("reminders")
    clerk.click("Send reminders again")
    clerk.sees("Reminders go out again from the next daily run on.")

    clerk.tab("Money")
    clerk.click("Day-end report")
    clerk.choose_matching("Seller", case.seller)
    clerk.page.locator("input[type=date]").fill(day.isoformat())
    clerk.click("Apply")
    clerk.sees("Both ways agree")
    clerk.reads(case.paid)
    clerk.look("day-end")
    clerk.click("Export for bookkeeping")
    clerk.arrives("Export for bookkeeping")
    clerk.look("bookkeeping-export")
    clerk.fill("First day", "2026-01-01")
    assert "invoice" in clerk.download("Download CSV").read_text()
