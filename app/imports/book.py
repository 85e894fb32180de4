"""What rows may refer to: what the database holds of the same source, overlaid by the rows of the directory itself.

Facts are dictionaries by the column names of the row's own file. Every look-up is of many keys at once, two statements.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, and_, select
from sqlalchemy.orm import aliased

from app.imports.catalogue_files import FEATURES, PRODUCTS, SELLERS, TIERS
from app.imports.csv_file import CsvFile
from app.imports.files import ACCOUNTS, CONTACTS, PEOPLE, QUOTES, SUBSCRIPTIONS
from app.imports.models import ImportedRow
from app.imports.report import Problems
from app.imports.staging import Staging
from billing_core import db
from billing_core.accounts import Account
from billing_core.catalogue.models import Feature, Product, Tier
from billing_core.people import BillingContact, LoginIdentifier, Membership, Person, canonical_identifier
from billing_core.sellers.models import Seller
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.models import Quote, QuoteVersion

Facts = dict[str, Any]
"""A row's values by column."""


@dataclass(frozen=True)
class Run:
    """One run of the import: where it reads, under which source and date, and what it found."""

    directory: Path
    source: str
    today: date
    staging: Staging
    problems: Problems
    unread: set[str] = field(default_factory=set)
    """The files that could not be read to their end: nothing can be said about what refers to them."""


def written(source: str, file: CsvFile, keys: Collection[str]) -> dict[str, str]:
    """The fingerprints of those rows that an earlier import wrote."""
    if not keys:
        return {}
    of_source = (ImportedRow.source == source, ImportedRow.file == file.name, ImportedRow.key.in_(keys))
    found = db.session().execute(select(ImportedRow.key, ImportedRow.sha256).where(*of_source))
    return {row.key: row.sha256 for row in found}


def known(run: Run, file: CsvFile, keys: Iterable[str]) -> dict[str, Facts | None]:
    """The facts of each key that exists; None where the directory's row is itself in error, so nothing can be said."""
    wanted = set(keys)
    if not wanted:
        return {}
    facts: dict[str, Facts | None] = dict(stored(run.source, file, wanted))
    for key, row in run.staging.find(file.name, wanted).items():
        defaults = {column.name: column.default for column in file.columns}
        facts[key] = None if row.values is None else {**defaults, **(facts.get(key) or {}), **row.values}
    return facts


def stored(source: str, file: CsvFile, keys: Collection[str]) -> dict[str, Facts]:
    """What the database holds under those keys of the source."""
    return _STORED[file.name](source, keys)


def _sellers(source: str, keys: Collection[str]) -> dict[str, Facts]:
    return _plain(select(Seller.external_id, Seller.code, Seller.country).where(*_among(Seller, source, keys)))


def _products(source: str, keys: Collection[str]) -> dict[str, Facts]:
    columns = (
        Product.external_id, Product.code, Product.name, Product.is_active, Product.seat_kind, Product.is_online,
        Product.least_seats, Product.most_seats, Product.trial_days, Product.trial_seats,
    )  # fmt: skip
    return _plain(select(*columns).where(*_among(Product, source, keys)))


def _features(source: str, keys: Collection[str]) -> dict[str, Facts]:
    pairs = [key.split("\x1f") for key in keys]
    columns = select(Product.external_id, Feature.code).join(Product, Product.id == Feature.product_id)
    among = _among(Product, source, {pair[0] for pair in pairs})
    found = db.session().execute(columns.where(*among, Feature.code.in_({pair[1] for pair in pairs})))
    return {f"{product}\x1f{code}": {"product": product, "code": code} for product, code in found}


def stored_ranks(source: str, products: Collection[str]) -> dict[str, dict[str, int]]:
    """The rank of each tier of those products that the database holds, by product and name."""
    columns = select(Product.external_id, Tier.name, Tier.rank).join(Product, Product.id == Tier.product_id)
    ranks: dict[str, dict[str, int]] = {}
    for product, tier, rank in db.session().execute(columns.where(*_among(Product, source, products))):
        ranks.setdefault(product, {})[tier] = rank
    return ranks


def tier_names(run: Run, products: Collection[str]) -> dict[str, set[str]]:
    """The names of each product's tiers, stored and in the directory; a product without tiers is not there."""
    names = {product: set(ranks) for product, ranks in stored_ranks(run.source, products).items()}
    for row in run.staging.begun_by(TIERS.name, products):
        product, name = row.key.split("\x1f")
        names.setdefault(product, set()).add(name)
    return names


def _accounts(source: str, keys: Collection[str]) -> dict[str, Facts]:
    rep = aliased(Person)
    columns = (
        Account.external_id, Account.kind, Account.currency, Account.locale, Account.vat_id, Account.vat_confirmed_at,
        Account.country, Account.closed_on, Seller.external_id.label("seller"), rep.external_id.label("rep"),
    )  # fmt: skip
    joined = select(*columns).join(Seller, Seller.id == Account.seller_id).outerjoin(rep, rep.id == Account.rep_id)
    return _plain(joined.where(*_among(Account, source, keys)))


def _people(source: str, keys: Collection[str]) -> dict[str, Facts]:
    columns = (Person.external_id, Person.id, Person.email, Person.staff_role, Person.disabled_at)
    facts = _plain(select(*columns).where(*_among(Person, source, keys)))
    by_id = {person["id"]: person for person in facts.values()}
    for person in facts.values():
        person.update(username=None, email_signs_in=False)
    owned = select(LoginIdentifier.person_id, LoginIdentifier.shown).where(LoginIdentifier.person_id.in_(by_id))
    for person_id, shown in db.session().execute(owned):
        by_id[person_id].update({"email_signs_in": True} if "@" in shown else {"username": shown})
    return facts


def _contacts(source: str, keys: Collection[str]) -> dict[str, Facts]:
    pairs = [key.split("\x1f") for key in keys]
    account_of, person_of = {pair[0] for pair in pairs}, {pair[1] for pair in pairs}
    is_contact = and_(BillingContact.id.is_not(None), BillingContact.removed_at.is_(None))
    rows = (
        select(Account.external_id, Person.external_id, Membership.is_admin, is_contact)
        .select_from(Membership)
        .join(Account, Account.id == Membership.account_id)
        .join(Person, Person.id == Membership.person_id)
        .outerjoin(
            BillingContact,
            and_(BillingContact.account_id == Account.id, BillingContact.person_id == Person.id),
        )
        .where(*_among(Account, source, account_of), *_among(Person, source, person_of))
    )
    return {
        f"{account}\x1f{person}": {"role": "admin" if is_admin else "user", "billing_contact": bool(is_active)}
        for account, person, is_admin, is_active in db.session().execute(rows)
    }


def _subscriptions(source: str, keys: Collection[str]) -> dict[str, Facts]:
    columns = (Subscription.external_id, Subscription.public_id, Account.external_id.label("account"))
    joined = select(*columns).join(Account, Account.id == Subscription.account_id)
    return _plain(joined.where(*_among(Subscription, source, keys)))


def _quotes(source: str, keys: Collection[str]) -> dict[str, Facts]:
    columns = (Quote.external_id, Quote.number, Quote.public_id, QuoteVersion.state)
    current = select(*columns).join(QuoteVersion, and_(QuoteVersion.quote_id == Quote.id, QuoteVersion.is_current))
    return _plain(current.where(*_among(Quote, source, keys)))


def _among(table: Any, source: str, keys: Collection[str]) -> tuple[ColumnElement[bool], ...]:
    return (table.source == source, table.external_id.in_(keys))


def _plain(query: Any) -> dict[str, Facts]:
    return {row["external_id"]: dict(row) for row in db.session().execute(query).mappings()}


_STORED = {
    SELLERS.name: _sellers, PRODUCTS.name: _products, FEATURES.name: _features, ACCOUNTS.name: _accounts,
    PEOPLE.name: _people, CONTACTS.name: _contacts, QUOTES.name: _quotes, SUBSCRIPTIONS.name: _subscriptions,
}  # fmt: skip


def identifiers_of(person: Facts) -> dict[str, str]:
    """What the person signs in with: the canonical form to the form as written, the username first."""
    shown = [person["username"]] if person["username"] else []
    if person["email_signs_in"]:
        shown.append(person["email"])
    return {canonical_identifier(identifier): identifier for identifier in shown}
