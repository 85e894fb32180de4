"""What a quote comes to: each line at its price, less its discount, with the tax of the seller and account of that day.

Pure reading: the desk recalculates with it, and the verbs write down what it says. All amounts are smallest units.
"""

from dataclasses import dataclass

from billing_core import clock, money
from billing_core.accounts import Account, vat_is_confirmed
from billing_core.catalogue import queries as catalogue
from billing_core.catalogue.models import FREQUENCIES, Price, Product
from billing_core.errors import Invalid
from billing_core.ledger.calculation import TaxSum, line_net, sum_up
from billing_core.sellers import tax
from billing_core.sellers.tax import TaxDecision
from billing_core.words import mark
from corporate_portal.quotes.offer.content import MOST_LINES, MOST_MONTHS, MOST_UNITS, LineWish, QuoteContent

Offer = tuple[str, str, str]
"""Product code, tier and frequency: what a price is for."""


@dataclass(frozen=True)
class PricedLine:
    """One line as it will stand in the quote; net is one billing period of it."""

    product: Product
    description: str
    tier: str
    quantity: int
    unit: str
    frequency: str
    unit_price: int
    percent_off: int
    discount: int
    net: int
    tax_category: str
    tax_rate: int
    exemption: str
    why: str


@dataclass(frozen=True)
class PricedQuote:
    """The lines with what is due at once: the first period of each recurring line and everything that comes once."""

    currency: str
    lines: tuple[PricedLine, ...]
    taxes: tuple[TaxSum, ...]
    net: int
    tax: int
    total: int
    reasons: tuple[str, ...]
    """Message ids that say why tax was decided as it was; none in the plain case."""


def price_quote(account: Account, content: QuoteContent) -> PricedQuote:
    """Compute the content for the account (with its seller). Raises Invalid, naming the field, for what is not sold."""
    _check_frame(content)
    prices, products = _offers(account, content)
    locale = content.locale or account.locale
    decisions: dict[str, TaxDecision] = {}
    lines = []
    for position, wish in enumerate(content.lines):
        product, unit_price = _priced(wish, position, prices, products, account.currency)
        if product.tax_category not in decisions:
            decisions[product.tax_category] = decide_tax(account, product.tax_category)
        lines.append(_line(wish, position, product, unit_price, decisions[product.tax_category], locale))
    totals = sum_up(lines)
    reasons = tuple(dict.fromkeys(decision.why for decision in decisions.values() if decision.why))
    return PricedQuote(
        account.currency, tuple(lines), tuple(totals.taxes), totals.net, totals.tax, totals.total, reasons
    )


def decide_tax(account: Account, category: str) -> TaxDecision:
    """The tax of today, on the seller's calendar, for a product's category."""
    seller = account.seller
    confirmed = vat_is_confirmed(account, clock.now())
    return tax.decide(seller.country, account.country, confirmed, category, clock.today(seller.timezone))


def _check_frame(content: QuoteContent) -> None:
    if not content.lines:
        raise Invalid(mark("Add at least one line."))
    if len(content.lines) > MOST_LINES:
        raise Invalid(mark("A quote has at most %(most)s lines."), most=MOST_LINES)
    if not 1 <= content.term_months <= MOST_MONTHS:
        sentence = mark("Enter a term from 1 to %(most)s months.")
        raise Invalid(sentence, field="term_months", most=MOST_MONTHS)
    if content.term_months % 12 and any(wish.frequency == "yearly" for wish in content.lines):
        raise Invalid(mark("Lines billed yearly need a term of whole years: 12, 24, 36 months."), field="term_months")


def _offers(account: Account, content: QuoteContent) -> tuple[dict[Offer, Price], dict[str, Product]]:
    today = clock.today(account.seller.timezone)
    listed = catalogue.prices_on(today, account.currency)
    prices = {(price.product.code, price.tier, price.frequency): price for price in listed}
    return prices, catalogue.products_by_code({wish.product_code for wish in content.lines})


def _priced(
    wish: LineWish, position: int, prices: dict[Offer, Price], products: dict[str, Product], currency: str
) -> tuple[Product, int]:
    listed = prices.get((wish.product_code, wish.tier, wish.frequency))
    if wish.unit_price is not None:
        product = products.get(wish.product_code)
        if product is not None and wish.frequency in FREQUENCIES and 0 <= wish.unit_price <= money.LARGEST:
            return product, wish.unit_price
    elif listed is not None:
        return listed.product, listed.amount
    raise Invalid(
        mark("Choose something from the catalogue that is sold in %(currency)s."),
        field=f"lines-{position}-offer", currency=currency,
    )  # fmt: skip


def _line(
    wish: LineWish, position: int, product: Product, unit_price: int, decision: TaxDecision, locale: str
) -> PricedLine:
    if not 1 <= wish.quantity <= MOST_UNITS:
        sentence = mark("Enter a whole number from %(least)s to %(most)s.")
        raise Invalid(sentence, field=f"lines-{position}-quantity", least=1, most=MOST_UNITS)
    gross = line_net(wish.quantity, unit_price, 0)
    discount = _discount(wish, position, gross)
    return PricedLine(
        product=product,
        description=" ".join(part for part in (product.name, wish.tier) if part),
        tier=wish.tier,
        quantity=wish.quantity,
        unit=product.seat_kind,
        frequency=wish.frequency,
        unit_price=unit_price,
        percent_off=wish.percent_off,
        discount=discount,
        net=gross - discount,
        tax_category=decision.category,
        tax_rate=decision.rate,
        exemption=decision.exemption(locale),
        why=decision.why,
    )


def _discount(wish: LineWish, position: int, gross: int) -> int:
    field = f"lines-{position}-discount"
    if wish.percent_off and wish.amount_off:
        raise Invalid(mark("Give the discount either in percent or as an amount."), field=field)
    if not 0 <= wish.percent_off <= 10_000:
        raise Invalid(mark("Enter a discount from 0 to 100 percent."), field=field)
    if not 0 <= wish.amount_off <= gross:
        raise Invalid(mark("The discount must not be larger than the line itself."), field=field)
    return wish.amount_off or money.percent(gross, wish.percent_off)
