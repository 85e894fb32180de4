"""What the Subscriptions page shows of the viewer's own online account."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import db
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.ledger.models import AccountBalance
from billing_core.permissions import Viewer
from billing_core.subscriptions.models import Subscription


def account(viewer: Viewer) -> Account:
    """The chosen account. Raises NotFound unless it is an online one and the viewer is its billing contact."""
    if viewer.current is None or not viewer.current.is_contact or viewer.current.account_kind != "online":
        raise NotFound
    return db.session().get_one(Account, viewer.current.account_id)


def subscriptions(of: Account) -> list[Subscription]:
    """Subscriptions with their products, but for trials that were subscribed to: those that run longest first."""
    theirs = (Subscription.account_id == of.id, Subscription.ended_on.is_(None))
    own = select(Subscription).where(*theirs).options(joinedload(Subscription.product))
    return list(db.session().scalars(own.order_by(Subscription.period_end.desc(), Subscription.id)))


def credit_balances(of: Account) -> list[AccountBalance]:
    """The account's credit in each currency that has some."""
    rows = select(AccountBalance).where(AccountBalance.account_id == of.id, AccountBalance.credit > 0)
    return list(db.session().scalars(rows.order_by(AccountBalance.currency)))
