"""Decisions that came by mail or phone: recorded by the account's representative, and shown as such."""

import json
from dataclasses import replace
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from billing_core import db, words
from billing_core.audit import AuditEntry
from billing_core.documents.printing import page_of
from billing_core.errors import Invalid, NotFound
from billing_core.mail.models import OutboxMail
from billing_core.permissions import Realm
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteDecision
from corporate_portal.quotes.offer.content import Record
from corporate_portal.quotes.prints import certificate_print
from corporate_portal.quotes.refusals import AlreadyDecided, NotYourAccount, QuoteChanged, QuoteExpired
from tests.client import Client
from tests.corporate_portal.quotes.counting import counts
from tests.factories import core, quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")


def record(deal: Deal, quote: Quote, **changes: Any) -> Record:
    said = Record(
        "accepted", quotes.version(quote).sha256 or "", deal.contact.public_id, "mail", "Mail of 3 May, T-17",
        po_number="PO 4711",
    )  # fmt: skip
    return replace(said, **changes)


def keep(deal: Deal, quote: Quote, **changes: Any) -> QuoteDecision:
    return db.perform(service.record_decision, deal.desk, quote.public_id, record(deal, quote, **changes))


def test_a_recorded_acceptance_is_the_contacts_and_says_who_wrote_it_down() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    decision = keep(deal, quote)
    assert (decision.verdict, decision.person_id, decision.person_name) == (
        "accepted",
        deal.contact.id,
        "Carla Contact",
    )
    assert (decision.channel, decision.reference, decision.recorded_by_id) == (
        "mail",
        "Mail of 3 May, T-17",
        deal.rep.id,
    )
    assert quotes.version(quote).state == "accepted"
    assert decision.order_id
    assert decision.invoice_id
    said = json.loads(decision.evidence)
    assert said["channel"] == "mail"
    assert said["recorded"] == {
        "reference": "Mail of 3 May, T-17",
        "by": {"id": deal.rep.public_id, "name": "Rita Rep", "email": deal.rep.email},
    }
    assert said["person"]["id"] == deal.contact.public_id
    assert (said["session"]["of"], said["session"]["realm"]) == (deal.rep.public_id, "desk")
    assert "Rita Rep records that Carla Contact decided this by mail" in said["wording"]["consent"]
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "quote.accepted")).one()
        assert entry.actor == deal.desk.actor
        mails = {mail.kind: mail for mail in session.scalars(select(OutboxMail))}
    assert mails["quote-accepted"].recipient == deal.contact.email
    assert "Rita Rep recorded that you accepted" in mails["quote-accepted"].text_body
    assert "was recorded" in mails["quote-accepted"].subject
    with db.reading(), words.in_language("en"):
        html = page_of(certificate_print(quotes.version(quote).public_id))
    assert "recorded by Rita Rep. Reference: Mail of 3 May, T-17" in html


def test_a_recorded_rejection_keeps_its_reason() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    decision = keep(deal, quote, verdict="rejected", channel="phone", reason="Too dear.")
    assert (decision.verdict, decision.reason, decision.channel) == ("rejected", "Too dear.", "phone")
    assert quotes.version(quote).state == "rejected"
    with db.reading() as session:
        mails = {mail.kind: mail for mail in session.scalars(select(OutboxMail))}
    told = mails["quote-rejection-recorded"]
    assert (told.recipient, told.reply_to) == (deal.contact.email, deal.rep.email)
    assert "Rita Rep recorded that you rejected" in told.text_body
    assert "It came by phone." in told.text_body
    assert "Too dear." in told.text_body


def test_recording_the_same_twice_is_harmless_and_the_opposite_is_refused() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    first = keep(deal, quote)
    before = counts()
    assert keep(deal, quote, reference="another").id == first.id
    with pytest.raises(AlreadyDecided):
        keep(deal, quote, verdict="rejected", reason="No.")
    assert counts() == before


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"channel": "portal"}, "channel"), ({"channel": ""}, "channel"), ({"reference": "  "}, "reference"),
        ({"reference": "x" * 201}, "reference"), ({"reference": "a\x07b"}, "reference"), ({"contact": ""}, "contact"),
        ({"contact": "per_unknown"}, "contact"), ({"verdict": "maybe"}, "verdict"),
        ({"verdict": "rejected"}, "reason"), ({"po_number": "x" * 101}, "po_number"),
    ],
)  # fmt: skip
def test_half_a_record_is_refused(changes: dict[str, Any], field: str) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    before = counts()
    with pytest.raises(Invalid) as refused:
        keep(deal, quote, **changes)
    assert refused.value.field == field
    assert counts() == before


def test_only_a_contact_who_may_accept_can_have_decided() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    reader = core.contact(deal.account, rights="pay manage")
    foreign = quotes.deal().contact
    for person in (reader, foreign, deal.rep):
        with pytest.raises(Invalid) as refused:
            keep(deal, quote, contact=person.public_id)
        assert refused.value.field == "contact"


def test_deadline_and_reviewed_text_hold_here_too() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    with pytest.raises(QuoteChanged):
        keep(deal, quote, reviewed_sha256="0" * 64)
    said, expires = record(deal, quote), quotes.version(quote).expires_at
    assert expires is not None
    with time_machine.travel(expires, tick=False), pytest.raises(QuoteExpired):
        db.perform(service.record_decision, deal.desk, quote.public_id, said)


def test_only_the_accounts_own_representative_records() -> None:
    deal, other = quotes.deal(), quotes.deal()
    quote = quotes.sent(deal)
    manager = core.viewer(core.staff("rep_manager"), Realm.DESK)
    for viewer, refusal in ((other.desk, NotFound), (manager, NotYourAccount), (deal.portal, NotFound)):
        with pytest.raises(refusal):
            db.perform(service.record_decision, viewer, quote.public_id, record(deal, quote))
    assert quotes.version(quote).state == "sent"


def test_the_desk_records_by_its_page_and_both_sides_read_it(client: Client) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    desk = client.sign_in(deal.rep, Realm.DESK)
    shown = desk.get(f"/desk/quotes/{quote.public_id}")
    link = shown.html.find("a", string="Record a decision")
    assert link is not None
    step = desk.get(str(link["href"]))
    path = f"/desk/quotes/{quote.public_id}/record-decision"
    empty = desk.post(path, step.form("record-decision"), page=step)
    assert empty.status == 400
    entered = {
        "verdict": "accepted", "contact": deal.contact.public_id, "channel": "phone", "reference": "Call note 12",
        "agreed": "y",
    }  # fmt: skip
    half = desk.post(path, step.form("record-decision") | entered | {"reference": ""}, page=step)
    assert half.status == 400
    assert "Enter where the proof is" in half.words
    done = desk.follow(desk.post(path, step.form("record-decision") | entered, page=step))
    for words_of in (
        done.words,
        Client(client.app).sign_in(deal.contact).get(f"/quotes/{quote.public_id}").words,
        Client(client.app).sign_in(deal.contact).get(f"/quotes/{quote.public_id}/receipt").words,
    ):
        assert "Recorded by Rita Rep: it came by phone, reference Call note 12." in words_of
    again = desk.post(path, step.form("record-decision") | entered, page=step)
    assert again.status == 303


def test_another_representative_does_not_find_the_page(client: Client) -> None:
    deal, other = quotes.deal(), quotes.deal()
    quote = quotes.sent(deal)
    path = f"/desk/quotes/{quote.public_id}/record-decision?reviewed={quotes.version(quote).sha256}"
    assert client.sign_in(other.rep, Realm.DESK).get(path).status == 404
