"""The later invoices of an order: each on its day, once, at the tax and to the contact of that day."""

from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import selectinload

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.documents.models import Document
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.models import ScheduledInvoice
from billing_core.orders.schedule import BrokenTerm, periods
from billing_core.people import BillingContact, Person
from billing_core.sellers.models import TaxRate
from corporate_portal.invoices import service
from corporate_portal.invoices.jobs import NotAllIssued, issue_scheduled
from tests.billing_core.orders.placing import Buyer, about, buyer, it_is, line, order, term
from tests.factories import core

TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def monday(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(monkeypatch, TODAY)


def invoices() -> list[Invoice]:
    with db.reading() as session:
        whole = select(Invoice).options(selectinload(Invoice.lines), selectinload(Invoice.taxes))
        return list(session.scalars(whole.order_by(Invoice.id)))


def waiting() -> list[date]:
    with db.reading() as session:
        days = select(ScheduledInvoice.issue_on).where(ScheduledInvoice.state == "waiting")
        return list(session.scalars(days.order_by(ScheduledInvoice.issue_on)))


def contact_of(of: Buyer, who: Person | None = None, **changes: Any) -> int:
    found = core.contact(of.account, who, **changes)
    with db.reading() as session:
        return session.scalars(select(BillingContact.id).where(BillingContact.person_id == found.id)).one()


@pytest.mark.parametrize(
    ("start", "end", "frequency", "starts"),
    [
        (date(2026, 1, 31), date(2026, 5, 31), "monthly", ["2026-01-31", "2026-02-28", "2026-03-31", "2026-04-30"]),
        (date(2027, 12, 31), date(2028, 3, 31), "monthly", ["2027-12-31", "2028-01-31", "2028-02-29"]),
        (date(2028, 2, 29), date(2030, 2, 28), "yearly", ["2028-02-29", "2029-02-28"]),
        (date(2026, 6, 1), date(2027, 6, 1), "yearly", ["2026-06-01"]),
    ],
)
def test_periods_keep_their_anchor_day_and_leave_no_gap(
    start: date, end: date, frequency: str, starts: list[str]
) -> None:
    found = periods(start, end, frequency)
    assert [period.start.isoformat() for period in found] == starts
    assert [period.end for period in found] == [*(period.start for period in found[1:]), end]


@pytest.mark.parametrize(("end", "frequency"), [(date(2027, 2, 1), "yearly"), (date(2026, 1, 20), "monthly")])
def test_a_term_is_made_of_whole_periods(end: date, frequency: str) -> None:
    with pytest.raises(BrokenTerm):
        periods(date(2026, 1, 1), end, frequency)
    with pytest.raises(BrokenTerm):
        order(of := buyer(), line(of, term_start=date(2026, 1, 1), term_end=end, frequency=frequency))


def test_one_invoice_waits_for_each_day_with_a_later_period(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    order(of, line(of, months=36), line(of, months=3, frequency="monthly"), line(of, months=24))
    months = [clock.add_months(TODAY, n) for n in (1, 2, 12, 24)]
    assert waiting() == months
    running = term(of)
    order(of, about(of, running, "add", 2), about(of, running, "renew", 5, term_end=clock.add_months(TODAY, 36)))
    assert waiting() == [*months, clock.add_months(TODAY, 24)]


def test_a_month_is_invoiced_on_its_day_with_document_and_mail(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    contact = contact_of(of, core.person("Carla Contact"), user_id="carla", is_primary=False)
    placed = order(
        of,
        line(of, months=2, frequency="monthly", unit_price=1200, discount=500),
        line(of, seats=2, months=24, description="Yearly"),
        contact_id=contact,
    )
    it_is(monkeypatch, clock.add_months(TODAY, 1) - timedelta(days=1))
    issue_scheduled()
    assert invoices() == []
    it_is(monkeypatch, day := clock.add_months(TODAY, 1))
    issue_scheduled()
    issue_scheduled()
    (invoice,) = invoices()
    assert (invoice.issued_on, invoice.due_on) == (day, day + timedelta(days=14))
    assert (invoice.period_start, invoice.period_end) == (day, clock.add_months(TODAY, 2))
    assert (invoice.net, invoice.tax, invoice.total) == (5500, 1045, 6545)
    assert (invoice.order_number, invoice.quote_number, invoice.po_number) == (placed.number, "Q-2026-000001", "PO 1")
    assert [(one.description, one.quantity, one.unit, one.discount) for one in invoice.lines] == [
        ("Meeting Pro", 5, "organizer", 500),
    ]  # fmt: skip
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail)).one()
        assert session.scalars(select(Document.subject)).one() == invoice.public_id
    assert (mail.kind, mail.attached) == ("invoice-issued", f"invoice:{invoice.public_id}")
    assert "carla" in mail.text_body
    assert waiting() == [clock.add_months(TODAY, 12)]


def test_after_a_long_downtime_everything_is_issued_today(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    order(of, line(of, months=12, frequency="monthly", unit_price=1200))
    it_is(monkeypatch, late := TODAY + timedelta(days=100))
    issue_scheduled()
    found = invoices()
    assert [invoice.period_start for invoice in found] == [clock.add_months(TODAY, n) for n in (1, 2, 3)]
    assert {(invoice.issued_on, invoice.due_on) for invoice in found} == {(late, late + timedelta(days=14))}
    assert len(waiting()) == 8


def test_two_workers_issue_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    order(of, line(of, months=12, frequency="monthly", unit_price=1200))
    it_is(monkeypatch, TODAY + timedelta(days=200))
    both = Barrier(2)

    def work() -> None:
        both.wait()
        issue_scheduled()

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(work) for _ in range(2)]:
            done.result()
    assert len(invoices()) == 6
    assert len({invoice.period_start for invoice in invoices()}) == 6
    assert sorted(invoice.number[-6:] for invoice in invoices()) == [f"{n:06}" for n in range(1, 7)]


def test_the_tax_is_that_of_the_day(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    order(of, line(of, months=24), locale="de")
    core.add(TaxRate(country="DE", category="S", rate=2100, valid_from=date(2026, 12, 1)))
    it_is(monkeypatch, clock.add_months(TODAY, 12))
    issue_scheduled()
    (invoice,) = invoices()
    assert (invoice.locale, invoice.net, invoice.tax) == ("de", 60000, 12600)


def test_the_day_is_that_of_the_seller(monkeypatch: pytest.MonkeyPatch) -> None:
    of = Buyer(core.account(core.seller(timezone="Pacific/Kiritimati")), core.product())
    tomorrow = TODAY + timedelta(days=1)
    order(of, line(of, months=24, term_start=clock.add_months(tomorrow, -12)))
    it_is(monkeypatch, TODAY, hour=10)
    issue_scheduled()
    assert invoices() == []
    it_is(monkeypatch, TODAY, hour=11)  # 10 in the morning in Greenwich is midnight there
    issue_scheduled()
    assert [invoice.issued_on for invoice in invoices()] == [tomorrow]


def test_one_that_fails_holds_up_no_other_and_comes_again(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    order(of, line(of, months=4, frequency="monthly", unit_price=1200))
    it_is(monkeypatch, TODAY + timedelta(days=200))
    whole, calls = service.write_invoice, []

    def broken(draft: Any) -> Invoice:
        calls.append(draft)
        if len(calls) == 1:
            raise RuntimeError("the disk is full")
        return whole(draft)

    with monkeypatch.context() as patched:
        patched.setattr(service, "write_invoice", broken)
        with pytest.raises(NotAllIssued):
            issue_scheduled()
    assert (len(invoices()), len(waiting())) == (2, 1)
    issue_scheduled()
    assert (len(invoices()), waiting()) == (3, [])


def test_a_removed_contact_is_replaced_by_the_primary_one(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    first = contact_of(of, core.person("Fiona First"))
    contact_of(of, core.person("Paul Primary"), user_id="paul", is_primary=True)
    order(of, line(of, months=24), contact_id=first)
    db.perform(
        lambda: db.session().execute(
            update(BillingContact).where(BillingContact.id == first).values(removed_at=clock.now())
        )
    )
    it_is(monkeypatch, clock.add_months(TODAY, 12))
    issue_scheduled()
    (invoice,) = invoices()
    assert invoice.user_id == "paul"
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail)).one()
    assert "Paul Primary" in mail.text_body


def test_without_any_contact_it_is_issued_and_waits_for_one(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    order(of, line(of, months=24))
    it_is(monkeypatch, clock.add_months(TODAY, 12))
    issue_scheduled()
    (invoice,) = invoices()
    assert (invoice.contact_id, invoice.user_id) == (None, "")
    with db.reading() as session:
        assert session.scalars(select(OutboxMail)).all() == []
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "invoice.not_mailed")).one()
    assert noted.subject == invoice.public_id
