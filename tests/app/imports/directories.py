"""Import directories for tests: rows by file, written as CSV."""

import csv
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

LATER = date(2026, 1, 1)
"""A day on which the prices here hold."""
Rows = Sequence[Mapping[str, Any]]


def write(folder: Path, files: Mapping[str, Rows]) -> Path:
    """Write each file with the columns of its first row; the folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in files.items():
        with (folder / name).open("w", encoding="utf-8", newline="") as stream:
            writer = csv.DictWriter(stream, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder


def seller(**changes: Any) -> dict[str, Any]:
    return {
        "external_id": "de", "code": "DE", "name": "Seller GmbH", "street": "Hauptstr. 1", "postal_code": "10115",
        "city": "Berlin", "country": "DE", "email": "billing@seller.example", "timezone": "Europe/Berlin",
    } | changes  # fmt: skip


def tax_rates() -> list[dict[str, Any]]:
    none = {"exemption_en": "Reverse charge", "exemption_de": "Steuerschuldnerschaft"}
    row = {"country": "DE", "rate": "0", "valid_from": "2000-01-01"}
    return [
        {**row, "category": "S", "rate": "19", "exemption_en": "", "exemption_de": ""},
        {**row, "category": "AE", **none},
        {**row, "category": "O", **none},
    ]


def product(**changes: Any) -> dict[str, Any]:
    return {"external_id": "meeting", "code": "MEETING", "name": "Meeting", "seat_kind": "organizer"} | changes


def price(**changes: Any) -> dict[str, Any]:
    return {
        "product": "meeting", "tier": "Pro", "frequency": "yearly", "currency": "EUR", "amount": "160.00",
        "valid_from": "2024-01-01",
    } | changes  # fmt: skip


def tier(**changes: Any) -> dict[str, Any]:
    return {
        "product": "meeting", "name": "Pro", "rank": "1", "description_en": "", "description_de": "",
        "can_be_tried": "yes", "is_active": "yes",
    } | changes  # fmt: skip


def feature(**changes: Any) -> dict[str, Any]:
    return {
        "product": "meeting", "code": "people", "position": "1", "name_en": "People", "name_de": "Personen",
    } | changes  # fmt: skip


def feature_value(**changes: Any) -> dict[str, Any]:
    return {
        "product": "meeting", "feature": "people", "tier": "", "is_included": "yes", "value_en": "", "value_de": "",
    } | changes  # fmt: skip


def person(external_id: str = "ann", **changes: Any) -> dict[str, Any]:
    return {
        "external_id": external_id, "name": external_id.title(), "email": f"{external_id}@customer.example",
        "username": "", "locale": "en", "staff_role": "",
    } | changes  # fmt: skip


def rep(**changes: Any) -> dict[str, Any]:
    return person("rep", staff_role="rep") | changes


def account(external_id: str = "acme", **changes: Any) -> dict[str, Any]:
    return {
        "external_id": external_id, "number": f"C-{external_id}", "kind": "corporate", "name": external_id.title(),
        "seller": "de", "rep": "rep", "currency": "EUR", "locale": "en", "timezone": "Europe/Berlin",
        "street": "Nebenweg 2", "postal_code": "20095", "city": "Hamburg", "country": "DE",
    } | changes  # fmt: skip


def contact(account: str = "acme", person: str = "ann", **changes: Any) -> dict[str, Any]:
    return {
        "account": account, "person": person, "role": "user", "billing_contact": "yes", "may_accept": "yes",
        "may_pay": "no", "may_manage": "no", "is_primary": "no", "function": "Buyer",
    } | changes  # fmt: skip


def subscription(**changes: Any) -> dict[str, Any]:
    return {
        "external_id": "s1", "account": "acme", "product": "meeting", "tier": "Pro", "seats": "5",
        "frequency": "yearly", "unit_price": "160.00", "currency": "EUR",
        "period_start": "today-30", "period_end": "today+335",
    } | changes  # fmt: skip


def quote(**changes: Any) -> dict[str, Any]:
    return {
        "external_id": "q1", "account": "acme", "title": "Seats", "state": "draft", "currency": "EUR",
        "starts_on": "today+7", "term_months": "12", "valid_until": "", "notes": "",
    } | changes  # fmt: skip


def quote_line(**changes: Any) -> dict[str, Any]:
    return {
        "quote": "q1", "position": "1", "product": "meeting", "tier": "Pro", "quantity": "5", "frequency": "yearly",
        "unit_price": "", "discount_percent": "", "discount": "",
    } | changes  # fmt: skip


def invoice(**changes: Any) -> dict[str, Any]:
    return {
        "external_id": "i1", "number": "OLD-1", "account": "acme", "contact": "", "currency": "EUR",
        "issued_on": "today-10", "due_on": "today+20", "period_start": "", "period_end": "", "total": "119.00",
        "paid": "", "pdf": "",
    } | changes  # fmt: skip


def invoice_line(**changes: Any) -> dict[str, Any]:
    return {
        "invoice": "i1", "position": "1", "description": "Meeting Pro", "quantity": "2", "unit_price": "50.00",
        "discount": "", "tax_category": "S", "tax_rate": "19", "exemption": "",
    } | changes  # fmt: skip


def parties(accounts: int) -> dict[str, Rows]:
    """A seller, a representative, and that many accounts a0, a1 and so on with a contact each."""
    return {
        "sellers.csv": [seller()],
        "people.csv": [rep(), *(person(f"p{n}") for n in range(accounts))],
        "accounts.csv": [account(f"a{n}") for n in range(accounts)],
        "contacts.csv": [contact(f"a{n}", f"p{n}") for n in range(accounts)],
    }


def whole() -> dict[str, list[dict[str, Any]]]:
    """One of everything, and right."""
    return {
        "sellers.csv": [seller()],
        "tax_rates.csv": tax_rates(),
        "products.csv": [product()],
        "prices.csv": [price()],
        "people.csv": [rep(), person(username="annie")],
        "accounts.csv": [account()],
        "contacts.csv": [contact()],
        "subscriptions.csv": [subscription()],
        "quotes.csv": [quote()],
        "quote_lines.csv": [quote_line()],
        "invoices.csv": [invoice()],
        "invoice_lines.csv": [invoice_line()],
    }
