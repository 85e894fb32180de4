"""What a quote comes to: each line at its price, less its discounts, with the tax of seller and account that day.

Pure reading: the desk recalculates with it, and the verbs write down what it says. All amounts are smallest units.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date

from billing_core import clock, money
from billing_core.accounts import Account, vat_is_confirmed
from billing_core.catalogue.models import Product
from billing_core.errors import Invalid
from billing_core.ledger.calculation import AmountTooLarge, TaxSum, Totals, line_net, sum_up
from billing_core.sellers import tax
from billing_core.sellers.tax import TaxDecision
from billing_core.subscriptions.models import Subscription
from billing_core.words import mark
from corporate_portal.quotes.offer.content import FREE, MOST_LINES, MOST_MONTHS, REMOVE, LineWish, QuoteContent
from corporate_portal.quotes.offer.positions import Position, Shelf, position_of


@dataclass(frozen=True)
class PricedLine:
    """One line as it will stand in the quote (see QuoteLine); net is one billing period of it, `due` what is billed.

    list_value is what the catalogue would bill now; a credit has none.
    """

    product: Product
    description: str
    tier: str
    quantity: int
    unit: str
    frequency: str
    unit_price: int
    percent_off: int
    discount: int
    rebate: int
    once_off: int
    net: int
    due: int
    list_value: int
    tax_category: str
    tax_rate: int
    exemption: str
    why: str
    effect: str
    subscription: Subscription | None
    starts_on: date
    ends_on: date | None
    whole_periods: int | None
    days: int | None
    of_days: int | None

    @property
    def is_billed(self) -> bool:
        """Whether it stands on the invoice that the acceptance brings."""
        return self.effect != REMOVE and self.due >= 0

    @property
    def is_credited(self) -> bool:
        """Whether it stands on the credit note that the acceptance brings."""
        return self.due < 0


@dataclass(frozen=True)
class PricedQuote:
    """The lines with what is due at once: first periods, what comes once, prorated changes, less what is credited."""

    currency: str
    lines: tuple[PricedLine, ...]
    billed: Totals
    """The invoice that the acceptance brings, or nothing at all."""
    credited: Totals
    """The credit note, as positive amounts."""
    reasons: tuple[str, ...]
    """Message ids that say why tax was decided as it was; none in the plain case."""
    percent_off: int
    amount_off: int
    discount_share: int
    """Basis points of the list value that all discounts and freely given credits take away."""

    @property
    def net(self) -> int:
        """Billed less credited, without tax."""
        return self.billed.net - self.credited.net

    @property
    def tax(self) -> int:
        """Tax of what is billed less that of what is credited."""
        return self.billed.tax - self.credited.tax

    @property
    def total(self) -> int:
        """Billed less credited; below zero where more is credited."""
        return self.net + self.tax

    @property
    def taxes(self) -> tuple[TaxSum, ...]:
        """The tax sums of both, those of credited lines below zero."""
        credited = (replace(row, net=-row.net, tax=-row.tax) for row in self.credited.taxes)
        return (*self.billed.taxes, *credited)


@dataclass(frozen=True)
class _Amount:
    """What bears tax on the side of the invoice or of the credit note: a positive net amount."""

    net: int
    tax_category: str
    tax_rate: int
    exemption: str
    why: str


def price_quote(account: Account, content: QuoteContent) -> PricedQuote:
    """Compute the content for the account (with its seller). Raises Invalid, naming the field, for what is not sold."""
    _check_frame(content)
    shelf = Shelf.of(account, content)
    locale = content.locale or account.locale
    decisions: dict[str, TaxDecision] = {}
    lines = []
    for at, wish in enumerate(content.lines):
        position = position_of(wish, at, shelf)
        category = position.product.tax_category
        if category not in decisions:
            decisions[category] = decide_tax(account, category)
        lines.append(_line(wish, at, position, content.percent_off, decisions[category], locale))
    lines = _less_once(lines, content.amount_off)
    billed = sum_up([_side(line, line.due) for line in lines if line.is_billed])
    credited = sum_up([_side(line, -line.due) for line in lines if line.is_credited])
    return PricedQuote(
        currency=account.currency,
        lines=tuple(lines),
        billed=billed,
        credited=credited,
        reasons=tuple(dict.fromkeys(decision.why for decision in decisions.values() if decision.why)),
        percent_off=content.percent_off,
        amount_off=content.amount_off,
        discount_share=_discount_share(lines),
    )


def decide_tax(account: Account, category: str) -> TaxDecision:
    """The tax of today, on the seller's calendar, for a product's category."""
    seller = account.seller
    confirmed = vat_is_confirmed(account, clock.now())
    today, has_vat_id = clock.today(seller.timezone), account.vat_id is not None
    return tax.decide(seller.country, account.country, confirmed, category, today, has_vat_id=has_vat_id)


def _check_frame(content: QuoteContent) -> None:
    if not content.lines:
        raise Invalid(mark("Add at least one line."))
    if len(content.lines) > MOST_LINES:
        raise Invalid(mark("A quote has at most %(most)s lines."), most=MOST_LINES)
    if not 1 <= content.term_months <= MOST_MONTHS:
        sentence = mark("Enter a term from 1 to %(most)s months.")
        raise Invalid(sentence, field="term_months", most=MOST_MONTHS)
    if content.percent_off and content.amount_off:
        raise Invalid(mark("Give the discount either in percent or as an amount."), field="total_discount")
    if not 0 <= content.percent_off <= 10_000:
        raise Invalid(mark("Enter a discount from 0 to 100 percent."), field="total_discount")


def _line(
    wish: LineWish, at: int, position: Position, percent_off: int, decision: TaxDecision, locale: str
) -> PricedLine:
    gross = line_net(wish.quantity, position.unit_price, 0)
    is_credit = wish.effect == REMOVE or gross < 0
    discount = 0 if is_credit else _discount(wish, at, gross)
    rebate = 0 if is_credit else money.percent(gross - discount, percent_off)
    net = -gross if wish.effect == REMOVE else gross - discount - rebate
    leaves_at_end = wish.effect == REMOVE and position.ends_on is None
    due = 0 if leaves_at_end else position.billed(net)
    listed = 0 if is_credit else position.billed(line_net(wish.quantity, position.list_price, 0))
    if max(abs(due), listed) > money.LARGEST:
        raise AmountTooLarge
    stretch = None if leaves_at_end else position.stretch
    return PricedLine(
        product=position.product,
        description=position.description,
        tier=position.tier,
        quantity=wish.quantity,
        unit="none" if wish.effect == FREE else position.product.seat_kind,
        frequency=position.frequency,
        unit_price=position.unit_price,
        percent_off=wish.percent_off,
        discount=discount,
        rebate=rebate,
        once_off=0,
        net=net,
        due=due,
        list_value=listed,
        tax_category=decision.category,
        tax_rate=decision.rate,
        exemption=decision.exemption(locale),
        why=decision.why,
        effect=wish.effect,
        subscription=position.subscription,
        starts_on=position.starts_on,
        ends_on=position.ends_on,
        whole_periods=stretch.whole_periods if stretch else None,
        days=stretch.days if stretch else None,
        of_days=stretch.of_days if stretch else None,
    )


def _less_once(lines: Sequence[PricedLine], amount_off: int) -> list[PricedLine]:
    """The amount off the whole quote, spread over what is billed in proportion to it."""
    weights = [line.due if line.is_billed else 0 for line in lines]
    if not 0 <= amount_off <= sum(weights):
        raise Invalid(mark("The discount must not be larger than what is billed."), field="total_discount")
    shares = money.spread(amount_off, weights)
    return [replace(line, once_off=off, due=line.due - off) for line, off in zip(lines, shares, strict=True)]


def _discount_share(lines: Sequence[PricedLine]) -> int:
    """Against the catalogue. A freely given credit counts as a discount; the value of removed seats does not."""
    listed = sum(line.list_value for line in lines if line.is_billed)
    billed = sum(line.due for line in lines if line.is_billed)
    given = -sum(line.due for line in lines if line.is_credited and line.effect == FREE)
    if not listed:
        return 10_000 if given else 0
    return min(10_000, money.part_in_basis_points(max(listed - billed, 0) + given, listed))


def _side(line: PricedLine, amount: int) -> _Amount:
    return _Amount(amount, line.tax_category, line.tax_rate, line.exemption, line.why)


def _discount(wish: LineWish, at: int, gross: int) -> int:
    field = f"lines-{at}-discount"
    if wish.percent_off and wish.amount_off:
        raise Invalid(mark("Give the discount either in percent or as an amount."), field=field)
    if not 0 <= wish.percent_off <= 10_000:
        raise Invalid(mark("Enter a discount from 0 to 100 percent."), field=field)
    if not 0 <= wish.amount_off <= gross:
        raise Invalid(mark("The discount must not be larger than the line itself."), field=field)
    return wish.amount_off or money.percent(gross, wish.percent_off)
