"""Changes that a contact makes to the billing details of an account."""

import hashlib
import json
from dataclasses import asdict, dataclass

from billing_core import audit
from billing_core.accounts import Account
from billing_core.errors import NotAllowed, Refusal
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
