"""Write tiers, features and prices."""

from collections.abc import Callable
from typing import Any

from sqlalchemy import select, tuple_, update

from app.imports.book import Facts, Run
from app.imports.catalogue_files import FEATURE_VALUES, FEATURES, PRICES, TIERS
from app.imports.checks.rows import fresh
from app.imports.columns import smallest_units
from app.imports.csv_file import CsvFile
from app.imports.staging import Row
from app.imports.writes.rows import facts_of, ids, write_by_key
from billing_core import db
from billing_core.catalogue.models import Feature, FeatureValue, Price, Product, Tier


def write_tiers(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the tiers."""
    return _write(run, TIERS, Tier, ("product_id", "name"), _of_products(run, TIERS, chunk), _give_up_ranks)


def _give_up_ranks(rows: list[Facts], present: dict[tuple[Any, ...], Any]) -> None:
    """Tiers may exchange their ranks, of which a product has each only once: who gets another gives up the old one."""
    moved = [
        tier.id
        for values in rows
        if (tier := present.get((values["product_id"], values["name"]))) is not None and tier.rank != values["rank"]
    ]
    given_up = update(Tier).where(Tier.id.in_(moved)).values(rank=-Tier.id)
    db.session().execute(given_up.execution_options(synchronize_session=False))


def write_features(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the features."""
    return _write(run, FEATURES, Feature, ("product_id", "code"), _of_products(run, FEATURES, chunk))


def write_feature_values(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update what tiers have of features."""
    rows = _of_products(run, FEATURE_VALUES, chunk)
    among = Feature.product_id.in_({values["product_id"] for _, values in rows})
    found = db.session().execute(select(Feature.product_id, Feature.code, Feature.id).where(among))
    features = {(product, code): feature for product, code, feature in found}
    for _, values in rows:
        values["feature_id"] = features[values.pop("product_id"), values.pop("feature")]
        values.setdefault("tier", "")
    return _write(run, FEATURE_VALUES, FeatureValue, ("feature_id", "tier"), rows)


def write_prices(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the prices. Subscriptions, quotes and invoices keep the price they were made with."""
    rows = _of_products(run, PRICES, chunk)
    for _, price in rows:
        price.setdefault("tier", "")
        price["amount"] = smallest_units(price["amount"], price["currency"])
    return _write(run, PRICES, Price, ("product_id", "tier", "frequency", "currency", "valid_from"), rows)


def _of_products(run: Run, file: CsvFile, chunk: list[Row]) -> list[tuple[Row, Facts]]:
    """The fresh rows with their product's id."""
    rows = [(row, facts_of(file, row, is_new=False)) for row in fresh(run, file, chunk)]
    products = ids(run, Product, (values["product"] for _, values in rows))
    for _, values in rows:
        values["product_id"] = products[values.pop("product")]
    return rows


def _nothing(_rows: list[Facts], _present: dict[tuple[Any, ...], Any]) -> None:
    """Most rows need nothing done before they are written."""


def _write(
    run: Run,
    file: CsvFile,
    table: Any,
    names: tuple[str, ...],
    rows: list[tuple[Row, Facts]],
    before: Callable[[list[Facts], dict[tuple[Any, ...], Any]], None] = _nothing,
) -> tuple[int, int]:
    """Write rows that the columns `names` identify; how many were added and how many updated."""
    keys = [tuple(values[name] for name in names) for _, values in rows]
    same = select(table).where(tuple_(*(getattr(table, name) for name in names)).in_(keys))
    present = {tuple(getattr(item, name) for name in names): item for item in db.session().scalars(same)}
    before([values for _, values in rows], present)
    added = write_by_key(run, file, table, rows, keys, present)
    return added, len(rows) - added
