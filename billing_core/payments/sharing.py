"""How one card payment is divided among invoices, and what stands against a division. Nothing here is written.

An invoice takes at most what is payable of it now; a rest is zero or large enough for a card; and the whole payment is
an amount that the processor takes (domain.md 5). So a small invoice can be paid together with others, though not alone.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from billing_core.errors import Refusal
from billing_core.ledger.models import Invoice
from billing_core.payments.limits import card_amounts, least_total, minimum, most_total, share_amounts, step
from billing_core.payments.refusals import (
    InvoiceDisputed,
    InvoicePaid,
    NotByCard,
    PaymentUnderWay,
    StalePayForm,
    TotalNotPossible,
    amount_not_possible,
    shown,
)

MOST_INVOICES = 50
"""How many invoices one payment takes."""
TOTAL = ""
"""Where an objection stands that is to the whole payment and to no invoice of it."""


@dataclass(frozen=True)
class Payable:
    """An invoice, and what unfinished attempts hold of its balance; in smallest units."""

    invoice: Invoice
    held: int
    is_disputed: bool = False
    """A payment of it is disputed, and the bank has not decided."""

    @property
    def amount(self) -> int:
        """What can be paid of it now."""
        return max(self.invoice.balance - self.held, 0)


@dataclass(frozen=True)
class Wish:
    """How much of an invoice, by public id, is to be paid; `amount` None is all that is payable.

    `seen` is what the payer's page said is payable: if that has changed, the payer looks again before anything is paid.
    """

    invoice: str
    amount: int | None = None
    seen: int | None = None

    def amount_of(self, payable: Payable) -> int:
        """What it comes to, in smallest units."""
        return payable.amount if self.amount is None else self.amount


@dataclass(frozen=True)
class Means:
    """What is charged: a card on file, by its public id, or (None) one that the payer enters for this one payment.

    `keep` puts the card that is entered on file, once it has paid.
    """

    card: str | None = None
    keep: bool = False


NEW_CARD = Means()


def refuse_unless_payable(payable: Payable, *, among_others: bool = False) -> None:
    """The one place that says whether money may be asked for on an invoice.

    Raises InvoicePaid, InvoiceDisputed and PaymentUnderWay.
    """
    number, currency = payable.invoice.number, payable.invoice.currency
    if payable.invoice.balance == 0:
        raise InvoicePaid(InvoicePaid.OF_SEVERAL if among_others else None, number=number)
    if payable.is_disputed:
        raise InvoiceDisputed(InvoiceDisputed.OF_SEVERAL if among_others else None, number=number)
    if payable.amount == 0:
        message = PaymentUnderWay.OF_SEVERAL if among_others else None
        raise PaymentUnderWay(message, held=shown(payable.held, currency), number=number)


def objections(payables: Sequence[Payable], wishes: Sequence[Wish]) -> Iterator[tuple[str, Refusal]]:
    """What stands against paying this, by the public id of the invoice, or by TOTAL where each alone would be right.

    `payables` are the wished invoices, all in one currency, in the order of the wishes.
    """
    total, fits = 0, True
    for payable, wish in zip(payables, wishes, strict=True):
        try:
            _check(payable, wish, among_others=len(wishes) > 1)
        except Refusal as refusal:
            fits = False
            yield wish.invoice, refusal
        total += wish.amount_of(payable)
    if fits and len(wishes) > 1:
        try:
            check_total(total, payables[0].invoice.currency)
        except Refusal as refusal:
            yield TOTAL, refusal


def _check(payable: Payable, wish: Wish, *, among_others: bool) -> None:
    refuse_unless_payable(payable, among_others=among_others)
    amount, currency, number = wish.amount_of(payable), payable.invoice.currency, payable.invoice.number
    if wish.seen not in (None, payable.amount):
        message = StalePayForm.OF_SEVERAL if among_others else None
        raise StalePayForm(message, payable=shown(payable.amount, currency), number=number)
    allowed = (share_amounts if among_others else card_amounts)(payable.amount, currency)
    least = minimum(currency)
    if allowed.is_none:
        raise NotByCard(payable=shown(payable.amount, currency), minimum=shown(least, currency))
    if not allowed.allow(amount):
        raise amount_not_possible(allowed, amount, currency, least)


def check_total(total: int, currency: str) -> None:
    """Raise TotalNotPossible, naming what is possible, for a total that a card cannot be charged with."""
    if _is_chargeable(total, currency):
        return
    least, most = least_total(currency), most_total(currency)
    raise TotalNotPossible(
        TotalNotPossible.STEP if least <= total <= most else None, field="total", currency=currency,
        total=shown(total, currency), least=shown(least, currency), most=shown(most, currency),
    )  # fmt: skip


def _is_chargeable(total: int, currency: str) -> bool:
    return least_total(currency) <= total <= most_total(currency) and total % step(currency) == 0


def oldest_first(payables: Sequence[Payable]) -> list[Payable]:
    """In the order in which a total is spread, and in which receipts name them."""
    return sorted(payables, key=lambda payable: (payable.invoice.due_on, payable.invoice.id))


def spread(total: int, payables: Sequence[Payable]) -> dict[str, int]:
    """What each invoice, by public id, gets of one total: the oldest due first, and nothing where nothing is left.

    Where the last one would keep a rest that no card can pay, so much stays on it that one can, and the next one gets
    the difference. Raises TotalNotPossible, naming totals that are possible.
    """
    currency, ordered = payables[0].invoice.currency, oldest_first(payables)
    check_total(total, currency)
    most = sum(payable.amount for payable in ordered)
    if total > most:
        raise TotalNotPossible(TotalNotPossible.TOO_MUCH, field="total", payable=shown(most, currency))
    left, shares = total, dict[str, int]()
    for payable in ordered:
        taken = _taken(left, payable.amount, minimum(currency))
        if taken and not share_amounts(payable.amount, currency).allow(taken):
            raise TotalNotPossible(TotalNotPossible.NOT_IN_STEPS, field="total", currency=currency)
        if taken:
            shares[payable.invoice.public_id] = taken
        left -= taken
    if left:
        raise _not_so(total, total - left, ordered)
    return shares


def _taken(left: int, payable: int, least_rest: int) -> int:
    """Of the money that is left, what an invoice takes."""
    if left >= payable or payable - left >= least_rest:
        return min(left, payable)
    return max(payable - least_rest, 0)


def _not_so(total: int, below: int, ordered: Sequence[Payable]) -> TotalNotPossible:
    """The refusal of a total that leaves too small a rest, with its nearest neighbours that do not."""
    currency, above = ordered[0].invoice.currency, 0
    for payable in ordered:  # to pay the first ones in full is always possible
        above += payable.amount
        if above > total and _is_chargeable(above, currency):
            break
    possible = [shown(one, currency) for one in (below, above) if _is_chargeable(one, currency)]
    if not possible:
        return TotalNotPossible(TotalNotPossible.NOT_IN_STEPS, field="total", currency=currency)
    return TotalNotPossible(
        TotalNotPossible.ONE_OF_TWO if len(possible) == 2 else TotalNotPossible.ONLY,
        field="total", total=shown(total, currency), minimum=shown(minimum(currency), currency),
        one=possible[0], other=possible[-1],
    )  # fmt: skip
