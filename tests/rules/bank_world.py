"""Bank statements of the one customer, with an entry for every form about them."""

from sqlalchemy import select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.bank import importing, service
from billing_core.bank.camt import read_statements
from billing_core.bank.models import BankEntry, BankStatement
from billing_core.permissions import Viewer
from tests.factories import ledger
from tests.factories.camt import Entry, one_file, transfer


def bank_objects(account: Account, clerk: Viewer) -> dict[str, str]:
    """Public ids by endpoint. 7.00 were booked today by hand, which one of the entries may be."""
    certain, less = (ledger.invoice(account, total) for total in (4_100, 4_200))
    today = clock.today("Europe/Berlin").isoformat()
    first = bring(clerk, "A", transfer("41.00", certain.number), transfer("-1.00", "fee"))
    second = bring(
        clerk, "B", transfer("30.00", less.number), transfer("7.00", less.number, valued=today),
        transfer("3.00", "x", end_to_end="W7"), transfer("-3.00", "y", end_to_end="W7"), transfer("9.00", "interest"),
    )  # fmt: skip
    named, by_hand, came, returned, not_ours = entries_of(second)
    db.perform(service.book_entry, clerk, came, account.public_id, {})
    db.perform(service.dismiss_entry, clerk, not_ours, "Interest")
    whole = dict.fromkeys(("bank_statement", "bank_file", "accept_certain", "dismiss_debits"), first)
    single = dict.fromkeys(("bank_entry", "accept_entry", "book_entry", "dismiss_entry"), named)
    single |= {"link_entry": by_hand, "return_entry": returned, "restore_entry": not_ours}
    return {f"finance.{endpoint}": public_id for endpoint, public_id in (whole | single).items()}


def bring(clerk: Viewer, name: str, *entries: Entry) -> str:
    """Import a statement; its public id."""
    content = one_file(*entries, name=name)
    (kept,) = db.perform(importing.import_statements, clerk, content, "camt.xml", read_statements(content))
    return str(kept.public_id)


def entries_of(statement: str) -> list[str]:
    """Their public ids, in order."""
    with db.reading() as session:
        rows = select(BankEntry.public_id).join(BankStatement).where(BankStatement.public_id == statement)
        return list(session.scalars(rows.order_by(BankEntry.place)))
