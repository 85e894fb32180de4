"""Accepting: what it brings about, what refuses it, and that nothing stays of a refused one."""

import hashlib
import json
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import rfc8785
from sqlalchemy import select, update

from billing_core import clock, db, words
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.jobs import Job
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.models import ServiceOrder
from billing_core.people import BillingContact
from billing_core.permissions import SessionFacts
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteDecision
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.content import LineWish, Rejection
from corporate_portal.quotes.refusals import AlreadyDecided, QuoteChanged, QuoteExpired, QuoteRefusal, QuoteWithdrawn
from corporate_portal.quotes.service import deciding
from tests.conftest import Database
from tests.corporate_portal.quotes.counting import counts
from tests.factories import core, quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")


def accept(deal: Deal, quote: Quote, **changes: Any) -> QuoteDecision:
    return db.perform(service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote, **changes))


def rows(table: type[Any]) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(table)))


def test_an_acceptance_writes_everything_at_once() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    decision = accept(deal, quote)
    version = quotes.version(quote)
    assert version.state == "accepted"
    assert (decision.verdict, decision.person_name, decision.po_number) == ("accepted", "Carla Contact", "PO 4711")
    (order,) = rows(ServiceOrder)
    assert (order.state, order.origin, decision.order_id) == ("fulfilled", version.public_id, order.id)
    (subscription,) = rows(Subscription)
    assert (subscription.seats, subscription.frequency) == (10, "yearly")
    assert subscription.period_end == clock.add_months(version.starts_on, 24)
    (invoice,) = rows(Invoice)
    assert (
        (invoice.net, invoice.tax, invoice.total)
        == (158000, 30020, 188020)
        == (version.net, version.tax, version.total)
    )
    assert (invoice.quote_number, invoice.order_number, invoice.po_number) == (quote.number, order.number, "PO 4711")
    assert decision.invoice_id == invoice.id
    actions = [entry.action for entry in rows(AuditEntry)]
    assert {"quote.accepted", "order.placed", "order.fulfilled", "subscription.started", "invoice.issued"} <= set(
        actions
    )


def test_the_contact_and_the_representative_get_a_mail() -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    mails = {mail.kind: mail for mail in rows(OutboxMail)}
    assert mails["quote-accepted"].recipient == deal.contact.email
    assert mails["quote-accepted"].reply_to == deal.rep.email
    assert mails["quote-accepted-rep"].recipient == deal.rep.email
    assert mails["invoice-issued"].recipient == deal.contact.email
    assert quote.number in mails["quote-accepted"].subject
    assert "PO 4711" in mails["quote-accepted-rep"].text_body


def test_the_evidence_says_who_accepted_what_in_which_words() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    facts = SessionFacts(7, clock.now(), "192.0.2.1", "A browser")
    viewer = replace(deal.portal, facts=facts)
    sent = quotes.acceptance(deal, quote)
    decision = db.perform(service.accept_quote, viewer, quote.public_id, sent)
    evidence, version = json.loads(decision.evidence), quotes.version(quote)
    assert decision.evidence == rfc8785.dumps(evidence)
    assert evidence["quote"]["sha256"] == version.sha256 == hashlib.sha256(version.document or b"").hexdigest()
    assert evidence["person"] == {
        "email": deal.contact.email, "function": "Head of Accounts", "id": deal.contact.public_id,
        "name": "Carla Contact", "rights": ["accept", "manage", "pay", "view"], "user_id": deal.contact.email,
    }  # fmt: skip
    assert evidence["session"]["ip"] == "192.0.2.1"
    assert evidence["zone"] == "Europe/Berlin"
    said = evidence["wording"]
    assert "Carla Contact (Head of Accounts) orders" in said["statement"]
    assert "€1,880.20" in said["statement"]
    shown = f"{said['language']}\n{said['statement']}\n{said['consent']}"
    assert hashlib.sha256(shown.encode()).hexdigest() == sent.wording_sha256


def test_accepting_twice_is_harmless() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    first = accept(deal, quote)
    before = counts()
    second = accept(deal, quote, po_number="another")
    assert (second.id, second.po_number) == (first.id, "PO 4711")
    assert counts() == before


def test_a_start_in_the_future_waits_for_its_day() -> None:
    deal = quotes.deal()
    accept(deal, quotes.sent(deal, starts_on=quotes.in_days(10)))
    (order,) = rows(ServiceOrder)
    assert order.state == "pending"
    assert rows(Subscription) == []
    (job,) = [job for job in rows(Job) if job.kind == "order.fulfil"]
    assert clock.local(job.run_at, "Europe/Berlin").isoformat()[:16] == f"{quotes.in_days(10)}T00:00"
    assert len(rows(Invoice)) == 1


def test_a_quote_of_one_off_lines_starts_no_subscription() -> None:
    deal = quotes.deal()
    accept(deal, quotes.sent(deal, lines=(LineWish(deal.product.code, "", "once", 2),), term_months=1))
    assert rows(Subscription) == []
    (invoice,) = rows(Invoice)
    assert (invoice.net, invoice.period_start) == (100000, None)


def test_a_quote_for_nothing_is_settled_at_once() -> None:
    deal = quotes.deal(discount_limit=10_000)
    free = LineWish(deal.product.code, "", "monthly", 3, percent_off=10_000)
    accept(deal, quotes.sent(deal, lines=(free,)))
    (invoice,) = rows(Invoice)
    assert (invoice.total, invoice.balance) == (0, 0)


def refusals(deal: Deal, quote: Quote) -> dict[str, Any]:
    return {
        "another account's contact": (NotFound, quotes.deal().portal, {}),
        "no right to accept": (NotAllowed, core.viewer(core.contact(deal.account, rights="pay")), {}),
        "the representative": (NotFound, deal.desk, {}),
        "another text reviewed": (QuoteChanged, deal.portal, {"reviewed_sha256": "0" * 64}),
        "nothing reviewed": (QuoteChanged, deal.portal, {"reviewed_sha256": ""}),
        "another wording": (QuoteChanged, deal.portal, {"wording_sha256": "0" * 64}),
        "a language that was not shown": (QuoteChanged, deal.portal, {"locale": "de"}),
        "an unknown language": (QuoteChanged, deal.portal, {"locale": "xx", "wording_sha256": ""}),
        "a PO number too long": (Invalid, deal.portal, {"po_number": "x" * 101}),
        "a PO number with a line break": (Invalid, deal.portal, {"po_number": "12\n34"}),
        "a PO number with a surrogate": (Invalid, deal.portal, {"po_number": "12\ud800"}),
        "a way to pay that is none": (Invalid, deal.portal, {"payment": "gold"}),
    }


def test_refusals_write_nothing() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    cases = refusals(deal, quote)
    before = counts()
    for name, (refusal, viewer, changes) in cases.items():
        sent = quotes.acceptance(deal, quote, **changes)
        with pytest.raises(refusal):
            db.perform(service.accept_quote, viewer, quote.public_id, sent)
        assert counts() == before, name


def test_a_draft_does_not_exist_for_a_contact() -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal)
    with pytest.raises(NotFound):
        accept(deal, quote)


def test_a_required_po_number_is_required() -> None:
    deal = quotes.deal(po_required=True)
    quote = quotes.sent(deal)
    with pytest.raises(Invalid) as refused:
        accept(deal, quote, po_number="  ")
    assert refused.value.field == "po_number"
    assert accept(deal, quote, po_number=" 12 ").po_number == "12"


def test_card_now_needs_the_right_to_pay() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    only_accepts = core.contact(deal.account, core.person("Olaf"), rights="accept")
    said = terms.declaration(quotes.version(quote), "Olaf", "Head of Accounts", "en")
    sent = quotes.acceptance(deal, quote, payment="card", wording_sha256=said.sha256)
    with pytest.raises(Invalid):
        db.perform(service.accept_quote, core.viewer(only_accepts), quote.public_id, sent)
    assert json.loads(accept(deal, quote, payment="card").evidence)["payment"] == "card"


def test_a_contact_removed_after_the_page_was_opened_decides_nothing() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    viewer = deal.portal
    db.perform(
        lambda: db.session().execute(
            update(BillingContact).where(BillingContact.person_id == deal.contact.id).values(removed_at=clock.now())
        )
    )
    with pytest.raises(NotAllowed):
        db.perform(service.accept_quote, viewer, quote.public_id, quotes.acceptance(deal, quote))


@pytest.mark.parametrize(("make", "refusal"), [(quotes.rejected, AlreadyDecided), (quotes.withdrawn, QuoteWithdrawn)])
def test_a_decided_quote_is_not_accepted(make: Any, refusal: type[QuoteRefusal]) -> None:
    deal = quotes.deal()
    quote = make(deal)
    before = counts()
    with pytest.raises(refusal) as refused:
        accept(deal, quote)
    assert "%(" not in words.sentence(refused.value)
    assert counts() == before


@pytest.mark.parametrize("part", ["issue_for_order", "place_order", "evidence_of", "mails"])
def test_a_part_that_fails_refuses_the_whole(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    sent, before = quotes.acceptance(deal, quote), counts()

    def fail(*_args: Any, **_kwargs: Any) -> None:
        raise RuntimeError(part)

    if part == "mails":
        monkeypatch.setattr(deciding.mails, "tell_accepted", fail)
    else:
        monkeypatch.setattr(deciding, part, fail)
    with pytest.raises(RuntimeError, match=part):
        db.perform(service.accept_quote, deal.portal, quote.public_id, sent)
    assert counts() == before
    assert quotes.version(quote).state == "sent"


def test_a_rejection_tells_the_representative_why() -> None:
    deal = quotes.deal()
    quote = quotes.rejected(deal)
    version = quotes.version(quote)
    assert version.state == "rejected"
    assert version.decision is not None
    assert version.decision.reason == "Too dear."
    (mail,) = [mail for mail in rows(OutboxMail) if mail.kind == "quote-rejected"]
    assert mail.recipient == deal.rep.email
    assert "Too dear." in mail.text_body
    assert rows(Invoice) == []


def test_rejecting_twice_is_harmless_and_needs_a_reason() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    sha256 = quotes.version(quote).sha256 or ""
    for reason in ("", "  \n ", "x" * 1001, "a\x07b"):
        with pytest.raises(Invalid):
            db.perform(service.reject_quote, deal.portal, quote.public_id, Rejection(sha256, reason))
    with pytest.raises(QuoteChanged):
        db.perform(service.reject_quote, deal.portal, quote.public_id, Rejection("", "No."))
    first = db.perform(service.reject_quote, deal.portal, quote.public_id, Rejection(sha256, "No."))
    before = counts()
    again = db.perform(service.reject_quote, deal.portal, quote.public_id, Rejection(sha256, "No, no."))
    assert (again.id, again.reason) == (first.id, "No.")
    assert counts() == before


@pytest.mark.parametrize(
    "zone", ["Europe/Berlin", "Pacific/Kiritimati", "Etc/GMT+12", "America/New_York", "Asia/Kathmandu", "Africa/Cairo"]
)
def test_the_deadline_is_the_end_of_the_day_in_the_quotes_zone(zone: str, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = quotes.deal(timezone=zone)
    early, late = quotes.sent(deal), quotes.sent(deal)
    version = quotes.version(early)
    assert version.valid_until == clock.today(zone) + timedelta(days=7)
    deadline = version.expires_at
    assert deadline is not None
    assert clock.local(deadline, zone).isoformat()[:19] == f"{version.valid_until + timedelta(days=1)}T00:00:00"
    sent_early, sent_late = quotes.acceptance(deal, early), quotes.acceptance(deal, late)
    viewer = deal.portal
    monkeypatch.setattr(clock, "now", lambda: deadline)
    with pytest.raises(QuoteExpired):
        db.perform(service.accept_quote, viewer, late.public_id, sent_late)
    monkeypatch.setattr(clock, "now", lambda: deadline - timedelta(microseconds=1))
    assert db.perform(service.accept_quote, viewer, early.public_id, sent_early).verdict == "accepted"


def test_an_expired_quote_is_neither_rejected_nor_withdrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    sha256, viewer, desk = quotes.version(quote).sha256 or "", deal.portal, deal.desk
    late = clock.now() + timedelta(days=9)
    monkeypatch.setattr(clock, "now", lambda: late)
    with pytest.raises(QuoteExpired):
        db.perform(service.reject_quote, viewer, quote.public_id, Rejection(sha256, "No."))
    with pytest.raises(QuoteExpired):
        db.perform(service.withdraw_quote, desk, quote.public_id)


def test_the_database_itself_allows_one_decision_a_quote(database: Database) -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    version = quotes.version(quote)
    twin = {
        "version_id": version.id, "quote_id": quote.id, "verdict": "rejected", "person_id": deal.contact.id,
        "person_name": "x", "function": "", "decided_at": clock.now(), "reason": "", "po_number": "", "evidence": b"",
    }  # fmt: skip
    assert db.perform(db.add_if_absent, QuoteDecision, **twin) is False
