"""What a contact declares about changes: exactly what is invoiced and credited now, and what comes later."""

import json
from dataclasses import replace
from typing import Any

import pytest
from sqlalchemy import update

from billing_core import db, words
from corporate_portal.quotes import service
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.content import ADD, FREE, REMOVE, RENEW, LineWish
from corporate_portal.quotes.offer.document import document_of, parties_of
from corporate_portal.quotes.offer.groups import groups_of
from tests.corporate_portal.quotes.test_offer import _day, content, drafted, running, wish
from tests.factories import quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")
__all__ = ["_day"]


def said(deal: Deal, *lines: LineWish, locale: str = "en", **changes: Any) -> str:
    version = drafted(deal, *lines, **changes)
    return (
        terms.declaration(version, "Carla Contact", "CFO", locale).statement.replace("\u00a0", " ").partition(": ")[2]
    )


def test_added_seats_are_invoiced_now_and_never_again() -> None:
    deal = quotes.deal()
    assert said(deal, wish(deal, ADD, 3, running(deal))) == (
        "€758.02, of which €121.03 is tax, will be invoiced now and is payable within 30 days."
    )


def test_a_credit_is_declared_beside_the_invoice() -> None:
    deal = quotes.deal()
    thanks = LineWish(deal.product.code, "", "once", 1, effect=FREE, description="For the outage", unit_price=-5000)
    assert said(deal, wish(deal, ADD, 3, running(deal)), thanks) == (
        "€758.02, of which €121.03 is tax, will be invoiced now and is payable within 30 days"
        ", and €59.50, of which €9.50 is tax, will be credited now."
    )


def test_seats_that_leave_at_the_end_cost_nothing_now() -> None:
    deal = quotes.deal()
    one = wish(deal, REMOVE, 4, running(deal))
    name = f"4 organizers of {deal.product.name}"
    assert said(deal, one) == f"nothing will be invoiced now, and {name} leave at the end of 31 December 2028."


def test_a_renewal_and_a_line_with_its_own_term_are_declared_with_their_days() -> None:
    deal = quotes.deal()
    code = deal.product.code
    lines = (wish(deal, RENEW, 2, running(deal), term_months=24), LineWish(code, "", "monthly", 1, term_months=2))
    assert said(deal, *lines, locale="de").endswith(
        ", danach 240,00 € zuzüglich Steuer jedes Jahr vom 1. Januar 2030 bis zum 31. Dezember 2030"
        ", danach 12,00 € zuzüglich Steuer jeden Monat vom 17. Dezember 2026 bis zum 16. Januar 2027."
    )


def test_the_lines_are_shown_in_groups_with_their_arithmetic() -> None:
    deal = quotes.deal()
    sold = running(deal)
    lines = (wish(deal, RENEW, 2, sold), wish(deal, ADD, 3, sold, percent_off=1000), wish(deal, REMOVE, 1, sold))
    version = drafted(deal, *lines)
    details = {group.kind: group.lines[0].detail.replace("\u00a0", " ") for group in groups_of(version)}
    assert details == {
        "yearly": "Follows on the present term, 1 January 2029 to 31 December 2029",
        "add": "3 organizers at €100.00 a year, less €30.00, for 2 whole years and 45 of 365 days, "
        "17 November 2026 to 31 December 2028",
        "remove": "Leave at the term's end; not renewed from 1 January 2029.",
    }


def test_the_terms_are_chosen_and_stay(database: object) -> None:
    deal = quotes.deal()
    line = LineWish(deal.product.code, "", "yearly", 1)
    old, new = (drafted(deal, line, terms_version=version) for version in ("2026-11", ""))
    assert (old.terms_version, new.terms_version) == ("2026-11", "2026-12")
    assert terms.paragraphs(old) != terms.paragraphs(new)
    db.perform(service.submit_quote, deal.desk, old.quote.public_id, quotes.seen(old.quote))
    assert quotes.version(old.quote).terms_version == "2026-11"
    with words.in_language("de"):
        assert all("%(" not in paragraph for paragraph in terms.paragraphs(old) + terms.paragraphs(new))


def test_a_document_of_the_first_form_still_names_its_parties() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    version = quotes.version(quote)
    document = json.loads(version.document or b"")
    assert document["form"] == 2
    for line in document["lines"]:
        for name in ("effect", "subscription", "starts_on", "ends_on", "due", "rebate", "once_off"):
            line.pop(name)
    document = {key: value for key, value in document.items() if key not in ("percent_off", "amount_off")}
    stored = json.dumps(document | {"form": 1}).encode()
    db.perform(lambda: db.session().execute(update(QuoteVersion).values(document=stored)))
    assert parties_of(quotes.version(quote)).account.name == deal.account.name


def test_the_document_says_everything_that_is_computed() -> None:
    deal = quotes.deal()
    sold = running(deal)
    version = drafted(deal, wish(deal, ADD, 3, sold), amount_off=100)
    (line,) = json.loads(document_of(version))["lines"]
    assert (line["effect"], line["subscription"], line["due"], line["once_off"]) == ("add", sold.public_id, 63599, 100)
    assert (line["whole_periods"], line["days"], line["of_days"]) == (2, 45, 365)
    again = replace(content(deal), lines=(wish(deal, ADD, 3, sold),), amount_off=99)
    seen = quotes.seen(version.quote)
    db.perform(service.change_draft, deal.desk, version.quote.public_id, again, seen)
    assert quotes.seen(version.quote) != seen
