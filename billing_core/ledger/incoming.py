"""Money that came in otherwise than by card, and account credit that is used: both are spread over open invoices.

Locks as in `service`: account, invoices by id. Nothing here knows card payments; `payments.booking` does.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import and_, select

from billing_core import clock, db, money
from billing_core.accounts import Account
from billing_core.errors import Invalid
from billing_core.ledger.models import AccountBalance, CreditEntry, CreditNote, IncomingPayment, Invoice
from billing_core.ledger.service import credit_reference, leave_as_credit, lock_invoices, move_balance, take_off
from billing_core.words import mark

BANK_TRANSFER, DIRECT_DEBIT, CHEQUE = "bank_transfer", "direct_debit", "cheque"
METHODS = (BANK_TRANSFER, DIRECT_DEBIT, CHEQUE)
LONGEST_REFERENCE = 140
LONGEST_NOTE = 500
INCOMING, CREDIT, USED, OVERPAYMENT = "incoming", "credit", "used", "overpayment"


class SharesTooLarge(Invalid):
    """More was given to invoices than came in."""

    message = mark("The invoices get more than the amount that came in. Lower one of them.")


class ShareTooLarge(Invalid):
    """An invoice takes at most its balance."""

    message = mark("More than the balance of invoice %(number)s. What is left over becomes account credit by itself.")


class NotOpen(Invalid):
    """An invoice that was to get a share owes nothing in this currency, perhaps since a moment ago."""

    message = mark("One of the invoices is no longer open. Nothing was booked. Look at the shares again.")


@dataclass(frozen=True)
class Money:
    """What came in: amount in smallest units of the account's currency, on a day of value that is not to come.

    `shares` says which invoice, by public id, gets how much; None is the oldest due first.
    """

    method: str
    amount: int
    received_on: date
    reference: str
    note: str = ""
    shares: Mapping[str, int] | None = None


@dataclass(frozen=True)
class Share:
    """How much of it goes to an invoice."""

    invoice: Invoice
    amount: int


@dataclass(frozen=True)
class Spread:
    """What becomes of money: shares of invoices in the order of their due dates; the rest is account credit."""

    shares: Sequence[Share]
    rest: int


def spread(incoming: Money, invoices: Sequence[Invoice]) -> Spread:
    """What would become of the money, given the open invoices. Raises NotOpen, ShareTooLarge and SharesTooLarge."""
    oldest_first = sorted(invoices, key=lambda invoice: (invoice.due_on, invoice.id))
    if incoming.shares is not None:
        return _as_wished(incoming.shares, incoming.amount, oldest_first)
    left, shares = incoming.amount, []
    for invoice in oldest_first:
        taken = min(left, invoice.balance)
        if taken:
            shares.append(Share(invoice, taken))
        left -= taken
    return Spread(shares, left)


def _as_wished(wishes: Mapping[str, int], amount: int, invoices: Sequence[Invoice]) -> Spread:
    if not wishes.keys() <= {invoice.public_id for invoice in invoices}:
        raise NotOpen
    shares = []
    for invoice in invoices:
        share = wishes.get(invoice.public_id, 0)
        if share < 0 or share > invoice.balance:
            raise ShareTooLarge(field=f"share-{invoice.public_id}", number=invoice.number)
        if share:
            shares.append(Share(invoice, share))
    rest = amount - sum(share.amount for share in shares)
    if rest < 0:
        raise SharesTooLarge(field="amount")
    return Spread(shares, rest)


def check_money(incoming: Money, today: date) -> None:
    """Raise Invalid, naming the field, for what cannot be booked; `today` is on the seller's calendar."""
    if incoming.method not in METHODS:
        raise Invalid(mark("Choose how the money came."), field="method")
    if not 0 < incoming.amount <= money.LARGEST:
        raise Invalid(mark("Enter an amount above zero."), field="amount")
    if incoming.received_on > today:
        raise Invalid(mark("The money cannot have come after today."), field="received_on")
    if not incoming.reference.strip() or len(incoming.reference) > LONGEST_REFERENCE:
        raise Invalid(mark("Enter the reference of the bank, or the number of the cheque."), field="reference")
    if len(incoming.note) > LONGEST_NOTE:
        raise Invalid(mark("Please use at most %(max)d characters."), field="note", max=LONGEST_NOTE)


def open_invoices(account_id: int, currency: str) -> list[Invoice]:
    """The account's invoices with a balance in the currency, the oldest due first. One statement."""
    owed = select(Invoice).where(Invoice.account_id == account_id, Invoice.currency == currency, Invoice.balance > 0)
    return list(db.session().scalars(owed.order_by(Invoice.due_on, Invoice.id)))


def put_down(account: Account, incoming: Money, clerk_id: int, form_key: str) -> tuple[IncomingPayment, Spread]:
    """Book the money of a locked account, whose open invoices are locked here. Raises what `spread` raises."""
    currency = account.currency
    invoices = lock_invoices([invoice.id for invoice in open_invoices(account.id, currency)])
    done = spread(incoming, invoices)
    booked = IncomingPayment(
        public_id=db.public_id("inc"), account_id=account.id, method=incoming.method, amount=incoming.amount,
        currency=currency, received_on=incoming.received_on, reference=incoming.reference.strip(),
        note=incoming.note.strip(), booked_by=clerk_id, form_key=form_key, booked_at=clock.now(),
    )  # fmt: skip
    db.session().add(booked)
    db.session().flush()
    for share in done.shares:
        take_off(share.invoice, share.amount, INCOMING, booked.public_id)
    if done.rest:
        leave_as_credit(account.id, currency, done.rest, OVERPAYMENT, booked.public_id)
    db.session().flush()
    move_balance(account.id, currency, opened=done.rest - incoming.amount, credited=done.rest)
    return booked, done


def credit_of(account_id: int, currency: str) -> int:
    """The account's credit that no invoice has used. One statement."""
    kept = select(AccountBalance.credit).where(
        AccountBalance.account_id == account_id, AccountBalance.currency == currency
    )
    return db.session().scalar(kept) or 0


def sendable_credit(account_id: int, currency: str) -> int:
    """The part of the account's credit that may be sent back: none that came from proration (domain.md 5).

    What invoices used came off proration's part first, so that money stays sendable as long as can be. One statement.
    """
    ours = (CreditEntry.account_id == account_id, CreditEntry.currency == currency)
    noted = and_(CreditEntry.kind == "credit_note", CreditNote.public_id == CreditEntry.reference)
    rows = select(CreditEntry.amount, CreditNote.stays_credit).outerjoin(CreditNote, noted).where(*ours)
    prorated = money_left = 0
    for amount, stays in db.session().execute(rows.order_by(CreditEntry.id)):
        if stays:
            prorated += amount
        elif amount >= 0:
            money_left += amount
        else:
            taken = min(prorated, -amount)
            prorated, money_left = prorated - taken, money_left + amount + taken
    return max(money_left, 0)


def use(invoice: Invoice, amount: int, reference: str) -> None:
    """Take account credit off a locked invoice of a locked account; the caller has checked that both are enough."""
    take_off(invoice, amount, CREDIT, reference)
    leave_as_credit(invoice.account_id, invoice.currency, -amount, USED, credit_reference(invoice, reference))
    db.session().flush()
    move_balance(invoice.account_id, invoice.currency, opened=-amount, credited=-amount)
