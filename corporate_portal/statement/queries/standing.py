"""Where an account stands now: balances, and what is due when."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import case, func, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import NotAllowed, NotFound
from billing_core.ledger.models import AccountBalance, Invoice
from billing_core.payments.models import Payment, PaymentTarget
from billing_core.permissions import Viewer
from corporate_portal.statement.books.entries import Period
from corporate_portal.statement.books.movements import Scope, extent_of
from corporate_portal.statement.models import Statement

BUCKETS = ("past-due", "week", "month", "two-months", "later")
"""When something is due: before today, within 7 days, 8 to 30, 31 to 60, or later."""
_LAST_DAYS = (-1, 7, 30, 60)


@dataclass(frozen=True)
class Due:
    """What is due in one of BUCKETS: how many invoices, and their open balances."""

    bucket: str
    count: int
    amount: int
    part: int
    """How long its bar is, of 100; the longest is 100."""


@dataclass(frozen=True)
class Standing:
    """Where the account stands in one currency. Amounts are smallest units."""

    currency: str
    open: int
    credit: int
    by_card: int
    """Of what is open, what card payments under way hold."""
    due: Sequence[Due]

    @property
    def balance(self) -> int:
        """What is open less the account credit: what a statement that ends today closes with."""
        return self.open - self.credit

    @property
    def past_due(self) -> int:
        """Open although the due date has passed."""
        return self.due[0].amount

    @property
    def to_transfer(self) -> int:
        """What is open and not about to be paid by card."""
        return max(self.open - self.by_card, 0)

    @property
    def is_settled(self) -> bool:
        """Nothing is open."""
        return self.open == 0


def account_in(viewer: Viewer) -> Account:
    """The viewer's chosen account, with its seller. One statement. Raises NotAllowed where there is none."""
    if viewer.current is None or not viewer.current.is_contact:
        raise NotAllowed
    chosen = select(Account).where(Account.id == viewer.current.account_id).options(joinedload(Account.seller))
    return db.session().scalars(chosen).one()


def currencies_of(account: Account) -> list[str]:
    """The currencies in which the account has a balance or had one, its own first. One statement."""
    kept = select(AccountBalance.currency).where(AccountBalance.account_id == account.id)
    others = sorted(set(db.session().scalars(kept)) - {account.currency})
    return [account.currency, *others]


def standing_of(account: Account, currency: str) -> Standing:
    """Three statements."""
    own = (AccountBalance.account_id == account.id, AccountBalance.currency == currency)
    kept = db.session().scalar(select(AccountBalance).where(*own))
    held = (
        select(func.coalesce(func.sum(PaymentTarget.amount), 0))
        .join(Payment)
        .where(Payment.account_id == account.id, Payment.currency == currency, PaymentTarget.holds)
    )
    by_card = int(db.session().scalar(held) or 0)
    due = _due(account, currency, clock.today(account.seller.timezone))
    return Standing(currency, kept.open if kept else 0, kept.credit if kept else 0, by_card, due)


def _due(account: Account, currency: str, today: date) -> list[Due]:
    ends = [(Invoice.due_on <= today + timedelta(days=days)) for days in _LAST_DAYS]
    bucket = case(*zip(ends, BUCKETS[:-1], strict=True), else_=BUCKETS[-1]).label("bucket")
    owed = select(bucket, func.count(), func.sum(Invoice.balance)).where(
        Invoice.account_id == account.id, Invoice.currency == currency, Invoice.balance > 0
    )
    found = {name: (count, int(amount)) for name, count, amount in db.session().execute(owed.group_by("bucket"))}
    most = max((amount for _count, amount in found.values()), default=0)
    rows = [(name, *found.get(name, (0, 0))) for name in BUCKETS]
    return [Due(name, count, amount, _part(amount, most)) for name, count, amount in rows]


def _part(amount: int, most: int) -> int:
    """At least 1 where anything is there, so that it can be seen."""
    return max(1, amount * 100 // most) if amount else 0


def scope_of(account: Account, currency: str, period: Period) -> Scope:
    """What a statement reads now. One statement. Raises NotFound for a currency that the account never had."""
    if currency not in currencies_of(account):
        raise NotFound
    return Scope(account.id, currency, account.seller.timezone, period, extent_of(account.id))


def statement_of(viewer: Viewer, public_id: str) -> Statement:
    """A statement of one of the viewer's accounts. One statement. Raises NotFound."""
    mine = Statement.account_id.in_(sorted(viewer.account_ids))
    found = db.session().scalar(select(Statement).where(Statement.public_id == public_id, mine))
    if found is None:
        raise NotFound
    return found
