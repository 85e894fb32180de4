"""Third pass, in one transaction: write what is new or changed, file by file, a chunk of rows in memory at a time.

Nothing here decides whether a row is right; where a verb refuses one after all, because the database has changed since
the check, the row is named and the whole transaction is rolled back.
"""

from collections.abc import Callable

from sqlalchemy.exc import IntegrityError

from app.imports.book import Run
from app.imports.catalogue_files import FEATURE_VALUES, FEATURES, PRICES, PRODUCTS, SELLERS, TAX_RATES, TIERS
from app.imports.csv_file import CsvFile
from app.imports.files import ACCOUNTS, CONTACTS, INVOICES, PEOPLE, QUOTES, SUBSCRIPTIONS
from app.imports.models import ImportSource
from app.imports.reading import Advance
from app.imports.report import Counts
from app.imports.staging import Row
from app.imports.writes.catalogue import write_products, write_sellers, write_tax_rates
from app.imports.writes.customers import (
    give_up_identifiers,
    name_managers,
    write_accounts,
    write_contacts,
    write_people,
    write_subscriptions,
)
from app.imports.writes.invoices import write_invoices
from app.imports.writes.plans import write_feature_values, write_features, write_prices, write_tiers
from app.imports.writes.quotes import write_quotes
from billing_core import clock, db


class ImportRefused(Exception):
    """The transaction must not be committed; the run's problems say why."""


def write(run: Run, files: list[CsvFile], advance: Advance) -> dict[str, Counts]:
    """The verb of the import. Raises ImportRefused; whatever it raises, nothing stays."""
    _await_turn(run.source)
    counts: dict[str, Counts] = {}
    for file in files:
        if file.part_of:
            continue
        if file is PEOPLE:
            for chunk in run.staging.chunks(file.name):
                give_up_identifiers(run, chunk)
        counts[file.name] = Counts()
        for chunk in run.staging.chunks(file.name):
            _write_chunk(run, file, chunk, counts[file.name])
            advance(len(chunk))
        if file is PEOPLE:
            _name_managers(run)
    if run.problems.count:
        raise ImportRefused
    return counts


def _name_managers(run: Run) -> None:
    for chunk in run.staging.chunks(PEOPLE.name):
        name_managers(run, chunk)
        db.session().flush()
        db.session().expunge_all()


def _await_turn(source: str) -> None:
    """Lock the source, so that a second import of it begins when this one has ended."""
    now = clock.now()
    turn = db.upsert(ImportSource).values(name=source, imported_at=now)
    db.session().execute(turn.on_conflict_do_update(index_elements=["name"], set_={"imported_at": now}))


def _write_chunk(run: Run, file: CsvFile, chunk: list[Row], counts: Counts) -> None:
    session = db.session()
    try:
        added, updated = _WRITES[file.name](run, chunk)
        session.flush()
    except IntegrityError:
        reason = "somebody else wrote the same at the same moment; run the import again"
        run.problems.add(file.name, chunk[0].line, "", reason)
        raise ImportRefused from None
    # Written rows leave the memory; the transaction keeps them.
    session.expunge_all()
    counts.added += added
    counts.updated += updated
    counts.skipped += len(chunk) - added - updated


_WRITES: dict[str, Callable[[Run, list[Row]], tuple[int, int]]] = {
    SELLERS.name: write_sellers,
    TAX_RATES.name: write_tax_rates,
    PRODUCTS.name: write_products,
    TIERS.name: write_tiers,
    FEATURES.name: write_features,
    FEATURE_VALUES.name: write_feature_values,
    PRICES.name: write_prices,
    PEOPLE.name: write_people,
    ACCOUNTS.name: write_accounts,
    CONTACTS.name: write_contacts,
    SUBSCRIPTIONS.name: write_subscriptions,
    QUOTES.name: write_quotes,
    INVOICES.name: write_invoices,
}
