"""What sellers, tax rates and products may say."""

import re

from sqlalchemy import select

from app.imports.book import Facts, Run, stored, tier_names
from app.imports.catalogue_files import PRODUCTS, SELLERS, TAX_RATES, TIERS
from app.imports.checks.rows import WITHOUT_TAX_TEXT, Rows, check_tax
from app.imports.staging import Row
from billing_core import db
from billing_core.catalogue.models import RECURRING, Price, Product
from billing_core.sellers.models import Seller

IN_AN_ADDRESS = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]*")
"""The pages of what is sold online have the product's code in their address."""


def check_sellers(run: Run, chunk: list[Row]) -> None:
    """A code belongs to one seller and never changes."""
    rows = Rows(run, SELLERS, chunk)
    before = stored(run.source, SELLERS, [row.key for row in rows.rows])
    for row, seller in rows:
        rows.claim(row, "code", seller["code"])
        if row.key in before and before[row.key]["code"] != seller["code"]:
            rows.bad(row, "code", f"was {before[row.key]['code']} and never changes: document numbers begin with it")
    codes = [seller["code"] for _, seller in rows]
    rows.owned_by_others("code", select(Seller.code, Seller.source, Seller.external_id).where(Seller.code.in_(codes)))


def check_tax_rates(run: Run, chunk: list[Row]) -> None:
    """Only S and AA have a rate; where there is none, the documents must be able to say why."""
    rows = Rows(run, TAX_RATES, chunk)
    for row, rate in rows:
        check_tax(rows, row, rate["category"], rate["rate"], "rate")
        if not rate["rate"] and rate["category"] not in WITHOUT_TAX_TEXT:
            for column in ("exemption_en", "exemption_de"):
                if not rate[column]:
                    rows.bad(row, column, "must say why no tax is charged")


def check_products(run: Run, chunk: list[Row]) -> None:
    """A code belongs to one product; what is sold online has seats, and terms that do not contradict each other."""
    rows = Rows(run, PRODUCTS, chunk)
    unranked = _unranked_tiers(rows)
    for row, product in rows:
        rows.claim(row, "code", product["code"])
        _check_seats(rows, row, product)
        if product["is_online"]:
            _check_online(rows, row, product, unranked.get(row.key, []))
    codes = [product["code"] for _, product in rows]
    rows.owned_by_others(
        "code", select(Product.code, Product.source, Product.external_id).where(Product.code.in_(codes))
    )


def _check_seats(rows: Rows, row: Row, product: Facts) -> None:
    least, most, of_trial = product["least_seats"], product["most_seats"], product["trial_seats"]
    if most < least:
        rows.bad(row, "most_seats", f"is {most}, but least_seats is {least}")
    elif product["trial_days"] and not least <= of_trial <= most:
        rows.bad(row, "trial_seats", f"is {of_trial}, possible are {least} to {most}, as in least_seats and most_seats")


def _check_online(rows: Rows, row: Row, product: Facts, unranked: list[str]) -> None:
    if product["seat_kind"] == "none":
        rows.bad(row, "is_online", "must be no where seat_kind is none: what is sold online has seats")
    if IN_AN_ADDRESS.fullmatch(product["code"]) is None:
        reason = "must be letters, figures, hyphens and underscores where is_online is yes: it stands in an address"
        rows.bad(row, "code", reason)
    if unranked:
        rows.bad(row, "is_online", f"is yes, but prices name tiers that {TIERS.name} does not: {', '.join(unranked)}")


def _unranked_tiers(rows: Rows) -> dict[str, list[str]]:
    """The tiers that stored prices of those products name and nothing ranks."""
    if TIERS.name in rows.run.unread:
        return {}
    keys = [row.key for row in rows.rows]
    named = (
        select(Product.external_id, Price.tier)
        .join(Price.product)
        .where(Product.source == rows.run.source, Product.external_id.in_(keys))
        .where(Price.tier != "", Price.frequency.in_(RECURRING))
        .distinct()
        .order_by(Product.external_id, Price.tier)
    )
    known, found = tier_names(rows.run, keys), dict[str, list[str]]()
    for product, tier in db.session().execute(named):
        if tier not in known.get(product, ()):
            found.setdefault(product, []).append(tier)
    return found
