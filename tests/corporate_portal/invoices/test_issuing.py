"""The invoice of an order: issued, printed for its addressee, mailed with the PDF and the contact's own User ID."""

from datetime import UTC, date, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from billing_core import clock, db, words
from billing_core.accounts import Account
from billing_core.documents.models import Document
from billing_core.documents.printing import page_of
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.models import ServiceOrder
from billing_core.payments.invoices import Wanted, invoices
from billing_core.people import BillingContact
from billing_core.sellers.models import Seller
from corporate_portal.invoices.prints import invoice_print
from corporate_portal.invoices.service import OrderBill, issue_for_order
from tests.factories import core, ledger

pytestmark = pytest.mark.usefixtures("database")


def issued(locale: str = "de") -> Invoice:
    """The invoice of an order of two lines, for a German-speaking contact."""
    seller = core.seller("DE", timezone="Europe/Berlin")
    account = core.account(seller, name="Muster & Söhne AG")
    who = core.contact(account, core.person("Maria Muster", "mmuster", locale=locale), user_id="mmuster")

    def verb() -> Invoice:
        session = db.session()
        accounts = select(Account).where(Account.id == account.id).options(joinedload(Account.seller))
        contacts = select(BillingContact).where(BillingContact.person_id == who.id)
        order = ServiceOrder(
            public_id=db.public_id("ord"), number="ORD-2026-000007", account_id=account.id, origin="ver_1",
            state="fulfilled", starts_on=date(2026, 1, 1), placed_at=clock.now(),
        )  # fmt: skip
        session.add(order)
        lines = (
            ledger.line(10000, 1900, period_start=date(2026, 1, 1), period_end=date(2027, 1, 1)),
            ledger.line(5000, 1900, description="Setup", period_start=None, period_end=None, unit=""),
        )
        bill = OrderBill(
            session.scalars(accounts).one(), "Meetings <b>", locale, "EUR", "PO 17", "Q-2026-000003", lines, 14
        )
        addressee = session.scalars(contacts.options(joinedload(BillingContact.person))).one()
        issued = issue_for_order(order, bill, addressee, "portal:per_1").invoice
        assert issued is not None
        return issued

    found: Invoice = db.perform(verb)
    return found


def test_the_invoice_says_where_it_comes_from_and_when_it_is_due() -> None:
    invoice = issued()
    assert (invoice.total, invoice.po_number, invoice.quote_number) == (17850, "PO 17", "Q-2026-000003")
    assert invoice.order_number == "ORD-2026-000007"
    assert invoice.due_on - invoice.issued_on == timedelta(days=14)
    assert (invoice.period_start, invoice.period_end) == (date(2026, 1, 1), date(2027, 1, 1))


def test_the_mail_names_the_contact_and_the_own_user_id_and_carries_the_pdf() -> None:
    invoice = issued()
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail)).one()
        document = session.scalars(select(Document)).one()
    assert mail.subject == f"Rechnung {invoice.number}"
    assert "Guten Tag Maria Muster" in mail.text_body
    assert "Ihre Benutzer-ID: mmuster" in mail.text_body
    assert "Muster & Söhne AG" in mail.text_body
    assert "Muster &amp; Söhne AG" in mail.html_body
    assert mail.attached == f"invoice:{invoice.public_id}"
    assert (document.subject, document.filename) == (invoice.public_id, f"{invoice.number}.pdf")


@pytest.mark.parametrize(("locale", "title"), [("de", "Rechnung"), ("en", "Invoice")])
def test_the_printed_page_addresses_the_contact(locale: str, title: str) -> None:
    invoice = issued(locale)
    with db.reading(), words.in_language(locale):
        wanted = invoice_print(invoice.public_id)
        html = page_of(wanted)
    assert wanted.title == f"{title} {invoice.number}"
    assert (wanted.locale, wanted.context["user_id"]) == (locale, "mmuster")
    assert "Maria Muster" in html
    assert "mmuster" in html
    assert "Meetings &lt;b&gt;" in html


@pytest.mark.parametrize(
    ("moment", "late"),
    [
        (datetime(2026, 3, 10, 22, 59, tzinfo=UTC), False),
        (datetime(2026, 3, 10, 23, 0, tzinfo=UTC), True),
    ],
)
def test_past_due_begins_when_the_sellers_day_ends(moment: datetime, late: bool) -> None:
    account = core.account(core.seller("DE", timezone="Europe/Berlin"), timezone="Pacific/Honolulu")
    who = core.contact(account)
    ledger.invoice(account, 500, issued_on=date(2026, 2, 10), due_on=date(2026, 3, 10))
    with time_machine.travel(moment, tick=False), db.reading():
        found = invoices(core.viewer(who), Wanted("past-due"))
    assert len(found.rows) == late


def test_what_changes_after_the_issue_changes_no_document() -> None:
    invoice = issued("en")

    def printed() -> str:
        with db.reading(), words.in_language("en"):
            return page_of(invoice_print(invoice.public_id))

    before = printed()

    def everything_moves() -> None:
        session = db.session()
        session.execute(update(Seller).values(name="Other Ltd", street="Elsewhere 9", iban="DE89370400440532013000"))
        session.execute(update(Seller).values(vat_id="DE129273398", email="new@seller.example", bank_name="Bank 2"))
        session.execute(update(Account).values(name="Renamed AG", street="Moved 1", number="C-NEW", vat_id="DE1"))
        session.execute(update(BillingContact).values(user_id="renamed"))

    db.perform(everything_moves)
    assert "Seller" in before
    assert printed() == before
