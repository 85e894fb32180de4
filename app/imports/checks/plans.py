"""What tiers, features and prices may say: together they are the plans that customers compare and buy."""

from collections.abc import Collection

from app.imports.book import Facts, Run, known, stored_ranks, tier_names
from app.imports.catalogue_files import FEATURE_VALUES, FEATURES, PRICES, PRODUCTS, TIERS
from app.imports.checks.rows import Rows
from app.imports.staging import Row
from billing_core.catalogue.models import RECURRING


def check_tiers(run: Run, chunk: list[Row]) -> None:
    """The product is known, and no two of its tiers have the same rank."""
    rows = Rows(run, TIERS, chunk)
    products = known(run, PRODUCTS, rows.keys("product"))
    before = stored_ranks(run.source, rows.keys("product"))
    for row in chunk:
        # Unchanged rows claim too: a new tier must not stand beside one that says the same still.
        if row.values is not None:
            _claim_rank(rows, row, str(row.values["product"]), row.values["rank"])
    for row, tier in rows:
        rows.referred(row, "product", tier["product"], products)
        ranks = before.get(tier["product"], {}).items()
        holder = next((name for name, rank in ranks if rank == tier["rank"] and name != tier["name"]), None)
        if holder is not None and not run.staging.find(TIERS.name, [f"{tier['product']}\x1f{holder}"]):
            rows.bad(row, "rank", f"is {tier['rank']}, and that is the rank of the tier {holder!r} already")


def _claim_rank(rows: Rows, row: Row, product: str, rank: object) -> None:
    first = rows.run.staging.claim("rank of a tier", f"{product}\x1f{rank}", row.key, row.line)
    if first is not None:
        rows.bad(row, "rank", f"is {rank}, and the tier in line {first} has that rank already")


def check_features(run: Run, chunk: list[Row]) -> None:
    """The product is known."""
    rows = Rows(run, FEATURES, chunk)
    products = known(run, PRODUCTS, rows.keys("product"))
    for row, feature in rows:
        rows.referred(row, "product", feature["product"], products)


def check_feature_values(run: Run, chunk: list[Row]) -> None:
    """Product, feature and tier are known; what is not included has no value, and a value is in both languages."""
    rows = Rows(run, FEATURE_VALUES, chunk)
    products = known(run, PRODUCTS, rows.keys("product"))
    features = known(run, FEATURES, {_feature_of(value) for _, value in rows})
    tiers = tier_names(run, rows.keys("product"))
    for row, value in rows:
        product = rows.referred(row, "product", value["product"], products)
        if product is not None and _feature_of(value) not in features and FEATURES.name not in run.unread:
            where = f"in {FEATURES.name} for {value['product']!r}, nor from an earlier import of this source"
            rows.bad(row, "feature", f"there is no {value['feature']!r} {where}")
        if product is not None:
            _check_tier(rows, row, value, tiers)
        for column, other in (("value_en", "value_de"), ("value_de", "value_en")):
            if value[column] and not value["is_included"]:
                rows.bad(row, column, "must be empty where is_included is no")
            elif value[other] and not value[column]:
                rows.bad(row, column, f"must not be empty where {other} is given")


def _feature_of(value: Facts) -> str:
    return f"{value['product']}\x1f{value['feature']}"


def check_prices(run: Run, chunk: list[Row]) -> None:
    """The product is known, it has the tier where it has tiers, and the amount fits its currency."""
    rows = Rows(run, PRICES, chunk)
    products = known(run, PRODUCTS, rows.keys("product"))
    tiers = tier_names(run, rows.keys("product"))
    for row, price in rows:
        product = rows.referred(row, "product", price["product"], products)
        rows.amount(row, "amount", price["amount"], price["currency"])
        if price["frequency"] in RECURRING or price["tier"]:
            _check_tier(rows, row, price, tiers, needs_tiers=product is not None and bool(product["is_online"]))


def _check_tier(rows: Rows, row: Row, named: Facts, tiers: dict[str, set[str]], *, needs_tiers: bool = False) -> None:
    """The tier that a row names is one of the product's. Products that nobody ranks may name any, unless online."""
    if TIERS.name in rows.run.unread:
        return
    of_product: Collection[str] = tiers.get(named["product"], ())
    if not of_product and not needs_tiers and row.file == PRICES.name:
        return
    if not named["tier"] and of_product:
        rows.bad(row, "tier", "must name one of the product's tiers: " + ", ".join(sorted(of_product)))
    elif named["tier"] and not of_product:
        reason = f"is {named['tier']!r}, but the product has no tiers in {TIERS.name}"
        rows.bad(row, "tier", reason + (", and it is sold online" if needs_tiers else ""))
    elif named["tier"] and named["tier"] not in of_product:
        rows.bad(row, "tier", f"is {named['tier']!r}, the product's tiers are " + ", ".join(sorted(of_product)))
