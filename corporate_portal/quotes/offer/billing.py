"""From a version to what its acceptance brings about: the ordered lines and the lines of the invoice due at once."""

from billing_core.ledger.calculation import LineDraft
from billing_core.orders.service import OrderedLine
from corporate_portal.quotes.models import QuoteLine, QuoteVersion
from corporate_portal.quotes.offer.recurring import MONTHS_OF, first_period, term_end


def ordered_lines(version: QuoteVersion) -> tuple[OrderedLine, ...]:
    """Every line as ordered: recurring ones for the whole term, the others once."""
    return tuple(_ordered(line, version) for line in version.lines)


def _ordered(line: QuoteLine, version: QuoteVersion) -> OrderedLine:
    return OrderedLine(
        product_id=line.product_id,
        tier=line.tier,
        seats=line.quantity,
        frequency=line.frequency,
        unit_price=line.unit_price,
        currency=version.quote.currency,
        term_start=version.starts_on,
        term_end=term_end(version) if line.frequency in MONTHS_OF else None,
    )


def due_at_once(version: QuoteVersion) -> tuple[LineDraft, ...]:
    """The first period of each recurring line and everything that is delivered once: their sums are the version's."""
    why = {(tax.category, tax.rate): tax.why for tax in version.taxes}
    return tuple(_due(line, version, why[line.tax_category, line.tax_rate]) for line in version.lines)


def _due(line: QuoteLine, version: QuoteVersion, why: str) -> LineDraft:
    start, end = first_period(version.starts_on, line.frequency)
    return LineDraft(
        description=line.description,
        quantity=line.quantity,
        unit_price=line.unit_price,
        tax_category=line.tax_category,
        tax_rate=line.tax_rate,
        exemption=line.exemption,
        why=why,
        unit="" if line.unit == "none" else line.unit,
        discount=line.discount,
        period_start=start,
        period_end=end,
    )
