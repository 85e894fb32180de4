"""Whose money an entry probably is, and for which invoices: computed anew each time it is asked, never stored.

In this order: invoice numbers in what the payer wrote; the payer's account, known from what was booked before; an
amount that exactly one open invoice, or the whole balance of exactly one customer, comes to. Only customers of the
sellers whose bank account it is are looked at, and only in the currency in which they are billed.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from sqlalchemy import Select, func, select

from billing_core import db, numbering, words
from billing_core.accounts import Account
from billing_core.bank.importing import sellers_of
from billing_core.bank.models import UNMATCHED, BankEntry
from billing_core.bank.numbers import numbers_in
from billing_core.ledger import incoming as ledger
from billing_core.ledger.incoming import Money, Spread
from billing_core.ledger.models import AccountBalance, IncomingPayment, IncomingReturn, Invoice
from billing_core.words import mark

_CHUNK = 500

NAMED = mark("The text names %(numbers)s.")
NAMED_AND_PAID = mark("The text names %(numbers)s, which is paid.")
AGREES = mark("What is open of it is exactly this amount.")
DIFFERS = mark("What is open of it is %(open)s.")
SEVERAL_CUSTOMERS = mark("The text names invoices of several customers.")
KNOWN_PAYER = mark("Money from this bank account was booked for this customer before.")
ONE_INVOICE = mark("Invoice %(number)s is the only open one of this amount.")
WHOLE_BALANCE = mark("This customer is the only one who owes exactly this amount in all.")
RETURNED_TO_US = mark("The bank marks it as money that came back, so look twice.")


@dataclass(frozen=True)
class Reason:
    """Why something is proposed; read in the reader's language."""

    message: str
    params: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return words.gettext(self.message, **self.params)


@dataclass(frozen=True)
class Proposal:
    """A customer, what their invoices would get, the oldest due first, and what would become account credit."""

    account: Account
    spread: Spread
    reasons: Sequence[Reason]
    twin: IncomingPayment | None
    """A booking that may be this very money."""
    is_certain: bool
    """Number and amount both agree, and nothing speaks against it."""

    @property
    def seen(self) -> str:
        """What a page says in the form, so that nothing else is booked than it showed."""
        return ":".join([self.account.public_id, *(f"{s.invoice.public_id}.{s.amount}" for s in self.spread.shares)])


def spread_oldest_first(amount: int, invoices: Sequence[Invoice], entry: BankEntry) -> Spread:
    """Where the money would go if nobody said otherwise."""
    return ledger.spread(Money(entry.method, amount, entry.valued_on, entry.bank_reference), invoices)


def propose(entries: Iterable[BankEntry]) -> dict[int, list[Proposal]]:
    """By the id of each unmatched entry that brought money, the likeliest first. The statements must be loaded.

    The number of statements does not grow with the number of entries, but for chunks of them.
    """
    wanted = [entry for entry in entries if entry.state == UNMATCHED and entry.is_credit]
    if not wanted:
        return {}
    known = _Known(wanted)
    return {entry.id: list(_proposals(entry, known)) for entry in wanted}


def twin_of(entry: BankEntry, account_id: int) -> IncomingPayment | None:
    """A booking of the account, by hand and not undone, that may be this very money. One statement."""
    return _twin(entry, account_id, _bookings_by_hand([entry], {account_id}))


def _proposals(entry: BankEntry, known: "_Known") -> Iterator[Proposal]:
    of_accounts: dict[int, list[Invoice]] = defaultdict(list)
    for number in sorted(numbers_in(entry)):
        for invoice in known.named.get(number, ()):
            if invoice.currency == entry.currency and known.is_possible(entry, invoice.account_id):
                of_accounts[invoice.account_id].append(invoice)
    for account_id, named in of_accounts.items():
        yield _by_number(entry, known, account_id, named, is_only=len(of_accounts) == 1)
    if of_accounts:
        return
    payers = [account for account in known.payers.get(entry.party_iban, ()) if known.is_possible(entry, account)]
    if entry.party_iban and len(payers) == 1:
        yield _by_payer(entry, known, payers[0])
        return
    yield from _by_amount(entry, known)


def _by_number(
    entry: BankEntry, known: "_Known", account_id: int, named: Sequence[Invoice], *, is_only: bool
) -> Proposal:
    still_open = [invoice for invoice in named if invoice.balance > 0]
    reasons = [] if is_only else [Reason(SEVERAL_CUSTOMERS)]
    if still_open:
        owed = sum(invoice.balance for invoice in still_open)
        agrees = owed == entry.amount
        reasons.append(Reason(NAMED, {"numbers": _listed(still_open)}))
        reasons.append(Reason(AGREES) if agrees else Reason(DIFFERS, {"open": words.shown(owed, entry.currency)}))
    else:
        agrees = False
    if len(still_open) < len(named):
        reasons.append(Reason(NAMED_AND_PAID, {"numbers": _listed([one for one in named if one not in still_open])}))
    invoices = still_open or known.open_of(account_id, entry.currency)
    certain = is_only and agrees and len(still_open) == len(named)
    return _proposal(entry, known, account_id, invoices, reasons, certain=certain)


def _by_payer(entry: BankEntry, known: "_Known", account_id: int) -> Proposal:
    owed = known.open_of(account_id, entry.currency)
    same = [invoice for invoice in owed if invoice.balance == entry.amount]
    reasons = [Reason(KNOWN_PAYER)]
    if len(same) == 1:
        reasons.append(Reason(ONE_INVOICE, {"number": same[0].number}))
    return _proposal(entry, known, account_id, same if len(same) == 1 else owed, reasons)


def _by_amount(entry: BankEntry, known: "_Known") -> Iterator[Proposal]:
    invoices = [one for one in known.of_amount(entry) if known.is_possible(entry, one.account_id)]
    owing = [one for one in known.owing_amount(entry) if known.is_possible(entry, one)]
    if len(invoices) == 1 and set(owing) <= {invoices[0].account_id}:
        reason = Reason(ONE_INVOICE, {"number": invoices[0].number})
        yield _proposal(entry, known, invoices[0].account_id, invoices, [reason])
    elif len(owing) == 1 and not invoices:
        yield _proposal(entry, known, owing[0], known.open_of(owing[0], entry.currency), [Reason(WHOLE_BALANCE)])


def _proposal(
    entry: BankEntry, known: "_Known", account_id: int, invoices: Sequence[Invoice], reasons: list[Reason],
    *, certain: bool = False,
) -> Proposal:  # fmt: skip
    twin = _twin(entry, account_id, known.by_hand)
    came_back = entry.is_reversal or bool(entry.return_reason)
    if came_back:
        reasons.append(Reason(RETURNED_TO_US))
    spread = spread_oldest_first(entry.amount, invoices, entry)
    is_certain = certain and twin is None and not came_back and not spread.rest
    return Proposal(known.accounts[account_id], spread, reasons, twin, is_certain)


def _listed(invoices: Sequence[Invoice]) -> str:
    return ", ".join(invoice.number for invoice in sorted(invoices, key=lambda one: (one.due_on, one.id)))


def _twin(entry: BankEntry, account_id: int, by_hand: Sequence[IncomingPayment]) -> IncomingPayment | None:
    """Same amount, and the same day or a reference that stands in what the payer wrote."""
    said = numbering.plain(f"{entry.remittance} {entry.end_to_end_id} {entry.bank_reference}")
    for booked in by_hand:
        if (booked.account_id, booked.amount, booked.currency) != (account_id, entry.amount, entry.currency):
            continue
        reference = numbering.plain(booked.reference)
        same_day = booked.received_on in (entry.valued_on, entry.booked_on)
        if same_day or (len(reference) >= 4 and reference in said):
            return booked
    return None


def _bookings_by_hand(entries: Sequence[BankEntry], accounts: set[int]) -> Sequence[IncomingPayment]:
    amounts = {entry.amount for entry in entries}
    undone = select(IncomingReturn.id).where(IncomingReturn.incoming_id == IncomingPayment.id).exists()
    of_an_entry = select(BankEntry.id).where(BankEntry.incoming_id == IncomingPayment.id).exists()
    booked = select(IncomingPayment).where(IncomingPayment.amount.in_(amounts), ~undone, ~of_an_entry)
    return list(_in_chunks(booked, IncomingPayment.account_id, accounts))


def _in_chunks(rows: Select[Any], column: Any, values: Iterable[Any]) -> Iterator[Any]:
    """The rows whose column has one of the values; SQLite takes only so many parameters."""
    listed = sorted(set(values))
    for start in range(0, len(listed), _CHUNK):
        yield from db.session().scalars(rows.where(column.in_(listed[start : start + _CHUNK])))


class _Known:
    """All that speaks for anybody, for many entries at once; each part is read when it is first asked for."""

    def __init__(self, entries: Sequence[BankEntry]) -> None:
        self.entries = entries
        ibans = {entry.statement.iban for entry in entries}
        self.sellers = {iban: {seller.id for seller in sellers_of(iban)} for iban in ibans}

    def is_possible(self, entry: BankEntry, account_id: int) -> bool:
        """Whether the money can be booked for the account at all."""
        account = self.accounts[account_id]
        return account.seller_id in self.sellers[entry.statement.iban] and account.currency == entry.currency

    def open_of(self, account_id: int, currency: str) -> list[Invoice]:
        """What the account owes in the currency."""
        return [invoice for invoice in self._open.get(account_id, ()) if invoice.currency == currency]

    def of_amount(self, entry: BankEntry) -> list[Invoice]:
        """Open invoices of exactly this amount, at most two a seller: what counts is whether there is only one."""
        return [one for one in self._of_amounts.get(entry.amount, ()) if one.currency == entry.currency]

    def owing_amount(self, entry: BankEntry) -> list[int]:
        """Accounts that owe exactly this amount in all."""
        kept = self._owing.get(entry.amount, ())
        return [one.account_id for one in kept if one.currency == entry.currency]

    @cached_property
    def named(self) -> dict[str, list[Invoice]]:
        """Invoices by their plain number, among all that the entries may name."""
        found: dict[str, list[Invoice]] = defaultdict(list)
        numbers = set().union(*(numbers_in(entry) for entry in self.entries))
        for invoice in _in_chunks(select(Invoice), Invoice.number_plain, numbers):
            found[invoice.number_plain].append(invoice)
        return found

    @cached_property
    def payers(self) -> dict[str, list[int]]:
        """Accounts for which money from a bank account was booked, and not undone since."""
        undone = select(IncomingReturn.id).where(IncomingReturn.incoming_id == BankEntry.incoming_id).exists()
        pairs = (
            select(func.min(BankEntry.id))
            .join(IncomingPayment, IncomingPayment.id == BankEntry.incoming_id)
            .where(~undone, BankEntry.party_iban.in_({entry.party_iban for entry in self.entries} - {""}))
            .group_by(BankEntry.party_iban, IncomingPayment.account_id)
        )
        rows = select(BankEntry.party_iban, IncomingPayment.account_id).join(
            IncomingPayment, IncomingPayment.id == BankEntry.incoming_id
        )
        found: dict[str, list[int]] = defaultdict(list)
        for iban, account_id in db.session().execute(rows.where(BankEntry.id.in_(pairs))):
            found[iban].append(account_id)
        return found

    @cached_property
    def _of_amounts(self) -> dict[int, list[Invoice]]:
        amounts = {entry.amount for entry in self.entries}
        alike = (Account.seller_id, Invoice.currency, Invoice.balance)
        ranked = (
            select(
                Invoice.id.label("id"), func.row_number().over(partition_by=alike, order_by=Invoice.id).label("rank")
            )
            .join(Account, Account.id == Invoice.account_id)
            .where(Invoice.balance.in_(amounts), Invoice.currency == Account.currency)
            .subquery()
        )
        few = select(Invoice).join(ranked, ranked.c.id == Invoice.id).where(ranked.c.rank <= 2)
        found: dict[int, list[Invoice]] = defaultdict(list)
        for invoice in db.session().scalars(few):
            found[invoice.balance].append(invoice)
        return found

    @cached_property
    def _owing(self) -> dict[int, list[AccountBalance]]:
        amounts = {entry.amount for entry in self.entries}
        found: dict[int, list[AccountBalance]] = defaultdict(list)
        for kept in db.session().scalars(select(AccountBalance).where(AccountBalance.open.in_(amounts))):
            found[kept.open].append(kept)
        return found

    @cached_property
    def accounts(self) -> dict[int, Account]:
        """Everybody who comes into question."""
        ids = {invoice.account_id for invoices in self.named.values() for invoice in invoices}
        ids |= {account for accounts in self.payers.values() for account in accounts}
        ids |= {invoice.account_id for invoices in self._of_amounts.values() for invoice in invoices}
        ids |= {kept.account_id for owing in self._owing.values() for kept in owing}
        return {account.id: account for account in _in_chunks(select(Account), Account.id, ids)}

    @cached_property
    def _open(self) -> dict[int, list[Invoice]]:
        found: dict[int, list[Invoice]] = defaultdict(list)
        owed = select(Invoice).where(Invoice.balance > 0)
        for invoice in _in_chunks(owed, Invoice.account_id, self.accounts):
            found[invoice.account_id].append(invoice)
        return found

    @cached_property
    def by_hand(self) -> Sequence[IncomingPayment]:
        """Bookings of the same amounts that no entry stands behind."""
        return _bookings_by_hand(self.entries, set(self.accounts))
