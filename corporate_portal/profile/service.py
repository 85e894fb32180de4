"""Changes that a contact makes to the billing details of an account."""

import hashlib
import json
from dataclasses import asdict, dataclass
from datetime import date

from sqlalchemy import select

from billing_core import audit, clock, db, money
from billing_core.accounts import Account, PurchaseOrder, follows_pattern
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.people import contacts_of
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.profile import mails, policy, queries


class BillToChanged(Refusal):
    """The address is no longer the one that the viewer saw."""

    message = mark("Someone has changed this address in the meantime. Look at it as it is now before you change it.")


@dataclass(frozen=True)
class BillTo:
    """Where invoices are addressed to. The country is not part of it: it decides tax, so the vendor changes it."""

    street: str
    postal_code: str
    city: str
    phone: str

    @classmethod
    def of(cls, account: Account) -> "BillTo":
        """What stands in the account now."""
        return cls(account.street, account.postal_code, account.city, account.phone)

    @property
    def lines(self) -> list[str]:
        """As read by a person; empty parts left out."""
        return [line for line in (self.street, f"{self.postal_code} {self.city}", self.phone) if line.strip()]

    @property
    def digest(self) -> str:
        """Stands in the form, so that a change made by someone else meanwhile is noticed."""
        return hashlib.sha256(json.dumps(asdict(self)).encode()).hexdigest()


def change_bill_to(viewer: Viewer, account_public_id: str, bill_to: BillTo, seen: str) -> bool:
    """Address and phone on future documents; what was issued stays as it is. Whether anything changed.

    `seen` is the digest of what the viewer saw. Every billing contact of the account is told. Raises NotFound,
    NotAllowed and BillToChanged.
    """
    account = queries.account_for_update(viewer, account_public_id)
    if not policy.may_change_bill_to(viewer, account.id):
        raise NotAllowed
    before = BillTo.of(account)
    if before == bill_to:
        return False
    if before.digest != seen:
        raise BillToChanged
    for part, value in asdict(bill_to).items():
        setattr(account, part, value)
    audit.record(
        viewer.actor,
        "account.bill-to-changed",
        account.public_id,
        account.id,
        before=asdict(before),
        after=asdict(bill_to),
    )
    for contact in contacts_of(account.id):
        mails.bill_to_changed(account, before.lines, bill_to.lines, viewer, contact)
    return True


def keep_purchase_order(
    viewer: Viewer, account_public_id: str, number: str, expires_on: date | None, budget: int | None
) -> PurchaseOrder:
    """Keep a purchase order number for the account, to be chosen with later orders. A closed one is opened again.

    `budget` is gross, in smallest units of the account's currency. The same entry sent twice is kept once. Raises
    NotFound, NotAllowed, and Invalid by field.
    """
    account = queries.account_for_update(viewer, account_public_id)
    if not policy.may_keep_orders(viewer, account.id):
        raise NotAllowed
    number = number.strip()
    _check_order(account, number, expires_on, budget)
    known = select(PurchaseOrder).where(PurchaseOrder.account_id == account.id, PurchaseOrder.number == number)
    kept = db.session().scalar(known)
    if kept is not None and kept.closed_at is None:
        if (kept.expires_on, kept.budget) == (expires_on, budget):
            return kept
        raise Invalid(mark("This number is kept already. Close it first to enter it anew."), field="number")
    if kept is None:
        kept = PurchaseOrder(
            public_id=db.public_id("po"), account_id=account.id, number=number, created_at=clock.now()
        )  # fmt: skip
        db.session().add(kept)
    kept.expires_on, kept.budget, kept.closed_at = expires_on, budget, None
    db.session().flush()
    audit.record(
        viewer.actor, "purchase-order.kept", kept.public_id, account.id, number=number, budget=budget,
        expires_on=expires_on.isoformat() if expires_on else None,
    )  # fmt: skip
    return kept


def _check_order(account: Account, number: str, expires_on: date | None, budget: int | None) -> None:
    if not number or len(number) > 100 or not number.isprintable():
        raise Invalid(mark("Enter the purchase order number."), field="number")
    if not follows_pattern(number, account.po_pattern):
        sentence = mark("The number has to look like %(pattern)s: # is a digit, @ a letter, * anything further.")
        raise Invalid(sentence, field="number", pattern=account.po_pattern)
    if expires_on is not None and expires_on < clock.today(account.timezone):
        raise Invalid(mark("This day has passed. Enter the last day on which the number may be used."), "expires_on")
    if budget is not None and not 0 < budget <= money.LARGEST:
        raise Invalid(mark("Enter a budget above zero, or leave it empty."), field="budget")


def close_purchase_order(viewer: Viewer, public_id: str) -> PurchaseOrder:
    """Offer the number no longer; what was ordered under it stays. Closing twice is harmless.

    Raises NotFound for any other account's, and NotAllowed.
    """
    mine = PurchaseOrder.account_id.in_(sorted(viewer.account_ids))
    found = select(PurchaseOrder).where(PurchaseOrder.public_id == public_id, mine)
    account_id = db.session().scalar(found.with_only_columns(PurchaseOrder.account_id))
    if account_id is None:
        raise NotFound
    db.session().execute(select(Account.id).where(Account.id == account_id).with_for_update(key_share=True))
    kept = db.session().scalars(found.execution_options(populate_existing=True)).one()
    if not policy.may_keep_orders(viewer, kept.account_id):
        raise NotAllowed
    if kept.closed_at is None:
        kept.closed_at = clock.now()
        audit.record(viewer.actor, "purchase-order.closed", kept.public_id, kept.account_id, number=kept.number)
    return kept
