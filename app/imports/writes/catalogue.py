"""Write sellers, tax rates and products."""

from sqlalchemy import select, tuple_

from app.imports.book import Facts, Run
from app.imports.catalogue_files import PRODUCTS, SELLERS, TAX_RATES
from app.imports.checks.rows import fresh
from app.imports.staging import Row
from app.imports.writes.rows import counted, facts_of, record, upsert, write_by_key
from billing_core import db
from billing_core.catalogue.models import Product
from billing_core.sellers.models import Seller, TaxRate


def write_sellers(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the sellers."""
    written = upsert(run, SELLERS, Seller, chunk, _as_they_are)
    for one in written:
        record("seller", one.item.code, one.is_new, one.changed)
    return counted(written)


def write_products(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the products."""
    written = upsert(run, PRODUCTS, Product, chunk, _as_they_are)
    for one in written:
        record("product", one.item.code, one.is_new, one.changed)
    return counted(written)


def _as_they_are(values: Facts, _is_new: bool) -> Facts:
    return {name: value for name, value in values.items() if name != "external_id"}


def write_tax_rates(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert or update the tax rates, whatever source they first came from. Documents keep the rate that they have."""
    rows = [(row, facts_of(TAX_RATES, row, is_new=False)) for row in fresh(run, TAX_RATES, chunk)]
    keys = [(rate["country"], rate["category"], rate["valid_from"]) for _, rate in rows]
    same = tuple_(TaxRate.country, TaxRate.category, TaxRate.valid_from).in_(keys)
    present = {(r.country, r.category, r.valid_from): r for r in db.session().scalars(select(TaxRate).where(same))}
    added = write_by_key(run, TAX_RATES, TaxRate, rows, keys, present)
    return added, len(rows) - added
