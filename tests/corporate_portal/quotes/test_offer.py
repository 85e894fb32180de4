"""What the lines of a quote come to by their effects, and which of them are refused, each beside its field."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import Invalid
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer.billing import credited, due_at_once, ordered_lines
from corporate_portal.quotes.offer.content import ADD, FREE, REMOVE, RENEW, LineWish, QuoteContent, content_of
from corporate_portal.quotes.offer.pricing import PricedQuote, price_quote
from tests.factories import core, quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")
TODAY = date(2026, 11, 17)


@pytest.fixture(autouse=True)
def _day(monkeypatch: pytest.MonkeyPatch) -> None:
    """The 17th of November 2026 in every zone."""
    monkeypatch.setattr(clock, "today", lambda zone: TODAY)


def running(of: Deal, **changes: Any) -> Subscription:
    """Ten yearly seats at 100.00, three years from 2026 on: two whole years and 45 of 365 days are left."""
    values: dict[str, Any] = {
        "public_id": db.public_id("sub"), "source": "test", "external_id": db.public_id("x"),
        "account_id": of.account.id, "product_id": of.product.id, "tier": "", "seats": 10, "frequency": "yearly",
        "unit_price": 10000, "currency": "EUR", "period_start": date(2026, 1, 1), "period_end": date(2029, 1, 1),
    }  # fmt: skip
    found: Subscription = core.add(Subscription(**(values | changes)))
    return found


def wish(of: Deal, effect: str, quantity: int = 3, subscription: Subscription | None = None, **more: Any) -> LineWish:
    named = subscription.public_id if subscription else ""
    return LineWish("", "", "", quantity, effect=effect, subscription=named, **more)


def content(of: Deal, *lines: LineWish, **changes: Any) -> QuoteContent:
    values: dict[str, Any] = {"title": "Changes", "starts_on": TODAY, "term_months": 12, "lines": lines}
    return QuoteContent(**(values | changes))


def priced(of: Deal, *lines: LineWish, **changes: Any) -> PricedQuote:
    with db.reading() as session:
        whole = select(Account).where(Account.id == of.account.id).options(joinedload(Account.seller))
        return price_quote(session.scalars(whole).one(), content(of, *lines, **changes))


def drafted(of: Deal, *lines: LineWish, **changes: Any) -> QuoteVersion:
    made: Quote = db.perform(service.draft_quote, of.desk, of.account.public_id, content(of, *lines, **changes))
    return quotes.version(made)


def refused(of: Deal, field: str | None, *lines: LineWish, **changes: Any) -> None:
    with pytest.raises(Invalid) as refusal:
        priced(of, *lines, **changes)
    assert refusal.value.field == field


def test_added_seats_are_charged_to_the_end_of_the_term_once() -> None:
    deal = quotes.deal()
    (line,) = priced(deal, wish(deal, ADD, 3, running(deal))).lines
    assert (line.whole_periods, line.days, line.of_days) == (2, 45, 365)
    assert (line.unit_price, line.net, line.due) == (10000, 30000, 63699)  # 300.00 * (2 + 45/365) = 636.986…
    assert (line.starts_on, line.ends_on, line.frequency) == (TODAY, date(2029, 1, 1), "yearly")


def test_seats_that_join_and_leave_on_one_day_cost_nothing() -> None:
    deal = quotes.deal(discount_limit=10_000)
    sold = running(deal)
    quote = priced(deal, wish(deal, ADD, 3, sold), wish(deal, REMOVE, 3, sold, credited=True))
    assert (quote.net, quote.tax, quote.total) == (0, 0, 0)
    assert (quote.billed.total, quote.credited.total) == (75802, 75802)
    assert [(row.net, row.tax) for row in quote.taxes] == [(63699, 12103), (-63699, -12103)]


def test_removed_seats_leave_at_the_end_without_a_credit() -> None:
    deal = quotes.deal()
    quote = priced(deal, wish(deal, REMOVE, 4, running(deal)))
    (line,) = quote.lines
    assert (line.due, line.net, line.starts_on, line.ends_on) == (0, -40000, date(2029, 1, 1), None)
    assert (quote.total, quote.taxes) == (0, ())


def test_a_renewal_follows_on_the_term_at_todays_price() -> None:
    deal = quotes.deal()
    sold = running(deal)
    same, other = (
        priced(deal, replace(wish(deal, RENEW, 8, sold), **changes)).lines[0]
        for changes in ({}, {"tier": "", "frequency": "monthly", "term_months": 6})
    )
    assert (same.starts_on, same.ends_on) == (date(2029, 1, 1), date(2030, 1, 1))
    assert (same.unit_price, same.due) == (12000, 96000)
    assert (other.ends_on, other.frequency, other.due) == (date(2029, 7, 1), "monthly", 9600)


def test_a_free_line_has_words_and_an_amount_of_any_sign() -> None:
    deal = quotes.deal()
    code = deal.product.code
    extra = LineWish(code, "", "once", 2, effect=FREE, description="Moving the data", unit_price=15000)
    thanks = LineWish(code, "", "once", 1, effect=FREE, description="For the outage in May", unit_price=-5000)
    quote = priced(deal, extra, thanks)
    assert [(line.description, line.due, line.unit) for line in quote.lines] == [
        ("Moving the data", 30000, "none"), ("For the outage in May", -5000, "none"),
    ]  # fmt: skip
    assert (quote.net, quote.tax) == (25000, 4750)
    assert quote.discount_share == 1667  # a credit without a cause in the contract is a discount


def test_a_percentage_off_the_whole_counts_in_every_period() -> None:
    deal = quotes.deal()
    code = deal.product.code
    lines = LineWish(code, "", "monthly", 3), LineWish(code, "", "once", 1, percent_off=1000)
    quote = priced(deal, *lines, percent_off=333)
    assert [(line.rebate, line.net, line.due) for line in quote.lines] == [(120, 3480, 3480), (1499, 43501, 43501)]
    assert quote.discount_share == 1235  # 66.19 of 536.00, rounded up


def test_an_amount_off_the_whole_is_spread_once() -> None:
    deal = quotes.deal()
    code = deal.product.code
    three = [LineWish(code, "", "monthly", 1) for _ in range(3)]
    quote = priced(deal, *three, wish(deal, REMOVE, 1, running(deal), credited=True), amount_off=100)
    assert [(line.once_off, line.net) for line in quote.lines] == [(34, 1200), (33, 1200), (33, 1200), (0, -10000)]
    assert quote.billed.net == 3500
    refused(deal, "total_discount", *three, amount_off=3601)
    refused(deal, "total_discount", *three, amount_off=-1)
    refused(deal, "total_discount", *three, amount_off=1, percent_off=1)
    refused(deal, "total_discount", *three, percent_off=10_001)


def test_additions_at_the_agreed_price_are_no_discount_and_below_it_are() -> None:
    deal = quotes.deal()
    added = wish(deal, ADD, 3, running(deal))
    assert priced(deal, added).discount_share == 0  # 100.00 as sold, though the catalogue says 120.00 today
    assert priced(deal, replace(added, unit_price=80_00)).discount_share == 2001  # a cent more, by rounding


def test_a_line_may_have_a_start_and_a_term_of_its_own() -> None:
    deal = quotes.deal()
    code = deal.product.code
    own = LineWish(code, "", "yearly", 1, starts_on=date(2027, 1, 1), term_months=24)
    lines = priced(deal, LineWish(code, "", "monthly", 1), own, term_months=7).lines
    assert [(line.starts_on, line.ends_on) for line in lines] == [
        (TODAY, date(2027, 6, 17)), (date(2027, 1, 1), date(2029, 1, 1)),
    ]  # fmt: skip
    refused(deal, "lines-0-term_months", replace(own, term_months=18))
    refused(deal, "lines-0-term_months", replace(own, term_months=61))
    refused(deal, "term_months", replace(own, term_months=None), term_months=18)


def test_what_cannot_be_changed_is_said_beside_the_field() -> None:
    deal, other = quotes.deal(), quotes.deal()
    sold, foreign = running(deal), running(other)
    for effect in (ADD, REMOVE, RENEW):
        refused(deal, "lines-0-subscription", wish(deal, effect, 1, foreign))
        refused(deal, "lines-0-subscription", wish(deal, effect, 1))
        refused(deal, "lines-0-subscription", wish(deal, effect, 1, running(deal, currency="USD")))
        refused(deal, "lines-0-subscription", wish(deal, effect, 1, running(deal, is_trial=True)))
        refused(deal, "lines-0-subscription", replace(wish(deal, effect, 1, sold), product_code=other.product.code))
    over = running(deal, period_start=date(2025, 11, 17), period_end=TODAY)
    refused(deal, "lines-0-subscription", wish(deal, ADD, 1, over))
    refused(deal, "lines-0-subscription", wish(deal, REMOVE, 1, over))
    assert priced(deal, wish(deal, RENEW, 1, over)).lines[0].starts_on == TODAY
    long_over = running(deal, period_start=date(2025, 1, 1), period_end=TODAY - timedelta(days=30))
    refused(deal, "lines-0-subscription", wish(deal, RENEW, 1, long_over))
    refused(deal, "lines-1-subscription", wish(deal, RENEW, 1, sold), wish(deal, RENEW, 1, sold))
    refused(deal, "lines-0-subscription", wish(deal, RENEW, 1, running(deal, renewed_by_id=sold.id)))
    for day in (date(2025, 12, 31), date(2029, 1, 1)):
        refused(deal, "lines-0-starts_on", wish(deal, ADD, 1, sold, starts_on=day))
    refused(deal, "lines-0-effect", replace(wish(deal, ADD, 1, sold), effect="gift"))
    refused(deal, "lines-0-quantity", wish(deal, ADD, 0, sold))
    refused(deal, "lines-0-description", wish(deal, ADD, 1, sold, description="x"))


def test_no_more_seats_leave_than_there_are() -> None:
    deal = quotes.deal()
    sold = running(deal, removed_at_end=4)
    assert priced(deal, wish(deal, REMOVE, 6, sold)).total == 0
    refused(deal, "lines-0-quantity", wish(deal, REMOVE, 7, sold))
    refused(deal, "lines-1-quantity", wish(deal, REMOVE, 3, sold), wish(deal, REMOVE, 4, sold))
    refused(deal, "lines-0-discount", wish(deal, REMOVE, 1, sold, percent_off=100))
    all_of_it = running(deal)
    assert priced(deal, wish(deal, REMOVE, 10, all_of_it)).total == 0
    refused(deal, "lines-0-quantity", wish(deal, REMOVE, 10, all_of_it, credited=True))
    half = wish(deal, REMOVE, 5, all_of_it, credited=True)
    refused(deal, "lines-1-quantity", half, half)


def test_a_free_line_needs_words_an_amount_and_a_product() -> None:
    deal = quotes.deal()
    whole = LineWish(deal.product.code, "", "once", 1, effect=FREE, description="Words", unit_price=-1)
    for field, changes in {
        "description": {"description": " "}, "product": {"product_code": "nothing"}, "unit_price": {"unit_price": None},
        "discount": {"percent_off": 100},
    }.items():  # fmt: skip
        refused(deal, f"lines-0-{field}", replace(whole, **changes))
    refused(deal, "lines-0-description", replace(whole, description="x" * 301))


def everything(deal: Deal, sold: Subscription) -> tuple[LineWish, ...]:
    code = deal.product.code
    return (
        LineWish(code, "", "yearly", 5, percent_off=500, effect="start"),
        LineWish(code, "", "monthly", 2, starts_on=date(2027, 2, 1), term_months=6),
        LineWish(code, "", "once", 1),
        wish(deal, ADD, 3, sold, starts_on=date(2026, 12, 1)),
        wish(deal, REMOVE, 2, sold),
        wish(deal, REMOVE, 1, sold, credited=True),
        wish(deal, RENEW, 11, sold, term_months=24),
        LineWish(code, "", "once", 1, effect=FREE, description="For the outage", unit_price=-777),
    )


@pytest.mark.parametrize("total", [{}, {"percent_off": 250}, {"amount_off": 12345}])
def test_what_is_saved_says_the_same_again(total: dict[str, int]) -> None:
    deal = quotes.deal(discount_limit=10_000)
    version = drafted(deal, *everything(deal, running(deal)), **total)
    said = content_of(version)
    with db.reading() as session:
        whole = select(Account).where(Account.id == deal.account.id).options(joinedload(Account.seller))
        again = price_quote(session.scalars(whole).one(), said)
    assert (version.net, version.tax, version.total) == (again.net, again.tax, again.total)
    assert [line.due for line in version.lines] == [line.due for line in again.lines]
    assert said.lines[1].term_months == 6
    assert [line.credited for line in said.lines] == [False] * 5 + [True, False, False]
    db.perform(service.submit_quote, deal.desk, version.quote.public_id, quotes.seen(version.quote))
    assert quotes.version(version.quote).state == "sent"


@pytest.mark.parametrize("total", [{}, {"percent_off": 250}, {"amount_off": 12345}])
def test_invoice_and_credit_note_add_up_to_the_quote(total: dict[str, int]) -> None:
    deal = quotes.deal(discount_limit=10_000)
    version = drafted(deal, *everything(deal, running(deal)), **total)
    bill, credit = due_at_once(version), credited(version)
    assert sum(draft.net for draft in bill) - sum(draft.net for draft in credit) == version.net
    assert all(draft.net >= 0 and draft.discount >= 0 for draft in (*bill, *credit))
    assert len(bill) == 5
    assert len(credit) == 2
    added = next(draft for draft in bill if draft.detail)
    assert added.quantity == 1
    assert added.detail.startswith("3 organizers at €100.00 a year")
    assert added.detail.endswith("for 2 whole years and 31 of 365 days")
    ordered = ordered_lines(version)
    assert [line.effect for line in ordered] == ["start", "start", "start", "add", "remove", "remove", "renew", "free"]
    assert [line.is_credited for line in ordered] == [False] * 5 + [True, False, False]
    for line, stored in zip(ordered, version.lines, strict=True):
        if line.effect in ("start", "renew", "add"):
            assert line.seats * line.unit_price - line.discount == stored.net


@pytest.mark.parametrize("total", [{}, {"percent_off": 250}, {"amount_off": 12345}])
def test_what_is_accepted_is_what_is_billed_and_credited(total: dict[str, int]) -> None:
    deal = quotes.deal(discount_limit=10_000)
    version = drafted(deal, *everything(deal, running(deal)), **total)
    quote = version.quote
    db.perform(service.submit_quote, deal.desk, quote.public_id, quotes.seen(quote))
    decision = db.perform(service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote))
    with db.reading() as session:
        invoice = session.get_one(Invoice, decision.invoice_id)
        credit = session.get_one(CreditNote, decision.credit_note_id)
    assert (invoice.net - credit.net, invoice.total - credit.total) == (version.net, version.total)
    assert invoice.net == sum(tax.net for tax in version.taxes if tax.net > 0)
