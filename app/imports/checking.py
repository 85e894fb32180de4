"""Second pass: what a row may say beside the others and beside what is stored. Each rule names file, line and column.

Rows that an earlier import wrote with the same content are not looked at again: they are skipped when it is written.
"""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import select
from stdnum import iban
from stdnum.exceptions import ValidationError

from app.imports import book
from app.imports.book import Facts, Run, identifiers_of, known, stored
from app.imports.columns import BadCell, smallest_units
from app.imports.files import (
    ACCOUNTS, CONTACTS, INVOICE_LINES, INVOICES, PEOPLE, PRICES, PRODUCTS, QUOTE_LINES, QUOTES, SELLERS, SUBSCRIPTIONS,
    TAX_RATES, TAXED, CsvFile, shown_key,
)  # fmt: skip
from app.imports.reading import Advance, fingerprint
from app.imports.staging import Row
from billing_core import db, money, words
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.db import folded
from billing_core.errors import Invalid
from billing_core.ledger.calculation import LineDraft, sum_up
from billing_core.ledger.models import Invoice
from billing_core.people import LoginIdentifier, Person
from billing_core.sellers.models import Seller
from corporate_portal.quotes import states
from corporate_portal.quotes.content import MOST_LINES

PDF_MOST_BYTES = 10 * 1024 * 1024
WITHOUT_TAX_TEXT = ("Z",)
"""The one category without tax whose documents need no reason (EN 16931)."""


@dataclass(frozen=True)
class Whole:
    """A row with its lines, whose fingerprint covers them and the PDF."""

    row: Row
    parts: tuple[Row, ...]
    sha256: str


def check(run: Run, file: CsvFile, advance: Advance) -> None:
    """Check the rows of one file that are new or changed."""
    if file is PEOPLE:
        _claim_identifiers(run)
    for chunk in run.staging.chunks(file.name):
        with db.reading():
            _CHECKS[file.name](run, chunk)
        advance(len(chunk))


def fresh(run: Run, file: CsvFile, rows: list[Row]) -> list[Row]:
    """The readable rows that no earlier import wrote with the same content."""
    before = book.written(run.source, file, [row.key for row in rows])
    return [row for row in rows if row.values is not None and before.get(row.key) != row.sha256]


class _Rows:
    """The rows of a chunk with a short way to name what is wrong with one."""

    def __init__(self, run: Run, file: CsvFile, rows: list[Row]) -> None:
        self.run = run
        self.file = file
        self.rows = fresh(run, file, rows)
        self.facts = known(run, file, [row.key for row in self.rows]) if file in (ACCOUNTS, PEOPLE) else {}

    def __iter__(self) -> Iterator[tuple[Row, Facts]]:
        """Each row with its values; where a column is missing in the file, with the stored one or the default."""
        defaults = {column.name: column.default for column in self.file.columns}
        for row in self.rows:
            facts = self.facts.get(row.key) or {**defaults, **(row.values or {})}
            yield row, facts

    def bad(self, row: Row, column: str, reason: str) -> None:
        """Name a problem of a row."""
        self.run.problems.add(row.file, row.line, column, reason)

    def keys(self, column: str) -> set[str]:
        """The references of a column."""
        return {str(facts[column]) for _, facts in self if facts[column] is not None}

    def referred(self, row: Row, column: str, key: str, found: dict[str, Facts | None]) -> Facts | None:
        """The facts of the row referred to; None, and where it does not exist a problem too, if there are none."""
        if key not in found:
            where = getattr(self.file.by_name[column].type, "file", "the import")
            self.bad(row, column, f"there is no {key!r} in {where}, nor from an earlier import of this source")
        return found.get(key)

    def amount(self, row: Row, column: str, text: Any, currency: str) -> int | None:
        """The smallest units of an amount cell; None, and a problem, where the currency has fewer decimals."""
        try:
            return None if text is None else smallest_units(str(text), currency)
        except BadCell as reason:
            self.bad(row, column, str(reason))
            return None

    def claim(self, row: Row, column: str, value: str) -> None:
        """Name a second row of the file with a value that must be unique."""
        first = self.run.staging.claim(f"{row.file}.{column}", value, row.key, row.line)
        if first is not None:
            self.bad(row, column, f"{value!r} is already in line {first}")

    def owned_by_others(self, column: str, query: Any) -> None:
        """Name rows whose unique value belongs to another row of the database. query: value, source, external id."""
        owners = {value: (source, key) for value, source, key in db.session().execute(query)}
        for row, facts in self:
            source, key = owners.get(facts[column], (self.run.source, row.key))
            if (source, key) != (self.run.source, row.key):
                self.bad(row, column, f"{facts[column]!r} already belongs to {key!r} of the source {source!r}")


def _check_sellers(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, SELLERS, chunk)
    before = stored(run.source, SELLERS, [row.key for row in rows.rows])
    for row, seller in rows:
        rows.claim(row, "code", seller["code"])
        if row.key in before and before[row.key]["code"] != seller["code"]:
            rows.bad(row, "code", f"was {before[row.key]['code']} and never changes: document numbers begin with it")
        if seller["iban"][:2].isalpha() and seller["iban"][2:4].isdigit():
            try:
                iban.validate(seller["iban"])
            except ValidationError:
                rows.bad(row, "iban", f"is {seller['iban']!r}, and that cannot be an IBAN: its form or check digits are wrong")
    codes = [seller["code"] for _, seller in rows]
    rows.owned_by_others("code", select(Seller.code, Seller.source, Seller.external_id).where(Seller.code.in_(codes)))


def _check_tax_rates(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, TAX_RATES, chunk)
    for row, rate in rows:
        _check_tax(rows, row, rate["category"], rate["rate"], "rate")
        if not rate["rate"] and rate["category"] not in WITHOUT_TAX_TEXT:
            for column in ("exemption_en", "exemption_de"):
                if not rate[column]:
                    rows.bad(row, column, "must say why no tax is charged")


def _check_tax(rows: _Rows, row: Row, category: str, rate: int, column: str) -> None:
    if rate and category not in TAXED:
        rows.bad(row, column, f"must be 0 in the category {category}")


def _check_products(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, PRODUCTS, chunk)
    for row, product in rows:
        rows.claim(row, "code", product["code"])
    codes = [product["code"] for _, product in rows]
    rows.owned_by_others("code", select(Product.code, Product.source, Product.external_id).where(Product.code.in_(codes)))


def _check_prices(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, PRICES, chunk)
    products = known(run, PRODUCTS, rows.keys("product"))
    for row, price in rows:
        rows.referred(row, "product", price["product"], products)
        rows.amount(row, "amount", price["amount"], price["currency"])


def _claim_identifiers(run: Run) -> None:
    """Every row says first what it signs in with, so that two people may exchange theirs, but never share one."""
    for chunk in run.staging.chunks(PEOPLE.name):
        with db.reading():
            people = known(run, PEOPLE, [row.key for row in chunk])
        for row in chunk:
            person = people[row.key]
            for canonical, shown in identifiers_of(person).items() if person is not None else ():
                first = run.staging.claim("identifier", canonical, row.key, row.line)
                if first is not None:
                    column = "email" if "@" in shown else "username"
                    reason = f"{shown!r} signs in another person in line {first} already (see email_signs_in)"
                    run.problems.add(row.file, row.line, column, reason)


def _check_people(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, PEOPLE, chunk)
    wanted: dict[str, tuple[Row, str]] = {}
    for row, person in rows:
        identifiers = identifiers_of(person)
        if not identifiers:
            rows.bad(row, "username", "must not be empty where the e-mail address does not sign in")
        for canonical, shown in identifiers.items():
            column = "email" if "@" in shown else "username"
            if len(canonical) > 254 or ("@" in canonical) != ("@" in shown):
                rows.bad(row, column, "cannot be used to sign in: its characters mean others")
            wanted[canonical] = (row, column)
    taken = (
        select(LoginIdentifier.canonical, Person.source, Person.external_id)
        .join(Person, Person.id == LoginIdentifier.person_id)
        .where(LoginIdentifier.canonical.in_(wanted))
    )
    owners = {canonical: (source, key) for canonical, source, key in db.session().execute(taken)}
    # An owner in this directory who no longer names the identifier has given it up.
    here = run.staging.find(PEOPLE.name, {key for source, key in owners.values() if source == run.source})
    for canonical, (source, key) in owners.items():
        row, column = wanted[canonical]
        if (source, key) != (run.source, row.key) and not (source == run.source and key in here):
            rows.bad(row, column, f"already signs in {key!r} of the source {source!r}")


def _check_accounts(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, ACCOUNTS, chunk)
    before = stored(run.source, ACCOUNTS, [row.key for row in rows.rows])
    sellers, reps = known(run, SELLERS, rows.keys("seller")), known(run, PEOPLE, rows.keys("rep"))
    for row, account in rows:
        rows.claim(row, "number", account["number"])
        rows.referred(row, "seller", account["seller"], sellers)
        if row.key in before and before[row.key]["kind"] != account["kind"]:
            rows.bad(row, "kind", f"was {before[row.key]['kind']} and never changes")
        _check_rep(rows, row, account, reps)
        if len(folded(account["name"])) > 200:
            rows.bad(row, "name", "has characters that stand for several others, and is too long with those")
        _check_confirmation(rows, row, account)
    numbers = [account["number"] for _, account in rows]
    others = select(Account.number, Account.source, Account.external_id).where(Account.number.in_(numbers))
    rows.owned_by_others("number", others)


def _check_rep(rows: _Rows, row: Row, account: Facts, reps: dict[str, Facts | None]) -> None:
    if account["kind"] == "online":
        if account["rep"]:
            rows.bad(row, "rep", "must be empty: an online account has no representative")
    elif not account["rep"]:
        rows.bad(row, "rep", "must not be empty: a corporate account has a representative")
    else:
        _check_is_rep(rows, row, account["rep"], reps)


def _check_is_rep(rows: _Rows, row: Row, key: str, reps: dict[str, Facts | None]) -> None:
    rep = rows.referred(row, "rep", key, reps)
    if rep is not None and rep["staff_role"] not in ("rep", "rep_manager"):
        rows.bad(row, "rep", f"{key!r} is no representative (staff_role rep or rep_manager)")


def _check_confirmation(rows: _Rows, row: Row, account: Facts) -> None:
    confirmed = (row.values or {}).get("vat_confirmed_on")
    if confirmed and not account["vat_id"]:
        rows.bad(row, "vat_confirmed_on", "must be empty where there is no VAT ID")
    if confirmed and str(confirmed) > rows.run.today.isoformat():
        rows.bad(row, "vat_confirmed_on", "must not be in the future")


def _check_contacts(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, CONTACTS, chunk)
    accounts, people = known(run, ACCOUNTS, rows.keys("account")), known(run, PEOPLE, rows.keys("person"))
    for row, contact in rows:
        rows.referred(row, "account", contact["account"], accounts)
        person = rows.referred(row, "person", contact["person"], people)
        if person is not None and person["staff_role"]:
            rows.bad(row, "person", f"{contact['person']!r} is a member of the vendor's staff")
        if contact["billing_contact"] and contact["role"] == "none":
            rows.bad(row, "billing_contact", "must be no where the role is none: a billing contact is a member")
        for column in ("may_accept", "may_pay", "may_manage", "is_primary"):
            if contact[column] and not contact["billing_contact"]:
                rows.bad(row, column, "must be no where billing_contact is no")
        if contact["is_primary"]:
            _claim_primary(rows, row, contact["account"])
        if contact["user_id"] and person is not None:
            _check_user_id(rows, row, contact["user_id"], person)


def _claim_primary(rows: _Rows, row: Row, account: str) -> None:
    first = rows.run.staging.claim("primary contact", account, row.key, row.line)
    if first is not None:
        rows.bad(row, "is_primary", f"the account {account!r} has its primary contact in line {first} already")


def _check_user_id(rows: _Rows, row: Row, user_id: str, person: Facts) -> None:
    own = identifiers_of(person)
    if user_id not in own.values():
        rows.bad(row, "user_id", f"is {user_id!r}, but the person signs in with " + " and ".join(own.values()))


def _check_subscriptions(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, SUBSCRIPTIONS, chunk)
    accounts, products = known(run, ACCOUNTS, rows.keys("account")), known(run, PRODUCTS, rows.keys("product"))
    for row, subscription in rows:
        account = rows.referred(row, "account", subscription["account"], accounts)
        rows.referred(row, "product", subscription["product"], products)
        _check_currency(rows, row, subscription["currency"], account)
        rows.amount(row, "unit_price", subscription["unit_price"], subscription["currency"])
        if subscription["period_end"] <= subscription["period_start"]:
            rows.bad(row, "period_end", "must be after period_start")


def _check_currency(rows: _Rows, row: Row, currency: str, account: Facts | None) -> None:
    if account is not None and account["currency"] != currency:
        rows.bad(row, "currency", f"is {currency}, but the account's currency is {account['currency']}")


def _check_quotes(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, QUOTES, [])
    wholes = fresh_wholes(run, QUOTES, QUOTE_LINES, chunk)
    rows.rows = [whole.row for whole in wholes]
    accounts = known(run, ACCOUNTS, rows.keys("account"))
    own_reps = {facts["rep"] for facts in accounts.values() if facts and facts["rep"]}
    reps = known(run, PEOPLE, rows.keys("rep") | own_reps)
    before = stored(run.source, QUOTES, [row.key for row in rows.rows])
    for row, quote in rows:
        account = rows.referred(row, "account", quote["account"], accounts)
        _check_currency(rows, row, quote["currency"], account)
        if account is not None and account["kind"] != "corporate":
            rows.bad(row, "account", f"{quote['account']!r} is an online account, and quotes are for corporate ones")
        if account is not None and account["closed_on"]:
            rows.bad(row, "account", f"{quote['account']!r} is closed")
        if quote["rep"]:
            _check_is_rep(rows, row, quote["rep"], reps)
        if row.key in before and before[row.key]["state"] != states.DRAFT:
            number, state = before[row.key]["number"], before[row.key]["state"]
            rows.bad(row, "external_id", f"quote {number} is {state}: its content can no longer be changed by an import")
    _check_quote_lines(run, wholes)


def _check_quote_lines(run: Run, wholes: list[Whole]) -> None:
    lines = _Rows(run, QUOTE_LINES, [])
    lines.rows = [part for whole in wholes for part in whole.parts if part.values is not None]
    products = known(run, PRODUCTS, lines.keys("product"))
    currency = {whole.row.key: str((whole.row.values or {})["currency"]) for whole in wholes}
    for line, facts in lines:
        lines.referred(line, "product", facts["product"], products)
        price = lines.amount(line, "unit_price", facts["unit_price"], currency[line.owner])
        off = lines.amount(line, "discount", facts["discount"], currency[line.owner])
        if off and facts["discount_percent"]:
            lines.bad(line, "discount", "must be empty where discount_percent is given")
        elif off and price is not None and off > facts["quantity"] * price:
            lines.bad(line, "discount", "is larger than the line itself")
    for whole in wholes:
        if not whole.parts:
            run.problems.add(QUOTES.name, whole.row.line, "external_id", f"has no line in {QUOTE_LINES.name}")
        elif len(whole.parts) > MOST_LINES:
            reason = f"has {len(whole.parts)} lines in {QUOTE_LINES.name}, at most {MOST_LINES} are possible"
            run.problems.add(QUOTES.name, whole.row.line, "external_id", reason)


def _check_invoices(run: Run, chunk: list[Row]) -> None:
    rows = _Rows(run, INVOICES, [])
    for row in chunk:
        if row.values is not None:
            rows.claim(row, "number", str(row.values["number"]))
    wholes = fresh_wholes(run, INVOICES, INVOICE_LINES, chunk)
    rows.rows = [whole.row for whole in wholes]
    accounts = known(run, ACCOUNTS, rows.keys("account"))
    contacts = known(run, CONTACTS, {f"{i['account']}\x1f{i['contact']}" for _, i in rows if i["contact"]})
    series = _series(run)
    keys = [row.key for row in rows.rows]
    before = set(
        db.session().scalars(select(Invoice.external_id).where(Invoice.source == run.source, Invoice.external_id.in_(keys)))
    )
    for row, invoice in rows:
        if row.key in before:
            rows.bad(row, "external_id", "has been imported with other content, and an issued invoice never changes")
            continue
        account = rows.referred(row, "account", invoice["account"], accounts)
        _check_currency(rows, row, invoice["currency"], account)
        _check_number(rows, row, invoice["number"], series)
        _check_addressee(rows, row, invoice, contacts)
        _check_days(rows, row, invoice)
        _check_pdf(rows, row, invoice["pdf"])
    numbers = [invoice["number"] for _, invoice in rows]
    others = select(Invoice.number, Invoice.source, Invoice.external_id).where(Invoice.number.in_(numbers))
    rows.owned_by_others("number", others)
    for whole in wholes:
        if whole.row.key not in before:
            _check_sums(rows, whole)


def _series(run: Run) -> frozenset[str]:
    """The codes that begin the numbers of our own invoices, also those of the directory's new sellers."""
    codes = set(db.session().scalars(select(Seller.code)))
    for chunk in run.staging.chunks(SELLERS.name):
        codes |= {str(row.values["code"]) for row in chunk if row.values is not None}
    return frozenset(codes)


def _check_number(rows: _Rows, row: Row, number: str, series: frozenset[str]) -> None:
    code, _, rest = number.partition("-")
    if code in series and rest[:4].isdigit() and rest[4:5] == "-":
        rows.bad(row, "number", f"is {number!r}, but numbers that begin with {code}-{rest[:4]}- are the seller's own here")


def _check_addressee(rows: _Rows, row: Row, invoice: Facts, contacts: dict[str, Facts | None]) -> None:
    if not invoice["contact"]:
        return
    key = f"{invoice['account']}\x1f{invoice['contact']}"
    contact = contacts.get(key)
    if key not in contacts or (contact is not None and not contact["billing_contact"]):
        rows.bad(row, "contact", f"{invoice['contact']!r} is no billing contact of {invoice['account']!r}")


def _check_days(rows: _Rows, row: Row, invoice: Facts) -> None:
    if invoice["issued_on"] > rows.run.today.isoformat():
        rows.bad(row, "issued_on", "must not be in the future")
    if invoice["due_on"] < invoice["issued_on"]:
        rows.bad(row, "due_on", "must not be before issued_on")
    start, end = invoice["period_start"], invoice["period_end"]
    if bool(start) != bool(end):
        rows.bad(row, "period_end" if start else "period_start", "must not be empty where the other end of the period is given")
    elif start and end <= start:
        rows.bad(row, "period_end", "must be after period_start")


def _check_pdf(rows: _Rows, row: Row, name: str | None) -> None:
    if name is None:
        return
    path = rows.run.directory / name
    if not path.is_file():
        rows.bad(row, "pdf", f"there is no file {name!r} in the directory")
    elif path.stat().st_size > PDF_MOST_BYTES:
        rows.bad(row, "pdf", f"{name!r} is larger than 10 MB")
    elif not _is_pdf(path):
        rows.bad(row, "pdf", f"{name!r} is not a PDF file")


def _is_pdf(path: Path) -> bool:
    with path.open("rb") as stream:
        return stream.read(5) == b"%PDF-"


def _check_sums(rows: _Rows, whole: Whole) -> None:
    """The lines must come to the total that the document says, computed as the portal computes its own."""
    invoice = whole.row.values or {}
    currency = str(invoice["currency"])
    lines = _Rows(rows.run, INVOICE_LINES, [])
    lines.rows = [part for part in whole.parts if part.values is not None]
    before = rows.run.problems.count
    if not whole.parts:
        rows.bad(whole.row, "external_id", f"has no line in {INVOICE_LINES.name}")
    for line, facts in lines:
        _check_invoice_line(lines, line, facts, currency)
    total = rows.amount(whole.row, "total", invoice["total"], currency)
    paid = rows.amount(whole.row, "paid", invoice.get("paid") or "0", currency)
    if rows.run.problems.count > before or len(lines.rows) < len(whole.parts) or total is None or paid is None:
        return  # what the lines come to cannot be told yet
    try:
        computed = sum_up([line_draft(facts, currency) for _, facts in lines]).total
    except Invalid as refusal:
        rows.bad(whole.row, "total", words.sentence(refusal))
        return
    if computed != total:
        both = f"{money.plain(computed, currency)} {currency}, but total says {invoice['total']}"
        rows.bad(whole.row, "total", f"the lines and their tax come to {both}")
    if paid > total:
        rows.bad(whole.row, "paid", "is more than the total")


def _check_invoice_line(lines: _Rows, line: Row, facts: Facts, currency: str) -> None:
    price = lines.amount(line, "unit_price", facts["unit_price"], currency)
    off = lines.amount(line, "discount", facts["discount"], currency)
    if off and price is not None and off > facts["quantity"] * price:
        lines.bad(line, "discount", "is larger than the line itself")
    _check_tax(lines, line, facts["tax_category"], facts["tax_rate"], "tax_rate")
    if not facts["tax_rate"] and facts["tax_category"] not in WITHOUT_TAX_TEXT and not facts["exemption"]:
        lines.bad(line, "exemption", "must say why no tax was charged")


def line_draft(facts: Facts, currency: str) -> LineDraft:
    """An invoice's line as the ledger takes it."""
    return LineDraft(
        description=facts["description"],
        detail=facts["detail"],
        quantity=facts["quantity"],
        unit=facts["unit"],
        unit_price=smallest_units(facts["unit_price"], currency),
        discount=smallest_units(facts["discount"], currency),
        tax_category=facts["tax_category"],
        tax_rate=facts["tax_rate"],
        exemption=facts["exemption"],
    )


def fresh_wholes(run: Run, file: CsvFile, lines: CsvFile, chunk: list[Row]) -> list[Whole]:
    """The readable rows with their lines that no earlier import wrote with the same content."""
    parts = run.staging.parts_of(lines.name, [row.key for row in chunk])
    wholes = [_whole(run, row, parts.get(row.key, [])) for row in chunk if row.values is not None]
    before = book.written(run.source, file, [whole.row.key for whole in wholes])
    return [whole for whole in wholes if before.get(whole.row.key) != whole.sha256]


def _whole(run: Run, row: Row, parts: Iterable[Row]) -> Whole:
    ordered = tuple(sorted(parts, key=lambda part: int(part.key.rpartition("\x1f")[2])))
    name = (row.values or {}).get("pdf")
    pdf = _sha256_of(run.directory / str(name)) if name else ""
    return Whole(row, ordered, fingerprint([row.sha256, [part.sha256 for part in ordered], pdf]))


def _sha256_of(path: Path) -> str:
    """The hash of a file; of one that cannot be read or is too large nothing, since its row is refused anyway."""
    if not path.is_file() or path.stat().st_size > PDF_MOST_BYTES:
        return ""
    return hashlib.sha256(path.read_bytes()).hexdigest()


def _check_orphans(of: CsvFile) -> Callable[[Run, list[Row]], None]:
    """Lines must be part of a row in the same directory."""

    def check_lines(run: Run, chunk: list[Row]) -> None:
        owners = run.staging.find(of.name, {row.owner for row in chunk})
        for row in chunk:
            if row.owner not in owners:
                column = next(iter(run_file(row).key))
                run.problems.add(row.file, row.line, column, f"there is no {shown_key(row.owner)!r} in {of.name}")

    return check_lines


def run_file(row: Row) -> CsvFile:
    """The file that a line stands in."""
    return QUOTE_LINES if row.file == QUOTE_LINES.name else INVOICE_LINES


_CHECKS: dict[str, Callable[[Run, list[Row]], None]] = {
    SELLERS.name: _check_sellers,
    TAX_RATES.name: _check_tax_rates,
    PRODUCTS.name: _check_products,
    PRICES.name: _check_prices,
    PEOPLE.name: _check_people,
    ACCOUNTS.name: _check_accounts,
    CONTACTS.name: _check_contacts,
    SUBSCRIPTIONS.name: _check_subscriptions,
    QUOTES.name: _check_quotes,
    QUOTE_LINES.name: _check_orphans(QUOTES),
    INVOICES.name: _check_invoices,
    INVOICE_LINES.name: _check_orphans(INVOICES),
}
