"""Rows that most tests need. Each factory commits by itself and returns the row; names are unique by a counter."""

import itertools
from collections.abc import Iterable
from datetime import date
from typing import Any

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Price, Product
from billing_core.credentials import hashing
from billing_core.credentials.models import Password
from billing_core.people import BillingContact, LoginIdentifier, Membership, Person, canonical_identifier
from billing_core.permissions import Realm, Viewer, viewer_of
from billing_core.sellers.models import Seller, TaxRate

PASSWORD = "four calm words suffice"
_counter = itertools.count(1)


def add(row: Any) -> Any:
    """Insert a row in a transaction of its own."""
    if db.in_transaction():
        db.session().add(row)
        db.session().flush()
        return row

    def insert() -> Any:
        db.session().add(row)
        db.session().flush()
        return row

    return db.perform(insert)


def seller(country: str = "DE", **changes: Any) -> Seller:
    """A seller of the country, with the tax rates of that country."""
    n = next(_counter)
    values: dict[str, Any] = {
        "source": "test", "external_id": f"seller-{n}", "code": f"{country}{n}", "name": f"Seller {n} GmbH",
        "street": "Hauptstr. 1", "postal_code": "10115", "city": "Berlin", "country": country,
        "vat_id": "DE136695976", "registration": "HRB 1 Berlin", "email": "billing@seller.example",
        "bank_name": "Bank", "iban": "DE02120300000000202051", "bic": "BYLADEM1001", "timezone": "Europe/Berlin",
    }  # fmt: skip
    found: Seller = add(Seller(**(values | changes)))
    tax_rates(country)
    return found


RATES = {"DE": 1900, "GB": 2000, "CH": 810, "US": 0, "AT": 2000, "JP": 1000}


def tax_rates(country: str) -> None:
    """The standard rate of the country and the categories without tax, from 2000 on."""

    def insert() -> None:
        rows = {"S": RATES.get(country, 2000), "AE": 0, "O": 0, "Z": 0, "E": 0}
        for category, rate in rows.items():
            text_en, text_de = ("Reverse charge", "Steuerschuldnerschaft") if category != "S" else ("", "")
            db.add_if_absent(
                TaxRate, country=country, category=category, rate=rate, valid_from=date(2000, 1, 1),
                exemption_en=text_en, exemption_de=text_de,
            )  # fmt: skip

    if db.in_transaction():
        insert()
    else:
        db.perform(insert)


def person(name: str = "", user_id: str = "", *, password: str | None = PASSWORD, **changes: Any) -> Person:
    """A person with one login identifier (by default the e-mail) and a password."""
    n = next(_counter)
    email = f"person{n}@customer.example"
    values: dict[str, Any] = {
        "public_id": db.public_id("per"), "source": "test", "external_id": f"person-{n}", "name": name or f"Person {n}",
        "email": email, "locale": "en",
    }  # fmt: skip
    found: Person = add(Person(**(values | changes)))
    shown = user_id or found.email
    add(LoginIdentifier(canonical=canonical_identifier(shown), shown=shown, person_id=found.id))
    if password is not None:
        add(Password(person_id=found.id, hash=hashing.hash_password(password), changed_at=clock.now()))
    return found


def staff(role: str = "rep", **changes: Any) -> Person:
    """A member of the vendor's staff."""
    return person(staff_role=role, **changes)


def account(of: Seller | None = None, rep: Person | None = None, kind: str = "corporate", **changes: Any) -> Account:
    """An account; corporate ones have a rep."""
    n = next(_counter)
    if kind == "corporate" and rep is None:
        rep = staff()
    values: dict[str, Any] = {
        "public_id": db.public_id("acc"), "source": "test", "external_id": f"account-{n}", "number": f"C{n:05}",
        "kind": kind, "name": f"Customer {n} AG", "name_folded": f"customer {n} ag", "seller_id": (of or seller()).id,
        "rep_id": rep.id if rep else None, "currency": "EUR", "locale": "en", "timezone": "Europe/Berlin",
        "street": "Nebenweg 2", "postal_code": "20095", "city": "Hamburg", "country": "DE", "payment_days": 30,
    }  # fmt: skip
    found: Account = add(Account(**(values | changes)))
    return found


def member(of: Account, who: Person | None = None, *, is_admin: bool = False) -> Person:
    """A member of the account who is not a billing contact."""
    who = who or person()
    add(Membership(person_id=who.id, account_id=of.id, is_admin=is_admin))
    return who


def contact(of: Account, who: Person | None = None, *, rights: str = "accept pay manage", **changes: Any) -> Person:
    """A billing contact of the account, by default with every right."""
    who = member(of, who, is_admin=bool(changes.pop("is_admin", False)))
    values: dict[str, Any] = {
        "person_id": who.id, "account_id": of.id, "user_id": who.email, "function": "Head of Accounts",
        "may_accept": "accept" in rights, "may_pay": "pay" in rights, "may_manage": "manage" in rights,
    }  # fmt: skip
    add(BillingContact(**(values | changes)))
    return who


def viewer(who: Person, realm: Realm = Realm.PORTAL) -> Viewer:
    """The viewer that the person is now."""
    if db.in_transaction():
        return viewer_of(who, realm)
    with db.reading():
        return viewer_of(who, realm)


CURRENCIES = ("EUR", "USD", "GBP", "CHF", "JPY")


def product(*, prices: Iterable[str] = CURRENCIES, **changes: Any) -> Product:
    """A product with yearly, monthly and one-off prices of 120.00, 12.00 and 500.00 in EUR and the like elsewhere."""
    n = next(_counter)
    values: dict[str, Any] = {
        "source": "test", "external_id": f"product-{n}", "code": f"P{n}", "name": f"Meeting {n}",
        "seat_kind": "organizer",
    }  # fmt: skip
    found: Product = add(Product(**(values | changes)))
    for currency in prices:
        for frequency, amount in {"yearly": 12000, "monthly": 1200, "once": 50000}.items():
            add(
                Price(product_id=found.id, tier="", frequency=frequency, currency=currency, amount=amount,
                      valid_from=date(2020, 1, 1))
            )  # fmt: skip
    return found
