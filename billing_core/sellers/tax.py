"""Which tax a line bears: decided by the two countries, the buyer's VAT ID and the dated rates (domain.md 5).

What is sold are services. Between businesses in different EU states the buyer owes the tax (Articles 44 and 196 of
Directive 2006/112/EC), but only where the buyer's VAT ID was confirmed; across the EU's border, and between two
countries outside it, the service is taxed where the buyer is and lies outside the seller's tax.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select

from billing_core import db
from billing_core.errors import Invalid
from billing_core.sellers.models import TaxRate
from billing_core.words import mark

EU = frozenset(
    {
        "AT", "BE", "BG", "CY", "CZ", "DE", "DK", "EE", "ES", "FI", "FR", "GR", "HR", "HU", "IE", "IT", "LT", "LU",
        "LV", "MT", "NL", "PL", "PT", "RO", "SE", "SI", "SK",
    }
)  # fmt: skip
"""The member states by their ISO 3166 codes; a VAT ID writes Greece as EL."""

STANDARD, REVERSE_CHARGE, OUTSIDE = "S", "AE", "O"

VAT_ID_UNCONFIRMED = mark(
    "VAT is charged because the VAT ID of the account has not been confirmed in the last 90 days."
)
WITHOUT_VAT_ID = mark(
    "VAT is charged. With a confirmed VAT ID the recipient would owe it in their own country instead."
)
BUYER_OWES = mark("No VAT is charged: the recipient owes it in their own country (reverse charge).")
TAXED_ELSEWHERE = mark("No VAT is charged: this service is taxed in the recipient's country.")
NO_VAT_HERE = mark("No VAT is charged: the seller's country levies none.")


class NoTaxRate(Invalid):
    """The rates do not say what applies; a document cannot be made before somebody enters it."""

    message = mark("There is no tax rate for %(country)s, category %(category)s, on %(day)s.")


@dataclass(frozen=True)
class TaxDecision:
    """What a line stores. `rate` is in basis points; `why` is a msgid for the page, empty in the plain case."""

    category: str
    rate: int
    exemption_en: str
    exemption_de: str
    why: str

    def exemption(self, locale: str) -> str:
        """The wording that the document prints where no tax is charged."""
        return self.exemption_de if locale == "de" else self.exemption_en


def decide(
    seller_country: str, buyer_country: str, vat_confirmed: bool, category: str, day: date, *, has_vat_id: bool
) -> TaxDecision:
    """The tax on a product of `category` sold on `day`. One statement. Raises NoTaxRate.

    `has_vat_id` decides nothing but the reason that is given: who has none is not told that it lacks its confirmation.

    A country that levies no VAT states its category S at rate 0; its sales are then outside the scope.
    """
    if seller_country == buyer_country:
        row = _rate(seller_country, category, day)
        if row.category == STANDARD and row.rate == 0:
            return _decision(row, OUTSIDE, NO_VAT_HERE)
        return _decision(row, row.category, "")
    if not {seller_country, buyer_country} <= EU:
        return _decision(_rate(seller_country, OUTSIDE, day), OUTSIDE, TAXED_ELSEWHERE)
    if vat_confirmed:
        return _decision(_rate(seller_country, REVERSE_CHARGE, day), REVERSE_CHARGE, BUYER_OWES)
    row = _rate(seller_country, category, day)
    return _decision(row, row.category, VAT_ID_UNCONFIRMED if has_vat_id else WITHOUT_VAT_ID)


def as_invoiced(seller_country: str, category: str, rate: int, today: TaxDecision) -> TaxDecision:
    """The tax that a line was invoiced with before, for what is credited of it. At most one statement.

    Where it is today's, it is worded as today's; else as the country's rates word the category, if they still do.
    """
    if (category, rate) == (today.category, today.rate):
        return today
    named = select(TaxRate).where(TaxRate.country == seller_country, TaxRate.category == category)
    row = db.session().scalar(named.order_by(TaxRate.valid_from.desc()).limit(1))
    return TaxDecision(category, rate, row.exemption_en if row else "", row.exemption_de if row else "", "")


def _rate(country: str, category: str, day: date) -> TaxRate:
    begun = select(TaxRate).where(TaxRate.country == country, TaxRate.category == category, TaxRate.valid_from <= day)
    row = db.session().scalar(begun.order_by(TaxRate.valid_from.desc()).limit(1))
    if row is None:
        raise NoTaxRate(country=country, category=category, day=day.isoformat())
    return row


def _decision(row: TaxRate, category: str, why: str) -> TaxDecision:
    return TaxDecision(category, row.rate, row.exemption_en, row.exemption_de, why)
