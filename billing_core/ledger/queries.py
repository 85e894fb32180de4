"""What is open, from the kept balances: no sum is taken over invoices when a page is shown."""

from collections.abc import Collection

from sqlalchemy import or_, select

from billing_core import db
from billing_core.ledger.models import AccountBalance


def balances_of(account_ids: Collection[int]) -> list[AccountBalance]:
    """The balances of the accounts that have money open or credit left, by currency. One statement."""
    kept = select(AccountBalance).where(
        AccountBalance.account_id.in_(account_ids), or_(AccountBalance.open > 0, AccountBalance.credit > 0)
    )
    return list(db.session().scalars(kept.order_by(AccountBalance.currency, AccountBalance.account_id)))
