"""What becomes of an order: carried out at the price that was fixed, given up, or money without a purpose.

Parts of verbs, under the locks that `locked` takes after the account's: orders, then their subscriptions, by id. An
order is carried out whole, with its document and all its effects, or not at all.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import audit, clock, db, words
from billing_core.accounts import Account
from billing_core.documents.service import request_document
from billing_core.ledger import incoming as ledger
from billing_core.ledger.calculation import LineDraft
from billing_core.ledger.correcting import left_of
from billing_core.ledger.crediting import CreditNoteDraft, number_credit_note, write_credit_note
from billing_core.ledger.models import CreditNote, Invoice, InvoiceLine
from billing_core.ledger.service import BillTo, InvoiceDraft, number_invoice, write_invoice
from billing_core.orders.online import refusals
from billing_core.orders.online.models import OnlineOrder, OnlineOrderLine
from billing_core.orders.online.priced import CHANGE, RENEW, START, TRIAL, Priced, drafts, positions
from billing_core.orders.online.pricing import based_on
from billing_core.orders.online.queries import credit_held
from billing_core.orders.states import ONLINE_ORDER
from billing_core.people import BillingContact, contacts_of
from billing_core.sellers.letterhead import Letterhead
from billing_core.subscriptions import online
from billing_core.subscriptions import service as subscriptions
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.online import Plan
from billing_core.subscriptions.proration import NEW_PERIOD
from billing_core.words import mark

TITLE, OF_RENEWAL = mark("Online order"), mark("Renewal")


@dataclass(frozen=True)
class Applied:
    """An order that was carried out, with its document, which has no number yet: `complete` gives it one."""

    order: OnlineOrder
    account: Account
    seller_code: str
    contact: BillingContact | None
    invoice: Invoice | None
    credit_note: CreditNote | None
    credit_used: int


def locked(order_ids: Iterable[int]) -> dict[int, OnlineOrder]:
    """The orders with lines, charges and products, and their subscriptions: all locked by id and read anew."""
    ids = sorted(set(order_ids))
    if not ids:
        return {}
    rows = select(OnlineOrder).where(OnlineOrder.id.in_(ids)).order_by(OnlineOrder.id)
    whole = rows.options(
        selectinload(OnlineOrder.lines).selectinload(OnlineOrderLine.charges),
        selectinload(OnlineOrder.lines).joinedload(OnlineOrderLine.product),
    )
    found = db.session().scalars(whole.with_for_update().execution_options(populate_existing=True)).all()
    subscriptions.locked(line.subscription_id for order in found for line in order.lines if line.subscription_id)
    return {order.id: order for order in found}


def apply(order: OnlineOrder, actor: str) -> Applied:
    """Carry a locked, placed order out: document, account credit, subscriptions. Access starts now (domain.md 6).

    What the credit cannot give any more, because money behind it was taken back, stays open on the invoice. Raises
    WrongState and NoLongerApplicable; the caller has to undo what was written then.
    """
    state = ONLINE_ORDER.after(order.state, "fulfil")
    whole = select(Account).where(Account.id == order.account_id).options(joinedload(Account.seller))
    account = db.session().scalars(whole).one()
    seller_code, contact = account.seller.code, _addressee(order)
    found = subscriptions.locked(line.subscription_id for line in order.lines if line.subscription_id)
    for line in order.lines:
        _refuse_unless_applicable(order, line, found)
    is_billed = any(line.charges for line in order.lines)
    invoice = write_invoice(_invoice_draft(order, account, contact, found)) if is_billed and order.total >= 0 else None
    note = write_credit_note(_credit_draft(order, account, contact, found)) if order.total < 0 else None
    used = _use_credit(order, invoice) if invoice is not None else 0
    billed = _billed_by(order, invoice) if invoice is not None else {}
    for line in order.lines:
        _take_effect(order, line, found, account, billed.get(line.position), actor)
    order.invoice_id, order.credit_note_id = invoice.id if invoice else None, note.id if note else None
    _end(order, state)
    audit.record(actor, "online_order.fulfilled", order.public_id, order.account_id)
    return Applied(order, account, seller_code, contact, invoice, note, used)


def complete(applied: Applied, actor: str) -> None:
    """Number the document and have it printed: the last thing that its transaction does but for mails."""
    code = applied.seller_code
    if applied.invoice is not None:
        invoice = applied.invoice
        number_invoice(invoice, code, actor)
        request_document(invoice.public_id, "invoice", invoice.locale, f"{invoice.number}.pdf")
    if applied.credit_note is not None:
        note = applied.credit_note
        number_credit_note(note, code, actor)
        request_document(note.public_id, "credit-note", note.locale, f"{note.number}.pdf")


def void(order: OnlineOrder, actor: str, why: str) -> None:
    """Its payment has ended without money: the order is over, and what it held is free. Harmless on any other order."""
    if ONLINE_ORDER.allows(order.state, "void"):
        _end(order, ONLINE_ORDER.after(order.state, "void"))
        audit.record(actor, "online_order.void", order.public_id, order.account_id, why=why)


def set_apart(order: OnlineOrder, actor: str, why: str) -> None:
    """Money came for what can no longer be carried out. The caller makes it account credit and tells finance."""
    order.reason = why
    _end(order, ONLINE_ORDER.after(order.state, "set_apart"))
    audit.record(actor, "online_order.unapplied", order.public_id, order.account_id, why=why)


def _end(order: OnlineOrder, state: str) -> None:
    order.state, order.ended_at = state, clock.now()
    for line in order.lines:
        line.is_open = False
    db.session().flush()


def _addressee(order: OnlineOrder) -> BillingContact | None:
    """Who placed it, while an active contact; else the first of the account's."""
    contacts = contacts_of(order.account_id)
    return next((contact for contact in contacts if contact.id == order.contact_id), next(iter(contacts), None))


def _refuse_unless_applicable(order: OnlineOrder, line: OnlineOrderLine, found: dict[int, Subscription]) -> None:
    """The subscription is what the price was made from, no other one lives or was tried meanwhile, and finance has not
    credited what this credits."""
    product = line.product.name
    about = found.get(line.subscription_id) if line.subscription_id is not None else None
    if line.subscription_id is not None:
        if about is None or based_on(about) != line.based_on:
            raise refusals.NoLongerApplicable(product=product)
        if line.effect != RENEW and online.seats_in_use(about.id) > line.seats:
            raise refusals.NoLongerApplicable(product=product)
        if not _can_be_credited(line, about):
            raise refusals.NoLongerApplicable(product=product)
    if line.effect in (CHANGE, RENEW):
        return
    for known in online.of_product(order.account_id, line.product_id):
        lives = known.is_running(order.day) and known.cancelled_on is None and known.id != line.subscription_id
        if lives or (line.effect == TRIAL and known.is_trial):
            raise refusals.NoLongerApplicable(product=product)


def _can_be_credited(line: OnlineOrderLine, about: Subscription) -> bool:
    credited = -sum(charge.amount for charge in line.charges if charge.kind != NEW_PERIOD)
    return not credited or about.invoice_line_id is None or credited <= left_of(about.invoice_line_id)


def _take_effect(
    order: OnlineOrder, line: OnlineOrderLine, found: dict[int, Subscription], account: Account,
    billed_by: int | None, actor: str,
) -> None:  # fmt: skip
    cause = f"{order.public_id}-{line.position}"
    before = found.get(line.subscription_id) if line.subscription_id is not None else None
    kept = before if before is not None and not line.restarts else None
    plan = Plan(
        line.tier, line.seats, line.frequency, line.unit_price, line.period_start, line.period_end, line.anchor_day,
        line.tax_category, line.tax_rate, kept.invoice_line_id if kept else billed_by,
        is_paid=kept.is_paid if kept else True,
    )  # fmt: skip
    if line.effect == RENEW and before is not None:
        online.renew_online(before, plan, cause, actor)
        return
    if line.effect == CHANGE and before is not None:
        online.change_online(before, plan, cause, actor)
        return
    if line.effect == START and before is not None:
        online.end_trial(before, order.day, actor)
    begun = online.start_online(account, line.product_id, plan, cause, actor, is_trial=line.effect == TRIAL)
    if before is not None:
        online.follow_trial(before, begun, actor)


def _use_credit(order: OnlineOrder, invoice: Invoice) -> int:
    held_by_others = credit_held(order.account_id, order.currency) - order.credit_used
    left = ledger.credit_of(order.account_id, order.currency) - held_by_others
    usable = max(min(order.credit_used, left, invoice.balance), 0)
    if usable:
        ledger.use(invoice, usable, order.public_id)
    return usable


def _billed_by(order: OnlineOrder, invoice: Invoice) -> dict[int, int]:
    """Which line of the invoice bills the new period of which line of the order, by its position. One statement."""
    ids = select(InvoiceLine.id).where(InvoiceLine.invoice_id == invoice.id).order_by(InvoiceLine.position)
    written = zip(positions(order.lines), db.session().scalars(ids), strict=True)
    return {line.position: its_id for (line, charge), its_id in written if charge.kind == NEW_PERIOD}


def _lines(order: OnlineOrder, found: dict[int, Subscription], sign: int = 1) -> list[LineDraft]:
    """The lines of its document; what credits a part of a period names the line that billed it."""
    told = zip(drafts(order.lines, order.currency, order.locale, sign), positions(order.lines), strict=True)
    return [replace(one, credits_line_id=_credited_line(line, charge, found)) for one, (line, charge) in told]


def _credited_line(line: OnlineOrderLine, charge: Priced, found: dict[int, Subscription]) -> int | None:
    if charge.kind == NEW_PERIOD or line.subscription_id is None:
        return None
    return found[line.subscription_id].invoice_line_id


def _invoice_draft(
    order: OnlineOrder, account: Account, contact: BillingContact | None, found: dict[int, Subscription]
) -> InvoiceDraft:
    """Of today on the seller's calendar, and due today."""
    seller = account.seller
    today = clock.today(seller.timezone)
    billed = [line for line in order.lines if line.charges]
    return InvoiceDraft(
        account_id=account.id,
        seller_id=seller.id,
        seller_code=seller.code,
        contact_id=contact.id if contact else None,
        currency=order.currency,
        locale=order.locale,
        issued_on=today,
        due_on=today,
        bill_to=BillTo.of(account, contact.person.name if contact else ""),
        issued_by=Letterhead.of(seller),
        user_id=contact.user_id if contact else "",
        lines=_lines(order, found),
        title=_title(order),
        period_start=min(line.period_start for line in billed),
        period_end=max(line.period_end for line in billed),
    )


def _credit_draft(
    order: OnlineOrder, account: Account, contact: BillingContact | None, found: dict[int, Subscription]
) -> CreditNoteDraft:
    seller = account.seller
    return CreditNoteDraft(
        cause=order.public_id,
        account_id=account.id,
        seller_id=seller.id,
        seller_code=seller.code,
        contact_id=contact.id if contact else None,
        invoice_id=None,
        currency=order.currency,
        locale=order.locale,
        issued_on=clock.today(seller.timezone),
        bill_to=BillTo.of(account, contact.person.name if contact else ""),
        issued_by=Letterhead.of(seller),
        lines=_lines(order, found, sign=-1),
        user_id=contact.user_id if contact else "",
        title=_title(order),
        stays_credit=True,
    )


def _title(order: OnlineOrder) -> str:
    with words.in_language(order.locale):
        return words.gettext(OF_RENEWAL if order.is_renewal else TITLE)
