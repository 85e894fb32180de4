"""Our rows as the comparison reads them. Each function is called in a reading transaction of its own."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy import Select, and_, or_, select

from billing_core import db
from billing_core.payments import states
from billing_core.payments.listing import Period
from billing_core.payments.models import Dispute, Payment, ProcessorEvent, Refund
from billing_core.payments.reconciliation.comparing import DISPUTE, PAYMENT, REFUND, Here, There
from billing_core.payments.review.models import PaymentReview

Rows = Sequence[Here]


@dataclass(frozen=True)
class Owner:
    """The payment that a refund or a dispute at the processor belongs to. `is_closed`: without money, by finance."""

    public_id: str
    is_closed: bool


def payments_for(page: Collection[There]) -> Rows:
    """Those that the processor's payments name, or that know them. One statement."""
    names = Payment.public_id.in_([one.reference for one in page])
    return _payments(or_(names, Payment.processor_intent.in_([one.theirs for one in page])))


def payments_of(period: Period) -> Rows:
    """Those that were paid in the period, or begun in it and sent back. One statement."""
    paid = and_(Payment.settled_at >= period.since, Payment.settled_at < period.until)
    begun = and_(Payment.created_at >= period.since, Payment.created_at < period.until)
    return _payments(and_(Payment.state.in_(states.MAY_GO_BACK), or_(paid, begun)))


def payments_named(public_ids: Collection[str]) -> Rows:
    """Those with these public ids. One statement."""
    return _payments(Payment.public_id.in_(public_ids))


def _payments(which: object) -> Rows:
    rows = select(Payment, PaymentReview.intent_id).outerjoin(PaymentReview, PaymentReview.payment_id == Payment.id)
    return [
        Here(
            PAYMENT, row.public_id, row.public_id, row.processor_intent, row.state, row.amount, row.currency,
            row.livemode, settled_with,
        )
        for row, settled_with in db.session().execute(rows.where(which))  # type: ignore[arg-type]
    ]  # fmt: skip


def refunds_for(page: Collection[There]) -> Rows:
    """Those that the processor's refunds name, or that know them. One statement."""
    names = Refund.public_id.in_([one.reference for one in page])
    return _refunds(_of_refunds().where(or_(names, Refund.processor_refund.in_([one.theirs for one in page]))))


def refunds_of(period: Period) -> Rows:
    """Those of the period, and all without an outcome. One statement."""
    within = and_(Refund.created_at >= period.since, Refund.created_at < period.until)
    return _refunds(_of_refunds().where(or_(within, Refund.state.in_((states.BEGUN, states.PENDING)))))


def refunds_named(public_ids: Collection[str]) -> Rows:
    """Those with these public ids. One statement."""
    return _refunds(_of_refunds().where(Refund.public_id.in_(public_ids)))


def _of_refunds() -> Select[Refund, str]:
    return select(Refund, Payment.public_id).join(Payment, Payment.id == Refund.payment_id)


def _refunds(rows: Select[Refund, str]) -> Rows:
    return [
        Here(REFUND, row.public_id, payment, row.processor_refund, row.state, row.amount, row.currency)
        for row, payment in db.session().execute(rows)
    ]


def disputes_for(page: Collection[There]) -> Rows:
    """Those that know the processor's disputes. One statement."""
    return _disputes(_of_disputes().where(Dispute.processor_dispute.in_([one.theirs for one in page])))


def disputes_of(period: Period) -> Rows:
    """Those of the period, and all that are not decided. One statement."""
    within = and_(Dispute.opened_at >= period.since, Dispute.opened_at < period.until)
    return _disputes(_of_disputes().where(or_(within, Dispute.state.in_(states.UNDECIDED))))


def disputes_named(public_ids: Collection[str]) -> Rows:
    """Those with these public ids. One statement."""
    return _disputes(_of_disputes().where(Dispute.public_id.in_(public_ids)))


def _of_disputes() -> Select[Dispute, str]:
    return select(Dispute, Payment.public_id).join(Payment, Payment.id == Dispute.payment_id)


def _disputes(rows: Select[Dispute, str]) -> Rows:
    return [
        Here(DISPUTE, row.public_id, payment, row.processor_dispute, row.state, row.amount, row.currency)
        for row, payment in db.session().execute(rows)
    ]


def owners(intents: Iterable[str]) -> dict[str, Owner]:
    """Whose the processor's intents are, as far as we know them. One statement."""
    wanted = list(intents)
    rows = (
        select(Payment.public_id, Payment.state, Payment.processor_intent, PaymentReview.intent_id)
        .outerjoin(PaymentReview, PaymentReview.payment_id == Payment.id)
        .where(or_(Payment.processor_intent.in_(wanted), PaymentReview.intent_id.in_(wanted)))
    )
    found: dict[str, Owner] = {}
    for public_id, state, intent, seen in db.session().execute(rows):
        found[intent or seen or ""] = Owner(public_id, state == states.CLOSED)
    return found


def unknown_events(event_ids: Collection[str]) -> set[str]:
    """Which of these messages were never stored. One statement."""
    stored = select(ProcessorEvent.event_id).where(ProcessorEvent.event_id.in_(event_ids))
    return set(event_ids) - set(db.session().scalars(stored))
