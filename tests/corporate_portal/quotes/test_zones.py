"""The deadline of a quote in every kind of zone, one microsecond before it and at it, for everything that asks for it.

The instants of the table were worked out by hand from the rules of the zones, not by the program.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import update

from billing_core import clock, db
from billing_core.catalogue.models import Price
from corporate_portal.quotes import jobs, queries, service
from corporate_portal.quotes.models import Quote
from corporate_portal.quotes.offer.content import Rejection
from corporate_portal.quotes.refusals import QuoteExpired
from tests.factories import quotes
from tests.factories.quotes import Deal

MICROSECOND = timedelta(microseconds=1)

DEADLINES = [
    # the last day, and the first instant after it
    ("UTC", "2026-06-10", "2026-06-11T00:00Z"),
    ("Pacific/Kiritimati", "2026-06-10", "2026-06-10T10:00Z"),
    ("Etc/GMT+12", "2026-06-10", "2026-06-11T12:00Z"),
    ("Asia/Kathmandu", "2026-06-10", "2026-06-10T18:15Z"),
    ("America/St_Johns", "2026-06-10", "2026-06-11T02:30Z"),
    # clocks put forward and back within the last day, and on the day after it
    ("Europe/Berlin", "2026-03-28", "2026-03-28T23:00Z"),
    ("Europe/Berlin", "2026-03-29", "2026-03-29T22:00Z"),
    ("Europe/Berlin", "2026-10-24", "2026-10-24T22:00Z"),
    ("Europe/Berlin", "2026-10-25", "2026-10-25T23:00Z"),
    ("America/New_York", "2026-03-07", "2026-03-08T05:00Z"),
    ("America/New_York", "2026-03-08", "2026-03-09T04:00Z"),
    ("America/New_York", "2026-10-31", "2026-11-01T04:00Z"),
    ("America/New_York", "2026-11-01", "2026-11-02T05:00Z"),
    # half an hour of daylight saving
    ("Australia/Lord_Howe", "2026-04-04", "2026-04-04T13:00Z"),
    ("Australia/Lord_Howe", "2026-04-05", "2026-04-05T13:30Z"),
    ("Australia/Lord_Howe", "2026-10-03", "2026-10-03T13:30Z"),
    ("Australia/Lord_Howe", "2026-10-04", "2026-10-04T13:00Z"),
    # the day after has no midnight; the last hour of the day comes twice; the day after begins twice
    ("Africa/Cairo", "2026-04-23", "2026-04-23T22:00Z"),
    ("Africa/Cairo", "2026-10-29", "2026-10-29T22:00Z"),
    ("America/Havana", "2026-03-07", "2026-03-08T05:00Z"),
    ("America/Havana", "2026-10-31", "2026-11-01T04:00Z"),
    # the day after never was: Samoa went from 29 to 31 December
    ("Pacific/Apia", "2011-12-29", "2011-12-30T10:00Z"),
    ("Pacific/Apia", "2011-12-31", "2011-12-31T10:00Z"),
]

SENT = [
    # the instant of submission, and the end of the seventh calendar day after its day
    ("Pacific/Kiritimati", "2026-06-10T09:59:59.999999Z", "2026-06-17T10:00Z"),
    ("Pacific/Kiritimati", "2026-06-10T10:00Z", "2026-06-18T10:00Z"),
    ("Etc/GMT+12", "2026-06-10T11:59:59.999999Z", "2026-06-17T12:00Z"),
    ("Etc/GMT+12", "2026-06-10T12:00Z", "2026-06-18T12:00Z"),
    ("Europe/Berlin", "2026-03-22T22:59:59.999999Z", "2026-03-29T22:00Z"),
    ("Europe/Berlin", "2026-03-22T23:00Z", "2026-03-30T22:00Z"),
    ("Europe/Berlin", "2026-10-18T21:59:59.999999Z", "2026-10-25T23:00Z"),
    ("America/New_York", "2026-10-25T03:59:59.999999Z", "2026-11-01T04:00Z"),
    ("America/New_York", "2026-10-25T04:00Z", "2026-11-02T05:00Z"),
    ("Africa/Cairo", "2026-04-16T21:59:59.999999Z", "2026-04-23T22:00Z"),
]


def instant(written: str) -> datetime:
    """As it stands in the tables."""
    return datetime.fromisoformat(written).astimezone(UTC)


@pytest.fixture
def deal(database: Any) -> Deal:
    """An account whose product was sold in all those years."""
    found = quotes.deal()
    db.perform(lambda: db.session().execute(update(Price).values(valid_from=date(2000, 1, 1))))
    return found


def accept(deal: Deal, quote: Quote) -> object:
    return db.perform(service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote))


def reject(deal: Deal, quote: Quote) -> object:
    rejection = Rejection(quotes.version(quote).sha256 or "", "Too dear.")
    return db.perform(service.reject_quote, deal.portal, quote.public_id, rejection)


def ask_change(deal: Deal, quote: Quote) -> object:
    sha256 = quotes.version(quote).sha256 or ""
    return db.perform(service.ask_change, deal.portal, quote.public_id, "One seat less.", sha256)


def withdraw(deal: Deal, quote: Quote) -> object:
    return db.perform(service.withdraw_quote, deal.desk, quote.public_id)


REFUSED_LATE: list[Callable[[Deal, Quote], object]] = [accept, reject, ask_change, withdraw]


def is_outstanding(deal: Deal, quote: Quote) -> bool:
    """Whether the contact's landing page lists it."""
    contact = deal.portal
    with db.reading():
        listed = queries.outstanding(replace(contact, current=contact.standings[0])).rows
    return quote.public_id in [version.quote.public_id for version in listed]


@pytest.mark.parametrize(("zone", "last_day", "deadline"), DEADLINES)
def test_a_quote_is_open_until_its_last_day_has_ended(deal: Deal, zone: str, last_day: str, deadline: str) -> None:
    end, day = instant(deadline), date.fromisoformat(last_day)
    assert clock.end_of_day(day, zone) == end
    with time_machine.travel(end - timedelta(days=3), tick=False) as clocks:
        starts_on = clock.today(zone)
        found = [quotes.sent(deal, zone=zone, valid_until=day, starts_on=starts_on) for _ in range(3)]
        wanted, unwanted, late = found
        clocks.move_to(end - MICROSECOND)
        jobs.expire_due()
        assert [quotes.version(quote).shown_state(clock.now()) for quote in found] == ["sent"] * 3
        assert is_outstanding(deal, late)
        for deed, quote in ((ask_change, wanted), (accept, wanted), (reject, unwanted)):
            deed(deal, quote)
        clocks.move_to(end)
        assert (quotes.version(late).state, quotes.version(late).shown_state(end)) == ("sent", "expired")
        assert not is_outstanding(deal, late)
        for deed in REFUSED_LATE:
            with pytest.raises(QuoteExpired):
                deed(deal, late)
        jobs.expire_due()
        assert [quotes.version(quote).state for quote in found] == ["accepted", "rejected", "expired"]
        clocks.move_to(end + MICROSECOND)
        with pytest.raises(QuoteExpired):
            accept(deal, late)
        db.perform(service.revise_quote, deal.desk, late.public_id)
        assert quotes.version(late).state == "draft"


@pytest.mark.parametrize(("zone", "sent", "deadline"), SENT)
def test_a_quote_without_a_date_is_valid_for_seven_days_of_its_zone(
    deal: Deal, zone: str, sent: str, deadline: str
) -> None:
    with time_machine.travel(instant(sent), tick=False):
        quote = quotes.sent(deal, zone=zone)
    assert quotes.version(quote).expires_at == instant(deadline)


def test_a_day_that_never_was_ends_with_the_day_before_it() -> None:
    skipped, before = date(2011, 12, 30), date(2011, 12, 29)
    assert clock.end_of_day(skipped, "Pacific/Apia") == clock.end_of_day(before, "Pacific/Apia")
