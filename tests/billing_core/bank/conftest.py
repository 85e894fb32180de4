"""Finance with a bank statement, and customers who owe something."""

from dataclasses import dataclass
from datetime import timedelta

import pytest
from sqlalchemy import select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.bank import importing, service
from billing_core.bank.camt import read_statements
from billing_core.bank.matching import Proposal, propose
from billing_core.bank.models import BankEntry, BankStatement
from billing_core.bank.queries import entry_named
from billing_core.bank.returning import ReturnProposal, propose_returns
from billing_core.ledger.models import AccountBalance, IncomingPayment, Invoice
from billing_core.permissions import Realm, Viewer
from tests.factories import core, ledger
from tests.factories.camt import Entry, one_file


@dataclass(frozen=True)
class Bank:
    """What a clerk does with statements."""

    clerk: Viewer

    def take(self, content: bytes, who: Viewer | None = None) -> list[BankStatement]:
        """Import a file."""
        read = read_statements(content)
        return db.perform(importing.import_statements, who or self.clerk, content, "camt.xml", read)

    def bring(self, *entries: Entry, **of_statement: str) -> list[BankEntry]:
        """Import one statement; its entries."""
        (statement,) = self.take(one_file(*entries, **of_statement))
        with db.reading() as session:
            mine = select(BankEntry.public_id).where(BankEntry.statement_id == statement.id).order_by(BankEntry.place)
            return [entry_named(self.clerk, one) for one in session.scalars(mine)]

    def again(self, entry: BankEntry) -> BankEntry:
        """The entry as it is now."""
        with db.reading():
            return entry_named(self.clerk, entry.public_id)

    def proposals(self, entry: BankEntry) -> list[Proposal]:
        """What is proposed now."""
        with db.reading():
            return propose([self.again(entry)]).get(entry.id, [])

    def proposal(self, entry: BankEntry) -> Proposal:
        """The only one."""
        (found,) = self.proposals(entry)
        return found

    def return_proposal(self, entry: BankEntry) -> ReturnProposal | None:
        """What the debit would undo."""
        with db.reading():
            return propose_returns([self.again(entry)]).get(entry.id)

    def accept(self, entry: BankEntry, who: Viewer | None = None, *, certain: bool = False) -> BankEntry:
        """As proposed now."""
        seen = self.proposal(entry).seen
        return db.perform(service.accept_proposal, who or self.clerk, entry.public_id, seen, certain=certain)


@pytest.fixture
def bank(database: object) -> Bank:
    """Finance at the desk."""
    return Bank(another_clerk())


@pytest.fixture
def account(database: object) -> Account:
    """Billed in EUR."""
    return core.account(name="Lindner AG", name_folded="lindner ag")


def another_clerk() -> Viewer:
    """Somebody else of finance."""
    return core.viewer(core.staff("finance"), Realm.DESK)


def owed(account: Account, total: int, days: int = 30, **changes: object) -> Invoice:
    """An invoice that is due in so many days."""
    return ledger.invoice(account, total, due_on=clock.today("Europe/Berlin") + timedelta(days=days), **changes)


def came() -> list[IncomingPayment]:
    """All that was booked."""
    with db.reading() as session:
        return list(session.scalars(select(IncomingPayment).order_by(IncomingPayment.id)))


def kept(account: Account) -> tuple[int, int]:
    """Open and credit, as they are kept."""
    with db.reading() as session:
        found = session.get(AccountBalance, (account.id, account.currency))
        return (found.open, found.credit) if found else (0, 0)
