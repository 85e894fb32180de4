"""A quote with a line of every effect, accepted, and what becomes of it while the worker runs, sleeps and wakes."""

from datetime import date, timedelta
from email.message import EmailMessage
from typing import Any

import pytest
from sqlalchemy import select

from app.ports import Ports
from app.worker import Worker
from billing_core import clock, db
from billing_core.errors import Refusal
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.orders.models import ServiceOrder
from billing_core.people import Membership
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.refusals import TooFewSeats
from corporate_portal.quotes.models import QuoteDecision
from corporate_portal.quotes.offer.content import ADD, FREE, REMOVE, RENEW, START, AdminContact, LineWish
from corporate_portal.quotes.service import accept_quote
from tests.billing_core.orders.placing import holders, it_is, reread, subscriptions
from tests.factories import quotes as make

pytestmark = pytest.mark.usefixtures("database")

TODAY = date(2026, 3, 31)


@pytest.fixture(autouse=True)
def march(monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(monkeypatch, TODAY)


class Drawer:
    """Where documents and mails end in these tests."""

    sender = "portal@seller.example"
    keeps_mail_here = True

    def deliver(self, message: EmailMessage) -> None:
        """The mail is taken."""

    def print_page(self, html: str) -> bytes:
        """A document that says nothing."""
        return b"%PDF-1.7 " + str(len(html)).encode()


@pytest.fixture
def working() -> Worker:
    """The worker itself, with nothing to print on."""
    return Worker(Ports(gateway=None, transport=Drawer(), printer=Drawer(), vat_register=None))  # type: ignore[arg-type]


def wish(of: make.Deal, effect: str, quantity: int, about: Subscription | None = None, **more: Any) -> LineWish:
    values: dict[str, Any] = {
        "product_code": "" if about else of.product.code, "tier": "", "frequency": "" if about else "yearly",
        "quantity": quantity, "effect": effect, "subscription": about.public_id if about else "",
    }  # fmt: skip
    return LineWish(**(values | more))


def accept(of: make.Deal, *lines: LineWish, **more: Any) -> QuoteDecision:
    quote = make.sent(of, lines=lines, starts_on=clock.today("Europe/Berlin"), term_months=12)
    return db.perform(accept_quote, of.portal, quote.public_id, make.acceptance(of, quote, **more))


def invoices() -> list[Invoice]:
    with db.reading() as session:
        return list(session.scalars(select(Invoice).order_by(Invoice.id)))


def order_of(decision: QuoteDecision) -> ServiceOrder:
    with db.reading() as session:
        return session.get_one(ServiceOrder, decision.order_id)


def credit_note_of(decision: QuoteDecision) -> CreditNote:
    with db.reading() as session:
        return session.get_one(CreditNote, decision.credit_note_id)


def test_a_line_of_every_effect(monkeypatch: pytest.MonkeyPatch, working: Worker) -> None:
    deal = make.deal(timezone="Europe/Berlin")
    accept(deal, wish(deal, START, 10))
    (running,) = subscriptions()
    july = date(2026, 7, 1)
    decision = accept(
        deal,
        wish(deal, START, 2, frequency="monthly", term_months=3),
        wish(deal, ADD, 5, running),
        wish(deal, REMOVE, 4, running, credited=True, starts_on=july),
        wish(deal, REMOVE, 1, running),
        wish(deal, RENEW, 8, running),
        wish(deal, FREE, 1, frequency="once", description="Thank you", unit_price=-1000),
        admin=AdminContact(name="Anna Admin", email="anna@customer.example"),
    )
    assert (order_of(decision).state, reread(running).seats, reread(running).removed_at_end) == ("pending", 15, 1)
    note = credit_note_of(decision)
    assert note.invoice_id == decision.invoice_id
    assert note.net == 1000 + round(4 * 12000 * 273 / 365)  # from 1 July until 31 March
    first, second = invoices()
    assert (first.net, second.net) == (120000, 2400 + 5 * 12000 + 8 * 12000)
    assert second.balance == second.total - note.total
    with db.reading() as session:
        admin = session.scalars(select(Membership).where(Membership.is_admin)).one()
    assert holders(running) == [admin.person_id]

    it_is(monkeypatch, july + timedelta(days=40))  # nobody worked in the meantime
    working.work_off()
    assert reread(running).seats == 11
    later = invoices()[2:]
    assert [one.period_start for one in later] == [date(2026, 4, 30), date(2026, 5, 31)]
    assert {one.net for one in later} == {2400}

    it_is(monkeypatch, running.period_end)
    working.work_off()
    assert order_of(decision).state == "fulfilled"
    following = next(one for one in subscriptions() if one.id == reread(running).renewed_by_id)
    assert (following.seats, following.status(running.period_end)) == (8, "active")
    assert holders(following) == [admin.person_id]


def test_what_can_no_longer_be_is_refused_to_the_contact_and_nothing_is_written() -> None:
    deal = make.deal(timezone="Europe/Berlin")
    accept(deal, wish(deal, START, 3))
    (running,) = subscriptions()
    both = [make.sent(deal, lines=(wish(deal, REMOVE, 2, running, credited=True),)) for _ in range(2)]
    first, second = ((quote.public_id, make.acceptance(deal, quote)) for quote in both)
    db.perform(accept_quote, deal.portal, *first)
    with pytest.raises(TooFewSeats) as refused:
        db.perform(accept_quote, deal.portal, *second)
    assert isinstance(refused.value, Refusal)
    assert reread(running).seats == 1
    assert make.version(both[1]).state == "sent"
    with db.reading() as session:
        assert len(session.scalars(select(CreditNote)).all()) == 1
        assert len(session.scalars(select(ServiceOrder)).all()) == 2


def test_a_quote_that_only_removes_seats_brings_no_invoice() -> None:
    deal = make.deal(timezone="Europe/Berlin")
    accept(deal, wish(deal, START, 3))
    (running,) = subscriptions()
    decision = accept(deal, wish(deal, REMOVE, 1, running))
    assert (decision.invoice_id, decision.credit_note_id) == (None, None)
    assert (order_of(decision).state, len(invoices())) == ("fulfilled", 1)
