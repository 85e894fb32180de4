"""Write sellers, tax rates, products and prices."""

from datetime import date
from typing import Any

from sqlalchemy import select, tuple_

from app.imports.book import Facts, Run
from app.imports.checks.rows import fresh
from app.imports.columns import smallest_units
from app.imports.files import PRICES, PRODUCTS, SELLERS, TAX_RATES, CsvFile
from app.imports.staging import Row
from app.imports.writes.rows import ACTOR, change, counted, facts_of, ids, remember, upsert
from billing_core import audit, db
from billing_core.catalogue.models import Price, Product
from billing_core.sellers.models import Seller, TaxRate


def write_sellers(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the sellers."""
    written = upsert(run, SELLERS, Seller, chunk, _as_they_are)
    for one in written:
        _record("seller", one.item.code, one.is_new, one.changed)
    return counted(written)


def write_products(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the products."""
    written = upsert(run, PRODUCTS, Product, chunk, _as_they_are)
    for one in written:
        _record("product", one.item.code, one.is_new, one.changed)
    return counted(written)


def _as_they_are(values: Facts, _is_new: bool) -> Facts:
    return {name: value for name, value in values.items() if name != "external_id"}


def write_tax_rates(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the tax rates, whatever source they first came from. Documents keep the rate that they have."""
    rows = [(row, facts_of(TAX_RATES, row, is_new=False)) for row in fresh(run, TAX_RATES, chunk)]
    keys = [(rate["country"], rate["category"], rate["valid_from"]) for _, rate in rows]
    same = tuple_(TaxRate.country, TaxRate.category, TaxRate.valid_from).in_(keys)
    present = {(r.country, r.category, r.valid_from): r for r in db.session().scalars(select(TaxRate).where(same))}
    added = _write_dated(run, TAX_RATES, TaxRate, rows, keys, present)
    return added, len(rows) - added


def write_prices(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the prices. Quotes and invoices keep the price they were made with."""
    rows = [(row, facts_of(PRICES, row, is_new=False)) for row in fresh(run, PRICES, chunk)]
    products = ids(run, Product, (price["product"] for _, price in rows))
    for _, price in rows:
        price["product_id"] = products[price.pop("product")]
        price.setdefault("tier", "")
        price["amount"] = smallest_units(price["amount"], price["currency"])
    names = ("product_id", "tier", "frequency", "currency", "valid_from")
    keys = [tuple(price[name] for name in names) for _, price in rows]
    same = select(Price).where(tuple_(*(getattr(Price, name) for name in names)).in_(keys))
    present = {tuple(getattr(price, name) for name in names): price for price in db.session().scalars(same)}
    added = _write_dated(run, PRICES, Price, rows, keys, present)
    return added, len(rows) - added


def _write_dated(
    run: Run,
    file: CsvFile,
    table: Any,
    rows: list[tuple[Row, Facts]],
    keys: list[tuple[Any, ...]],
    present: dict[tuple[Any, ...], Any],
) -> int:
    """Rows that begin on a day and have no name of their own. How many were added."""
    added = 0
    for (row, values), key in zip(rows, keys, strict=True):
        item = present.get(key)
        changed: dict[str, Any] = {}
        if item is None:
            db.session().add(table(**values))
            added += 1
        else:
            changed = change(item, values)
        _record(file.name.removesuffix("s.csv"), row.key.replace("\x1f", "/"), item is None, changed)
    remember(run, file, [(row.key, row.sha256) for row, _ in rows])
    return added


def _record(what: str, name: str, is_new: bool, changed: dict[str, Any]) -> None:
    if is_new:
        audit.record(ACTOR, f"{what}.imported", f"{what}:{name}"[:64])
    elif changed:
        before = {column: _plain(value) for column, value in changed.items()}
        audit.record(ACTOR, f"{what}.changed", f"{what}:{name}"[:64], before=before)


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date) else value
