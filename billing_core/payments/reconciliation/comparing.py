"""What makes a difference between a row of ours and a thing of the processor's: values in, values out, no calls."""

import json
import re
from dataclasses import asdict, dataclass

from billing_core.payments import states
from billing_core.payments.listing import ListedDispute, ListedPayment, ListedRefund

PAYMENT, REFUND, DISPUTE = "payment", "refund", "dispute"
MISSING_HERE, MISSING_THERE, AMOUNT, STATE, MODE, SECOND = (
    "missing_here", "missing_there", "amount", "state", "mode", "second",
)  # fmt: skip
PAID = "paid"
"""At the processor: money was taken."""
OUR_REFERENCE = re.compile(r"pay_[0-9a-z]{16}")
REFUNDS_HERE = {states.BEGUN: "pending", states.PENDING: "pending"}
"""What our states of refunds are called at the processor, where the name differs."""


@dataclass(frozen=True)
class Here:
    """A row of ours. `settled_with` is the processor's id for which finance closed it without money."""

    about: str
    public_id: str
    payment: str
    theirs: str | None
    state: str
    amount: int
    currency: str
    livemode: bool = False
    settled_with: str | None = None


@dataclass(frozen=True)
class There:
    """A thing of the processor's. `reference` is our public id, as far as it carries one."""

    about: str
    theirs: str
    intent: str
    reference: str
    payment: str
    state: str
    amount: int | None
    currency: str
    livemode: bool = False


@dataclass(frozen=True)
class Difference:
    """What is told of it; see models.ReconciliationDifference."""

    about: str
    what: str
    payment: str
    ours: str
    theirs: str
    detail: bytes


def of_payment(listed: ListedPayment) -> There:
    """A payment at the processor."""
    return There(
        PAYMENT, listed.intent_id, listed.intent_id, listed.reference, listed.reference,
        PAID if listed.is_paid else listed.status, listed.received, listed.currency, listed.livemode,
    )  # fmt: skip


def of_refund(listed: ListedRefund) -> There:
    """A refund at the processor."""
    return There(
        REFUND, listed.refund_id, listed.intent_id, listed.reference, listed.payment, listed.status, listed.amount,
        listed.currency,
    )  # fmt: skip


def of_dispute(listed: ListedDispute) -> There:
    """A dispute at the processor."""
    return There(
        DISPUTE, listed.dispute_id, listed.intent_id, "", "", listed.status, listed.amount, listed.currency
    )  # fmt: skip


def differences(here: Here | None, there: There | None) -> list[Difference]:
    """In what the two differ; nothing where both say the same, or where neither is anything."""
    if here is None:
        return [_told(MISSING_HERE, None, there)] if there is not None and _counts(there) else []
    if there is None:
        return [_told(MISSING_THERE, here, None)] if here.theirs is not None and _is_money(here) else []
    found = _of_payments(here, there) if here.about == PAYMENT else _of_money_back(here, there)
    return [_told(what, here, there) for what in found]


def _counts(there: There) -> bool:
    """Whether it should have a row of ours."""
    return there.state == PAID if there.about == PAYMENT else there.state != "failed"


def _is_money(here: Here) -> bool:
    """Whether the processor should have it."""
    return here.about != PAYMENT or here.state in states.MAY_GO_BACK


def _of_payments(here: Here, there: There) -> list[str]:
    is_paid, is_booked = there.state == PAID, here.state in states.MAY_GO_BACK
    if is_paid and here.theirs not in (None, there.theirs):
        return [SECOND]
    if not is_paid:
        return [STATE] if is_booked and here.theirs == there.theirs else []
    if here.state == states.CLOSED and here.settled_with == there.theirs:
        return []
    if not is_booked:
        return [STATE]
    found = [AMOUNT] if here.state == states.SUCCEEDED and _money(here) != _money(there) else []
    return [*found, MODE] if here.livemode is not there.livemode else found


def _of_money_back(here: Here, there: There) -> list[str]:
    state = REFUNDS_HERE.get(here.state, here.state) if here.about == REFUND else here.state
    takes_money = here.about == REFUND or here.state in (states.DISPUTED, states.LOST)
    found = [AMOUNT] if takes_money and _money(here) != _money(there) else []
    return [*found, STATE] if state != there.state else found


def _money(side: Here | There) -> tuple[int | None, str]:
    return side.amount, side.currency


def _told(what: str, here: Here | None, there: There | None) -> Difference:
    names = ("state", "amount", "currency", "livemode")
    detail = {
        side: {name: value for name, value in asdict(one).items() if name in names}
        for side, one in (("here", here), ("there", there))
        if one is not None
    }
    about = here.about if here is not None else there.about if there is not None else ""
    return Difference(
        about, what, here.payment if here is not None else "",
        here.public_id if here is not None else (there.reference or there.payment)[:120] if there is not None else "",
        there.theirs if there is not None else (here.theirs or "") if here is not None else "",
        json.dumps(detail, sort_keys=True).encode(),
    )  # fmt: skip
