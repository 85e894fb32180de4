"""Second pass: what a row may say beside the others and beside what is stored. Each rule names file, line and column.

Rows that an earlier import wrote with the same content are not looked at again: they are skipped when it is written.
"""

from collections.abc import Callable

from app.imports.book import Run
from app.imports.catalogue_files import FEATURE_VALUES, FEATURES, PRICES, PRODUCTS, SELLERS, TAX_RATES, TIERS
from app.imports.checks.catalogue import check_products, check_sellers, check_tax_rates
from app.imports.checks.customers import (
    check_accounts,
    check_contacts,
    check_people,
    check_subscriptions,
    claim_identifiers,
)  # fmt: skip
from app.imports.checks.invoices import check_invoices
from app.imports.checks.plans import check_feature_values, check_features, check_prices, check_tiers
from app.imports.checks.quotes import check_quotes
from app.imports.csv_file import CsvFile
from app.imports.files import ACCOUNTS, CONTACTS, INVOICES, PEOPLE, QUOTES, SUBSCRIPTIONS, shown_key
from app.imports.reading import Advance
from app.imports.staging import Row
from billing_core import db


def check(run: Run, file: CsvFile, advance: Advance) -> None:
    """Check the rows of one file that are new or changed."""
    if file is PEOPLE:
        claim_identifiers(run)
    for chunk in run.staging.chunks(file.name):
        if file.part_of:
            _check_owners(run, file, chunk)
        else:
            with db.reading():
                _CHECKS[file.name](run, chunk)
        advance(len(chunk))


def _check_owners(run: Run, file: CsvFile, chunk: list[Row]) -> None:
    """Lines must be part of a row in the same directory; what they say is checked together with it."""
    if file.part_of in run.unread:
        return
    owners = run.staging.find(file.part_of, {row.owner for row in chunk})
    for row in chunk:
        if row.owner not in owners:
            run.problems.add(row.file, row.line, file.key[0], f"there is no {shown_key(row.owner)!r} in {file.part_of}")


_CHECKS: dict[str, Callable[[Run, list[Row]], None]] = {
    SELLERS.name: check_sellers,
    TAX_RATES.name: check_tax_rates,
    PRODUCTS.name: check_products,
    TIERS.name: check_tiers,
    FEATURES.name: check_features,
    FEATURE_VALUES.name: check_feature_values,
    PRICES.name: check_prices,
    PEOPLE.name: check_people,
    ACCOUNTS.name: check_accounts,
    CONTACTS.name: check_contacts,
    SUBSCRIPTIONS.name: check_subscriptions,
    QUOTES.name: check_quotes,
    INVOICES.name: check_invoices,
}
