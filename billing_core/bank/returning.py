"""Which booking a debit of the bank takes back: a direct debit or transfer that was returned, a cheque that bounced.

As with money that comes in, this is computed each time and never stored.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, or_, select
from sqlalchemy.orm import aliased, joinedload

from billing_core import db, numbering, words
from billing_core.accounts import Account
from billing_core.bank.importing import sellers_of
from billing_core.bank.matching import Reason
from billing_core.bank.models import UNMATCHED, BankEntry, BankStatement
from billing_core.ledger.models import IncomingPayment, IncomingReturn
from billing_core.words import mark

SAME_END_TO_END = mark("It carries the same end-to-end reference as the money that came.")
SAME_REFERENCE = mark("The booking has the reference that the bank states.")
SAME_PAYER = mark("The same amount came from the same bank account, and the bank marks this as returned.")
BANK_SAYS = mark("Reason of the bank: %(reason)s.")
WITH_CHARGES = mark("%(surplus)s more went out than was booked: charges of the bank, which stay with us.")
ALREADY_UNDONE = mark("The booking was undone at the desk already. Nothing more is booked.")


@dataclass(frozen=True)
class ReturnProposal:
    """A booking that would be undone whole; `incoming` has its account and its return, if there is one."""

    incoming: IncomingPayment
    reasons: Sequence[Reason]


def propose_returns(entries: Iterable[BankEntry]) -> dict[int, ReturnProposal]:
    """By the id of the unmatched entry that took money away, where it takes a booking back. At most four statements."""
    wanted = [entry for entry in entries if entry.state == UNMATCHED and not entry.is_credit]
    if not wanted:
        return {}
    came, by_hand = _came(wanted), _by_hand(wanted)
    found: dict[int, ReturnProposal] = {}
    taken: set[int] = set()
    for entry in wanted:
        proposal = _proposal(entry, came, by_hand, taken)
        if proposal is not None:
            found[entry.id] = proposal
            taken.add(proposal.incoming.id)
    return found


def _proposal(
    entry: BankEntry, came: Sequence[BankEntry], by_hand: Sequence[IncomingPayment], taken: set[int]
) -> ReturnProposal | None:
    gone = -entry.amount
    for credit in came:
        incoming = credit.incoming
        if incoming is None or incoming.id in taken or incoming.currency != entry.currency:
            continue
        same = bool(entry.end_to_end_id) and entry.end_to_end_id == credit.end_to_end_id
        if same and (incoming.amount == gone or (entry.looks_returned and incoming.amount < gone)):
            return _because(entry, incoming, SAME_END_TO_END)
        if entry.looks_returned and incoming.amount == gone and _only_one_of_payer(entry, came):
            return _because(entry, incoming, SAME_PAYER)
    said = numbering.plain(f"{entry.end_to_end_id} {entry.remittance}")
    for incoming in by_hand:
        reference = numbering.plain(incoming.reference)
        is_same = incoming.amount == gone and len(reference) >= 4 and reference in said
        if entry.looks_returned and is_same and incoming.id not in taken:
            return _because(entry, incoming, SAME_REFERENCE)
    return None


def _only_one_of_payer(entry: BankEntry, came: Sequence[BankEntry]) -> bool:
    same = [one for one in came if one.party_iban == entry.party_iban != "" and one.amount == -entry.amount]
    return len(same) == 1


def _because(entry: BankEntry, incoming: IncomingPayment, why: str) -> ReturnProposal:
    reasons = [Reason(why)]
    if len(entry.return_reason) > 1:
        reasons.append(Reason(BANK_SAYS, {"reason": entry.return_reason}))
    surplus = -entry.amount - incoming.amount
    if surplus:
        reasons.append(Reason(WITH_CHARGES, {"surplus": words.shown(surplus, entry.currency)}))
    if incoming.returned is not None:
        reasons.append(Reason(ALREADY_UNDONE))
    return ReturnProposal(incoming, reasons)


def _came(entries: Sequence[BankEntry]) -> Sequence[BankEntry]:
    """Entries that were booked and may be what these take back, the newest first, unless another one did already."""
    named = {entry.end_to_end_id for entry in entries} - {""}
    payers = {entry.party_iban for entry in entries if entry.looks_returned} - {""}
    amounts = {-entry.amount for entry in entries}
    of_payer = BankEntry.party_iban.in_(payers) & BankEntry.amount.in_(amounts)
    rows = (
        select(BankEntry)
        .join(IncomingPayment, IncomingPayment.id == BankEntry.incoming_id)
        .join(BankStatement, BankStatement.id == BankEntry.statement_id)
        .where(or_(BankEntry.end_to_end_id.in_(named), of_payer), ~_taken_back())
        .where(BankStatement.iban.in_({entry.statement.iban for entry in entries}))
    )
    whole = joinedload(BankEntry.incoming)
    loaded = rows.options(whole.joinedload(IncomingPayment.account), whole.joinedload(IncomingPayment.returned))
    return db.session().scalars(loaded.order_by(BankEntry.id.desc()).limit(1000)).all()


def _by_hand(entries: Sequence[BankEntry]) -> Sequence[IncomingPayment]:
    """Bookings by hand of the amounts that came back, for customers of these sellers."""
    returned = [entry for entry in entries if entry.looks_returned]
    if not returned:
        return []
    sellers = {seller.id for entry in returned for seller in sellers_of(entry.statement.iban)}
    rows = (
        select(IncomingPayment)
        .join(Account, Account.id == IncomingPayment.account_id)
        .where(IncomingPayment.amount.in_({-entry.amount for entry in returned}), Account.seller_id.in_(sellers))
        .where(IncomingPayment.currency.in_({entry.currency for entry in returned}), ~_taken_back())
    )
    loaded = rows.options(joinedload(IncomingPayment.account), joinedload(IncomingPayment.returned))
    return db.session().scalars(loaded.order_by(IncomingPayment.id.desc()).limit(1000)).all()


def _taken_back() -> ColumnElement[bool]:
    """Another debit of the bank took this booking back already."""
    debit = aliased(BankEntry)
    undone = select(debit.id).join(IncomingReturn, IncomingReturn.id == debit.return_id)
    return undone.where(IncomingReturn.incoming_id == IncomingPayment.id).exists()
