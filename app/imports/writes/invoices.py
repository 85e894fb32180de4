"""Write invoices that were issued elsewhere: by the ledger's own verb, with the received PDF where there is one."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from app.imports.book import Facts, Run
from app.imports.columns import smallest_units
from app.imports.files import INVOICE_LINES, INVOICES
from app.imports.papers import Paper, fresh_papers, line_draft
from app.imports.staging import Row
from app.imports.writes.rows import ACTOR, facts_of, remember
from billing_core import db
from billing_core.accounts import Account
from billing_core.documents.service import keep_document
from billing_core.ledger.service import BillTo, ImportedInvoice, InvoiceDraft, import_invoices
from billing_core.people import BillingContact, Person
from billing_core.sellers.letterhead import Letterhead


def write_invoices(run: Run, chunk: list[Row]) -> tuple[int, int]:
    """Insert the new invoices; one that is there already never changes, so the check has refused it."""
    papers = fresh_papers(run, INVOICES, INVOICE_LINES, chunk)
    rows = [(paper, facts_of(INVOICES, paper.row, is_new=True)) for paper in papers]
    accounts = _accounts(run, {invoice["account"] for _, invoice in rows})
    contacts = _contacts(run, accounts)
    imported = [_imported(run, paper, invoice, accounts[invoice["account"]], contacts) for paper, invoice in rows]
    for (_, invoice), issued in zip(rows, import_invoices(imported, ACTOR), strict=True):
        if invoice["pdf"]:
            content = (run.directory / invoice["pdf"]).read_bytes()
            keep_document(issued.public_id, "invoice", issued.locale, _filename(invoice["number"]), content)
    remember(run, INVOICES, [(paper.row.key, paper.sha256) for paper in papers])
    return len(rows), 0


def _accounts(run: Run, keys: set[str]) -> dict[str, Account]:
    mine = select(Account).where(Account.source == run.source, Account.external_id.in_(keys))
    return {row.external_id: row for row in db.session().scalars(mine.options(joinedload(Account.seller)))}


def _contacts(run: Run, accounts: dict[str, Account]) -> dict[tuple[int, str], BillingContact]:
    """The contacts of the accounts by account and the person's key."""
    mine = (
        select(BillingContact)
        .join(Person, Person.id == BillingContact.person_id)
        .where(BillingContact.account_id.in_([a.id for a in accounts.values()]), Person.source == run.source)
        .options(joinedload(BillingContact.person))
    )
    return {(row.account_id, row.person.external_id): row for row in db.session().scalars(mine)}


def _imported(
    run: Run, paper: Paper, invoice: Facts, account: Account, contacts: dict[tuple[int, str], BillingContact]
) -> ImportedInvoice:
    draft = _draft(paper, invoice, account, contacts.get((account.id, invoice["contact"])))
    paid = smallest_units(invoice["paid"], invoice["currency"])
    return ImportedInvoice(draft, run.source, paper.row.key, invoice["number"], paid)


def _draft(paper: Paper, invoice: Facts, account: Account, addressee: BillingContact | None) -> InvoiceDraft:
    lines = [facts_of(INVOICE_LINES, part, is_new=True) for part in paper.parts]
    return InvoiceDraft(
        account_id=account.id,
        seller_id=account.seller_id,
        seller_code=account.seller.code,
        contact_id=addressee.id if addressee else None,
        currency=invoice["currency"],
        locale=account.locale,
        issued_on=invoice["issued_on"],
        due_on=invoice["due_on"],
        bill_to=_bill_to(account, addressee),
        issued_by=Letterhead.of(account.seller),
        user_id=addressee.user_id if addressee else "",
        lines=[line_draft(line, invoice["currency"]) for line in lines],
        title=invoice["title"],
        po_number=invoice["po_number"],
        period_start=invoice["period_start"],
        period_end=invoice["period_end"],
    )


def _bill_to(account: Account, addressee: BillingContact | None) -> BillTo:
    return BillTo(
        name=account.name,
        street=account.street,
        postal_code=account.postal_code,
        city=account.city,
        country=account.country,
        attention=addressee.person.name if addressee else "",
        vat_id=account.vat_id,
        customer_number=account.number,
    )


def _filename(number: str) -> str:
    """The number as a file's name; what no file system likes becomes a hyphen."""
    return "".join(c if c.isalnum() or c in "-_." else "-" for c in number) + ".pdf"
