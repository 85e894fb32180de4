"""The content of a draft: what may stand in it, and how it is written into a version's rows."""

import unicodedata
from datetime import timedelta

from billing_core import clock
from billing_core.accounts import Account
from billing_core.errors import Invalid
from billing_core.words import mark
from corporate_portal.quotes.models import QuoteLine, QuoteTax, QuoteVersion
from corporate_portal.quotes.offer.content import QuoteContent
from corporate_portal.quotes.offer.pricing import PricedQuote
from corporate_portal.quotes.offer.terms import TERMS_VERSION, TERMS_VERSIONS

FURTHEST = timedelta(days=366)
"""Start and validity lie at most this far from today."""
LONGEST_TITLE, LONGEST_NOTES = 160, 4000


def put_content(version: QuoteVersion, content: QuoteContent, account: Account) -> None:
    """Write the words and days of the content into a draft."""
    version.title, version.notes = content.title, content.notes
    version.starts_on, version.term_months = content.starts_on, content.term_months
    version.valid_until = content.valid_until
    version.zone = content.zone or account.timezone
    version.locale = content.locale or account.locale
    version.terms_version = content.terms_version or TERMS_VERSION
    version.percent_off, version.amount_off = content.percent_off, content.amount_off


def put_prices(version: QuoteVersion, priced: PricedQuote) -> None:
    """Write lines, taxes and sums into a draft that has none."""
    version.net, version.tax, version.total = priced.net, priced.tax, priced.total
    version.discount_share = priced.discount_share
    version.lines = [
        QuoteLine(
            position=position,
            product=line.product,
            description=line.description,
            tier=line.tier,
            quantity=line.quantity,
            unit=line.unit,
            frequency=line.frequency,
            unit_price=line.unit_price,
            percent_off=line.percent_off,
            discount=line.discount,
            rebate=line.rebate,
            once_off=line.once_off,
            net=line.net,
            due=line.due,
            tax_category=line.tax_category,
            tax_rate=line.tax_rate,
            exemption=line.exemption,
            effect=line.effect,
            subscription=line.subscription,
            starts_on=line.starts_on,
            ends_on=line.ends_on,
            whole_periods=line.whole_periods,
            days=line.days,
            of_days=line.of_days,
        )
        for position, line in enumerate(priced.lines, start=1)
    ]
    version.taxes = [
        QuoteTax(category=tax.category, rate=tax.rate, net=tax.net, tax=tax.tax, exemption=tax.exemption, why=tax.why)
        for tax in priced.taxes
    ]


def check_texts(content: QuoteContent) -> None:
    """Raise Invalid, naming the field, for a title, notes or zone that cannot stand in a document."""
    if not content.title.strip() or len(content.title) > LONGEST_TITLE or not content.title.isprintable():
        sentence = mark("Enter a title of at most %(most)s characters.")
        raise Invalid(sentence, field="title", most=LONGEST_TITLE)
    if len(content.notes) > LONGEST_NOTES or not is_readable(content.notes):
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="notes", most=LONGEST_NOTES)
    if content.zone and not clock.is_zone(content.zone):
        raise Invalid(mark("Choose a time zone from the list."), field="zone")
    if content.terms_version and content.terms_version not in TERMS_VERSIONS:
        raise Invalid(mark("Choose one of the terms."), field="terms_version")


def is_readable(text: str) -> bool:
    """Only characters that can be seen, white space of every kind, and line breaks."""
    return all(c.isprintable() or c in "\n\t" or unicodedata.category(c) == "Zs" for c in text)


def check_days(content: QuoteContent, account: Account) -> None:
    """What a person at the desk may choose; an import tells what already happened."""
    today = clock.today(content.zone or account.timezone)
    if abs(content.starts_on - today) > FURTHEST:
        raise Invalid(mark("The start must lie within a year from today."), field="starts_on")
    for at, wish in enumerate(content.lines):
        if wish.starts_on is not None and abs(wish.starts_on - today) > FURTHEST:
            raise Invalid(mark("The start must lie within a year from today."), field=f"lines-{at}-starts_on")
    if content.valid_until is not None and content.valid_until < today:
        raise Invalid(mark("The validity must not end in the past."), field="valid_until")
    if content.valid_until is not None and content.valid_until > today + FURTHEST:
        raise Invalid(mark("The validity must end within a year from today."), field="valid_until")


_COMPUTED = (
    "unit_price", "discount", "rebate", "once_off", "net", "due", "tax_category", "tax_rate", "starts_on", "ends_on",
    "whole_periods", "days", "of_days",
)  # fmt: skip


def is_as_saved(version: QuoteVersion, priced: PricedQuote) -> bool:
    """Whether prices, taxes and terms of today still are what the saved draft shows."""
    saved, present = (
        [tuple(getattr(line, name) for name in _COMPUTED) for line in lines] for lines in (version.lines, priced.lines)
    )
    sums = (version.total, version.discount_share) == (priced.total, priced.discount_share)
    return saved == present and sums
