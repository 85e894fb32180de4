"""Place Order: an order is priced under the locks, put down with what pays it, and carried out when that is certain.

`preview` says what it would come to; whoever places it hands in the digest of what the person saw, and another day,
price, tax or credit is shown again instead. An order that costs nothing now, or too little for a card, is carried out
in the placing transaction; every other one by the settlement of its payment (moves.learn, fulfilling).
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import audit, db
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.ledger.incoming import open_invoices
from billing_core.ledger.models import Invoice
from billing_core.ledger.service import lock_invoices
from billing_core.mail.service import BadRecipient
from billing_core.orders.online import mails, placing, pricing, settling
from billing_core.orders.online.ending import online_account
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.priced import PricedOrder, digest, facts
from billing_core.orders.online.queries import order_of
from billing_core.orders.online.refusals import OrderFormUsed, PreviewStale
from billing_core.orders.online.wishes import Wish
from billing_core.payments import charging, service
from billing_core.payments.beginning import card_on_file, intent, note_begun, refuse_unless_usable
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.limits import least_total, most_total, step
from billing_core.payments.models import Payment, PaymentTarget
from billing_core.payments.processor import processor
from billing_core.payments.queries import disputed_among, held_on_each
from billing_core.payments.refusals import OrderTooLarge, shown
from billing_core.payments.sharing import MOST_INVOICES, NEW_CARD, Means
from billing_core.permissions import Viewer
from billing_core.subscriptions.models import Subscription

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Small:
    """An older invoice that owed too little for a card, and is collected with this charge."""

    invoice_id: int
    number: str
    amount: int


@dataclass(frozen=True)
class Preview:
    """A priced order with what a card would be charged for it now."""

    order: PricedOrder
    asked: int
    """Of the order."""
    collected: tuple[Small, ...]

    @property
    def charge(self) -> int:
        """What the card is charged altogether; 0: no payment method is needed."""
        return self.asked + sum(small.amount for small in self.collected)

    @property
    def rest(self) -> int:
        """What stays open on the order's invoice, too little for a card."""
        return self.order.due - self.asked

    @property
    def digest(self) -> str:
        """The name of what the person agrees to: handed in with Place Order."""
        small = [[one.number, one.amount] for one in self.collected]
        return digest([facts(self.order), self.asked, small])


@dataclass(frozen=True)
class Placed:
    """An order, and the payment that it waits for; None where it was carried out at once."""

    order: OnlineOrder
    payment: Payment | None


def preview(viewer: Viewer, account: str, wishes: Sequence[Wish]) -> Preview:
    """What the wishes would come to now, for a page. Reads only. Raises NotFound and what `pricing.price` raises."""
    standing = next((one for one in viewer.standings if one.account_public_id == account and one.is_contact), None)
    if standing is None or standing.account_kind != "online":
        raise NotFound
    return _preview(standing.account_id, wishes)


def place_order(
    viewer: Viewer,
    account: str,
    wishes: Sequence[Wish],
    seen: str,
    form_key: str,
    *,
    means: Means = NEW_CARD,
    return_path: str = "",
) -> Placed:
    """Place the order that the person saw; `seen` is the digest of that preview.

    What comes back is carried out (no payment, or one that succeeded with a card on file), or its payment is open (go
    to hosted_url), unknown or failed: then the order is placed or void. `return_path` is where the payer's page of an
    order is, without its id. The same form again is the same order. Raises NotFound, NotAllowed, what `pricing.price`
    raises, PreviewStale, OrderUnderWay, OrderFormUsed, OrderTooLarge, CardRemoved, CardExpired and BrandNotAccepted.
    """
    placed = db.perform(_place, viewer, account, wishes, seen, form_key, means, return_path)
    return proceed(viewer, placed)


def proceed(viewer: Viewer, placed: Placed) -> Placed:
    """Do what an order that was just put down waits for, for a payer who is there."""
    crashpoint("payment.begun")
    payment = placed.payment
    if payment is None:
        return placed
    if payment.is_on_file:
        payment = charging.go_on(payment, with_owner=True)
    elif payment.lacks_place:
        payment = service.start(payment)
    with db.reading():
        return Placed(order_of(viewer, placed.order.public_id), payment)


def payment_of_order(viewer: Viewer, public_id: str) -> Payment | None:
    """The payment of one of the viewer's orders, with its targets; None where it needed none. Raises NotFound."""
    return payment_for(order_of(viewer, public_id))


def come_back(viewer: Viewer, public_id: str) -> Placed:
    """The payer of an order returned from the hosted page: what became of it. Raises NotFound."""
    with db.reading():
        payment = payment_of_order(viewer, public_id)
    if payment is not None:
        payment = service.come_back(viewer, payment.public_id)
    with db.reading():
        return Placed(order_of(viewer, public_id), payment)


def cancel_order(viewer: Viewer, public_id: str) -> Placed:
    """End the payment of an order, and with it the order; one that turns out to be paid is carried out instead.

    Raises NotFound, NotAllowed and NotKnownYet.
    """
    with db.reading():
        payment = payment_of_order(viewer, public_id)
    if payment is not None:
        payment = service.cancel_payment(viewer, payment.public_id)
    with db.reading():
        return Placed(order_of(viewer, public_id), payment)


def _place(
    viewer: Viewer, account_name: str, wishes: Sequence[Wish], seen: str, form_key: str, means: Means,
    return_path: str,
) -> Placed:  # fmt: skip
    account = online_account(viewer, account_name)
    form = f"{account.id}.{form_key}"
    earlier = placing.made_by_form(viewer.person_id, form)
    if earlier is not None:
        if earlier.seen != seen:
            raise OrderFormUsed
        return Placed(earlier, payment_for(earlier))
    found = _preview(account.id, wishes)
    if found.digest != seen:
        raise PreviewStale
    placing.lock_wished(found.order)
    placing.refuse_while_under_way(account.id, found.order)
    return put_down(viewer, account, found, form, seen, means, return_path)


def put_down(
    viewer: Viewer, account: Account, found: Preview, form: str, seen: str, means: Means, return_path: str
) -> Placed:  # fmt: skip
    """The rows of an order as it was previewed under the locks of account and subscriptions, with what pays it.

    One that costs nothing now is carried out. Raises NotFound, CardRemoved, CardExpired and BrandNotAccepted.
    """
    lock_invoices(small.invoice_id for small in found.collected)
    livemode = found.charge > 0 and processor().livemode
    card = card_on_file(viewer, account.id, means) if found.charge else None
    if card is not None:
        refuse_unless_usable(card, account.currency, livemode)
    order = placing.put_down(
        viewer, account, found.order, form, seen, asked=found.asked, rest=found.rest
    )  # fmt: skip
    if not found.charge:
        _carry_out_at_once(order, viewer.actor)
        return Placed(order, None)
    targets = [PaymentTarget(order_id=order.id, amount=found.asked, holds=True)]
    targets += [PaymentTarget(invoice_id=one.invoice_id, amount=one.amount, holds=True) for one in found.collected]
    back = f"{return_path.rstrip('/')}/{order.public_id}" if return_path else ""
    payment = intent(viewer, account.id, account.currency, targets, form, livemode, card, means, back)
    collected = {small.number: small.amount for small in found.collected}
    note_begun(viewer, payment, card, order=order.public_id, **({"invoices": collected} if collected else {}))
    return Placed(order, payment)


def _carry_out_at_once(order: OnlineOrder, actor: str) -> None:
    """A refusal refuses the order: no money has moved."""
    applied = settling.apply(order, actor)
    settling.complete(applied, actor)
    try:
        mails.confirm(applied)
    except BadRecipient:
        log.error("online order %s is carried out, but its mail has no address", order.public_id)
        audit.record(actor, "online_order.mail_failed", order.public_id, order.account_id)


def payment_for(order: OnlineOrder) -> Payment | None:
    """The payment of an order, with its targets; None where it needed none."""
    meant = select(Payment).join(PaymentTarget).where(PaymentTarget.order_id == order.id)
    return db.session().scalar(meant.options(selectinload(Payment.targets)))


def preview_renewal(subscription: Subscription, instead_of: OnlineOrder | None = None) -> Preview:
    """What the next period of a subscription, which comes with its product, would come to today. Reads only.

    `instead_of` is an order whose payment would be ended first: what that holds is free.
    """
    counter = counter_for(subscription.account_id)
    priced = pricing.price_renewal(counter, subscription, instead_of=instead_of)
    return _charged(counter.account, priced, payment_for(instead_of) if instead_of is not None else None)


def _preview(account_id: int, wishes: Sequence[Wish]) -> Preview:
    counter = counter_for(account_id)
    return _charged(counter.account, pricing.price(counter, wishes))


def counter_for(account_id: int) -> pricing.Counter:
    """The counter of an online account, read anew: what it buys at, and what of an invoice is too little to count."""
    whole = select(Account).where(Account.id == account_id).options(joinedload(Account.seller))
    account = db.session().scalars(whole.execution_options(populate_existing=True)).one()
    return pricing.counter_of(account, least_total(account.currency))


def _charged(account: Account, order: PricedOrder, instead_of: Payment | None = None) -> Preview:
    least = least_total(account.currency)
    small = _small_ones(account, least, instead_of) if order.due else ()
    whole_sum = order.due + sum(one.amount for one in small)
    too_fine = whole_sum % step(account.currency)
    asked = order.due - too_fine
    if asked <= 0 or whole_sum - too_fine < least:
        return Preview(order, 0, ())
    if whole_sum > most_total(account.currency):
        most = most_total(account.currency)
        raise OrderTooLarge(most=shown(most, account.currency))
    return Preview(order, asked, small)


def _small_ones(account: Account, least: int, instead_of: Payment | None) -> tuple[Small, ...]:
    """Invoices that owe too little for a card of their own and that nothing else holds, the oldest due first."""
    owed: list[Invoice] = [one for one in open_invoices(account.id, account.currency) if one.balance < least]
    ids = [invoice.id for invoice in owed]
    held, disputed = held_on_each(ids, instead_of), disputed_among(ids)
    free = [one for one in owed if not held[one.id] and one.id not in disputed]
    return tuple(Small(one.id, one.number, one.balance) for one in free[: MOST_INVOICES - 1])
