"""What invoices that were issued elsewhere may say: above all, their lines must come to their total."""

from pathlib import Path

from sqlalchemy import select

from app.imports.book import Facts, Run, known
from app.imports.catalogue_files import SELLERS
from app.imports.checks.rows import WITHOUT_TAX_TEXT, Rows, check_currency, check_tax
from app.imports.files import ACCOUNTS, CONTACTS, INVOICE_LINES, INVOICES
from app.imports.papers import PDF_MOST_BYTES, Paper, fresh_papers, line_draft
from app.imports.staging import Row
from billing_core import db, money, words
from billing_core.errors import Invalid
from billing_core.ledger.calculation import sum_up
from billing_core.ledger.models import Invoice
from billing_core.sellers.models import Seller


def check_invoices(run: Run, chunk: list[Row]) -> None:
    """New, of a number of its own, addressed to a contact if to anybody, and adding up."""
    rows = Rows(run, INVOICES, [])
    for row in chunk:
        if row.values is not None:
            rows.claim(row, "number", str(row.values["number"]))
    papers = fresh_papers(run, INVOICES, INVOICE_LINES, chunk)
    rows.rows = [paper.row for paper in papers]
    accounts = known(run, ACCOUNTS, rows.keys("account"))
    contacts = known(run, CONTACTS, {f"{i['account']}\x1f{i['contact']}" for _, i in rows if i["contact"]})
    series = _series(run)
    keys = [row.key for row in rows.rows]
    before = set(
        db.session().scalars(
            select(Invoice.external_id).where(Invoice.source == run.source, Invoice.external_id.in_(keys))
        )
    )
    for row, invoice in rows:
        if row.key in before:
            rows.bad(row, "external_id", "has been imported with other content, and an issued invoice never changes")
            continue
        account = rows.referred(row, "account", invoice["account"], accounts)
        check_currency(rows, row, invoice["currency"], account)
        _check_number(rows, row, invoice["number"], series)
        _check_addressee(rows, row, invoice, contacts)
        _check_days(rows, row, invoice)
        _check_pdf(rows, row, invoice["pdf"])
    numbers = [invoice["number"] for _, invoice in rows]
    others = select(Invoice.number, Invoice.source, Invoice.external_id).where(Invoice.number.in_(numbers))
    rows.owned_by_others("number", others)
    for paper in papers:
        if paper.row.key not in before:
            _check_sums(rows, paper)


def _series(run: Run) -> frozenset[str]:
    """The codes that begin the numbers of our own invoices, also those of the directory's new sellers."""
    codes = set(db.session().scalars(select(Seller.code)))
    for chunk in run.staging.chunks(SELLERS.name):
        codes |= {str(row.values["code"]) for row in chunk if row.values is not None}
    return frozenset(codes)


def _check_number(rows: Rows, row: Row, number: str, series: frozenset[str]) -> None:
    code, _, rest = number.partition("-")
    if code in series and rest[:4].isdigit() and rest[4:5] == "-":
        rows.bad(
            row, "number", f"is {number!r}, but numbers that begin with {code}-{rest[:4]}- are the seller's own here"
        )


def _check_addressee(rows: Rows, row: Row, invoice: Facts, contacts: dict[str, Facts | None]) -> None:
    if not invoice["contact"]:
        return
    key = f"{invoice['account']}\x1f{invoice['contact']}"
    contact = contacts.get(key)
    if key not in contacts or (contact is not None and not contact["billing_contact"]):
        rows.bad(row, "contact", f"{invoice['contact']!r} is no billing contact of {invoice['account']!r}")


def _check_days(rows: Rows, row: Row, invoice: Facts) -> None:
    if invoice["issued_on"] > rows.run.today.isoformat():
        rows.bad(row, "issued_on", "must not be in the future")
    if invoice["due_on"] < invoice["issued_on"]:
        rows.bad(row, "due_on", "must not be before issued_on")
    start, end = invoice["period_start"], invoice["period_end"]
    if bool(start) != bool(end):
        rows.bad(
            row,
            "period_end" if start else "period_start",
            "must not be empty where the other end of the period is given",
        )
    elif start and end <= start:
        rows.bad(row, "period_end", "must be after period_start")


def _check_pdf(rows: Rows, row: Row, name: str | None) -> None:
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


def _check_sums(rows: Rows, paper: Paper) -> None:
    """The lines must come to the total that the document says, computed as the portal computes its own."""
    invoice = paper.row.values or {}
    currency = str(invoice["currency"])
    lines = Rows(rows.run, INVOICE_LINES, [])
    lines.rows = [part for part in paper.parts if part.values is not None]
    before = rows.run.problems.count
    if INVOICE_LINES.name in rows.run.unread:
        return
    if not paper.parts:
        rows.bad(paper.row, "external_id", f"has no line in {INVOICE_LINES.name}")
    for line, facts in lines:
        _check_invoice_line(lines, line, facts, currency)
    total = rows.amount(paper.row, "total", invoice["total"], currency)
    paid = rows.amount(paper.row, "paid", invoice.get("paid") or "0", currency)
    if rows.run.problems.count > before or len(lines.rows) < len(paper.parts) or total is None or paid is None:
        return  # what the lines come to cannot be told yet
    try:
        computed = sum_up([line_draft(facts, currency) for _, facts in lines]).total
    except Invalid as refusal:
        rows.bad(paper.row, "total", words.sentence(refusal))
        return
    if computed != total:
        both = f"{money.plain(computed, currency)} {currency}, but total says {invoice['total']}"
        rows.bad(paper.row, "total", f"the lines and their tax come to {both}")
    if paid > total:
        rows.bad(paper.row, "paid", "is more than the total")


def _check_invoice_line(lines: Rows, line: Row, facts: Facts, currency: str) -> None:
    price = lines.amount(line, "unit_price", facts["unit_price"], currency)
    off = lines.amount(line, "discount", facts["discount"], currency)
    if off and price is not None and off > facts["quantity"] * price:
        lines.bad(line, "discount", "is larger than the line itself")
    check_tax(lines, line, facts["tax_category"], facts["tax_rate"], "tax_rate")
    if not facts["tax_rate"] and facts["tax_category"] not in WITHOUT_TAX_TEXT and not facts["exemption"]:
        lines.bad(line, "exemption", "must say why no tax was charged")
