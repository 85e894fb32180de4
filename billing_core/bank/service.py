"""What finance does with an entry: book it as whose money it is, say that it is a booking of before, or dismiss it.

Each function is one verb for `db.perform`. The entry is locked first, then what booking locks: account and invoices. So
an entry is booked once, however many clerks press at the same moment.
"""

from collections.abc import Collection, Mapping
from datetime import date
from typing import Any

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.bank.importing import sellers_of
from billing_core.bank.matching import propose
from billing_core.bank.models import BOOKED, DISMISSED, UNMATCHED, BankEntry, BankStatement
from billing_core.bank.refusals import (
    EntryDecided,
    NotDismissed,
    NotThisBooking,
    OtherCurrency,
    OtherSeller,
    StaleProposal,
)
from billing_core.bank.returning import propose_returns
from billing_core.errors import Invalid, NotFound
from billing_core.ledger.incoming import LONGEST_REFERENCE, Money
from billing_core.ledger.models import IncomingPayment, IncomingReturn
from billing_core.ledger.service import lock_account
from billing_core.payments import booking
from billing_core.permissions import Viewer, demand_staff
from billing_core.sellers.models import Seller
from billing_core.words import mark

LONGEST_NOTE = 300


def accept_proposal(viewer: Viewer, entry_id: str, seen: str, *, certain: bool = False) -> BankEntry:
    """Book the entry as the page proposed; `seen` is `Proposal.seen`, and with `certain` it must (still) be certain.

    Raises NotAllowed, NotFound, EntryDecided, StaleProposal, and what booking raises.
    """
    entry = _to_decide(viewer, entry_id)
    account = _account(viewer, entry, seen.partition(":")[0])
    lock_account(account.id)
    offered = next((one for one in propose([entry]).get(entry.id, ()) if one.seen == seen), None)
    if offered is None or (certain and not offered.is_certain):
        raise StaleProposal
    shares = {share.invoice.public_id: share.amount for share in offered.spread.shares}
    return _book(viewer, entry, account, shares)


def book_entry(viewer: Viewer, entry_id: str, account_id: str, shares: Mapping[str, int]) -> BankEntry:
    """Book the entry for an account that finance chose; invoices get `shares`, and the rest becomes account credit.

    Raises NotAllowed, NotFound, EntryDecided, OtherCurrency, OtherSeller, and what booking raises.
    """
    entry = _to_decide(viewer, entry_id)
    if not entry.is_credit:
        raise EntryDecided
    return _book(viewer, entry, _account(viewer, entry, account_id), shares)


def link_booking(viewer: Viewer, entry_id: str, incoming_id: str) -> BankEntry:
    """The entry is money that was booked by hand before: nothing more is booked. Raises NotThisBooking and as above."""
    entry = _to_decide(viewer, entry_id)
    booked = _incoming(incoming_id)
    _account(viewer, entry, booked.account.public_id)
    lock_account(booked.account_id)
    undone = select(IncomingReturn.id).where(IncomingReturn.incoming_id == booked.id)
    of_another = select(BankEntry.id).where(BankEntry.incoming_id == booked.id)
    if (booked.amount, booked.currency) != (entry.amount, entry.currency):
        raise NotThisBooking
    if db.session().scalar(undone.union_all(of_another).limit(1)) is not None:
        raise NotThisBooking
    entry.incoming_id = booked.id
    return _decided(viewer, entry, BOOKED, "linked", incoming=booked.public_id)


def return_entry(viewer: Viewer, entry_id: str, incoming_id: str) -> BankEntry:
    """The bank took a booking back with this debit: undo it, unless the desk did already.

    Raises NotAllowed, NotFound, EntryDecided, StaleProposal.
    """
    entry = _to_decide(viewer, entry_id)
    booked = _incoming(incoming_id)
    lock_account(booked.account_id)
    offered = propose_returns([entry]).get(entry.id)
    if offered is None or offered.incoming.id != booked.id:
        raise StaleProposal
    said = " ".join(part for part in (entry.return_reason, entry.bank_reference, entry.remittance) if part)
    booking.return_incoming(viewer, booked.public_id, said[: booking.LONGEST_REASON] or entry.public_id)
    db.session().flush()
    made = select(IncomingReturn.id).where(IncomingReturn.incoming_id == booked.id)
    entry.return_id = db.session().scalars(made).one()
    return _decided(viewer, entry, BOOKED, "returned", incoming=booked.public_id)


def dismiss_entry(viewer: Viewer, entry_id: str, note: str) -> BankEntry:
    """The entry is not a customer's money. Raises NotAllowed, NotFound, EntryDecided, and Invalid for the note."""
    said = _note(note)
    entry = _to_decide(viewer, entry_id)
    entry.note = said
    return _decided(viewer, entry, DISMISSED, "dismissed", note=said)


def dismiss_debits(viewer: Viewer, statement_id: str, entry_ids: Collection[str], note: str) -> int:
    """Dismiss in one go money that went out and concerns no booking; how many. What does concern one is left alone.

    Raises NotAllowed, NotFound, and Invalid for the note.
    """
    demand_staff(viewer, "finance")
    said = _note(note)
    rows = _entries().join(BankStatement).where(BankStatement.public_id == statement_id, BankEntry.state == UNMATCHED)
    out = rows.where(
        BankEntry.amount < 0, BankEntry.public_id.in_([one for one in entry_ids if db.is_storable(one)])
    ).order_by(BankEntry.id)
    entries = db.session().scalars(out.with_for_update(of=BankEntry, key_share=True)).all()
    about_bookings = propose_returns(entries)
    left = [entry for entry in entries if not entry.looks_returned and entry.id not in about_bookings]
    for entry in left:
        entry.note = said
        _decided(viewer, entry, DISMISSED, "dismissed", note=said)
    return len(left)


def restore_entry(viewer: Viewer, entry_id: str) -> BankEntry:
    """Take a dismissal back; or, where the booking of an entry was undone as a mistake, put the entry to work again.

    A booking that the bank itself took back with another entry stays what it was. Raises NotAllowed, NotFound,
    NotDismissed.
    """
    entry = _locked(viewer, entry_id)
    if entry.state == BOOKED and not _is_undone_by_mistake(entry):
        raise NotDismissed
    if entry.state == UNMATCHED:
        raise NotDismissed
    entry.incoming_id, entry.note = None, ""
    return _decided(viewer, entry, UNMATCHED, "restored")


def _is_undone_by_mistake(entry: BankEntry) -> bool:
    if entry.incoming_id is None:
        return False
    undone = select(IncomingReturn.id).where(IncomingReturn.incoming_id == entry.incoming_id)
    found = db.session().scalar(undone)
    by_bank = select(BankEntry.id).where(BankEntry.return_id == found)
    return found is not None and db.session().scalar(by_bank) is None


def _book(viewer: Viewer, entry: BankEntry, account: Account, shares: Mapping[str, int]) -> BankEntry:
    entry.bookings += 1
    money = Money(
        method=entry.method, amount=entry.amount, received_on=_day_of_value(entry, account),
        reference=_reference(entry), note=entry.party, shares=shares,
    )  # fmt: skip
    key = f"{entry.public_id}.{entry.bookings}"
    booked = booking.book_incoming(viewer, account.public_id, money, key)
    entry.incoming_id = booked.id
    return _decided(viewer, entry, BOOKED, "booked", incoming=booked.public_id)


def _day_of_value(entry: BankEntry, account: Account) -> date:
    """A bank may state a value day that is to come; the books have the money when the bank has booked it."""
    seller = db.session().get_one(Seller, account.seller_id)
    return min(entry.valued_on, clock.today(seller.timezone))


def _reference(entry: BankEntry) -> str:
    said = (entry.remittance, entry.creditor_reference, entry.end_to_end_id, entry.bank_reference, entry.party)
    return next((text for text in said if text.strip()), entry.public_id)[:LONGEST_REFERENCE]


def _account(viewer: Viewer, entry: BankEntry, account_id: str) -> Account:
    """An account for which this money can be booked at all."""
    account = booking.account_for_finance(viewer, account_id)
    if account.seller_id not in {seller.id for seller in sellers_of(entry.statement.iban)}:
        raise OtherSeller
    if account.currency != entry.currency:
        raise OtherCurrency(billed=account.currency, came=entry.currency)
    return account


def _incoming(public_id: str) -> IncomingPayment:
    if not db.is_storable(public_id):
        raise NotFound
    named = select(IncomingPayment).where(IncomingPayment.public_id == public_id)
    found = db.session().scalar(named.options(joinedload(IncomingPayment.account)))
    if found is None:
        raise NotFound
    return found


def _to_decide(viewer: Viewer, entry_id: str) -> BankEntry:
    entry = _locked(viewer, entry_id)
    if entry.state != UNMATCHED:
        raise EntryDecided
    return entry


def _locked(viewer: Viewer, entry_id: str) -> BankEntry:
    demand_staff(viewer, "finance")
    if not db.is_storable(entry_id):
        raise NotFound
    named = _entries().where(BankEntry.public_id == entry_id)
    locked = named.with_for_update(of=BankEntry, key_share=True).execution_options(populate_existing=True)
    found = db.session().scalar(locked)
    if found is None:
        raise NotFound
    return found


def _entries() -> Select[BankEntry]:
    return select(BankEntry).options(joinedload(BankEntry.statement))


def _note(note: str) -> str:
    said = note.strip()
    if not said:
        raise Invalid(mark("Say in a few words why this entry is not booked."), field="note")
    if len(said) > LONGEST_NOTE:
        raise Invalid(mark("Please use at most %(max)d characters."), field="note", max=LONGEST_NOTE)
    return said


def _decided(viewer: Viewer, entry: BankEntry, state: str, deed: str, **about: Any) -> BankEntry:
    entry.state, entry.decided_by, entry.decided_at = state, viewer.person_id, clock.now()
    audit.record(viewer.actor, f"bank_entry.{deed}", entry.public_id, amount=entry.amount, **about)
    db.session().flush()
    return entry
