"""What the processor has of a payment that was set aside, and what can be decided about it: without any call."""

import hashlib
import json
from dataclasses import asdict, dataclass, replace

from sqlalchemy import exists, select

from billing_core import clock, db
from billing_core.payments.gateway import SessionState
from billing_core.payments.models import Payment, Refund
from billing_core.payments.review.models import PaymentReview
from billing_core.payments.states import AWAITING, NEEDS_REVIEW

TAKE_IN, GIVE_BACK, CLOSE = "take_in", "give_back", "close"
"""What finance can decide."""


@dataclass(frozen=True)
class Finding:
    """A session with its money as the processor has it; without session_id, a charge of a card on file.

    Amounts are None where they are none of ours.
    """

    session_id: str
    reference: str
    status: str
    is_paid: bool
    is_final: bool
    amount: int | None
    received: int | None
    currency: str
    livemode: bool
    intent_id: str | None
    card_brand: str = ""
    card_last4: str = ""
    refunded: int = 0

    @property
    def fingerprint(self) -> str:
        """Names what was seen: a decision is about exactly this."""
        said = json.dumps(asdict(self), sort_keys=True)
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @property
    def left(self) -> int:
        """What of the money is still with us."""
        return (self.received or 0) - self.refunded if self.is_paid else 0


def of_session(seen: SessionState) -> Finding:
    """The finding that a look at a session gives; what went back must be asked for besides."""
    return Finding(
        seen.session_id or "", seen.reference, seen.status, seen.is_paid, seen.is_final, seen.amount, seen.received,
        seen.currency, seen.livemode, seen.intent_id, seen.card_brand[:20], seen.card_last4[:4],
    )  # fmt: skip


def of_review(review: PaymentReview) -> Finding:
    """What the newest look found."""
    return Finding(**{name: getattr(review, name) for name in Finding.__dataclass_fields__})


def keep(payment: Payment, found: Finding) -> PaymentReview:
    """Put down what was seen of a locked payment; what was asked for is put down only once."""
    now = clock.now()
    review = db.session().get(PaymentReview, payment.id, populate_existing=True)
    if review is None:
        review = PaymentReview(
            payment_id=payment.id, asked=payment.amount, asked_currency=payment.currency, set_aside_at=now
        )
        db.session().add(review)
    for name, value in asdict(replace(found, reference=found.reference[:200])).items():
        setattr(review, name, value)
    review.seen_at = now
    return review


def possible(payment: Payment, found: Finding, *, livemode: bool) -> tuple[str, ...]:
    """What finance can decide about a payment now. `livemode` is that of the processor's key. At most two statements.

    Taken in is what came for this payment in its own currency and mode; given back what the processor can send back
    under our key; and closed is what has no money, none that is real, or none that is left.
    """
    if payment.state != NEEDS_REVIEW or _waits_for_approval(payment):
        return ()
    if not found.is_paid or (payment.livemode and not found.livemode) or _is_of_another(payment, found):
        return (CLOSE,) if found.is_final or found.is_paid or found.status == "open" else ()
    if found.left == 0 and found.refunded:
        return (CLOSE,)
    if found.livemode != livemode or not found.received or found.intent_id is None:
        return ()
    alike = (found.reference, found.currency, found.livemode) == (
        payment.public_id, payment.currency, payment.livemode,
    )  # fmt: skip
    is_the_page = payment.processor_session in (None, found.session_id)
    return (TAKE_IN, GIVE_BACK) if alike and is_the_page and not found.refunded else (GIVE_BACK,)


def _waits_for_approval(payment: Payment) -> bool:
    waiting = exists().where(Refund.payment_id == payment.id, Refund.state == AWAITING)
    return bool(db.session().scalar(select(waiting)))


def _is_of_another(payment: Payment, found: Finding) -> bool:
    """The money is another payment's of ours, which books it."""
    others = [Payment.public_id == found.reference]
    if found.intent_id is not None:
        others.append(Payment.processor_intent == found.intent_id)
    for other in others:
        if db.session().scalar(select(Payment.id).where(other, Payment.id != payment.id)) is not None:
            return True
    return False
