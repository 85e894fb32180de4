"""What can be sold on a day in a currency, and at which list price."""

from datetime import date

from sqlalchemy import func, select
from sqlalchemy.orm import contains_eager

from billing_core import db
from billing_core.catalogue.models import Price, Product


def prices_on(day: date, currency: str) -> list[Price]:
    """The price in force of everything sold in the currency, with its product, in catalogue order. One statement."""
    rank = func.row_number().over(
        partition_by=(Price.product_id, Price.tier, Price.frequency), order_by=Price.valid_from.desc()
    )
    begun = select(Price.id, rank.label("rank")).where(Price.currency == currency, Price.valid_from <= day).subquery()
    in_force = (
        select(Price)
        .join(begun, Price.id == begun.c.id)
        .join(Price.product)
        .where(begun.c.rank == 1, Product.is_active)
        .options(contains_eager(Price.product))
        .order_by(Product.position, Product.name, Product.id, Price.tier, Price.frequency)
    )
    return list(db.session().scalars(in_force))


def products_by_code(codes: set[str]) -> dict[str, Product]:
    """The products of those codes, also those that are no longer sold. One statement."""
    found = db.session().scalars(select(Product).where(Product.code.in_(codes)))
    return {product.code: product for product in found}
