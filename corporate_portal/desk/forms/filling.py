"""The form filled from a draft."""

from typing import Any

from billing_core import money, words
from corporate_portal.desk.forms.figures import write_discount
from corporate_portal.desk.forms.line import AT_ONCE, offer_key
from corporate_portal.quotes.offer.content import LineWish, QuoteContent


def fields_of(content: QuoteContent, currency: str, **hidden: str) -> dict[str, Any]:
    """A draft's content as the values of its form."""
    return {
        **hidden,
        "title": content.title,
        "starts_on": content.starts_on,
        "term_months": content.term_months,
        "valid_until": content.valid_until,
        "zone": content.zone,
        "language": content.locale,
        "notes": content.notes,
        "terms_version": content.terms_version,
        "total_discount": write_discount(content.percent_off, content.amount_off, currency),
        "total_discount_kind": "amount" if content.amount_off else "percent",
        "lines": [_line_fields(line, currency) for line in content.lines],
    }


def _line_fields(line: LineWish, currency: str) -> dict[str, Any]:
    return {
        "effect": line.effect,
        "offer": offer_key(line.product_code, line.tier, line.frequency) if line.product_code else "",
        "subscription": line.subscription,
        "product": line.product_code,
        "description": line.description,
        "quantity": line.quantity,
        "unit_price": "" if line.unit_price is None else money.typed(line.unit_price, currency, words.locale()),
        "discount": write_discount(line.percent_off, line.amount_off, currency),
        "discount_kind": "amount" if line.amount_off else "percent",
        "starts_on": line.starts_on,
        "term_months": line.term_months,
        "leaves": AT_ONCE if line.credited else "end",
    }
