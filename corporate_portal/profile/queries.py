"""What the profile shows."""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, func, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account, PurchaseOrder
from billing_core.credentials.identifiers import identifiers_of
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Viewer


def user_ids(viewer: Viewer) -> list[str]:
    """Everything that the viewer can sign in with, as it is written."""
    return [identifier.shown for identifier in identifiers_of(viewer.person_id)]


def account_of(viewer: Viewer, public_id: str) -> Account:
    """One of the viewer's accounts. Raises NotFound for any other."""
    return _found(db.session().scalar(_mine(viewer, public_id)))


def account_by_id(viewer: Viewer, account_id: int) -> Account:
    """As account_of, by its own id."""
    mine = select(Account).where(Account.id == account_id, Account.id.in_(viewer.account_ids))
    return _found(db.session().scalar(mine))


def account_for_update(viewer: Viewer, public_id: str) -> Account:
    """As account_of, locked."""
    return _found(db.session().scalar(_mine(viewer, public_id).with_for_update(of=Account)))


def _mine(viewer: Viewer, public_id: str) -> Select[Account]:
    mine = select(Account).where(Account.public_id == public_id, Account.id.in_(viewer.account_ids))
    return mine.options(joinedload(Account.seller))


def _found(account: Account | None) -> Account:
    if account is None:
        raise NotFound
    return account


def colleagues(viewer: Viewer, account: Account) -> list[BillingContact]:
    """The billing contacts of an account of the viewer's, the primary one first."""
    return contacts_of(account.id) if account.id in viewer.account_ids else []


@dataclass(frozen=True)
class KeptOrder:
    """A purchase order number that the account keeps, with what its invoices have used up of the budget, gross."""

    kept: PurchaseOrder
    spent: int
    today: date

    @property
    def has_expired(self) -> bool:
        """Its last day has passed on the account's calendar."""
        return self.kept.expires_on is not None and self.kept.expires_on < self.today

    @property
    def is_usable(self) -> bool:
        """Offered for new orders."""
        return self.kept.closed_at is None and not self.has_expired

    @property
    def left(self) -> int | None:
        """What is left of the budget, never below zero; None without one."""
        return None if self.kept.budget is None else max(self.kept.budget - self.spent, 0)


def purchase_orders(account: Account) -> list[KeptOrder]:
    """The numbers that the account keeps, those that can be used first. Two statements."""
    rows = select(PurchaseOrder).where(PurchaseOrder.account_id == account.id).order_by(PurchaseOrder.number)
    spent, today = _spent(account), clock.today(account.timezone)
    found = [KeptOrder(row, spent.get(row.number, 0), today) for row in db.session().scalars(rows)]
    return sorted(found, key=lambda order: not order.is_usable)


def kept_order(account: Account, number: str) -> KeptOrder | None:
    """The kept number; None where the account does not keep this one."""
    return next((order for order in purchase_orders(account) if order.kept.number == number), None)


def _spent(account: Account) -> dict[str, int]:
    """Gross of the invoices of accepted quotes under each number, in the account's currency."""
    issued = select(Invoice.po_number, func.sum(Invoice.total)).where(
        Invoice.account_id == account.id,
        Invoice.currency == account.currency,
        Invoice.po_number != "",
        Invoice.quote_number != "",
    )
    return {number: int(total) for number, total in db.session().execute(issued.group_by(Invoice.po_number))}
