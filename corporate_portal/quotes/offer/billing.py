"""From a version to what its acceptance brings about: ordered lines, and what is invoiced and credited at once."""

from billing_core import words
from billing_core.ledger.calculation import LineDraft
from billing_core.orders.service import OrderedLine
from corporate_portal.quotes.models import QuoteLine, QuoteVersion
from corporate_portal.quotes.offer.content import REMOVE
from corporate_portal.quotes.offer.explaining import explanation
from corporate_portal.quotes.offer.proration import stretch_of
from corporate_portal.quotes.offer.recurring import first_period


def ordered_lines(version: QuoteVersion) -> tuple[OrderedLine, ...]:
    """Every line as ordered: `discount` is off each billing period, with the share of a percentage off the whole."""
    return tuple(_ordered(line, version) for line in version.lines)


def _ordered(line: QuoteLine, version: QuoteVersion) -> OrderedLine:
    return OrderedLine(
        product_id=line.product_id,
        tier=line.tier,
        seats=line.quantity,
        frequency=line.frequency,
        unit_price=line.unit_price,
        currency=version.quote.currency,
        term_start=line.starts_on,
        term_end=line.ends_on,
        effect=line.effect,
        subscription_id=line.subscription_id,
        description=line.description,
        unit=_unit(line),
        discount=line.discount + line.rebate,
        is_credited=line.effect == REMOVE and line.ends_on is not None,
    )


def due_at_once(version: QuoteVersion) -> tuple[LineDraft, ...]:
    """What the acceptance bills, in the document's language: with `credited` their sums are the version's.

    First periods, what is delivered once, and prorated additions. Empty where the acceptance only removes or credits.
    """
    with words.in_language(version.locale):
        billed = [line for line in version.lines if line.effect != REMOVE and line.due >= 0]
        return tuple(_draft(line, version, 1) for line in billed)


def credited(version: QuoteVersion) -> tuple[LineDraft, ...]:
    """What the acceptance credits, as positive amounts, in the document's language; mostly empty."""
    with words.in_language(version.locale):
        return tuple(_draft(line, version, -1) for line in version.lines if line.due < 0)


def _draft(line: QuoteLine, version: QuoteVersion, sign: int) -> LineDraft:
    why = {(tax.category, tax.rate): tax.why for tax in version.taxes}[line.tax_category, line.tax_rate]
    start, end = first_period(line.starts_on, line.frequency)
    quantity, unit, unit_price, detail = line.quantity, _unit(line), sign * line.unit_price, ""
    discount = line.discount + line.rebate + line.once_off
    stretch = stretch_of(line)
    if stretch is not None:
        quantity, unit, unit_price = 1, "", stretch.of(line.quantity * line.unit_price)
        discount, start, end = unit_price - sign * line.due, line.starts_on, line.ends_on
        detail = explanation(line, version.quote.currency)
    return LineDraft(
        description=line.description,
        quantity=quantity,
        unit_price=unit_price,
        tax_category=line.tax_category,
        tax_rate=line.tax_rate,
        exemption=line.exemption,
        why=why,
        detail=detail,
        unit=unit,
        discount=discount,
        period_start=start,
        period_end=end,
    )


def _unit(line: QuoteLine) -> str:
    return "" if line.unit == "none" else line.unit
