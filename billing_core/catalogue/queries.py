"""What can be sold on a day in a currency, and at which list price; what of it customers can buy online."""

from collections import defaultdict
from collections.abc import Collection
from datetime import date
from itertools import groupby

from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import contains_eager

from billing_core import db
from billing_core.catalogue.models import RECURRING, Feature, FeatureValue, Price, Product, Tier
from billing_core.catalogue.offers import FeatureRow, Offer, OfferedTier, Phrase, Provision, Trial

UNTIERED = ""
"""How prices and subscriptions of a product without tiers name theirs."""


def prices_on(day: date, currency: str) -> list[Price]:
    """The price in force of everything sold in the currency, with its product, in catalogue order. One statement."""
    return list(db.session().scalars(_in_force(day, currency)))


def _in_force(day: date, currency: str, *only: ColumnElement[bool]) -> Select[Price]:
    """The latest price that has begun of each product, tier and frequency."""
    rank = func.row_number().over(
        partition_by=(Price.product_id, Price.tier, Price.frequency), order_by=Price.valid_from.desc()
    )
    begun = select(Price.id, rank.label("rank")).where(Price.currency == currency, Price.valid_from <= day).subquery()
    return (
        select(Price)
        .join(begun, Price.id == begun.c.id)
        .join(Price.product)
        .where(begun.c.rank == 1, Product.is_active, *only)
        .options(contains_eager(Price.product))
        .order_by(Product.position, Product.name, Product.id, Price.tier, Price.frequency)
    )


def offers_on(day: date, currency: str) -> list[Offer]:
    """What customers can buy online on the day of their account's calendar, in catalogue order. Two statements."""
    return _offers(day, currency)


def offer_of(product_code: str, day: date, currency: str) -> Offer | None:
    """The offer of one product; None where it is unknown or not sold online on that day. Two statements."""
    return next(iter(_offers(day, currency, Product.code == product_code)), None)


def _offers(day: date, currency: str, *only: ColumnElement[bool]) -> list[Offer]:
    priced = _in_force(day, currency, Product.is_online.is_(True), Price.frequency.in_(RECURRING), *only)
    tiers = _tiers(Product.is_online.is_(True), *only)
    offers = []
    for product, prices in groupby(db.session().scalars(priced).all(), key=lambda price: price.product):
        offer = _offer(product, list(prices), tiers[product.id], day, currency)
        if offer.tiers:
            offers.append(offer)
    return offers


def _tiers(*of_products: ColumnElement[bool]) -> dict[int, list[Tier]]:
    """The tiers of those products by product, the lowest first, also those that are no longer sold."""
    found: dict[int, list[Tier]] = defaultdict(list)
    ranked = select(Tier).join(Product, Product.id == Tier.product_id).where(*of_products).order_by(Tier.rank)
    for tier in db.session().scalars(ranked):
        found[tier.product_id].append(tier)
    return found


def _offer(product: Product, prices: list[Price], tiers: list[Tier], day: date, currency: str) -> Offer:
    amounts = {(price.tier, price.frequency): price.amount for price in prices}
    sold = [tier for tier in tiers if tier.is_active] if tiers else [_untiered(product)]
    offered = tuple(found for tier in sold if (found := _offered(tier, amounts)).frequencies)
    can_try = product.trial_days > 0 and any(tier.can_be_tried for tier in offered)
    return Offer(
        product_id=product.id,
        code=product.code,
        name=product.name,
        description=Phrase(product.description_en, product.description_de),
        seat_kind=product.seat_kind,
        tax_category=product.tax_category,
        day=day,
        currency=currency,
        least_seats=product.least_seats,
        most_seats=product.most_seats,
        tiers=offered,
        ladder=tuple(tier.name for tier in tiers),
        trial=Trial(product.trial_days, product.trial_seats) if can_try else None,
    )


def _untiered(product: Product) -> Tier:
    """A product without tiers is its own only one."""
    return Tier(product_id=product.id, name=UNTIERED, rank=0, description_en="", description_de="", can_be_tried=True)


def _offered(tier: Tier, amounts: dict[tuple[str, str], int]) -> OfferedTier:
    return OfferedTier(
        name=tier.name,
        rank=tier.rank,
        description=Phrase(tier.description_en, tier.description_de),
        can_be_tried=tier.can_be_tried,
        monthly=amounts.get((tier.name, "monthly")),
        yearly=amounts.get((tier.name, "yearly")),
    )


def features_of(products: Collection[int]) -> dict[int, list[FeatureRow]]:
    """The rows that compare the tiers of each product, in their order; `products` are row ids. One statement."""
    rows = (
        select(Feature, FeatureValue)
        .outerjoin(FeatureValue, FeatureValue.feature_id == Feature.id)
        .where(Feature.product_id.in_(products))
        .order_by(Feature.product_id, Feature.position, Feature.code, FeatureValue.tier)
    )
    found: dict[int, list[FeatureRow]] = defaultdict(list)
    for feature, pairs in groupby(db.session().execute(rows).all(), key=lambda pair: pair[0]):
        values: list[FeatureValue | None] = [value for _, value in pairs]
        by_tier = {v.tier: Provision(v.is_included, Phrase(v.value_en, v.value_de)) for v in values if v is not None}
        found[feature.product_id].append(FeatureRow(Phrase(feature.name_en, feature.name_de), by_tier))
    return found


def products_by_code(codes: set[str]) -> dict[str, Product]:
    """The products of those codes, also those that are no longer sold. One statement."""
    found = db.session().scalars(select(Product).where(Product.code.in_(codes)))
    return {product.code: product for product in found}
