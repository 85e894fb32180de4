"""What may be read about payments. Where a viewer comes first, another account's payment is simply not found."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import db, templating, words
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice
from billing_core.orders.online.models import OnlineOrder
from billing_core.payments.cards.models import ProcessorCustomer, SavedCard
from billing_core.payments.cards.queries import customer_of
from billing_core.payments.gateway import ChargeRequest, RefundRequest, SessionRequest
from billing_core.payments.limits import brands
from billing_core.payments.looking import Planned
from billing_core.payments.models import Dispute, Payment, PaymentTarget, Refund, RefundPart
from billing_core.payments.states import BEGUN, DISPUTED, LOST, REFUND_LEFT, UNDECIDED, UNDER_WAY
from billing_core.permissions import Viewer

LONGEST_TITLE = 250
"""Characters that the processor takes as the name of what is sold (its product names since version 2018-10-31)."""


def payment_of(viewer: Viewer, public_id: str) -> Payment:
    """A payment of one of the viewer's accounts, with its invoices, the payer and the account. Raises NotFound."""
    named = select(Payment).where(Payment.public_id == public_id, Payment.account_id.in_(sorted(viewer.account_ids)))
    targets = selectinload(Payment.targets)
    meant = (targets.joinedload(PaymentTarget.invoice), targets.joinedload(PaymentTarget.order))
    whole = named.options(*meant, joinedload(Payment.payer), joinedload(Payment.account))
    found = db.session().scalar(whole)
    if found is None:
        raise NotFound
    return found


def payment_named(public_id: str) -> Payment | None:
    """Any payment, for the processor's news."""
    return db.session().scalar(select(Payment).where(Payment.public_id == public_id))


def held_on(invoice_id: int) -> int:
    """The part of the invoice's balance that unfinished attempts hold."""
    return held_on_each([invoice_id])[invoice_id]


def held_on_each(invoice_ids: Collection[int], besides: Payment | None = None) -> dict[int, int]:
    """The same for several invoices, not counting `besides`. One statement."""
    holds = select(PaymentTarget.invoice_id, func.sum(PaymentTarget.amount)).group_by(PaymentTarget.invoice_id)
    if besides is not None:
        holds = holds.where(PaymentTarget.payment_id != besides.id)
    found = db.session().execute(holds.where(PaymentTarget.invoice_id.in_(invoice_ids), PaymentTarget.holds))
    held_now = {invoice_id: int(held) for invoice_id, held in found if invoice_id is not None}
    return dict.fromkeys(invoice_ids, 0) | held_now


def attempts_on(invoice_id: int) -> Sequence[Payment]:
    """All attempts that were meant for the invoice, oldest first, each with its targets and payer. Two statements."""
    meant = select(Payment).join(PaymentTarget).where(PaymentTarget.invoice_id == invoice_id).order_by(Payment.id)
    return db.session().scalars(meant.options(selectinload(Payment.targets), joinedload(Payment.payer))).all()


def under_way_on(invoice_ids: Collection[int]) -> set[int]:
    """Which of the invoices have an attempt whose outcome is not known yet."""
    waiting = (
        select(PaymentTarget.invoice_id)
        .join(Payment)
        .where(PaymentTarget.invoice_id.in_(invoice_ids), PaymentTarget.holds, Payment.state.in_(UNDER_WAY))
    )
    return {invoice_id for invoice_id in db.session().scalars(waiting) if invoice_id is not None}


def due_for_a_look(now: datetime, limit: int) -> list[Planned]:
    """The payments whose next look is due, the longest waiting first."""
    rows = select(Payment.public_id, Payment.check_at).where(Payment.check_at.is_not(None), Payment.check_at <= now)
    found = db.session().execute(rows.order_by(Payment.check_at, Payment.id).limit(limit))
    return [Planned(public_id, check_at) for public_id, check_at in found if check_at is not None]


@dataclass(frozen=True)
class RefundDue(Planned):
    """A refund to look at, and the payment that it belongs to."""

    payment: str
    is_begun: bool
    """The processor has not taken it on yet, as far as we know."""


def refunds_due(now: datetime, limit: int) -> list[RefundDue]:
    """The refunds whose next look is due, the longest waiting first."""
    rows = select(Refund.public_id, Payment.public_id, Refund.check_at, Refund.state).join(Refund.payment)
    due = rows.where(Refund.check_at.is_not(None), Refund.check_at <= now).order_by(Refund.check_at, Refund.id)
    found = db.session().execute(due.limit(limit))
    return [RefundDue(name, at, payment, state == BEGUN) for name, payment, at, state in found if at is not None]


def refund_named(public_id: str) -> Refund:
    """Any refund, with its parts and their invoices, its payment and people. Raises NotFound."""
    named = select(Refund).where(Refund.public_id == public_id)
    parts = selectinload(Refund.parts).joinedload(RefundPart.invoice)
    people = (joinedload(Refund.requester), joinedload(Refund.decider))
    found = db.session().scalar(named.options(parts, joinedload(Refund.payment), joinedload(Refund.account), *people))
    if found is None:
        raise NotFound
    return found


def refund_request(public_id: str) -> tuple[str, RefundRequest]:
    """The payment's public id and the request to the processor, from the stored rows alone."""
    refund = refund_named(public_id)
    payment = refund.payment
    if payment.processor_intent is None:
        raise ValueError("a payment that succeeded has an intent")
    request = RefundRequest(public_id, payment.public_id, payment.processor_intent, refund.amount, refund.currency)
    return payment.public_id, request


def went_back(payment_ids: Collection[int]) -> dict[int, int]:
    """How much of each payment left again, by refunds and disputes; those of which nothing did are not there.

    Two statements.
    """
    found: dict[int, int] = {}
    for table, left in ((Refund, REFUND_LEFT), (Dispute, (DISPUTED, LOST))):
        sums = select(table.payment_id, func.sum(table.amount)).where(
            table.payment_id.in_(payment_ids), table.state.in_(left)
        )
        for payment_id, amount in db.session().execute(sums.group_by(table.payment_id)):
            found[payment_id] = found.get(payment_id, 0) + int(amount)
    return found


def disputed_among(invoice_ids: Collection[int]) -> set[int]:
    """Which of the invoices have a payment about which the bank has not decided."""
    undecided = (
        select(PaymentTarget.invoice_id)
        .join(Dispute, Dispute.payment_id == PaymentTarget.payment_id)
        .where(PaymentTarget.invoice_id.in_(invoice_ids), Dispute.state.in_(UNDECIDED))
    )
    return {invoice_id for invoice_id in db.session().scalars(undecided) if invoice_id is not None}


def customer_for(payment: Payment) -> ProcessorCustomer:
    """For whom the processor keeps the card of a payment that keeps one: the intent made the row."""
    found = customer_of(payment.account_id, payment.livemode)
    if found is None:
        raise ValueError("the intent to keep a card makes the customer's row")
    return found


def charge_request(public_id: str) -> ChargeRequest:
    """The request to charge a card on file, from the stored rows alone."""
    payment, title = _with_title(public_id)
    card = (
        db.session()
        .scalars(select(SavedCard).where(SavedCard.id == payment.card_id).options(joinedload(SavedCard.customer)))
        .one()
    )
    return ChargeRequest(
        reference=public_id,
        amount=payment.amount,
        currency=payment.currency,
        title=title,
        customer=card.customer.processor_customer or "",
        method=card.processor_method,
    )


def is_needless(payment: Payment) -> bool:
    """Whether money that came otherwise has left less open than the payment would take."""
    meant = select(PaymentTarget.invoice_id).where(
        PaymentTarget.payment_id == payment.id, PaymentTarget.invoice_id.is_not(None)
    )
    invoices = db.session().scalars(select(Invoice).where(Invoice.id.in_(meant))).all()
    held, disputed = held_on_each([invoice.id for invoice in invoices]), disputed_among([one.id for one in invoices])
    return bool(disputed) or any(held[invoice.id] > invoice.balance for invoice in invoices)


def _with_title(public_id: str) -> tuple[Payment, str]:
    """A payment, and what its payer reads; derived from what it was begun for, which never changes.

    An order keeps its own name when it has an invoice: a repeated request is the same to the byte.
    """
    payment = db.session().scalars(select(Payment).where(Payment.public_id == public_id)).one()
    meant = select(Invoice.number).join(PaymentTarget).where(PaymentTarget.payment_id == payment.id)
    own = meant.where(PaymentTarget.order_id.is_(None)).order_by(PaymentTarget.id)
    ordered = select(OnlineOrder.public_id).join(PaymentTarget).where(PaymentTarget.payment_id == payment.id)
    order = db.session().scalar(ordered)
    if order is not None:
        with words.in_language(payment.locale):
            return payment, words.gettext("Order %(reference)s", reference=order)
    return payment, _title(db.session().scalars(own).all(), payment.locale)


def session_request(public_id: str, expires_at: datetime) -> SessionRequest:
    """The request to the processor, from the stored rows alone."""
    payment, title = _with_title(public_id)
    own_page = templating.link(payment.own_path)
    return SessionRequest(
        reference=public_id,
        amount=payment.amount,
        currency=payment.currency,
        locale=payment.locale,
        title=title,
        brands=brands(payment.currency),
        expires_at=expires_at,
        success_url=f"{own_page}?returned=1",
        cancel_url=own_page,
        customer=customer_for(payment).processor_customer if payment.keeps_card else None,
    )


def _title(numbers: Sequence[str], locale: str) -> str:
    """What the payer reads on the hosted page: as many numbers as there is room for, and how many more there are."""
    with words.in_language(locale):
        if len(numbers) == 1:
            return words.gettext("Invoice %(number)s", number=numbers[0])
        title = words.gettext("Invoices %(numbers)s", numbers=", ".join(numbers))
        named = len(numbers)
        while len(title) > LONGEST_TITLE:
            named -= 1
            shown, more = ", ".join(numbers[:named]), len(numbers) - named
            title = words.gettext("Invoices %(numbers)s and %(more)s more", numbers=shown, more=more)
        return title
