"""What a contact may do with an invoice now: for the buttons of a page. The verbs ask again under their locks."""

from dataclasses import dataclass

from billing_core.ledger.models import Invoice
from billing_core.payments.limits import CardAmounts, card_amounts
from billing_core.permissions import Right, Viewer


@dataclass(frozen=True)
class Payability:
    """What can be paid of an invoice. `payable` is the balance less what unfinished attempts hold (domain.md 5)."""

    payable: int
    held: int
    by_card: CardAmounts
    has_right: bool
    from_credit: int
    """What account credit can pay of it."""
    is_disputed: bool = False

    @property
    def can_pay(self) -> bool:
        """The way to the card is open, or account credit can be used."""
        return self.has_right and not self.is_disputed and (not self.by_card.is_none or self.from_credit > 0)

    @property
    def only_by_transfer(self) -> bool:
        """Something is open, but no card payment of it is possible."""
        return self.payable > 0 and self.by_card.is_none and not self.is_disputed


def payability(viewer: Viewer, invoice: Invoice, held: int, credit: int, *, is_disputed: bool) -> Payability:
    """What the viewer can pay of the invoice, of which `held` is held by unfinished attempts; `credit` is left over."""
    payable = max(invoice.balance - held, 0)
    by_card = card_amounts(payable, invoice.currency)
    return Payability(payable, held, by_card, may_pay(viewer, invoice.account_id), min(payable, credit), is_disputed)


def may_pay(viewer: Viewer, account_id: int) -> bool:
    """The right to pay, in the account that the invoice belongs to."""
    return viewer.may(Right.PAY, account_id)
