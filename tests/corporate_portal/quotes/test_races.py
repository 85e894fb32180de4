"""Two people at once: whoever comes second finds the quote decided, and every effect is there once."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.models import ServiceOrder
from corporate_portal.quotes import service
from corporate_portal.quotes.models import QuoteDecision
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.content import Acceptance, Rejection
from corporate_portal.quotes.refusals import QuoteRefusal
from tests.corporate_portal.quotes.counting import counts
from tests.factories import core, quotes

pytestmark = pytest.mark.usefixtures("database")


def at_once(*verbs: Callable[[], Any]) -> list[Any]:
    """Run each in a thread of its own behind one barrier; their results, or the refusals they met."""
    barrier, outcomes = threading.Barrier(len(verbs)), [None] * len(verbs)

    def run(place: int) -> None:
        barrier.wait()
        try:
            outcomes[place] = verbs[place]()
        except QuoteRefusal as refusal:
            outcomes[place] = refusal

    threads = [threading.Thread(target=run, args=(place,)) for place in range(len(verbs))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    return outcomes


def rows(table: type[Any]) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(table)))


def test_several_contacts_accept_at_once() -> None:
    deal = quotes.deal()
    people = [deal.contact, *(core.contact(deal.account, core.person(f"Contact {n}")) for n in range(5))]
    quote = quotes.sent(deal)
    version = quotes.version(quote)

    def accepting(person: Any) -> Callable[[], QuoteDecision]:
        said = terms.declaration(version, person.name, "Head of Accounts", "en")
        sent = Acceptance(version.sha256 or "", said.sha256, "en")
        viewer = core.viewer(person)
        return lambda: db.perform(service.accept_quote, viewer, quote.public_id, sent)

    outcomes = at_once(*(accepting(person) for person in people))
    (decision,) = rows(QuoteDecision)
    assert {outcome.id for outcome in outcomes} == {decision.id}
    assert len(rows(ServiceOrder)) == len(rows(Invoice)) == 1
    kinds = sorted(mail.kind for mail in rows(OutboxMail) if mail.kind != "quote-sent")
    assert kinds == ["invoice-issued", "quote-accepted", "quote-accepted-rep"]


@pytest.mark.parametrize("attempt", range(3))
def test_accept_reject_and_withdraw_at_once_have_one_winner(attempt: int) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    sent, sha256 = quotes.acceptance(deal, quote), quotes.version(quote).sha256 or ""
    portal, desk = deal.portal, deal.desk
    outcomes = at_once(
        lambda: db.perform(service.accept_quote, portal, quote.public_id, sent),
        lambda: db.perform(service.reject_quote, portal, quote.public_id, Rejection(sha256, "No.")),
        lambda: db.perform(service.withdraw_quote, desk, quote.public_id),
    )
    assert sum(not isinstance(outcome, QuoteRefusal) for outcome in outcomes) == 1
    state = quotes.version(quote).state
    assert state in ("accepted", "rejected", "withdrawn")
    assert len(rows(QuoteDecision)) == (0 if state == "withdrawn" else 1)
    assert len(rows(Invoice)) == (1 if state == "accepted" else 0)


def test_quotes_of_one_account_accepted_at_once_all_go_through() -> None:
    deal = quotes.deal()
    several = [quotes.sent(deal) for _ in range(4)]
    portal = deal.portal
    sent = {quote.public_id: quotes.acceptance(deal, quote) for quote in several}

    def accepting(public_id: str) -> Callable[[], QuoteDecision]:
        return lambda: db.perform(service.accept_quote, portal, public_id, sent[public_id])

    at_once(*(accepting(quote.public_id) for quote in several))
    assert {quotes.version(quote).state for quote in several} == {"accepted"}
    assert sorted(order.number[-6:] for order in rows(ServiceOrder)) == ["000001", "000002", "000003", "000004"]
    assert sorted(invoice.number[-6:] for invoice in rows(Invoice)) == ["000001", "000002", "000003", "000004"]


def test_submitting_twice_at_once_sends_one_mail() -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal)
    seen, desk = quotes.seen(quote), deal.desk
    at_once(*(lambda: db.perform(service.submit_quote, desk, quote.public_id, seen) for _ in range(4)))
    assert quotes.version(quote).state == "sent"
    assert counts()["outbox_mail"] == 1
    assert counts()["document"] == 1
