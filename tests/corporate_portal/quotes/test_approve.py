"""A manager's answer to a discount: one answer, for what was on the screen, and what the representative is told."""

from typing import Any

import pytest
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.mail.models import OutboxMail
from billing_core.people import BillingContact
from billing_core.permissions import Realm, Viewer
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteApproval
from corporate_portal.quotes.refusals import DraftChanged, NobodyMayAccept, NotAwaitingApproval, QuoteRefusal
from tests.corporate_portal.quotes.test_races import at_once
from tests.factories import core
from tests.factories import quotes as make
from tests.factories.quotes import Deal


@pytest.fixture
def deal(database: Any) -> Deal:
    return make.deal()


@pytest.fixture
def manager(deal: Deal) -> Viewer:
    return core.viewer(core.staff("rep_manager", name="Mona Manager"), Realm.DESK)


def asked(deal: Deal) -> Quote:
    """A third off what 10 % already were taken off: far above the limit."""
    return make.sent(deal, percent_off=3000)


def approvals() -> list[QuoteApproval]:
    with db.reading() as session:
        return list(session.scalars(select(QuoteApproval).order_by(QuoteApproval.id)))


def kinds() -> list[str]:
    with db.reading() as session:
        return [mail.kind for mail in session.scalars(select(OutboxMail).order_by(OutboxMail.id))]


def test_nothing_is_sent_before_a_manager_says_so(deal: Deal, manager: Viewer) -> None:
    quote = asked(deal)
    version = make.version(quote)
    assert (version.state, version.is_shown, version.submitted_at) == ("awaiting_approval", False, None)
    assert kinds() == ["quote-notice"], "the manager is told"
    db.perform(service.approve_quote, manager, quote.public_id, make.seen(quote))
    version = make.version(quote)
    assert (version.state, version.is_shown) == ("sent", True)
    assert version.valid_until == make.in_days(7), "validity counts from the approval"
    assert kinds() == ["quote-notice", "quote-sent", "quote-notice"]
    (answer,) = approvals()
    assert (answer.verdict, answer.decided_by_id, answer.limit) == ("approved", manager.person_id, 1000)


def test_only_managers_answer_and_only_what_they_saw(deal: Deal, manager: Viewer) -> None:
    quote = asked(deal)
    for viewer in (deal.desk, deal.portal, core.viewer(core.staff("finance"), Realm.DESK)):
        with pytest.raises(NotAllowed):
            db.perform(service.approve_quote, viewer, quote.public_id, make.seen(quote))
        with pytest.raises(NotAllowed):
            db.perform(service.return_quote, viewer, quote.public_id, "Less.")
    with pytest.raises(DraftChanged):
        db.perform(service.approve_quote, manager, quote.public_id, "something else")
    with pytest.raises(NotFound):
        db.perform(service.approve_quote, manager, "quo_unknown", "x")
    for note in ("", " ", "x" * 1001, "a\x00"):
        with pytest.raises(Invalid):
            db.perform(service.return_quote, manager, quote.public_id, note)
    assert make.version(quote).state == "awaiting_approval"


def test_a_returned_quote_is_changed_and_asked_for_again(deal: Deal, manager: Viewer) -> None:
    quote = asked(deal)
    db.perform(service.return_quote, manager, quote.public_id, "At most 20 %.")
    with pytest.raises(NotAwaitingApproval):
        db.perform(service.approve_quote, manager, quote.public_id, make.seen(quote))
    less = make.content(deal, percent_off=2000)
    db.perform(service.change_draft, deal.desk, quote.public_id, less, make.seen(quote))
    db.perform(service.submit_quote, deal.desk, quote.public_id, make.seen(quote))
    db.perform(service.approve_quote, manager, quote.public_id, make.seen(quote))
    assert [one.verdict for one in approvals()] == ["returned", "approved"]
    assert approvals()[0].note == "At most 20 %."


def test_what_keeps_a_draft_from_being_sent_keeps_it_from_being_approved(deal: Deal, manager: Viewer) -> None:
    quote = asked(deal)
    gone = update(BillingContact).where(BillingContact.person_id == deal.contact.id)
    db.perform(lambda: db.session().execute(gone.values(removed_at=clock.now())))
    with pytest.raises(NobodyMayAccept):
        db.perform(service.approve_quote, manager, quote.public_id, make.seen(quote))
    assert approvals()[0].decided_at is None


@pytest.mark.parametrize("attempt", range(3))
def test_approving_returning_and_withdrawing_at_once(deal: Deal, manager: Viewer, attempt: int) -> None:
    quote, desk = asked(deal), deal.desk
    other, seen = core.viewer(core.staff("rep_manager"), Realm.DESK), make.seen(quote)
    outcomes = at_once(
        lambda: db.perform(service.approve_quote, manager, quote.public_id, seen),
        lambda: db.perform(service.approve_quote, other, quote.public_id, seen),
        lambda: db.perform(service.return_quote, manager, quote.public_id, "Less."),
        lambda: db.perform(service.withdraw_quote, desk, quote.public_id),
    )
    approved = [outcome for outcome in outcomes[:2] if not isinstance(outcome, QuoteRefusal)]
    assert len(approved) <= 1
    assert kinds().count("quote-sent") == len(approved)
    (answer,) = approvals()
    assert answer.decided_at is not None
    returned = not isinstance(outcomes[2], QuoteRefusal)
    assert answer.verdict == ("approved" if approved else "returned" if returned else "")
    assert not (approved and returned)
    assert not isinstance(outcomes[3], QuoteRefusal), "a draft, an ask and a sent quote can all be withdrawn"
    assert make.version(quote).state == "withdrawn"
