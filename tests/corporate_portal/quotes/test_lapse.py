"""What the worker does when time passes: reminders once a version, expiry written down once, and who is told."""

from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select

from billing_core import clock, db
from billing_core.mail.models import OutboxMail
from corporate_portal.quotes import jobs, service, states
from corporate_portal.quotes.models import Quote
from tests.corporate_portal.quotes.test_races import at_once
from tests.factories import core
from tests.factories import quotes as make
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")


@pytest.fixture
def deal(database: Any) -> Deal:
    return make.deal()


def told() -> list[tuple[str, str]]:
    with db.reading() as session:
        mails = session.scalars(select(OutboxMail).order_by(OutboxMail.id))
        return [(mail.kind, mail.recipient) for mail in mails if mail.kind in ("quote-reminder", "quote-notice")]


def deadline(quote: Quote) -> datetime:
    found = make.version(quote).expires_at
    assert found is not None
    return found


def test_the_reminder_comes_when_48_hours_remain_and_once(deal: Deal) -> None:
    quote, second = make.sent(deal), core.contact(deal.account, rights="accept")
    core.contact(deal.account, rights="pay")
    at = deadline(quote) - timedelta(hours=48)
    with time_machine.travel(at - timedelta(seconds=1), tick=False):
        jobs.remind_due()
        assert told() == []
    with time_machine.travel(at, tick=False):
        jobs.remind_due()
        jobs.remind_due()
    reminded = [("quote-reminder", who) for who in (deal.contact.email, second.email)]
    assert told() == [*reminded, ("quote-notice", deal.rep.email)]
    with db.reading() as session:
        reminders = select(OutboxMail).where(OutboxMail.kind == "quote-reminder")
        first = session.scalars(reminders.order_by(OutboxMail.id)).first()
    assert first is not None
    assert "(Europe/Berlin)" in first.text_body
    assert deal.contact.email in first.text_body
    assert first.reply_to == deal.rep.email


def test_whoever_got_it_a_moment_ago_is_left_alone(deal: Deal) -> None:
    quote = make.sent(deal, valid_until=make.in_days(1))
    sent_at = make.version(quote).submitted_at
    assert sent_at is not None
    jobs.remind_due()
    with time_machine.travel(sent_at + timedelta(hours=24) - timedelta(seconds=1), tick=False):
        jobs.remind_due()
    assert told() == []
    with time_machine.travel(sent_at + timedelta(hours=24), tick=False):
        jobs.remind_due()
    assert [kind for kind, _ in told()] == ["quote-reminder", "quote-notice"]


def test_what_is_decided_or_replaced_is_not_reminded_of(deal: Deal) -> None:
    revised, late = make.sent(deal), make.sent(deal)
    for quote in (make.accepted(deal), make.rejected(deal), make.withdrawn(deal)):
        assert make.version(quote).state not in states.OUTSTANDING
    db.perform(service.revise_quote, deal.desk, revised.public_id)
    at = deadline(late)
    with time_machine.travel(at, tick=False):
        jobs.remind_due()
    assert [mail for mail in told() if mail[0] == "quote-reminder"] == []


def test_two_workers_remind_and_expire_once(deal: Deal) -> None:
    quote = make.sent(deal)
    with time_machine.travel(deadline(quote) - timedelta(hours=1), tick=False):
        at_once(*[jobs.remind_due] * 3)
    assert sorted(kind for kind, _ in told()) == ["quote-notice", "quote-reminder"]
    with time_machine.travel(deadline(quote), tick=False):
        at_once(*[jobs.expire_due] * 3)
        at_once(jobs.remind_due, jobs.expire_due)
    assert make.version(quote).state == states.EXPIRED
    assert sorted(kind for kind, _ in told()) == ["quote-notice", "quote-notice", "quote-reminder"]


def test_an_old_quote_out_of_an_import_expires_in_silence(deal: Deal) -> None:
    past = clock.today("Europe/Berlin") - timedelta(days=400)
    content = make.content(deal, starts_on=past, valid_until=past)

    def bring() -> None:
        service.import_quote(deal.account, deal.rep, content, "old", "1", submitted=True)

    db.perform(bring)
    jobs.expire_due()
    jobs.remind_due()
    assert told() == []
