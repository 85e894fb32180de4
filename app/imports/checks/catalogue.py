"""What sellers, tax rates, products and prices may say."""

from sqlalchemy import select

from app.imports.book import Run, known, stored
from app.imports.checks.rows import WITHOUT_TAX_TEXT, Rows, check_tax
from app.imports.files import PRICES, PRODUCTS, SELLERS, TAX_RATES
from app.imports.staging import Row
from billing_core.catalogue.models import Product
from billing_core.sellers.models import Seller


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
    """A code belongs to one product."""
    rows = Rows(run, PRODUCTS, chunk)
    for row, product in rows:
        rows.claim(row, "code", product["code"])
    codes = [product["code"] for _, product in rows]
    rows.owned_by_others(
        "code", select(Product.code, Product.source, Product.external_id).where(Product.code.in_(codes))
    )


def check_prices(run: Run, chunk: list[Row]) -> None:
    """The product is known, and the amount fits its currency."""
    rows = Rows(run, PRICES, chunk)
    products = known(run, PRODUCTS, rows.keys("product"))
    for row, price in rows:
        rows.referred(row, "product", price["product"], products)
        rows.amount(row, "amount", price["amount"], price["currency"])
