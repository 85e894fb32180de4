"""What is asked between review and confirmation: purchase order, administrator, way to pay.

The pages ask here while the way is walked, and the verbs again when the account is locked.
"""

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db, templating
from billing_core.accounts import Account, follows_pattern
from billing_core.errors import Invalid
from billing_core.mail.service import is_address
from billing_core.people import Membership, Person
from billing_core.permissions import Right, Viewer
from billing_core.words import mark
from corporate_portal.profile.queries import KeptOrder, kept_order
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.content import LONGEST_PO, PAYMENTS, AdminContact

LONGEST_NAME, LONGEST_EMAIL = 120, 254


@dataclass(frozen=True)
class PurchaseOrderSaid:
    """A purchase order as the order will carry it; `kept` where the account keeps the number."""

    number: str
    expires_on: date | None
    kept: KeptOrder | None = None

    def exceeded_by(self, version: QuoteVersion) -> int | None:
        """What is left of its budget, where the version bills more than that: a warning, no refusal. None otherwise."""
        left = self.kept.left if self.kept else None
        return left if left is not None and billed_in_budget(version) > left else None


def billed_in_budget(version: QuoteVersion) -> int:
    """What the acceptance invoices, gross; zero in another currency than the account's, in which budgets are kept."""
    if version.quote.currency != version.quote.account.currency:
        return 0
    return sum(row.net + row.tax for row in version.taxes if row.net > 0)


def check_purchase_order(account: Account, text: str, expires_on: date | None = None) -> PurchaseOrderSaid:
    """The purchase order as it will be printed. A number that the account keeps has its own last day.

    Raises Invalid by the account's rules: required, its pattern, expired or closed.
    """
    number = check_po_number(account, text)
    if not number:
        if expires_on is not None:
            raise Invalid(mark("Enter the number that this date belongs to."), field="po_number")
        return PurchaseOrderSaid("", None)
    kept = kept_order(account, number)
    if kept is not None and kept.kept.closed_at is not None:
        raise Invalid(mark("%(number)s has been closed in your profile. Choose another."), "po_number", number=number)
    if kept is not None and kept.kept.expires_on is not None:
        expires_on = kept.kept.expires_on
    if expires_on is not None and expires_on < clock.today(account.timezone):
        field = "po_number" if kept and kept.has_expired else "po_expires_on"
        sentence = mark("This purchase order expired on %(day)s. Choose one that is still valid.")
        raise Invalid(sentence, field, day=templating.day(expires_on))
    return PurchaseOrderSaid(number, expires_on, kept)


def check_po_number(account: Account, text: str) -> str:
    """The purchase order number as it will be printed. Raises Invalid by the account's rule."""
    number = text.strip()
    if not number and account.po_required:
        sentence = mark("Enter the purchase order number: %(company)s requires one.")
        raise Invalid(sentence, field="po_number", company=account.name)
    if len(number) > LONGEST_PO or not number.isprintable():
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="po_number", most=LONGEST_PO)
    if number and not follows_pattern(number, account.po_pattern):
        sentence = mark("The number has to look like %(pattern)s: # is a digit, @ a letter, * anything further.")
        raise Invalid(sentence, field="po_number", pattern=account.po_pattern)
    return number


def check_payment(viewer: Viewer, account: Account, payment: str) -> str:
    """How the first invoice is going to be paid. Raises Invalid where the contact may not pay."""
    if payment not in PAYMENTS or (payment == "card" and not viewer.may(Right.PAY, account.id)):
        raise Invalid(mark("Choose one of the ways to pay."), field="payment")
    return payment


def members_of(account_id: int) -> list[Person]:
    """The active people of the account by name: who can be made its administrator."""
    rows = select(Membership).where(Membership.account_id == account_id).options(joinedload(Membership.person))
    people = [member.person for member in db.session().scalars(rows) if member.person.is_active]
    return sorted(people, key=lambda person: (db.folded(person.name), person.id))


def check_admin(account: Account, admin: AdminContact | None) -> AdminContact | None:
    """The chosen administrator, None for nobody: a member, or name and e-mail of somebody new.

    Raises Invalid for somebody who is no member, for half an entry, and for an address that no mail reaches.
    """
    if admin is None or not (admin.member or admin.name.strip() or admin.email.strip()):
        return None
    if admin.member and (admin.name.strip() or admin.email.strip()):
        raise Invalid(mark("Choose somebody from the list or enter a new person, not both."), field="admin_member")
    if admin.member:
        if all(person.public_id != admin.member for person in members_of(account.id)):
            raise Invalid(mark("Choose one of the people of your account."), field="admin_member")
        return AdminContact(member=admin.member)
    name, email = " ".join(admin.name.split()), admin.email.strip()
    if not name or len(name) > LONGEST_NAME or not name.isprintable():
        raise Invalid(mark("Enter the name of the administrator."), field="admin_name")
    if len(email) > LONGEST_EMAIL or not is_address(email):
        raise Invalid(mark("Enter an e-mail address, for example name@company.com."), field="admin_email")
    return AdminContact(name=name, email=email)


def admin_person(account: Account, admin: AdminContact | None) -> Person | None:
    """Who that is: the member with the address in any case, or a new member without any sign-in. Locked account."""
    chosen = check_admin(account, admin)
    if chosen is None:
        return None
    members = members_of(account.id)
    for person in members:
        if person.public_id == chosen.member or (chosen.email and db.folded(person.email) == db.folded(chosen.email)):
            return person
    public_id = db.public_id("per")
    person = Person(
        public_id=public_id, source="portal", external_id=public_id, name=chosen.name, email=chosen.email,
        locale=account.locale,
    )  # fmt: skip
    db.session().add(person)
    db.session().flush()
    db.session().add(Membership(person_id=person.id, account_id=account.id))
    db.session().flush()
    return person
