"""The mails of online orders, each written in the transaction of what it tells."""

from collections.abc import Sequence
from typing import Any

from billing_core import clock, db, templating
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.mail.service import Recipient, send_mail
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.settling import Applied
from billing_core.people import Person
from billing_core.permissions import Viewer
from billing_core.subscriptions.models import Subscription
from billing_core.words import mark

FINANCE_READS = "en"
"""The language of mails to the vendor's own people, as of the logs."""


def confirm(
    applied: Applied,
    *,
    card: str = "",
    reference: str = "",
    paid: int = 0,
    collected: Sequence[tuple[Invoice, int]] = (),
) -> None:
    """The one mail about an order that was carried out, with its document. `paid` is what the card was charged.

    `collected` are older small invoices that the same charge has paid.
    """
    order, invoice, note = applied.order, applied.invoice, applied.credit_note
    person = db.session().get_one(Person, order.placed_by)
    attached = [("invoice", invoice.public_id)] if invoice else [("credit-note", note.public_id)] if note else []
    context: dict[str, Any] = {
        "order": order, "account": applied.account.name, "invoice": invoice, "note": note,
        "user_id": applied.contact.user_id if applied.contact else "", "card": card, "reference": reference,
        "paid": paid, "collected": collected,
        "credit_used": applied.credit_used, "lines": order.lines,
    }  # fmt: skip
    kind, subject = "order-confirmed", mark("Your order is confirmed")
    if order.is_renewal:
        kind, subject = "subscription-renewed", mark("%(product)s was renewed")
        context["product"] = order.lines[0].product.name
    send_mail(
        kind, subject, Recipient(person.name, person.email, person.locale), context, account_id=order.account_id,
        attached=tuple(attached),
    )  # fmt: skip


def tell_unapplied(order: OnlineOrder, amount: int, card: str, reference: str) -> None:
    """Tell the payer that the money came, that the order could not be carried out, and where the money is."""
    person = db.session().get_one(Person, order.placed_by)
    send_mail(
        "order-unapplied", mark("Your payment has become account credit"),
        Recipient(person.name, person.email, person.locale),
        {"order": order, "amount": amount, "card": card, "reference": reference}, account_id=order.account_id,
    )  # fmt: skip


def tell_finance(order: OnlineOrder, amount: int, reference: str) -> None:
    """Tell finance that money came for what could no longer be applied (domain.md 6)."""
    brand = templating.brand()
    account = db.session().get_one(Account, order.account_id)
    send_mail(
        "order-unapplied-desk", mark("Payment %(reference)s could not be applied to its order"),
        Recipient(brand.name, brand.support_email, FINANCE_READS),
        {"order": order, "account": account, "amount": amount, "reference": reference}, account_id=order.account_id,
    )  # fmt: skip


def tell_cancelled(viewer: Viewer, account: Account, subscription: Subscription) -> None:
    """Confirm the cancellation to who made it."""
    is_over = subscription.is_over(clock.today(account.timezone))
    kind = "overdue-cancelled" if is_over else "subscription-cancelled"
    _tell(kind, mark("%(product)s is cancelled"), viewer, account, subscription)


def tell_restored(viewer: Viewer, account: Account, subscription: Subscription) -> None:
    """Confirm that it is renewed again."""
    _tell("cancellation-removed", mark("%(product)s will be renewed"), viewer, account, subscription)


def _tell(kind: str, subject: str, viewer: Viewer, account: Account, subscription: Subscription) -> None:
    context = {"account": account.name, "subscription": subscription, "product": subscription.product.name}
    to = Recipient(viewer.display_name, viewer.email, viewer.locale)
    send_mail(kind, subject, to, context, account_id=account.id)
