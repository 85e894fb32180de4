"""What finance reads about bank statements: entries with what is proposed for each, and customers to choose by hand."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from sqlalchemy import or_, select

from billing_core import db, numbering
from billing_core.accounts import Account
from billing_core.bank import queries as kept
from billing_core.bank.importing import sellers_of
from billing_core.bank.matching import Proposal, propose, spread_oldest_first, twin_of
from billing_core.bank.models import UNMATCHED, BankEntry, BankStatement
from billing_core.bank.queries import Waiting
from billing_core.bank.returning import ReturnProposal, propose_returns
from billing_core.db.keyset import Slice
from billing_core.errors import NotFound
from billing_core.ledger.incoming import Spread, open_invoices
from billing_core.ledger.models import IncomingPayment, Invoice
from billing_core.payments.booking import account_for_finance
from billing_core.permissions import Viewer

MOST_ACCOUNTS = 20
SHOWN = ("waiting", "booked", "dismissed", "all")
"""What a statement's page can be narrowed to; the first is what it shows unasked."""


@dataclass(frozen=True)
class Entries:
    """A page of entries with what is proposed for each."""

    rows: Slice[BankEntry]
    proposals: Mapping[int, Sequence[Proposal]]
    returns: Mapping[int, ReturnProposal]

    def best(self, entry: BankEntry) -> Proposal | None:
        """The likeliest proposal."""
        return next(iter(self.proposals.get(entry.id, ())), None)

    @property
    def certain(self) -> list[tuple[BankEntry, Proposal]]:
        """What can be booked in one go."""
        found = [(entry, self.best(entry)) for entry in self.rows.rows]
        return [(entry, best) for entry, best in found if best is not None and best.is_certain]

    @property
    def of_no_concern(self) -> list[BankEntry]:
        """Money that went out and touches no booking, as far as can be seen."""
        return [
            entry for entry in self.rows.rows
            if entry.state == UNMATCHED and not (entry.is_credit or entry.looks_returned or entry.id in self.returns)
        ]  # fmt: skip


@dataclass(frozen=True)
class StatementAtDesk:
    """A statement with a page of its entries."""

    statement: BankStatement
    entries: Entries
    numbers: Mapping[str, int]
    """How many there are of each of SHOWN."""
    before: BankStatement | None
    show: str

    @property
    def has_gap(self) -> bool:
        """The statement before ended with another balance than this one begins with: one may be missing."""
        return self.before is not None and self.before.closing != self.statement.opening


@dataclass(frozen=True)
class EntryAtDesk:
    """An entry with all that finance needs to decide about it."""

    entry: BankEntry
    proposals: Sequence[Proposal]
    return_proposal: ReturnProposal | None
    can_work_again: bool


@dataclass(frozen=True)
class ByHand:
    """A customer whom finance chose, what is open, where the money would go, and a booking that may be the same."""

    account: Account
    invoices: Sequence[Invoice]
    spread: Spread
    twin: IncomingPayment | None


def statements(viewer: Viewer, after: str, before: str) -> tuple[Slice[BankStatement], dict[int, int]]:
    """A page of statements, and how many entries of each wait. Two statements."""
    rows = kept.statements_page(viewer, after, before)
    return rows, kept.waiting_in([statement.id for statement in rows.rows])


def statement_of(viewer: Viewer, public_id: str, show: str, after: str, before: str) -> StatementAtDesk:
    """One statement. Raises NotAllowed and NotFound."""
    statement = kept.statement_named(viewer, public_id)
    show = show if show in SHOWN else SHOWN[0]
    rows = kept.entries_page(statement, show, after, before)
    numbers, before_it = kept.numbers_by_state(statement), kept.statement_before(statement)
    return StatementAtDesk(statement, _with_proposals(rows), numbers, before_it, show)


def unmatched(viewer: Viewer, after: str, before: str) -> tuple[Entries, list[Waiting]]:
    """What waits of all statements, and its sums by currency."""
    return _with_proposals(kept.waiting_page(viewer, after, before)), kept.waiting_sums(viewer)


def _with_proposals(rows: Slice[BankEntry]) -> Entries:
    return Entries(rows, propose(rows.rows), propose_returns(rows.rows))


def entry_of(viewer: Viewer, public_id: str) -> EntryAtDesk:
    """One entry. Raises NotAllowed and NotFound."""
    entry = kept.entry_named(viewer, public_id)
    undone = entry.incoming is not None and entry.incoming.returned is not None
    again = undone and not kept.is_taken_back_by_bank(entry)
    return EntryAtDesk(entry, propose([entry]).get(entry.id, []), propose_returns([entry]).get(entry.id), again)


def by_hand(viewer: Viewer, entry: BankEntry, account_id: str) -> ByHand | None:
    """A customer of this bank account's sellers who is billed in its currency; none for anybody else."""
    try:
        account = account_for_finance(viewer, account_id)
    except NotFound:
        return None
    if account.currency != entry.currency or account.seller_id not in _sellers(entry):
        return None
    invoices = open_invoices(account.id, entry.currency)
    spread = spread_oldest_first(entry.amount, invoices, entry)
    return ByHand(account, invoices, spread, twin_of(entry, account.id))


def accounts_for(entry: BankEntry, search: str) -> Sequence[Account]:
    """Customers by name, customer number or invoice number for whom the money could be booked. Two statements."""
    wanted = db.searchable(search)
    if not wanted:
        return []
    by_invoice = select(Invoice.account_id).where(Invoice.number_plain == numbering.plain(search))
    named = Account.name_folded.contains(wanted, autoescape=True)
    found = select(Account).where(
        or_(named, Account.number == wanted.upper(), Account.id.in_(by_invoice)),
        Account.currency == entry.currency, Account.seller_id.in_(_sellers(entry)),
    )  # fmt: skip
    return db.session().scalars(found.order_by(Account.name_folded, Account.id).limit(MOST_ACCOUNTS)).all()


def _sellers(entry: BankEntry) -> set[int]:
    return {seller.id for seller in sellers_of(entry.statement.iban)}
