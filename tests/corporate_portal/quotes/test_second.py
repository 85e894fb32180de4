"""Above an account's own amount two contacts accept: the first one's acceptance is kept, the second one's orders."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from billing_core import clock, db, money, words
from billing_core.audit import AuditEntry
from billing_core.documents.models import Document
from billing_core.documents.printing import page_of
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.models import ServiceOrder
from billing_core.people import BillingContact, Person
from corporate_portal.quotes import jobs, policy, queries, service
from corporate_portal.quotes.models import Quote, QuoteFirstAcceptance, QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.content import AdminContact, Confirmation, LineWish, Record, Rejection
from corporate_portal.quotes.offer.second import needs_second, ordered_in_all
from corporate_portal.quotes.prints import certificate_print
from corporate_portal.quotes.refusals import (
    AwaitsSecond,
    FirstMayNoLonger,
    NoSecondContact,
    NotAwaitingSecond,
    NotRevisable,
    QuoteChanged,
    QuoteExpired,
    QuoteRefusal,
    SameContact,
)
from tests.client import Client
from tests.corporate_portal.quotes.counting import counts
from tests.corporate_portal.quotes.test_races import at_once
from tests.factories import core, quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")

IN_ALL = 316_540
"""What quotes.content() orders in all: 1,880.20 at once and 1,285.20 for the second year."""


def two(above: int = 100_000) -> tuple[Deal, Person]:
    """A deal whose account asks for two above an amount, and a second contact."""
    deal = quotes.deal(second_above=above)
    return deal, core.contact(deal.account, core.person("Sam Second"))


def accept(deal: Deal, quote: Quote, **changes: Any) -> Any:
    return db.perform(service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote, **changes))


def confirmation(quote: Quote, person: Person) -> Confirmation:
    version = quotes.version(quote)
    assert version.first_acceptance
    said = terms.declaration(version, person.name, "Head of Accounts", "en")
    return Confirmation(version.first_acceptance.sha256, said.sha256, "en")


def confirm(quote: Quote, person: Person, sent: Confirmation | None = None) -> Any:
    sent = sent or confirmation(quote, person)
    return db.perform(service.confirm_quote, core.viewer(person), quote.public_id, sent)


def refuse(quote: Quote, person: Person, reason: str = "Not this year.") -> QuoteVersion:
    first = quotes.version(quote).first_acceptance
    sent = (first.sha256 if first else "", reason)
    return db.perform(service.refuse_confirmation, core.viewer(person), quote.public_id, *sent)


def mails_of(kind: str) -> list[OutboxMail]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)))


@pytest.mark.parametrize(("above", "needed"), [(None, False), (IN_ALL, False), (IN_ALL - 1, True), (0, True)])
def test_the_rule_compares_what_is_ordered_in_all(above: int | None, needed: bool) -> None:
    deal = quotes.deal(second_above=above)
    version = quotes.version(quotes.sent(deal))
    assert version.total == 188_020
    assert (ordered_in_all(version), needs_second(version)) == (IN_ALL, needed)


def test_periods_after_the_first_count_once_each_until_the_term_ends() -> None:
    deal = quotes.deal(second_above=0)
    line = LineWish(deal.product.code, "", "monthly", 1)
    version = quotes.version(quotes.sent(deal, term_months=12, lines=(line,)))
    assert ordered_in_all(version) == 12 * (version.lines[0].net + money.percent(version.lines[0].net, 1900))


def test_an_amount_in_another_currency_always_needs_two() -> None:
    deal, _ = two(above=10**9)
    version = quotes.version(quotes.sent(deal))
    assert not needs_second(version)
    version.quote.currency = "CHF"
    assert needs_second(version)


def test_the_first_acceptance_is_kept_and_orders_nothing() -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    before = counts()
    first = accept(deal, quote)
    after = counts()
    assert isinstance(first, QuoteFirstAcceptance)
    changed = {name for name in after if after[name] != before.get(name)}
    assert changed == {"audit_entry", "quote_first_acceptance", "outbox_mail", "job"}
    version = quotes.version(quote)
    assert (version.state, version.decision) == ("awaiting_second_contact", None)
    said = json.loads(first.evidence)
    assert (said["verdict"], said["person"]["name"]) == ("accepted first", "Carla Contact")
    assert said["quote"]["sha256"] == version.sha256
    assert "when a second contact confirms" in said["wording"]["statement"]
    assert "obligation to pay" not in said["wording"]["consent"]
    assert (first.po_number, first.above) == ("PO 4711", 100_000)
    (mail,) = mails_of("quote-second")
    assert mail.recipient == second.email
    assert "Carla Contact accepted quote" in mail.subject
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "quote.accepted_first")).one()
    assert first.sha256 in entry.detail.decode()


def test_accepting_first_twice_is_harmless_and_others_are_told_who_did() -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    first = accept(deal, quote)
    before = counts()
    assert accept(deal, quote).id == first.id
    sha256 = quotes.version(quote).sha256 or ""
    with pytest.raises(AwaitsSecond):
        db.perform(service.reject_quote, core.viewer(second), quote.public_id, Rejection(sha256, "No."))
    with pytest.raises(AwaitsSecond):
        db.perform(service.ask_change, core.viewer(second), quote.public_id, "Less.", sha256)
    with pytest.raises(AwaitsSecond):
        db.perform(service.withdraw_quote, deal.desk, quote.public_id)
    with pytest.raises(NotRevisable):
        db.perform(service.revise_quote, deal.desk, quote.public_id)
    assert counts() == before


def test_the_confirmation_orders_in_the_first_ones_details() -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    accept(deal, quote, admin=AdminContact(name="Ada Admin", email="ada@example.com"))
    decision = confirm(quote, second)
    version = quotes.version(quote)
    assert (version.state, decision.person_id, decision.po_number) == ("accepted", second.id, "PO 4711")
    with db.reading() as session:
        order, invoice = session.scalars(select(ServiceOrder)).one(), session.scalars(select(Invoice)).one()
        admin = session.get_one(Person, decision.admin_person_id)
        kinds = set(session.scalars(select(Document.kind)))
    assert (order.id, invoice.id) == (decision.order_id, decision.invoice_id)
    assert admin.name == "Ada Admin"
    assert {"evidence", "first-evidence"} <= kinds
    said = json.loads(decision.evidence)
    assert version.first_acceptance
    assert said["confirms"]["evidence_sha256"] == version.first_acceptance.sha256
    assert said["confirms"]["person"]["name"] == "Carla Contact"
    assert "order details of Carla Contact" in said["wording"]["consent"]
    assert [mail.recipient for mail in mails_of("quote-accepted")] == [second.email]
    assert "Sam Second confirmed your acceptance" in mails_of("quote-second")[-1].subject
    with db.reading(), words.in_language("en"):
        html = page_of(certificate_print(version.public_id))
    assert "Sam Second" in html
    assert "Carla Contact (Head of Accounts) accepted first" in html
    before = counts()
    assert confirm(quote, second, Confirmation("", "", "en")).id == decision.id
    assert counts() == before


def test_only_another_contact_with_the_right_confirms() -> None:
    deal, _second = two()
    quote = quotes.sent(deal)
    accept(deal, quote)
    before = counts()
    sent = confirmation(quote, deal.contact)
    with pytest.raises(SameContact):
        confirm(quote, deal.contact, sent)
    with pytest.raises(SameContact):
        refuse(quote, deal.contact)
    with pytest.raises(NotAllowed):
        confirm(quote, core.contact(deal.account, rights=""), sent)
    with pytest.raises(NotFound):
        confirm(quote, core.contact(core.account(deal.seller, deal.rep)), sent)
    assert {name: rows for name, rows in counts().items() if rows != before[name]} == {}


def test_somebody_who_lost_the_right_is_not_confirmed() -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    accept(deal, quote)
    lost = update(BillingContact).where(BillingContact.person_id == deal.contact.id).values(may_accept=False)
    db.perform(lambda: db.session().execute(lost))
    with pytest.raises(FirstMayNoLonger):
        confirm(quote, second)
    assert refuse(quote, second).state == "sent"


def test_a_refusal_opens_the_quote_again_and_tells_who_accepted() -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    accept(deal, quote)
    stale = confirmation(quote, second)
    with pytest.raises(Invalid) as refused:
        refuse(quote, second, "  ")
    assert refused.value.field == "reason"
    assert refuse(quote, second).state == "sent"
    told = mails_of("quote-second")[-1]
    assert told.recipient == deal.contact.email
    assert "Not this year." in told.text_body
    accept(deal, quote, po_number="PO 9")
    with pytest.raises(NotAwaitingSecond):
        confirm(quote, second, stale)
    with db.reading() as session:
        both = session.scalars(select(QuoteFirstAcceptance).order_by(QuoteFirstAcceptance.id)).all()
    assert [(one.po_number, one.reason, one.refused_by_id) for one in both] == [
        ("PO 4711", "Not this year.", second.id), ("PO 9", "", None),
    ]  # fmt: skip
    assert confirm(quote, second).po_number == "PO 9"


def test_the_confirmed_words_are_those_of_the_page() -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    accept(deal, quote)
    with pytest.raises(QuoteChanged):
        confirm(quote, second, replace(confirmation(quote, second), wording_sha256="0" * 64))


def test_a_rule_that_came_between_page_and_button_is_shown_first() -> None:
    deal = quotes.deal()
    core.contact(deal.account)
    quote = quotes.sent(deal)
    seen = quotes.acceptance(deal, quote)
    db.perform(service.set_second_rule, deal.desk, deal.account.public_id, 0)
    with pytest.raises(QuoteChanged):
        db.perform(service.accept_quote, deal.portal, quote.public_id, seen)


def test_the_deadline_holds_for_the_confirmation() -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    accept(deal, quote)
    sent, expires_at = confirmation(quote, second), quotes.version(quote).expires_at
    assert expires_at
    with time_machine.travel(expires_at - timedelta(hours=12), tick=False):
        jobs.remind_due()
    assert [mail.recipient for mail in mails_of("quote-reminder")] == [second.email]
    with time_machine.travel(expires_at, tick=False):
        with pytest.raises(QuoteExpired):
            confirm(quote, second, sent)
        with pytest.raises(QuoteExpired):
            refuse(quote, second)
        with db.reading():
            assert queries.outstanding(core.viewer(second)).rows == []
            assert [row.id for row in queries.history(core.viewer(second)).rows] == [quotes.version(quote).id]
        jobs.expire_due()
    assert quotes.version(quote).state == "expired"
    assert db.perform(service.revise_quote, deal.desk, quote.public_id).version == 2


def test_without_another_contact_it_says_whom_to_ask() -> None:
    deal = quotes.deal(second_above=0)
    quote = quotes.sent(deal)
    with pytest.raises(NoSecondContact) as refused:
        accept(deal, quote)
    assert refused.value.params["rep"] == "Rita Rep"
    assert quotes.version(quote).state == "sent"


def test_a_representative_does_not_record_what_two_have_to_accept() -> None:
    deal, _second = two()
    quote = quotes.sent(deal)
    record = Record("accepted", quotes.version(quote).sha256 or "", deal.contact.public_id, "mail", "T-17")
    with pytest.raises(Invalid) as refused:
        db.perform(service.record_decision, deal.desk, quote.public_id, record)
    assert refused.value.field == "verdict"
    accept(deal, quote)
    with pytest.raises(AwaitsSecond):
        db.perform(
            service.record_decision, deal.desk, quote.public_id, replace(record, verdict="rejected", reason="No.")
        )


def test_the_rule_is_set_by_the_accounts_own_representative() -> None:
    deal = quotes.deal()
    account = deal.account.public_id
    for stranger in (core.viewer(core.staff(), core.Realm.DESK), deal.portal):
        with pytest.raises(NotFound):
            db.perform(service.set_second_rule, stranger, account, 5)
    with pytest.raises(Invalid):
        db.perform(service.set_second_rule, deal.desk, account, -1)
    db.perform(service.set_second_rule, deal.desk, account, 500_000)
    db.perform(service.set_second_rule, deal.desk, account, 500_000)
    (mail,) = mails_of("second-contact-rule")
    assert (mail.recipient, mail.reply_to) == (deal.contact.email, deal.rep.email)
    assert "5,000.00" in mail.text_body
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "account.second_contact_rule")).one()
    assert entry.actor == deal.desk.actor


def test_the_pages_lead_through_both_acceptances(app: Any) -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    one = Client(app).sign_in(deal.contact)
    reviewed = quotes.version(quote).sha256
    page = one.get(f"/quotes/{quote.public_id}/confirm?reviewed={reviewed}&payment=terms")
    assert "when a second contact confirms my acceptance" in page.words
    kept = one.post(f"/quotes/{quote.public_id}/confirm", page.form("confirm") | {"agreed": "y"})
    assert kept.location == f"/quotes/{quote.public_id}"
    shown = one.get(f"/quotes/{quote.public_id}")
    assert "These may: Sam Second." in shown.words
    assert "Confirm or refuse" not in shown.words
    other = Client(app).sign_in(second)
    assert "Waiting for a second contact" in other.get("/quotes").words
    detail = other.get(f"/quotes/{quote.public_id}")
    unticked = other.post(f"/quotes/{quote.public_id}/confirmation", detail.form("confirmation"))
    assert unticked.status == 400
    done = other.post(f"/quotes/{quote.public_id}/confirmation", detail.form("confirmation") | {"agreed": "y"})
    assert done.location == f"/quotes/{quote.public_id}/receipt"
    assert "Carla Contact (Head of Accounts) accepted first" in other.get(done.location).words


def test_several_in_one_go_wait_each_on_its_own(app: Any) -> None:
    deal, _second = two(above=IN_ALL)
    dear, cheap = quotes.sent(deal, title="Dear", term_months=36), quotes.sent(deal, title="Cheap")
    browser = Client(app).sign_in(deal.contact)
    page = browser.get(f"/quotes/several?quote={dear.public_id}&quote={cheap.public_id}")
    step = browser.post("/quotes/several", page.form("several") | {"payment": "terms"})
    last = browser.get(step.location)
    result = browser.post("/quotes/several/confirm", last.form("confirm") | {"agreed": "y"})
    words_shown = browser.get(result.location).words
    assert "Waiting for a second contact" in words_shown
    assert [quotes.version(quote).state for quote in (dear, cheap)] == ["awaiting_second_contact", "accepted"]


def test_confirming_at_once_orders_once() -> None:
    deal, second = two()
    people = [second, *(core.contact(deal.account, core.person(f"Contact {n}")) for n in range(4))]
    quote = quotes.sent(deal)
    accept(deal, quote)

    def confirming(person: Person) -> Callable[[], Any]:
        sent = confirmation(quote, person)
        return lambda: confirm(quote, person, sent)

    outcomes = at_once(*(confirming(person) for person in people))
    assert len({outcome.id for outcome in outcomes}) == 1
    with db.reading() as session:
        assert len(session.scalars(select(ServiceOrder)).all()) == len(session.scalars(select(Invoice)).all()) == 1


@pytest.mark.parametrize("attempt", range(3))
def test_confirm_refuse_withdraw_and_revise_at_once_have_one_outcome(attempt: int) -> None:
    deal, second = two()
    third = core.contact(deal.account)
    quote = quotes.sent(deal)
    accept(deal, quote)
    sent, first = confirmation(quote, second), confirmation(quote, third).first_sha256
    viewer = core.viewer(third)
    outcomes = at_once(
        lambda: confirm(quote, second, sent),
        lambda: db.perform(service.refuse_confirmation, viewer, quote.public_id, first, "No."),
        lambda: db.perform(service.withdraw_quote, deal.desk, quote.public_id),
        lambda: db.perform(service.revise_quote, deal.desk, quote.public_id),
    )
    done = [not isinstance(outcome, QuoteRefusal) for outcome in outcomes]
    assert done[0] != done[1]
    with db.reading() as session:
        orders = session.scalars(select(ServiceOrder)).all()
    assert len(orders) == done[0]
    assert not done[0] or done[2:] == [False, False]


def test_who_confirms_is_asked_of_the_policy() -> None:
    deal, second = two()
    quote = quotes.sent(deal)
    accept(deal, quote)
    version, now = quotes.version(quote), clock.now()
    assert policy.can_confirm(core.viewer(second), version, now)
    assert not policy.can_confirm(deal.portal, version, now)
    assert not policy.can_confirm(core.viewer(core.contact(deal.account, rights="")), version, now)
