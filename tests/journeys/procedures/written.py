"""What must be in the database after a step: subscription, invoice, ledger rows and outbox mail; and on the history."""

from sqlalchemy import select

from billing_core import db
from billing_core.catalogue.models import Product
from billing_core.ledger.models import Allocation, Invoice, InvoiceLine
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.models import OnlineOrder, OnlineOrderLine
from billing_core.payments.models import Payment
from billing_core.subscriptions.models import Subscription
from tests.journeys.procedures.buyer import Buyer


def require_bought(buyer: Buyer, net: int, tax: int, mail: str = "order-confirmed") -> None:
    """The newest order was carried out: one invoice of this sum, paid by card and nothing else, one mail, one row of
    the history page with its sum."""
    total = net + tax
    with db.reading() as session:
        order, mails = _newest_order(buyer), _mails(buyer, mail)
        invoice = session.scalars(select(Invoice).where(Invoice.id == order.invoice_id)).one()
        booked = session.scalars(select(Allocation).where(Allocation.invoice_id == invoice.id)).all()
        paid = [session.get_one(Payment, row.payment_id) for row in booked]
        effects = set(session.scalars(select(OnlineOrderLine.effect).where(OnlineOrderLine.order_id == order.id)))
    assert (order.state, invoice.net, invoice.tax, invoice.total, invoice.balance) == ("fulfilled", net, tax, total, 0)
    assert [(row.kind, row.amount) for row in booked] == [("card", total)]
    assert [(one.state, one.amount) for one in paid] == [("succeeded", total)]
    assert ("renew" in effects) == (mail != "order-confirmed")
    about_it = [one for one in mails if one.attached == f"invoice:{invoice.public_id}"]
    assert [one.recipient_name for one in about_it] == ["Lena Novak"]
    buyer.numbers.append(str(invoice.number))
    _require_in_history(buyer, invoice.number, total)


def require_free(buyer: Buyer) -> None:
    """The newest order cost nothing: it has no invoice, and a mail."""
    order, mails = _newest_order(buyer), _mails(buyer, "order-confirmed")
    assert (order.state, order.total, order.invoice_id) == ("fulfilled", 0, None)
    assert mails[-1].attached == ""


def require_runs(buyer: Buyer, code: str, *terms: object, is_trial: bool = False) -> None:
    """The one live subscription of the product has these terms (tier, seats, frequency, unit price).

    The newest invoice billed it, where it is no trial.
    """
    with db.reading() as session:
        of_product = select(Subscription).join(Product).where(Product.code == code, Subscription.is_live)
        found = session.scalars(of_product.where(Subscription.account_id == buyer.account.id)).one()
        billed = select(Invoice.number).join(InvoiceLine, InvoiceLine.invoice_id == Invoice.id)
        numbers = session.scalars(billed.where(InvoiceLine.id == found.invoice_line_id)).all()
    assert (found.tier, found.seats, found.frequency, found.unit_price)[: len(terms)] == terms
    assert (found.is_trial, found.cancelled_on) == (is_trial, None)
    assert is_trial or numbers == buyer.numbers[-1:]


def require_cancelled(buyer: Buyer, code: str, *, pending: bool) -> None:
    """Whether its end is pending; of each the mail that confirms it."""
    with db.reading() as session:
        of_product = select(Subscription).join(Product).where(Product.code == code, ~Subscription.is_trial)
        found = session.scalars(of_product.where(Subscription.account_id == buyer.account.id)).one()
    assert ((found.cancelled_on is not None), found.is_live) == (pending, not pending)
    assert len(_mails(buyer, "subscription-cancelled")) == 1
    assert len(_mails(buyer, "cancellation-removed")) == (0 if pending else 1)


def _newest_order(buyer: Buyer) -> OnlineOrder:
    with db.reading() as session:
        own = select(OnlineOrder).where(OnlineOrder.account_id == buyer.account.id)
        return session.scalars(own.order_by(OnlineOrder.id.desc()).limit(1)).one()


def _mails(buyer: Buyer, kind: str) -> list[OutboxMail]:
    with db.reading() as session:
        own = select(OutboxMail).where(OutboxMail.account_id == buyer.account.id, OutboxMail.kind == kind)
        return list(session.scalars(own.order_by(OutboxMail.id)))


def _require_in_history(buyer: Buyer, number: str, total: int) -> None:
    contact = buyer.contact
    contact.click("Subscriptions")
    contact.click("Invoices")
    contact.arrives("Invoice history")
    row = contact.page.get_by_role("row").filter(has_text=number).first
    assert buyer.shown(total) in " ".join(row.inner_text().split())
