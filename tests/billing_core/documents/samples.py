"""Invoices and quotes to be printed, made in memory: what a document must survive, from one line to forty."""

from datetime import UTC, date, datetime
from types import SimpleNamespace
from typing import Any

from billing_core import money, words
from billing_core.documents.printing import Print

ADDRESS = {
    "name": "Müller & Söhne Maschinenbau GmbH", "attention": "Anna Weber", "street": "Hafenstraße 118",
    "postal_code": "20457", "city": "Hamburg", "country": "DE", "vat_id": "DE811569869",
    "customer_number": "C-10042",
}  # fmt: skip
LONG_ADDRESS = ADDRESS | {
    "name": "Vereinigte Österreichisch-Ungarische Donaudampfschifffahrts- und Elektrizitätsgesellschaft mbH & Co. KGaA",
    "attention": "Abteilung Kreditorenbuchhaltung, Herrn Dr. Maximilian-Alexander von und zu Hohenfels-Wittgenstein",
    "street": "Straße der Deutsch-Französischen Freundschaft 1234, Gebäude C, Aufgang 7", "country": "AT",
}  # fmt: skip
LONG_WORD = "Donaudampfschifffahrtsgesellschaftskapitänsmützenverwaltung"


def seller(**changes: Any) -> Any:
    """A German seller with an IBAN."""
    values = {
        "name": "Northgate Software GmbH", "street": "Lindenallee 24", "postal_code": "10115", "city": "Berlin",
        "country": "DE", "vat_id": "DE136695976", "registration": "HRB 201337 B, Amtsgericht Charlottenburg",
        "email": "billing@northgate.example", "phone": "+49 30 1234 5600", "website": "www.northgate.example",
        "bank_name": "Berliner Handelsbank AG", "iban": "DE02120300000000202051", "bic": "BYLADEM1001",
    }  # fmt: skip
    return SimpleNamespace(**(values | changes))


def line(position: int, **changes: Any) -> Any:
    """One line at 19 %; its net follows from quantity, price and discount."""
    values: dict[str, Any] = {
        "position": position, "description": f"Meeting Pro {position}", "detail": "", "quantity": 25,
        "unit": "organizer", "unit_price": 1850, "discount": 0, "period_start": date(2026, 4, 1),
        "period_end": date(2027, 4, 1), "tax_category": "S", "tax_rate": 1900, "exemption": "", "frequency": "yearly",
    }  # fmt: skip
    values |= changes
    return SimpleNamespace(**values, net=values["quantity"] * values["unit_price"] - values["discount"])


def taxes_of(lines: list[Any]) -> list[Any]:
    """Tax per category and rate on the net sum."""
    found: dict[tuple[str, int, str], int] = {}
    for each in lines:
        key = (each.tax_category, each.tax_rate, each.exemption)
        found[key] = found.get(key, 0) + each.net
    return [
        SimpleNamespace(
            category=category, rate=rate, exemption=exemption, why="", net=net, tax=money.percent(net, rate)
        )
        for (category, rate, exemption), net in found.items()
    ]


def invoice_print(
    lines: list[Any] | None = None,
    *,
    locale: str = "en",
    currency: str = "EUR",
    of: Any = None,
    bill_to: dict[str, Any] | None = None,
    user_id: str = "anna.weber",
    **changes: Any,
) -> Print:
    """The Print of an invoice with these lines."""
    lines = [line(1)] if lines is None else lines
    taxes = taxes_of(lines)
    net, tax = sum(each.net for each in lines), sum(each.tax for each in taxes)
    values: dict[str, Any] = {
        "number": "DE-2026-000042", "currency": currency, "issued_on": date(2026, 3, 31), "due_on": date(2026, 4, 30),
        "period_start": date(2026, 4, 1), "period_end": date(2027, 4, 1), "net": net, "tax": tax, "total": net + tax,
        "po_number": "4500-778812", "quote_number": "Q-2026-17", "order_number": "SO-2026-17", "title": "A year",
        "lines": lines, "taxes": taxes,
    }  # fmt: skip
    invoice = SimpleNamespace(**(values | changes))
    with words.in_language(locale):
        title = words.gettext("Invoice %(number)s", number=invoice.number)
    issuer = of or seller()
    context = {
        "invoice": invoice,
        "letterhead": issuer,
        "bill_to": bill_to or ADDRESS,
        "user_id": user_id,
        "paid": None,
    }
    return Print("print/invoice.html", context, locale, title, issuer.name, datetime(2026, 3, 31, tzinfo=UTC))


HEADINGS = {"yearly": "Yearly", "monthly": "Monthly", "once": "One-off"}


def quote_print(lines: list[Any] | None = None, *, locale: str = "en", **changes: Any) -> Print:
    """The Print of a quote with these lines."""
    lines = lines or [line(1), line(2, frequency="monthly"), line(3, frequency="once", unit="none", quantity=1)]
    taxes = taxes_of(lines)
    net, tax = sum(each.net for each in lines), sum(each.tax for each in taxes)
    rep = SimpleNamespace(name="Katharina Lindqvist", email="k.lindqvist@northgate.example", phone="+49 30 1234 5671")
    values: dict[str, Any] = {
        "quote": SimpleNamespace(number="Q-2026-00017", currency="EUR"), "version": 2,
        "title": "Meetings for a year", "notes": "As discussed.\nTraining takes place in Hamburg.", "lines": lines,
        "taxes": taxes, "amount_off": 0, "net": net, "tax": tax, "total": net + tax, "starts_on": date(2026, 4, 1),
        "valid_until": date(2026, 4, 7), "zone": "Europe/Berlin", "submitted_at": datetime(2026, 3, 31, 9, tzinfo=UTC),
    }  # fmt: skip
    version = SimpleNamespace(**(values | changes))
    monthly = sum(each.net for each in lines if each.frequency == "monthly")
    groups = [
        SimpleNamespace(
            heading=f"{HEADINGS[key]} charges", sum_label="Sum", lines=found, net=sum(each.net for each in found)
        )
        for key in ("yearly", "monthly", "once") if (found := [each for each in lines if each.frequency == key])
    ]  # fmt: skip
    later = {"next_start": date(2026, 5, 1), "last_day": date(2027, 3, 31), "comes_again": True}
    context = {
        "version": version, "letterhead": seller(), "customer_number": "C-10042", "rep": rep, "bill_to": ADDRESS,
        "user_id": "anna.weber", "groups": groups,
        "terms": ["Prices are net.", "The term ends by itself."],
        "recurring": [SimpleNamespace(frequency="monthly", net=monthly, **later)],
    }  # fmt: skip
    with words.in_language(locale):
        title = words.gettext("Quote %(number)s", number="Q-2026-00017")
    return Print("print/quote.html", context, locale, title, "Northgate Software GmbH", version.submitted_at)
