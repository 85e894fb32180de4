"""Each kind of bad row is named with file, line, column and reason, all of them at once, and nothing is written."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from app.imports.importing import import_directory
from app.imports.models import ImportedRow
from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.jobs import Job
from billing_core.people import Person
from billing_core.sellers.models import Seller
from tests.app.imports import directories as d

pytestmark = pytest.mark.usefixtures("database")

Files = dict[str, list[dict[str, Any]]]


def problems_of(tmp_path: Path, files: Files, source: str = "erp") -> list[str]:
    """Import what must be refused; the problems as lines."""
    before = rows_in_database()
    report = import_directory(d.write(tmp_path / "dir", files), source=source)
    assert not report.accepted
    assert report.counts == {}
    assert rows_in_database() == before
    return [str(problem) for problem in report.problems]


def rows_in_database() -> list[int]:
    with db.reading() as session:
        counted = [select(func.count()).select_from(t) for t in (Seller, Person, ImportedRow, AuditEntry, Job)]
        return [session.scalars(query).one() for query in counted]


def accepted(tmp_path: Path, files: Files, source: str = "erp") -> None:
    report = import_directory(d.write(tmp_path / f"good-{source}", files), source=source)
    assert [str(problem) for problem in report.problems] == []


def test_cells_of_the_wrong_type_are_all_named(tmp_path: Path) -> None:
    files = d.whole()
    files["sellers.csv"] = [
        d.seller(),
        d.seller(external_id="2", code="d e", country="Germany", email="nobody", timezone="Berlin"),
        d.seller(external_id="3", code="US", vat_id="DE123456789", iban="DE00370400440532013000"),
        d.seller(external_id="", code="GB", name="x" * 161, street=""),
    ]
    for row in files["sellers.csv"]:
        row.setdefault("vat_id", "")
        row.setdefault("iban", "")
    files["tax_rates.csv"] = [
        {**d.tax_rates()[0], "rate": "19,0"},
        {**d.tax_rates()[0], "country": "AT", "category": "X"},
        {**d.tax_rates()[0], "country": "FR", "valid_from": "today"},
        {**d.tax_rates()[0], "country": "NL", "valid_from": "2023-02-29"},
        {**d.tax_rates()[0], "country": "BE", "category": "AE", "rate": "5"},
        {**d.tax_rates()[0], "country": "IT", "category": "E", "rate": "0"},
    ]
    assert problems_of(tmp_path, files) == [
        "sellers.csv, line 3, column code: is 'd e', and that is no seller code; one looks like DE",
        "sellers.csv, line 3, column country: is 'Germany', and that is no country code (ISO 3166); one looks like DE",
        "sellers.csv, line 3, column email: is 'nobody', and that is no e-mail address; one looks like a.lee@example.com",  # noqa: E501
        "sellers.csv, line 3, column timezone: is 'Berlin', and that is no time zone (IANA); one looks like Europe/Berlin",  # noqa: E501
        "sellers.csv, line 4, column iban: is 'DE00370400440532013000', and that cannot be an IBAN: its form or check digits are wrong",  # noqa: E501
        "sellers.csv, line 4, column vat_id: is 'DE123456789', and that cannot be a VAT ID: its form or check digits are wrong",  # noqa: E501
        "sellers.csv, line 5, column external_id: must not be empty",
        "sellers.csv, line 5, column name: is 161 characters long, at most 160 are possible",
        "sellers.csv, line 5, column street: must not be empty",
        "tax_rates.csv, line 2, column rate: is '19,0', a percentage is written like 19 or 8.1, and is at most 100",
        "tax_rates.csv, line 3, column category: is 'X', possible are S, AA, Z, E, AE, G or O",
        "tax_rates.csv, line 4, column valid_from: must be an absolute date such as 2026-03-31, because it is part of the row's key",  # noqa: E501
        "tax_rates.csv, line 5, column valid_from: is '2023-02-29', and the calendar has no such day",
        "tax_rates.csv, line 6, column rate: must be 0 in the category AE",
        "tax_rates.csv, line 7, column exemption_de: must say why no tax is charged",
        "tax_rates.csv, line 7, column exemption_en: must say why no tax is charged",
    ]


def test_bad_amounts_and_currencies_are_named(tmp_path: Path) -> None:
    files = d.whole()
    files["prices.csv"] = [
        d.price(amount="-1.00"),
        d.price(tier="Plus", amount="1.250,50"),
        d.price(tier="A", amount="12.345"),
        d.price(tier="B", currency="JPY", amount="1200.50"),
        d.price(tier="C", currency="EURO"),
        d.price(tier="D", product="webinar"),
        d.price(tier="E", amount="99999999999999.00"),
        d.price(tier="F", frequency="weekly"),
    ]
    files["subscriptions.csv"] = [d.subscription(currency="USD"), d.subscription(external_id="s2", seats="0")]
    files["quotes.csv"] = [d.quote(currency="USD")]
    files["invoices.csv"] = [d.invoice(currency="USD")]
    other = "is USD, but the account's currency is EUR"
    assert problems_of(tmp_path, files) == [
        f"invoices.csv, line 2, column currency: {other}",
        "prices.csv, line 2, column amount: must not be negative",
        "prices.csv, line 3, column amount: is '1.250,50', an amount is written like 1250.50",
        "prices.csv, line 4, column amount: is 12.345, but EUR has at most 2 decimal places",
        "prices.csv, line 5, column amount: is 1200.50, but JPY has no decimal places",
        "prices.csv, line 6, column currency: is 'EURO', and that is no currency code (ISO 4217); one looks like EUR",
        "prices.csv, line 7, column product: there is no 'webinar' in products.csv, nor from an earlier import of this source",  # noqa: E501
        "prices.csv, line 8, column amount: is too large",
        "prices.csv, line 9, column frequency: is 'weekly', possible are monthly, yearly or once",
        f"quotes.csv, line 2, column currency: {other}",
        f"subscriptions.csv, line 2, column currency: {other}",
        "subscriptions.csv, line 3, column seats: is 0, possible are 1 to 100000",
    ]


def test_a_key_may_stand_once_in_a_file(tmp_path: Path) -> None:
    files = d.whole()
    files["products.csv"] = [d.product(), d.product(external_id="two", code="TWO"), d.product(name="Other")]
    files["prices.csv"] = [d.price(), d.price(amount="1.00")]
    files["contacts.csv"] = [d.contact(), d.contact()]
    files["invoice_lines.csv"] = [d.invoice_line(), d.invoice_line(position="1")]
    assert problems_of(tmp_path, files) == [
        "contacts.csv, line 3, column person: the key acme / ann is already in line 2",
        "invoice_lines.csv, line 3, column position: the key i1 / 1 is already in line 2",
        "prices.csv, line 3, column valid_from: the key meeting / Pro / yearly / EUR / 2024-01-01 is already in line 2",
        "products.csv, line 4, column external_id: the key meeting is already in line 2",
    ]


def test_a_row_in_error_makes_no_further_problems_in_those_that_refer_to_it(tmp_path: Path) -> None:
    files = d.whole()
    files["accounts.csv"] = [d.account(currency="euro")]
    assert problems_of(tmp_path, files) == [
        "accounts.csv, line 2, column currency: is 'euro', and that is no currency code (ISO 4217); one looks like EUR"
    ]


def test_what_signs_in_belongs_to_one_person(tmp_path: Path) -> None:
    accepted(tmp_path, {"people.csv": [d.person("first", username="Taken")]}, source="crm")
    files = {
        "people.csv": [
            d.person("a", username="same", email="shared@customer.example"),
            d.person("b", username="SAME", email="other@customer.example"),
            d.person("c", email="Shared@Customer.example"),
            d.person("e", username="taken"),
            d.person("f", username="with@sign"),
            d.person("g", username="\uff20home", email="g@customer.example"),
            {**d.person("h"), "email_signs_in": "no"},
        ]
    }
    for row in files["people.csv"]:
        row.setdefault("email_signs_in", "")
    assert problems_of(tmp_path, files) == [
        "people.csv, line 3, column username: 'SAME' signs in another person in line 2 already (see email_signs_in)",
        "people.csv, line 4, column email: 'Shared@Customer.example' signs in another person in line 2 already (see email_signs_in)",  # noqa: E501
        "people.csv, line 5, column username: already signs in 'first' of the source 'crm'",
        "people.csv, line 6, column username: is 'with@sign', and that is no username; one looks like alee",
        "people.csv, line 7, column username: cannot be used to sign in: its characters mean others",
        "people.csv, line 8, column username: must not be empty where the e-mail address does not sign in",
    ]


def test_accounts_and_contacts_that_contradict_themselves_are_named(tmp_path: Path) -> None:
    accepted(tmp_path, {"sellers.csv": [d.seller(code="XX")], "people.csv": [d.rep(email="r@other.example")],
                        "accounts.csv": [d.account(number="C-taken")]}, source="crm")  # fmt: skip
    files = d.whole()
    files["people.csv"] += [d.person("bob")]
    files["accounts.csv"] = [
        d.account(),
        d.account("two", seller="none", rep=""),
        d.account("three", kind="online"),
        d.account("four", rep="ann"),
        d.account("five", number="C-acme"),
        d.account("six", number="C-taken", vat_confirmed_on="today-3"),
        d.account("seven", vat_id="DE136695976", vat_confirmed_on="today+3"),
        d.account("eight", name="\ufdfa" * 100),
        d.account("nine", vat_id="ATU13585627", country="DE"),
        d.account("ten", vat_id="DE136695976", country="GR"),
    ]
    for row in files["accounts.csv"]:
        row.setdefault("vat_id", "")
        row.setdefault("vat_confirmed_on", "")
    files["contacts.csv"] = [
        d.contact(is_primary="yes", user_id="somebody"),
        d.contact(person="bob", is_primary="yes"),
        d.contact(person="rep"),
        d.contact("two", "bob", role="none"),
        d.contact("three", "bob", billing_contact="no"),
        d.contact("acme", "nobody"),
    ]
    for row in files["contacts.csv"]:
        row.setdefault("user_id", "")
    unknown = "nor from an earlier import of this source"
    assert problems_of(tmp_path, files) == [
        "accounts.csv, line 3, column rep: must not be empty: a corporate account has a representative",
        f"accounts.csv, line 3, column seller: there is no 'none' in sellers.csv, {unknown}",
        "accounts.csv, line 4, column rep: must be empty: an online account has no representative",
        "accounts.csv, line 5, column rep: 'ann' is no representative (staff_role rep or rep_manager)",
        "accounts.csv, line 6, column number: 'C-acme' is already in line 2",
        "accounts.csv, line 7, column number: 'C-taken' already belongs to 'acme' of the source 'crm'",
        "accounts.csv, line 7, column vat_confirmed_on: must be empty where there is no VAT ID",
        "accounts.csv, line 8, column vat_confirmed_on: must not be in the future",
        "accounts.csv, line 9, column name: has characters that stand for several others, and is too long with those",
        "accounts.csv, line 10, column vat_id: is 'ATU13585627', but those of DE begin with DE",
        "accounts.csv, line 11, column vat_id: is 'DE136695976', but those of GR begin with EL",
        "contacts.csv, line 2, column user_id: is 'somebody', but the person signs in with annie and ann@customer.example",  # noqa: E501
        "contacts.csv, line 3, column is_primary: the account 'acme' has its primary contact in line 2 already",
        "contacts.csv, line 4, column person: 'rep' is a member of the vendor's staff",
        "contacts.csv, line 5, column billing_contact: must be no where the role is none: a billing contact is a member",  # noqa: E501
        "contacts.csv, line 6, column may_accept: must be no where billing_contact is no",
        f"contacts.csv, line 7, column person: there is no 'nobody' in people.csv, {unknown}",
    ]


def test_invoices_must_add_up(tmp_path: Path) -> None:
    files = d.whole()
    files["people.csv"] += [d.person("bob")]
    (tmp_path / "dir").mkdir()
    (tmp_path / "dir" / "not.pdf").write_text("hello")
    bad: dict[str, dict[str, Any]] = {
        "i1": {},
        "i2": {"total": "118.99"},
        "i3": {"paid": "119.01"},
        "i4": {"issued_on": "today+1", "due_on": "today"},
        "i5": {"period_start": "today", "period_end": "today"},
        "i6": {"period_start": "today-1"},
        "i7": {"contact": "bob"},
        "i8": {"pdf": "none.pdf"},
        "i9": {"pdf": "not.pdf"},
        "i10": {"number": "DE-2026-000001"},
        "i11": {"number": "OLD-i1"},
        "i12": {"pdf": "../secret.pdf"},
    }
    files["invoices.csv"] = [d.invoice(**{"external_id": key, "number": f"OLD-{key}"} | c) for key, c in bad.items()]
    files["invoices.csv"].append(d.invoice(external_id="bare", number="OLD-bare"))
    files["invoice_lines.csv"] = [d.invoice_line(invoice=key) for key in bad]
    files["invoices.csv"].append(d.invoice(external_id="odd", number="OLD-odd"))
    files["invoice_lines.csv"] += [
        d.invoice_line(invoice="odd", discount="100.01"),
        d.invoice_line(invoice="odd", position="2", tax_category="AE"),
        d.invoice_line(invoice="odd", position="3", tax_category="AE", tax_rate="0"),
        d.invoice_line(invoice="odd", position="4", quantity="1.5"),
        d.invoice_line(invoice="nowhere"),
    ]
    assert problems_of(tmp_path, files) == [
        "invoice_lines.csv, line 14, column discount: is larger than the line itself",
        "invoice_lines.csv, line 15, column tax_rate: must be 0 in the category AE",
        "invoice_lines.csv, line 16, column exemption: must say why no tax was charged",
        "invoice_lines.csv, line 17, column quantity: is '1.5', a whole number is needed",
        "invoice_lines.csv, line 18, column invoice: there is no 'nowhere' in invoices.csv",
        "invoices.csv, line 3, column total: the lines and their tax come to 119.00 EUR, but total says 118.99",
        "invoices.csv, line 4, column paid: is more than the total",
        "invoices.csv, line 5, column due_on: must not be before issued_on",
        "invoices.csv, line 5, column issued_on: must not be in the future",
        "invoices.csv, line 6, column period_end: must be after period_start",
        "invoices.csv, line 7, column period_end: must not be empty where the other end of the period is given",
        "invoices.csv, line 8, column contact: 'bob' is no billing contact of 'acme'",
        "invoices.csv, line 9, column pdf: there is no file 'none.pdf' in the directory",
        "invoices.csv, line 10, column pdf: 'not.pdf' is not a PDF file",
        "invoices.csv, line 11, column number: is 'DE-2026-000001', but numbers that begin with DE-2026- are the seller's own here",  # noqa: E501
        "invoices.csv, line 12, column number: 'OLD-i1' is already in line 2",
        "invoices.csv, line 13, column pdf: is '../secret.pdf', and that is no PDF file name; one looks like RE-1001.pdf",  # noqa: E501
        "invoices.csv, line 14, column external_id: has no line in invoice_lines.csv",
    ]


def test_quotes_that_cannot_be_sold_are_named(tmp_path: Path) -> None:
    files = d.whole()
    files["accounts.csv"] += [d.account("shop", kind="online", rep=""), d.account("gone")]
    for row in files["accounts.csv"]:
        row["closed_on"] = "today-1" if row["external_id"] == "gone" else ""
    files["quotes.csv"] = [
        d.quote(),
        d.quote(external_id="online", account="shop"),
        d.quote(external_id="closed", account="gone"),
        d.quote(external_id="bare"),
    ]
    files["quote_lines.csv"] = [
        d.quote_line(discount="1.00", discount_percent="5"),
        d.quote_line(position="2", unit_price="1.00", discount="5.01"),
        d.quote_line(position="3", product="webinar"),
        d.quote_line(quote="online"),
        d.quote_line(quote="closed"),
    ]
    assert problems_of(tmp_path, files) == [
        "quote_lines.csv, line 2, column discount: must be empty where discount_percent is given",
        "quote_lines.csv, line 3, column discount: is larger than the line itself",
        "quote_lines.csv, line 4, column product: there is no 'webinar' in products.csv, nor from an earlier import of this source",  # noqa: E501
        "quotes.csv, line 3, column account: 'shop' is an online account, and quotes are for corporate ones",
        "quotes.csv, line 4, column account: 'gone' is closed",
        "quotes.csv, line 5, column external_id: has no line in quote_lines.csv",
    ]


def test_refusals_of_the_quotes_own_verb_are_named_by_line_and_undo_everything(tmp_path: Path) -> None:
    files = d.whole()
    files["quotes.csv"] = [d.quote(), d.quote(external_id="q2", term_months="7"), d.quote(external_id="q3")]
    files["quote_lines.csv"] = [
        d.quote_line(tier="Gold"),
        d.quote_line(quote="q2"),
        d.quote_line(quote="q3"),
        d.quote_line(quote="q3", position="7", frequency="monthly"),
    ]
    assert problems_of(tmp_path, files) == [
        "quote_lines.csv, line 2, column product: Choose something from the catalogue that is sold in EUR.",
        "quote_lines.csv, line 5, column product: Choose something from the catalogue that is sold in EUR.",
        "quotes.csv, line 3, column term_months: Lines billed yearly need a term of whole years: 12, 24, 36 months.",
    ]


def rewrite(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    return lambda folder: (folder / name).write_bytes(change((folder / name).read_bytes())) and None


def into_folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


FORMS = {
    "not UTF-8": (
        rewrite("people.csv", lambda b: b.replace(b"Ann", "Ännchen".encode("latin-1"))),
        ["people.csv, line 3, column name: is not UTF-8"],
    ),
    "a control character": (
        rewrite("people.csv", lambda b: b.replace(b"Ann", b"A\x00nn")),
        ["people.csv, line 3, column name: contains the control character U+0000"],
    ),
    "a line break in a name": (
        rewrite("people.csv", lambda b: b.replace(b"Ann", b'"A\nnn"')),
        ["people.csv, line 3, column name: contains the control character U+000A"],
    ),
    "writing turned round": (
        rewrite("people.csv", lambda b: b.replace(b"Ann", "A\u202enn".encode())),
        ["people.csv, line 3, column name: contains the control character U+202E"],
    ),
    "an unknown column": (
        rewrite("sellers.csv", lambda b: b.replace(b"country", b"county")),
        [
            "sellers.csv, line 1, column country: is missing in the header",
            "sellers.csv, line 1, column county: is not a column of this file; known are external_id, code, name, street, postal_code, city, country, vat_id, registration, email, phone, website, bank_name, iban, bic, timezone",  # noqa: E501
        ],
    ),
    "a column twice": (
        rewrite("prices.csv", lambda b: b.replace(b"tier", b"amount")),
        ["prices.csv, line 1, column amount: stands twice in the header"],
    ),
    "semicolons": (
        rewrite("prices.csv", lambda b: b.replace(b",", b";")),
        ["prices.csv, line 1: must separate its columns by commas"],
    ),
    "a cell too many": (
        rewrite("prices.csv", lambda b: b.rstrip() + b",x\r\n"),
        ["prices.csv, line 2: has 7 cells, but the header names 6 columns"],
    ),
    "an empty file": (
        rewrite("prices.csv", lambda b: b""),
        ["prices.csv, line 1: has no header row"],
    ),
    "a quote that is never closed": (
        rewrite("people.csv", lambda b: b.replace(b"Ann", b'"Ann')),
        ["people.csv, line 3: cannot be read as CSV (unexpected end of data); the rest of the file was not read"],
    ),
    "a file of another name": (
        lambda folder: (folder / "seller.csv").write_text("x") and None,
        [
            "seller.csv: is not a file that can be imported; known are accounts.csv, contacts.csv, feature_values.csv, features.csv, invoice_lines.csv, invoices.csv, people.csv, prices.csv, products.csv, quote_lines.csv, quotes.csv, sellers.csv, subscriptions.csv, tax_rates.csv, tiers.csv"  # noqa: E501
        ],
    ),
    "a folder with a file's name": (
        lambda folder: into_folder(folder / "prices.csv"),
        ["prices.csv: cannot be opened (Is a directory)"],
    ),
    "a line without end": (
        rewrite("people.csv", lambda b: b + b"x" * 1_100_000),
        [
            "people.csv, line 4: cannot be read as CSV (a line is longer than a million characters); the rest of the file was not read"  # noqa: E501
        ],
    ),
}


def test_files_that_cannot_be_read_are_named(tmp_path: Path) -> None:
    for number, (form, (spoil, expected)) in enumerate(FORMS.items()):
        folder = d.write(tmp_path / str(number), d.whole())
        spoil(folder)
        report = import_directory(folder, source="erp")
        assert sorted(map(str, report.problems)) == sorted(expected), form
    assert rows_in_database() == [0, 0, 0, 0, 0]


def test_sources_that_cannot_be_used(tmp_path: Path) -> None:
    for source in ("", "ERP", "portal", "order", "a b", "x" * 40, "../x"):
        [problem] = problems_of(tmp_path, d.whole(), source=source)
        assert f"the source {source!r} cannot be used" in problem


def test_a_directory_without_files_is_refused(tmp_path: Path) -> None:
    report = import_directory(tmp_path, source="erp")
    assert [problem.reason for problem in report.problems] == ["holds no CSV file"]


def test_of_many_problems_the_first_are_shown_and_all_are_counted(tmp_path: Path) -> None:
    files: Files = {"people.csv": [d.person(f"p{n}", locale="fr") for n in range(1000)]}
    report = import_directory(d.write(tmp_path, files), source="erp")
    assert report.problem_count == 1000
    assert len(report.problems) == 300
    assert report.problems[-1].line == 301


def test_what_a_change_cannot_be_is_named_by_its_column(tmp_path: Path) -> None:
    files = d.whole()
    files["subscriptions.csv"] = [d.subscription(external_id="s-1", period_start="today-100", period_end="today+265")]
    changes = [
        {"effect": "add", "subscription": "s-2"}, {"effect": "start", "unit_price": "-1.00"},
        {"effect": "gift", "subscription": ""},
    ]  # fmt: skip
    files["quote_lines.csv"] = [
        d.quote_line(position=str(number)) | {"effect": "", "subscription": "", "unit_price": ""} | change
        for number, change in enumerate(changes, 1)
    ]
    told = "\n".join(problems_of(tmp_path, files))
    assert "line 2, column subscription: there is no 's-2' in subscriptions.csv" in told
    assert "line 3, column unit_price: must not be negative" in told
    assert "line 4, column effect: is 'gift'" in told


def test_a_manager_is_one_and_of_a_representative(tmp_path: Path) -> None:
    people = [
        d.rep() | {"manager": "ann"},
        d.person() | {"manager": "boss"},
        d.person("boss", staff_role="rep_manager") | {"manager": "boss"},
        d.person("other", staff_role="rep") | {"manager": "nobody"},
    ]
    only, unknown = "only a representative (staff_role rep) has a manager", "nor from an earlier import of this source"
    assert problems_of(tmp_path, {"people.csv": people}) == [
        "people.csv, line 2, column manager: 'ann' is no manager (staff_role rep_manager)",
        f"people.csv, line 3, column manager: {only}",
        f"people.csv, line 4, column manager: {only}",
        f"people.csv, line 5, column manager: there is no 'nobody' in people.csv, {unknown}",
    ]
