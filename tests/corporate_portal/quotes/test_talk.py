"""The thread of a quote: who may say what, who hears it, and that nothing said stops anybody."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.mail.models import OutboxMail
from billing_core.people import BillingContact, Person
from corporate_portal.quotes import jobs, service, states
from corporate_portal.quotes.models import Quote, QuoteMessage, QuoteVersion
from corporate_portal.quotes.refusals import (
    AlreadyDecided,
    NewVersionComing,
    NotExpired,
    NotYetSent,
    QuoteExpired,
    QuoteWithdrawn,
)
from tests.corporate_portal.quotes.test_races import at_once
from tests.factories import core
from tests.factories import quotes as make
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")

WORDS = "Could we have 12 seats instead?\nAnd a start in March."


@pytest.fixture
def deal(database: Any) -> Deal:
    return make.deal()


def messages() -> list[QuoteMessage]:
    with db.reading() as session:
        return list(session.scalars(select(QuoteMessage).order_by(QuoteMessage.id)))


def mails(kind: str) -> list[OutboxMail]:
    with db.reading() as session:
        found = select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)
        return list(session.scalars(found))


def actions() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def ask(deal: Deal, quote: Quote, words: str = WORDS, viewer: Any = None) -> QuoteMessage:
    sha256 = shown(quote).sha256 or ""
    return db.perform(service.ask_change, viewer or deal.portal, quote.public_id, words, sha256)


def shown(quote: Quote) -> QuoteVersion:
    with db.reading() as session:
        found = select(QuoteVersion).where(QuoteVersion.quote_id == quote.id, QuoteVersion.is_shown)
        return session.scalars(found).one()


def expired(deal: Deal) -> Quote:
    quote = make.sent(deal)
    past = clock.now() - timedelta(seconds=1)
    db.perform(
        lambda: db.session().execute(
            update(QuoteVersion).where(QuoteVersion.quote_id == quote.id).values(expires_at=past)
        )
    )
    return quote


def test_a_change_is_asked_for_and_blocks_nobody(deal: Deal) -> None:
    quote = make.sent(deal)
    message = ask(deal, quote)
    assert make.version(quote).state == states.CHANGE_REQUESTED
    assert (message.kind, message.side, message.version, message.text) == ("change", "customer", 1, WORDS)
    (mail,) = mails("quote-notice")
    assert mail.recipient == deal.rep.email
    assert mail.reply_to == deal.contact.email
    assert WORDS in mail.text_body
    assert mail.subject == f"Carla Contact asks for a change of quote {quote.number}"
    db.perform(service.accept_quote, deal.portal, quote.public_id, make.acceptance(deal, quote))
    assert make.version(quote).state == states.ACCEPTED


def test_a_second_change_is_kept_and_the_same_form_sent_twice_is_not(deal: Deal) -> None:
    quote = make.sent(deal)
    first = ask(deal, quote)
    assert ask(deal, quote).id == first.id
    other = core.contact(deal.account)
    assert ask(deal, quote, viewer=core.viewer(other)).id != first.id
    assert ask(deal, quote, "And invoices by month.").id != first.id
    with time_machine.travel(clock.now() + timedelta(minutes=2)):
        ask(deal, quote)
    assert len(messages()) == len(mails("quote-notice")) == 4
    assert actions().count("quote.change_asked") == 4


def test_two_clicks_at_once_say_it_once(deal: Deal) -> None:
    quote, portal = make.sent(deal), deal.portal
    sha256 = shown(quote).sha256 or ""
    change = lambda: db.perform(service.ask_change, portal, quote.public_id, WORDS, sha256)  # noqa: E731
    say = lambda: db.perform(service.comment, portal, quote.public_id, WORDS)  # noqa: E731
    at_once(change, say, change, say, change, say)
    assert sorted(message.kind for message in messages()) == ["change", "comment"]
    assert len(mails("quote-notice")) == 2


@pytest.mark.parametrize("words", ["", "  \n ", "x" * 2001, "a\x00b", "a\x07b", "\u202ea", "a\ud800"])
def test_words_that_cannot_be_read_are_refused(deal: Deal, words: str) -> None:
    quote = make.sent(deal)
    for verb in (
        lambda: ask(deal, quote, words),
        lambda: db.perform(service.comment, deal.portal, quote.public_id, words),
        lambda: db.perform(service.answer, deal.desk, quote.public_id, words),
    ):
        with pytest.raises(Invalid) as refused:
            verb()
        assert refused.value.field == "text"
    assert messages() == mails("quote-notice") == mails("quote-answer") == []
    assert make.version(quote).state == states.SENT


def test_only_who_may_accept_asks_for_a_change_but_every_contact_comments(deal: Deal) -> None:
    quote, reader = make.sent(deal), core.viewer(core.contact(deal.account, rights=""))
    with pytest.raises(NotAllowed):
        ask(deal, quote, viewer=reader)
    assert db.perform(service.comment, reader, quote.public_id, "A question.").side == "customer"
    assert make.version(quote).state == states.SENT


def test_strangers_find_nothing(deal: Deal) -> None:
    quote, other = make.sent(deal), make.deal()
    sha256 = shown(quote).sha256 or ""
    for verb in (
        lambda: db.perform(service.ask_change, other.portal, quote.public_id, WORDS, sha256),
        lambda: db.perform(service.comment, other.portal, quote.public_id, WORDS),
        lambda: db.perform(service.ask_revival, other.portal, quote.public_id),
        lambda: db.perform(service.answer, other.desk, quote.public_id, WORDS),
        lambda: db.perform(service.comment, deal.portal, "quo_unknown", WORDS),
        lambda: db.perform(service.comment, deal.portal, make.draft(deal).public_id, WORDS),
    ):
        with pytest.raises(NotFound):
            verb()
    assert messages() == []


def test_who_was_removed_meanwhile_says_nothing(deal: Deal) -> None:
    quote, viewer = make.sent(deal), deal.portal
    gone = update(BillingContact).where(BillingContact.person_id == deal.contact.id)
    db.perform(lambda: db.session().execute(gone.values(removed_at=clock.now())))
    with pytest.raises(NotAllowed):
        db.perform(service.comment, viewer, quote.public_id, WORDS)
    assert messages() == []


def test_the_answer_goes_to_writers_and_deciders(deal: Deal) -> None:
    quote = make.sent(deal)
    reader, silent = core.contact(deal.account, rights=""), core.contact(deal.account, rights="pay")
    decider = core.contact(deal.account, rights="accept")
    db.perform(service.comment, core.viewer(reader), quote.public_id, "A question.")
    message = db.perform(service.answer, deal.desk, quote.public_id, "Yes, of course.")
    assert (message.side, message.version) == ("vendor", 1)
    told = mails("quote-answer")
    assert {mail.recipient for mail in told} == {deal.contact.email, reader.email, decider.email}
    assert silent.email not in {mail.recipient for mail in told}
    assert {mail.reply_to for mail in told} == {deal.rep.email}
    assert all("Yes, of course." in mail.text_body for mail in told)


def test_the_answer_speaks_the_readers_language(deal: Deal) -> None:
    quote = make.sent(deal)
    db.perform(lambda: db.session().execute(update(Person).values(locale="de")))
    db.perform(service.answer, deal.desk, quote.public_id, "Gern.")
    assert mails("quote-answer")[0].subject == f"Rita Rep hat Ihnen zu Angebot {quote.number} geschrieben"


def test_a_draft_has_no_reader_to_answer(deal: Deal) -> None:
    quote = make.draft(deal)
    with pytest.raises(NotYetSent):
        db.perform(service.answer, deal.desk, quote.public_id, WORDS)


def test_comments_go_on_after_the_decision_and_while_a_version_is_written(deal: Deal) -> None:
    done, revised = make.accepted(deal), make.sent(deal)
    db.perform(service.revise_quote, deal.desk, revised.public_id)
    for quote in (done, revised, make.rejected(deal), make.withdrawn(deal)):
        db.perform(service.comment, deal.portal, quote.public_id, WORDS)
        assert db.perform(service.answer, deal.desk, quote.public_id, "Thank you.").version == 1
    for quote, refusal in ((done, AlreadyDecided), (revised, NewVersionComing)):
        with pytest.raises(refusal):
            ask(deal, quote)


def test_a_withdrawn_successor_is_said_as_such(deal: Deal) -> None:
    quote = make.sent(deal)
    db.perform(service.revise_quote, deal.desk, quote.public_id)
    db.perform(service.withdraw_quote, deal.desk, quote.public_id)
    with pytest.raises(QuoteWithdrawn):
        ask(deal, quote)


def test_an_expired_quote_is_asked_for_again_once(deal: Deal) -> None:
    quote = expired(deal)
    with pytest.raises(QuoteExpired):
        ask(deal, quote)
    reader = core.viewer(core.contact(deal.account, rights=""))
    first = db.perform(service.ask_revival, reader, quote.public_id, "We still want it.")
    assert db.perform(service.ask_revival, deal.portal, quote.public_id).id == first.id
    jobs.expire_due()
    assert db.perform(service.ask_revival, deal.portal, quote.public_id).id == first.id
    subjects = [mail.subject for mail in mails("quote-notice")]
    assert len([s for s in subjects if s.endswith("again")]) == 1
    db.perform(service.revise_quote, deal.desk, quote.public_id)
    with pytest.raises(NewVersionComing):
        db.perform(service.ask_revival, deal.portal, quote.public_id)


def test_two_revivals_at_once_are_one(deal: Deal) -> None:
    quote, portal = expired(deal), deal.portal
    other = core.viewer(core.contact(deal.account))
    askers = [portal, other] * 3
    at_once(*((lambda who=who: db.perform(service.ask_revival, who, quote.public_id, "Please.")) for who in askers))
    assert len(messages()) == len(mails("quote-notice")) == 1


def test_what_has_not_expired_is_not_revived(deal: Deal) -> None:
    for quote, refusal in (
        (make.sent(deal), NotExpired), (make.accepted(deal), NotExpired), (make.withdrawn(deal), QuoteWithdrawn),
    ):  # fmt: skip
        with pytest.raises(refusal):
            db.perform(service.ask_revival, deal.portal, quote.public_id)
    assert messages() == []


def test_the_representative_hears_once_that_a_quote_was_opened(deal: Deal) -> None:
    quote, portal = make.sent(deal), deal.portal
    at_once(*(lambda: db.perform(service.mark_viewed, portal, quote.public_id) for _ in range(4)))
    (mail,) = mails("quote-notice")
    assert mail.subject == f"Carla Contact has opened quote {quote.number}"
    assert mail.recipient == deal.rep.email
