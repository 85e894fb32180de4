"""What programs read: every corporate account and what belongs to it. The vendor's own programs ask, so nobody views.

Lists are keyset pages, the oldest first, so that a walk meets every row once while others are added at its end.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, exists, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute, joinedload, selectinload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.catalogue.models import Product
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.errors import NotFound
from billing_core.ledger.models import IS_CANCELLED, AccountBalance, Allocation, CreditNote, Invoice
from billing_core.ledger.queries import balances_of
from billing_core.orders.models import OrderLine, ScheduledInvoice, ServiceOrder
from billing_core.payments.models import Payment, PaymentTarget
from billing_core.people import Person
from billing_core.subscriptions.models import Subscription
from corporate_portal.api.models import ApiToken
from corporate_portal.quotes import states
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer.loading import WHOLE

STILL_SHOWN = timedelta(days=30)
"""How long an ended subscription is listed: it can be renewed for so long."""

CORPORATE = Account.kind == "corporate"


@dataclass(frozen=True)
class Wanted:
    """Which rows of a list, and from where on; what is empty or None does not matter."""

    limit: int
    after: str = ""
    account: str = ""
    state: str = ""
    changed_since: datetime | None = None


def tokens() -> Sequence[ApiToken]:
    """Every token, the oldest first."""
    return db.session().scalars(select(ApiToken).order_by(ApiToken.id)).all()


def accounts(wanted: Wanted, number: str = "") -> Slice[Account]:
    """A page of corporate accounts. One statement."""
    rows = select(Account).where(CORPORATE)
    if number:
        rows = rows.where(Account.number == number)
    return page_of(rows, Key((Account.id,)), wanted.after, "", wanted.limit)


def people(ids: Collection[int | None]) -> dict[int, Person]:
    """Members of staff by their ids. One statement."""
    wanted = {one for one in ids if one is not None}
    return {one.id: one for one in db.session().scalars(select(Person).where(Person.id.in_(wanted)))}


@dataclass(frozen=True)
class WholeAccount:
    """An account with what belongs to it."""

    account: Account
    rep: Person | None
    balances: Sequence[AccountBalance]
    subscriptions: Sequence[Subscription]
    today: date


def account(public_id: str) -> WholeAccount:
    """One corporate account. Raises NotFound. Four statements."""
    found = db.session().scalar(select(Account).where(CORPORATE, Account.public_id == public_id))
    if found is None:
        raise NotFound
    today = clock.today(found.timezone)
    own = select(Subscription).where(Subscription.account_id == found.id, Subscription.period_end > today - STILL_SHOWN)
    listed = own.options(joinedload(Subscription.product)).order_by(Subscription.id)
    rep = people([found.rep_id]).get(found.rep_id or 0)
    return WholeAccount(found, rep, balances_of([found.id]), db.session().scalars(listed).all(), today)


def quotes(wanted: Wanted) -> Slice[QuoteVersion]:
    """A page of quotes, each in the version that counts. One statement."""
    rows = (
        select(QuoteVersion)
        .join(QuoteVersion.quote)
        .join(Quote.account)
        .where(QuoteVersion.is_current, CORPORATE, *_of(wanted, Quote.public_id))
        .options(joinedload(QuoteVersion.quote).options(joinedload(Quote.account), joinedload(Quote.rep)))
    )
    if wanted.state:
        rows = rows.where(_in_state(wanted.state, clock.now()))
    return _by_quote(rows, wanted)


def _by_quote(rows: Select[QuoteVersion], wanted: Wanted) -> Slice[QuoteVersion]:
    """By the quote's id, which stays when another version follows: a walk then meets no quote twice."""
    return page_of(rows, Key((QuoteVersion.quote_id,)), wanted.after, "", wanted.limit)


def _in_state(state: str, now: datetime) -> ColumnElement[bool]:
    """As it is true now, whether or not the job has written an expiry down."""
    over = and_(QuoteVersion.state.in_(states.OPEN), QuoteVersion.expires_at <= now)
    if state == states.EXPIRED:
        return or_(QuoteVersion.state == state, over)
    if state in states.OPEN:
        return and_(QuoteVersion.state == state, QuoteVersion.expires_at > now)
    return QuoteVersion.state == state


@dataclass(frozen=True)
class WholeQuote:
    """A version with what its decision brought about: public ids, and the number of a credit note."""

    version: QuoteVersion
    order: str | None = None
    invoice: str | None = None
    credit_note: str | None = None


def quote(public_id: str) -> WholeQuote:
    """The version of a quote that counts, whole and as it is stored now. Raises NotFound. At most six statements."""
    named = select(QuoteVersion).join(QuoteVersion.quote).join(Quote.account)
    counts = named.where(QuoteVersion.is_current, CORPORATE, Quote.public_id == public_id)
    found = db.session().scalar(counts.options(*WHOLE).execution_options(populate_existing=True))
    if found is None:
        raise NotFound
    decision = found.decision
    if decision is None:
        return WholeQuote(found)
    return WholeQuote(
        found,
        _named(ServiceOrder.public_id, ServiceOrder.id, decision.order_id),
        _named(Invoice.public_id, Invoice.id, decision.invoice_id),
        _named(CreditNote.number, CreditNote.id, decision.credit_note_id),
    )


def _named(column: InstrumentedAttribute[str], key: InstrumentedAttribute[int], row: int | None) -> str | None:
    return None if row is None else db.session().scalar(select(column).where(key == row))


def submitted_version(public_id: str) -> str:
    """The public id of the version that the customer sees. Raises NotFound for a draft that was never sent."""
    shown = select(QuoteVersion.public_id).join(QuoteVersion.quote).join(Quote.account)
    found = db.session().scalar(shown.where(QuoteVersion.is_shown, CORPORATE, Quote.public_id == public_id))
    if found is None:
        raise NotFound
    return found


def orders(wanted: Wanted) -> Slice[ServiceOrder]:
    """A page of service orders. One statement."""
    rows = select(ServiceOrder).join(ServiceOrder.account).where(CORPORATE, *_of(wanted, ServiceOrder.public_id))
    if wanted.state:
        rows = rows.where(ServiceOrder.state == wanted.state)
    rows = rows.options(joinedload(ServiceOrder.account))
    return page_of(rows, Key((ServiceOrder.id,)), wanted.after, "", wanted.limit)


def quotes_behind(origins: Collection[str]) -> dict[str, str]:
    """The public ids of the quotes, by those of their ordered versions. One statement."""
    made = select(QuoteVersion.public_id, Quote.public_id).join(QuoteVersion.quote)
    return dict(db.session().execute(made.where(QuoteVersion.public_id.in_(origins))).all())


@dataclass(frozen=True)
class WholeOrder:
    """A service order with its products and its invoices to come, each with the public id of the issued one."""

    order: ServiceOrder
    quote: str | None
    products: dict[int, str]
    schedule: Sequence[tuple[ScheduledInvoice, str | None]]


def order(public_id: str) -> WholeOrder:
    """One service order. Raises NotFound. Five statements."""
    named = select(ServiceOrder).join(ServiceOrder.account).where(CORPORATE, ServiceOrder.public_id == public_id)
    whole = named.options(joinedload(ServiceOrder.account), selectinload(ServiceOrder.lines))
    found = db.session().scalar(whole)
    if found is None:
        raise NotFound
    coming = (
        select(ScheduledInvoice, Invoice.public_id)
        .outerjoin(Invoice, Invoice.id == ScheduledInvoice.invoice_id)
        .where(ScheduledInvoice.order_id == found.id)
        .order_by(ScheduledInvoice.issue_on)
    )
    schedule = [(row, invoice) for row, invoice in db.session().execute(coming)]
    return WholeOrder(found, quotes_behind([found.origin]).get(found.origin), _products(found.lines), schedule)


def _products(lines: Collection[OrderLine]) -> dict[int, str]:
    wanted = select(Product.id, Product.code).where(Product.id.in_({line.product_id for line in lines}))
    return dict(db.session().execute(wanted).all())


SETTLEMENTS = {
    "open": Invoice.balance == Invoice.total,
    "partially_paid": and_(Invoice.balance > 0, Invoice.balance < Invoice.total),
    "paid": and_(Invoice.balance == 0, not_(IS_CANCELLED)),
    "cancelled": IS_CANCELLED,
}


def invoices(wanted: Wanted) -> Slice[Invoice]:
    """A page of invoices. One statement."""
    rows = select(Invoice).join(Invoice.account).where(CORPORATE, *_of(wanted, Invoice.public_id, _money_came))
    if wanted.state:
        rows = rows.where(SETTLEMENTS[wanted.state])
        if wanted.state == "open":
            rows = rows.where(Invoice.balance > 0)
    rows = rows.options(joinedload(Invoice.account), joinedload(Invoice.seller))
    return page_of(rows, Key((Invoice.id,)), wanted.after, "", wanted.limit)


def _money_came(since: datetime) -> ColumnElement[bool]:
    return exists().where(Allocation.invoice_id == Invoice.id, Allocation.booked_at >= since)


def invoice(public_id: str) -> Invoice:
    """One invoice with its lines, taxes and allocations. Raises NotFound. Four statements."""
    named = select(Invoice).join(Invoice.account).where(CORPORATE, Invoice.public_id == public_id)
    found = db.session().scalar(
        named.options(
            joinedload(Invoice.account), joinedload(Invoice.seller), selectinload(Invoice.lines),
            selectinload(Invoice.taxes), selectinload(Invoice.allocations),
        )
    )  # fmt: skip
    if found is None:
        raise NotFound
    return found


def payments_named(ids: Collection[int | None]) -> dict[int, str]:
    """The public ids of payments by their own. One statement."""
    wanted = select(Payment.id, Payment.public_id).where(Payment.id.in_({one for one in ids if one is not None}))
    return dict(db.session().execute(wanted).all())


_PAYMENT_WHOLE = (joinedload(Payment.account), selectinload(Payment.targets).joinedload(PaymentTarget.invoice))


def payments(wanted: Wanted) -> Slice[Payment]:
    """A page of payments with their targets. Two statements."""
    rows = select(Payment).join(Payment.account).where(CORPORATE, *_of(wanted, Payment.public_id))
    if wanted.state:
        rows = rows.where(Payment.state == wanted.state)
    return page_of(rows.options(*_PAYMENT_WHOLE), Key((Payment.id,)), wanted.after, "", wanted.limit)


def payment(public_id: str) -> Payment:
    """One payment with its targets. Raises NotFound. Two statements."""
    named = select(Payment).join(Payment.account).where(CORPORATE, Payment.public_id == public_id)
    found = db.session().scalar(named.options(*_PAYMENT_WHOLE))
    if found is None:
        raise NotFound
    return found


def _of(wanted: Wanted, subject: InstrumentedAttribute[str], also: Any = None) -> list[ColumnElement[bool]]:
    """Account and time of the last change. Every change of an object is in the audit trail, under its public id."""
    conditions: list[ColumnElement[bool]] = [Account.public_id == wanted.account] if wanted.account else []
    since = wanted.changed_since
    if since is not None:
        happened: ColumnElement[bool] = exists().where(AuditEntry.subject == subject, AuditEntry.at >= since)
        conditions.append(or_(happened, also(since)) if also else happened)
    return conditions
