"""What is open, from the kept balances: no sum is taken over invoices when a page is shown. What became of credits."""

from collections.abc import Collection
from dataclasses import dataclass

from sqlalchemy import func, or_, select

from billing_core import db
from billing_core.ledger.models import AccountBalance, Allocation


def balances_of(account_ids: Collection[int]) -> list[AccountBalance]:
    """The balances of the accounts that have money open or credit left, by currency. One statement."""
    kept = select(AccountBalance).where(
        AccountBalance.account_id.in_(account_ids), or_(AccountBalance.open > 0, AccountBalance.credit > 0)
    )
    return list(db.session().scalars(kept.order_by(AccountBalance.currency, AccountBalance.account_id)))


@dataclass(frozen=True)
class CreditUse:
    """What became of a credit note: taken off an invoice's balance, and left to the account as credit."""

    allocated: int
    left: int


def credit_use(public_id: str, total: int) -> CreditUse:
    """Of the credit note with this id and total. One statement."""
    taken = select(func.coalesce(func.sum(Allocation.amount), 0)).where(
        Allocation.kind == "credit_note", Allocation.reference == public_id
    )
    allocated = int(db.session().scalar(taken) or 0)
    return CreditUse(allocated, total - allocated)
