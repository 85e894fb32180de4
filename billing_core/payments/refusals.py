"""The named refusals around payments. Amounts in them are spelled in the reader's language, when they are shown."""

from billing_core.errors import Invalid, Refusal
from billing_core.payments.limits import CardAmounts
from billing_core.words import mark, shown

__all__ = [
    "AmountNotPossible", "BrandNotAccepted", "CardExpired", "CardInUse", "CardRemoved", "InvoicePaid", "NotByCard",
    "NotKnownYet", "PayFormUsed", "PaymentUnderWay", "StalePayForm", "amount_not_possible", "shown",
]  # fmt: skip


class InvoicePaid(Refusal):
    """Nothing is open on the invoice."""

    message = mark("This invoice is already paid in full. Nothing was charged.")
    OF_SEVERAL = mark("Invoice %(number)s is already paid in full. Nothing was charged.")


class PaymentUnderWay(Refusal):
    """All that is open is held by attempts whose outcome is not known yet."""

    message = mark("A card payment of %(held)s is already under way for this invoice. Continue or cancel it first.")
    OF_SEVERAL = mark(
        "A card payment of %(held)s is already under way for invoice %(number)s. Continue or cancel it first, or pay"
        " the other invoices without this one."
    )


class NotByCard(Refusal):
    """No amount of it can be charged to a card."""

    message = mark("%(payable)s cannot be paid by card: the least is %(minimum)s. Please pay by bank transfer.")


class AmountNotPossible(Invalid):
    """Below the minimum, above what is payable, or leaving a rest that could not be paid."""

    PART_OR_FULL = mark("Enter an amount from %(least)s to %(most)s, or pay the full amount of %(payable)s.")
    PART_ONLY = mark("Enter an amount from %(least)s to %(most)s.")
    FULL_ONLY = mark("Only the full amount of %(payable)s can be paid: a part would leave a rest below %(minimum)s.")
    STEP = mark("The last digit of an amount in %(currency)s must be 0 for card payments.")


class StalePayForm(Refusal):
    """The form was filled in looking at another open amount."""

    message = mark(
        "The open amount has changed since this page was loaded: now %(payable)s can be paid. Nothing was charged."
        " Please check the amount and confirm again."
    )
    OF_SEVERAL = mark(
        "The open amount of invoice %(number)s has changed since this page was loaded: now %(payable)s can be paid."
        " Nothing was charged. Please check the amounts and confirm again."
    )


class PayFormUsed(Refusal):
    """The same form was sent before, with another amount or for other invoices."""

    message = mark(
        "This form was already used for a payment of another amount. Nothing more was charged. Open the invoice again."
    )


class NotRefundable(Refusal):
    """Only money that came can go back."""

    message = mark("Only a payment that was carried out can be refunded.")


class RefundDisputed(Refusal):
    """The cardholder's bank decides about the payment at present."""

    message = mark("The payment is disputed. It cannot be refunded until the bank has decided.")


class RefundFormUsed(Refusal):
    """The same form was sent before, with another amount."""

    message = mark("This form was already used for another refund. Nothing more was sent back. Open the payment again.")


class RefundTooLarge(Invalid):
    """More than is left of the payment, of an invoice's part of it, or of the account's credit."""

    message = mark("At most %(most)s of this payment can still go back, and of each part what stands beside it.")


class RefundNotPossible(Invalid):
    """What was entered is no refund."""

    NOTHING = mark("Enter at least one amount above zero.")
    STEP = mark("The last digit of an amount in %(currency)s must be 0 for card payments.")
    REASON = mark("Enter the reason in at most %(max)d characters.")


class RefundByTheSame(Refusal):
    """Two pairs of eyes are two people."""

    message = mark("You asked for this refund yourself. Somebody else of finance has to approve it.")


class InvoiceDisputed(Refusal):
    """A payment of the invoice is disputed: nothing is paid on it until the bank has decided (domain.md 5)."""

    message = mark("A payment of this invoice is disputed. Please get in touch with us before you pay it.")
    OF_SEVERAL = mark("A payment of invoice %(number)s is disputed. Please get in touch with us before you pay it.")


class OrderTooLarge(Refusal):
    """More than one card payment takes."""

    message = mark("One card payment takes at most %(most)s. Order less at a time, or get in touch with us.")


class TotalNotPossible(Invalid):
    """Several invoices together: the total is not one that a card can be charged with, or cannot be spread."""

    message = mark("One card payment is from %(least)s to %(most)s. These amounts are %(total)s together.")
    STEP = mark("The last digit of the total in %(currency)s must be 0 for card payments: now it is %(total)s.")
    TOO_MUCH = mark("These invoices take %(payable)s at most.")
    ONLY = mark("Enter %(one)s instead: %(total)s would leave a rest below %(minimum)s on an invoice.")
    ONE_OF_TWO = mark(
        "Enter %(one)s or %(other)s instead: %(total)s would leave a rest below %(minimum)s on an invoice."
    )
    NOT_IN_STEPS = mark(
        "In %(currency)s not every total can be spread over these invoices. Enter an amount for each of them."
    )


class NothingToPay(Invalid):
    """No invoice got an amount."""

    message = mark("Enter an amount for at least one invoice.")


class OneCurrencyOnly(Refusal):
    """Imported invoices may be in another currency than the account's."""

    message = mark("These invoices are in different currencies. One payment takes invoices in one currency only.")


class TooManyInvoices(Refusal):
    """More invoices than one payment takes."""

    message = mark("One payment takes at most %(most)s invoices. Pay the others afterwards.")


class CardRemoved(Refusal):
    """It was on file when the page was loaded."""

    message = mark("This card has been removed. Nothing was charged. Please choose another card.")


class CardExpired(Refusal):
    """Its last day has passed on the account's calendar."""

    message = mark("This card has expired. Nothing was charged. Please choose another card.")


class BrandNotAccepted(Refusal):
    """Configuration says which brands are taken in which currency (domain.md 5)."""

    message = mark("%(brand)s is not accepted for payments in %(currency)s. Nothing was charged. Choose another card.")


class CardInUse(Refusal):
    """A card is not removed in the middle of a payment, so that it is certain that it is not charged afterwards."""

    message = mark("A payment with this card is under way. Finish or cancel it before you remove the card.")


class NotKnownYet(Refusal):
    """The processor could not be asked, so the attempt stays as it is."""

    status = 503
    message = mark(
        "The card processor cannot be reached at the moment. Nothing was changed. Please try again in a few minutes."
    )


def amount_not_possible(allowed: CardAmounts, amount: int, currency: str, least: int) -> AmountNotPossible:
    """The refusal of an amount, with the allowed ones named. `least` is the processor's minimum."""
    sentences = {
        (True, True): AmountNotPossible.PART_OR_FULL,
        (False, True): AmountNotPossible.PART_ONLY,
        (True, False): AmountNotPossible.FULL_ONLY,
    }
    sentence = sentences[allowed.full, bool(allowed.most)]
    if allowed.least <= amount <= allowed.most:
        sentence = AmountNotPossible.STEP
    return AmountNotPossible(
        sentence,
        field="amount",
        least=shown(allowed.least, currency),
        most=shown(allowed.most, currency),
        payable=shown(allowed.payable, currency),
        minimum=shown(least, currency),
        currency=currency,
    )


class SecondContactNeeded(Refusal):
    """The account's rule: above its amount a second contact confirms (domain.md 4; ADR 45)."""

    message = mark("A second contact of your account has to confirm a payment of this size. Nothing was charged.")


class NobodyElsePays(Refusal):
    """There is no second contact."""

    message = mark(
        "A payment of this size needs a second contact, and nobody else of your account may pay. Ask your "
        "representative."
    )


class OwnProposal(Refusal):
    """Two people decide, not one twice."""

    message = mark("You have proposed this payment yourself. Another contact has to confirm or refuse it.")


class NotProposedAnyMore(Refusal):
    """It was answered, taken back, or it has lapsed."""

    message = mark("This payment does not wait for a confirmation any more. Nothing was charged.")


class ProposerMayNotPay(Refusal):
    """Who proposed it has lost the right since."""

    message = mark("%(person)s may no longer pay. Refuse this payment, then propose it anew.")
