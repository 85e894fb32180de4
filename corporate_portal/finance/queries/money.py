"""What finance reads about an account's money: balances by account, what is open, and what came in."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger import incoming as ledger
from billing_core.ledger import queries as kept
from billing_core.ledger.models import AccountBalance, IncomingPayment, Invoice
from billing_core.payments import booking
from billing_core.payments.models import Payment
from billing_core.payments.queries import disputed_among, under_way_on
from billing_core.permissions import Viewer
from corporate_portal.finance.queries.refunds import card_payments_of

MOST_ROWS = 100
"""Rows of one list: beyond that a search is quicker."""


@dataclass(frozen=True)
class Owing:
    """An account with what it owes and has left, in one currency."""

    account: Account
    balance: AccountBalance


@dataclass(frozen=True)
class AccountMoney:
    """Everything that finance sees of one account."""

    account: Account
    balances: Sequence[AccountBalance]
    invoices: Sequence[Invoice]
    """With a balance in the account's currency, the oldest due first."""
    waiting: set[int]
    """Invoices with a card payment under way."""
    disputed: set[int]
    """Invoices about which the bank has not decided."""
    incoming: Sequence[IncomingPayment]
    """The newest first, with the clerk."""
    cards: Sequence[Payment]
    """Card payments that brought money, the newest first."""
    today: date
    """On the seller's calendar."""

    @property
    def credit(self) -> int:
        """What is left over in the account's currency."""
        return sum(kept.credit for kept in self.balances if kept.currency == self.account.currency)


def owing(search: str) -> tuple[list[Owing], bool]:
    """Accounts with money open or left, the largest sums first; by name where one is searched. One statement."""
    rows = select(Account, AccountBalance).join(AccountBalance, AccountBalance.account_id == Account.id)
    wanted = db.searchable(search)
    if wanted:
        found = or_(Account.name_folded.contains(wanted, autoescape=True), Account.number == wanted.upper())
        rows = rows.where(found).order_by(Account.name_folded, Account.id, AccountBalance.currency)
    else:
        rows = rows.where(or_(AccountBalance.open > 0, AccountBalance.credit > 0))
        rows = rows.order_by(AccountBalance.open.desc(), Account.id)
    got = db.session().execute(rows.limit(MOST_ROWS + 1)).all()
    return [Owing(account, balance) for account, balance in got[:MOST_ROWS]], len(got) > MOST_ROWS


def money_of(viewer: Viewer, public_id: str) -> AccountMoney:
    """One account's money. Seven statements. Raises NotAllowed and NotFound."""
    account = booking.account_for_finance(viewer, public_id)
    invoices = ledger.open_invoices(account.id, account.currency)
    came = select(IncomingPayment).where(IncomingPayment.account_id == account.id)
    with_clerk = came.options(joinedload(IncomingPayment.clerk), joinedload(IncomingPayment.returned))
    newest = with_clerk.order_by(IncomingPayment.id.desc()).limit(MOST_ROWS)
    ids = [invoice.id for invoice in invoices]
    return AccountMoney(
        account, kept.balances_of([account.id]), invoices, under_way_on(ids), disputed_among(ids),
        db.session().scalars(newest).all(), card_payments_of(account.id), clock.today(account.seller.timezone),
    )  # fmt: skip


def account_of(invoice: Invoice) -> Account:
    """The account of an invoice. One statement."""
    return db.session().get_one(Account, invoice.account_id)
