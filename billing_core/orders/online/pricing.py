"""From wishes to a priced order: every rule of domain.md 6 about what can be bought, tried and changed, and its price.

Nothing is written. Whoever places the order prices it again under the locks.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db, templating
from billing_core.accounts import Account, vat_is_confirmed
from billing_core.catalogue.models import Product
from billing_core.catalogue.offers import Offer
from billing_core.catalogue.queries import offers_on, products_by_code
from billing_core.errors import NotFound
from billing_core.ledger.calculation import sum_up
from billing_core.ledger.correcting import taken_of
from billing_core.ledger.models import Invoice, InvoiceLine
from billing_core.orders.online import refusals
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.priced import (
    CHANGE,
    RENEW,
    START,
    TRIAL,
    Before,
    PricedCharge,
    PricedLine,
    PricedOrder,
    drafts,
)
from billing_core.orders.online.priced import digest as digest_of
from billing_core.orders.online.queries import credit_free
from billing_core.orders.online.wishes import Buy, Change, Try, Wish
from billing_core.sellers import tax
from billing_core.sellers.tax import TaxDecision
from billing_core.subscriptions import proration
from billing_core.subscriptions.models import ONLINE, Subscription
from billing_core.subscriptions.online import of_product, seats_in_use
from billing_core.subscriptions.proration import NEW_PERIOD, Charge, Kept, Running, Wanted
from billing_core.subscriptions.queries import are_all_over


@dataclass(frozen=True)
class Counter:
    """Where it is bought: the account with its seller, the day on its calendar, and what is sold in its currency."""

    account: Account
    day: date
    offers: Mapping[str, Offer]
    products: Mapping[str, Product]
    """By code, as the offers."""
    smallest_claim: int
    """An invoice that owes less than this counts as paid: so little is left open by itself (domain.md 6)."""

    def offer(self, code: str) -> Offer:
        """What is offered of the product of that code. Raises NotSold."""
        if code not in self.offers:
            raise refusals.NotSold(product=code[:60])
        return self.offers[code]

    def price(self, code: str, tier: str, frequency: str) -> int:
        """Today's price of a seat and period. Raises NotSold."""
        offer = self.offer(code)
        offered = offer.tier(tier)
        amount = offered.price(frequency) if offered and frequency in offered.frequencies else None
        if amount is None:
            raise refusals.NotSold(product=offer.name)
        return amount

    def tax_of(self, product: Product) -> TaxDecision:
        """Today's tax. Raises NoTaxRate."""
        seller = self.account.seller
        confirmed = vat_is_confirmed(self.account, clock.now())
        return tax.decide(
            seller.country, self.account.country, confirmed, product.tax_category, clock.today(seller.timezone),
            has_vat_id=self.account.vat_id is not None,
        )  # fmt: skip


def counter_of(account: Account, smallest_claim: int) -> Counter:
    """The counter at which the account, which comes with its seller, buys today. Three statements."""
    day = clock.today(account.timezone)
    offers = {offer.code: offer for offer in offers_on(day, account.currency)}
    return Counter(account, day, offers, products_by_code(set(offers)), smallest_claim)


def price(counter: Counter, wishes: Sequence[Wish], *, allow_downgrade: bool = False) -> PricedOrder:
    """What the wishes come to. `allow_downgrade` is for `downgrading` alone.

    Raises EmptyOrder, TwiceInOrder, and for each wish what says why it cannot be: NotSold, SeatsNotPossible,
    SeatsInUse, TierDowngrade, NothingChanges, AlreadySubscribed, TrialUsed, OnlyToSubscribe, SubscriptionExpired,
    CancellationPending, TrialNotEdited, NotFound, NoTaxRate, AmountTooLarge.
    """
    if not wishes:
        raise refusals.EmptyOrder
    lines = tuple(_line(counter, wish, allow_downgrade=allow_downgrade) for wish in wishes)
    seen: set[int] = set()
    for line in lines:
        if line.product.id in seen:
            raise refusals.TwiceInOrder(product=line.product.name)
        seen.add(line.product.id)
    return _whole(counter, lines)


def price_renewal(
    counter: Counter, subscription: Subscription, plan: tuple[str, int] | None = None,
    instead_of: OnlineOrder | None = None,
) -> PricedOrder:  # fmt: skip
    """The next period of a subscription, which comes with its product: at its own price and with today's tax.

    `plan` is another tier and unit price than it would have. The credit that `instead_of` counts on is free. Whether
    it is due the caller knows. Raises NoTaxRate and AmountTooLarge.
    """
    tier, unit_price = plan or subscription.next_plan
    start = subscription.period_end
    end = proration.next_period(start, subscription.frequency, subscription.anchor)
    days, seats = (end - start).days, subscription.seats
    whole = Charge(NEW_PERIOD, days, days, seats, unit_price, seats * unit_price)
    bears = counter.tax_of(subscription.product)
    charges = (_charge(counter, whole, bears, start, end),) if whole.amount else ()
    line = PricedLine(
        RENEW, subscription.product, subscription.id, subscription.public_id, based_on(subscription),
        _before(subscription), tier, seats, subscription.frequency, unit_price, True, start, end, subscription.anchor,
        bears.category, bears.rate, charges,
    )  # fmt: skip
    return _whole(counter, (line,), instead_of)


def _whole(counter: Counter, lines: tuple[PricedLine, ...], instead_of: OnlineOrder | None = None) -> PricedOrder:
    account = counter.account
    totals = sum_up(drafts(lines, account.currency, account.locale))
    credit = credit_free(account.id, account.currency, instead_of)
    return PricedOrder(
        account.public_id, counter.day, account.currency, account.locale, lines, totals, credit
    )  # fmt: skip


def _line(counter: Counter, wish: Wish, *, allow_downgrade: bool) -> PricedLine:
    match wish:
        case Buy():
            return _bought(counter, wish)
        case Try():
            return _tried(counter, wish)
        case Change():
            return _changed(counter, wish, allow_downgrade=allow_downgrade)


def _bought(counter: Counter, wish: Buy) -> PricedLine:
    unit_price = counter.price(wish.product, wish.tier, wish.frequency)
    product = counter.products[wish.product]
    _refuse_number_of_seats(wish.seats, product.least_seats, product.most_seats)
    trial = None
    for known in of_product(counter.account.id, product.id):
        if known.is_running(counter.day) and known.cancelled_on is None:
            if not known.is_trial:
                raise refusals.AlreadySubscribed(product=product.name)
            trial = known
    if trial is not None:
        _refuse_fewer_than_used(trial, product, wish.seats)
    whole = proration.new_period(
        Wanted(wish.tier, wish.seats, wish.frequency, unit_price), counter.day
    )  # fmt: skip
    bears = counter.tax_of(product)
    charges = tuple(_charge(counter, one, bears, whole.period_start, whole.period_end) for one in whole.charges)
    return PricedLine(
        START, product, trial.id if trial else None, trial.public_id if trial else None,
        based_on(trial) if trial else "", _before(trial) if trial else None, wish.tier, wish.seats, wish.frequency,
        unit_price, True, whole.period_start, whole.period_end, whole.anchor_day, bears.category, bears.rate, charges,
    )  # fmt: skip


def _tried(counter: Counter, wish: Try) -> PricedLine:
    offer = counter.offer(wish.product)
    product = counter.products[wish.product]
    if offer.trial is None or wish.tier not in {tier.name for tier in offer.tiers_to_try}:
        raise refusals.NotSold(product=product.name)
    _refuse_number_of_seats(wish.seats, product.least_seats, offer.trial.most_seats)
    known = of_product(counter.account.id, product.id)
    if any(one.is_trial for one in known):
        raise refusals.TrialUsed(product=product.name)
    if any(one.is_running(counter.day) for one in known):
        raise refusals.AlreadySubscribed(product=product.name)
    if are_all_over(counter.account):
        raise refusals.OnlyToSubscribe(product=product.name)
    bears = counter.tax_of(product)
    end = counter.day + timedelta(days=offer.trial.days)
    return PricedLine(
        TRIAL, product, None, None, "", None, wish.tier, wish.seats, "monthly", 0, True, counter.day, end,
        counter.day.day, bears.category, bears.rate, (),
    )  # fmt: skip


def _changed(counter: Counter, wish: Change, *, allow_downgrade: bool) -> PricedLine:
    subscription = subscription_of(counter.account.id, wish.subscription)
    product, day = subscription.product, counter.day
    refuse_unless_editable(subscription, day)
    before = _before(subscription)
    same_plan = (wish.tier, wish.frequency) == (before.tier, before.frequency)
    if same_plan and wish.seats == before.seats:
        raise refusals.NothingChanges(product=product.name)
    least, most = min(product.least_seats, before.seats), max(product.most_seats, before.seats)
    _refuse_number_of_seats(wish.seats, least, most)
    if (
        wish.tier != before.tier
        and not allow_downgrade
        and counter.offer(product.code).is_downgrade(before.tier, wish.tier)
    ):
        raise refusals.TierDowngrade(
            product=product.name, before=before.tier, after=wish.tier, email=templating.brand().support_email
        )
    _refuse_fewer_than_used(subscription, product, wish.seats)
    unit_price = before.unit_price if same_plan else counter.price(product.code, wish.tier, wish.frequency)
    running = Running(
        before.tier, before.seats, before.frequency, before.unit_price, before.period_start, before.period_end,
        subscription.anchor, subscription.is_paid, _kept(subscription, counter.smallest_claim),
    )  # fmt: skip
    change = proration.change(running, Wanted(wish.tier, wish.seats, wish.frequency, unit_price), day)
    bears = counter.tax_of(product)
    bore = bears
    if subscription.tax_rate is not None:
        country = counter.account.seller.country
        bore = tax.as_invoiced(country, subscription.tax_category, subscription.tax_rate, bears)
    charges = tuple(
        _charge(counter, one, bears, change.period_start, change.period_end)
        if one.kind == NEW_PERIOD
        else _charge(counter, one, bore, day, before.period_end)
        for one in change.charges
    )
    now_bears = bears if change.restarts else bore
    return PricedLine(
        CHANGE, product, subscription.id, subscription.public_id, based_on(subscription), before, wish.tier, wish.seats,
        wish.frequency, unit_price, change.restarts, change.period_start, change.period_end, change.anchor_day,
        now_bears.category, now_bears.rate, charges,
    )  # fmt: skip


def subscription_of(account_id: int, public_id: str) -> Subscription:
    """A subscription of the account with its product, read anew. One statement. Raises NotFound."""
    if not db.is_storable(public_id):
        raise NotFound
    named = select(Subscription).where(Subscription.public_id == public_id, Subscription.account_id == account_id)
    whole = named.options(joinedload(Subscription.product)).execution_options(populate_existing=True)
    found = db.session().scalar(whole)
    if found is None:
        raise NotFound
    return found


def refuse_unless_ours(subscription: Subscription) -> None:
    """Raise BilledElsewhere for what was imported: another system bills and renews it (ADR 33)."""
    if subscription.source != ONLINE:
        raise refusals.BilledElsewhere(product=subscription.product.name)


def refuse_unless_editable(subscription: Subscription, day: date) -> None:
    """Raise BilledElsewhere, TrialNotEdited, SubscriptionExpired, RenewalUnpaid and CancellationPending."""
    refuse_unless_ours(subscription)
    name = subscription.product.name
    if subscription.is_trial:
        raise refusals.TrialNotEdited(product=name)
    if not subscription.is_running(day):
        raise refusals.SubscriptionExpired(product=name)
    if subscription.is_over(day):
        raise refusals.RenewalUnpaid(product=name)
    if subscription.cancelled_on is not None:
        raise refusals.CancellationPending(product=name)


def _refuse_number_of_seats(seats: int, least: int, most: int) -> None:
    if not least <= seats <= most:
        raise refusals.SeatsNotPossible(field="seats", least=least, most=most)


def _refuse_fewer_than_used(subscription: Subscription, product: Product, seats: int) -> None:
    used = seats_in_use(subscription.id) if seats < subscription.seats else 0
    if seats < used:
        raise refusals.SeatsInUse(field="seats", used=used, product=product.name)


def _kept(subscription: Subscription, smallest_claim: int) -> Kept:
    """What of the running period's price was paid and not given back. At most three statements.

    What its invoice owes again (refunded, disputed) lessens each of its lines alike, what finance credited the line.
    """
    if subscription.invoice_line_id is None:
        return Kept()
    billed = db.session().get_one(InvoiceLine, subscription.invoice_line_id)
    invoice = db.session().get_one(Invoice, billed.invoice_id, populate_existing=True)
    taken = taken_of([billed.id])[billed.id]
    asked, charged = invoice.total - invoice.credited, billed.net - taken.corrected
    owed = invoice.balance if invoice.balance >= smallest_claim else 0
    if asked <= owed:
        return Kept(0)
    return Kept(charged * (asked - owed), billed.net * asked, charged - taken.unused)


def _charge(counter: Counter, charge: Charge, bears: TaxDecision, start: date, end: date) -> PricedCharge:
    return PricedCharge(
        charge.kind, charge.days, charge.of_days, charge.seats, charge.unit_price, charge.amount, start, end,
        bears.category, bears.rate, bears.exemption(counter.account.locale), bears.why,
    )  # fmt: skip


def _before(subscription: Subscription) -> Before:
    return Before(
        subscription.tier, subscription.seats, subscription.frequency, subscription.unit_price,
        subscription.period_start, subscription.period_end,
        (subscription.planned_tier or "") if subscription.renews else "",
    )  # fmt: skip


def based_on(subscription: Subscription) -> str:
    """The digest of everything that a price was made from: another one by the settlement cannot be applied."""
    return digest_of([
        subscription.public_id, subscription.tier, subscription.seats, subscription.frequency,
        subscription.unit_price, subscription.period_start, subscription.period_end, subscription.is_trial,
        subscription.cancelled_on, subscription.ended_on,
        *([subscription.planned_tier, subscription.planned_price] if subscription.planned_tier is not None else []),
    ])  # fmt: skip
