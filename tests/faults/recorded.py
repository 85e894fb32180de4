"""Stories of one payment whose messages are held back, to be handed over in whatever order a test likes."""

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import stripe
from sqlalchemy import Column, select

from app import tables
from app.ports import _post_webhook as post_webhook
from billing_core import db
from billing_core.db import Instant
from billing_core.ledger.models import Invoice
from billing_core.payments import service
from billing_core.permissions import Viewer
from tests.checker.till import read
from tests.factories.till import SECRET, CardTill

OUR_ID = re.compile(r"\b([a-z]{3,4})_[0-9a-hjkmnp-tv-z]{16}\b")
ITS_ID = re.compile(r"\b(cs_test|pi|ch|re|du|pm|evt|req|cus)_[0-9A-Za-z]+(_secret_[0-9A-Za-z]+)?")
OUR_ROW = re.compile(r'("\w+_id": )\d+')


@dataclass(frozen=True)
class Story:
    """What happens at the processor, and the five kinds of message that tell of it."""

    happen: Callable[[CardTill, Viewer, Invoice], None]
    kinds: tuple[str, ...]
    ends: str
    """The payment's state in the end."""


def _declined_then_paid(till: CardTill, payer: Viewer, invoice: Invoice) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, 4000)
    till.enter_card(payment, "pm_card_visa_chargeDeclined")
    till.enter_card(payment)


def _declined_then_left(till: CardTill, payer: Viewer, invoice: Invoice) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, 4000)
    till.enter_card(payment, "pm_card_visa_chargeDeclined")
    till.stripe.v1.checkout.sessions.expire(payment.processor_session or "", {}, {"idempotency_key": "leave"})


def _paid_and_taken_back(till: CardTill, payer: Viewer, invoice: Invoice) -> None:
    """A part is sent back on the processor's own pages, and the bank takes the rest."""
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    (intent,) = till.charges()
    till.stripe.v1.refunds.create({"payment_intent": intent.id, "amount": 4000}, {"idempotency_key": "by hand"})
    till.stripe.v1.disputes.close(till.sandbox.dispute(intent.id), {}, {"idempotency_key": "given up"})


STORIES = {
    "declined, then paid": Story(
        _declined_then_paid,
        (
            "charge.failed", "payment_intent.payment_failed", "charge.succeeded", "payment_intent.succeeded",
            "checkout.session.completed",
        ),
        "succeeded",
    ),
    "declined, then left": Story(
        _declined_then_left,
        (
            "payment_intent.created", "charge.failed", "payment_intent.payment_failed", "payment_intent.canceled",
            "checkout.session.expired",
        ),
        "expired",
    ),
    "paid, then taken back": Story(
        _paid_and_taken_back,
        (
            "checkout.session.completed", "payment_intent.succeeded", "refund.created", "charge.dispute.created",
            "charge.dispute.closed",
        ),
        "succeeded",
    ),
}  # fmt: skip


def messages_of(till: CardTill, story: Story) -> list[bytes]:
    """The story's five messages as the processor would send them, in the order of its kinds; exactly one of each."""
    told = list(read(till.path).events.values())
    (messages,) = zip(*([event for event in told if event["type"] == kind] for kind in story.kinds), strict=True)
    return [json.dumps(event, indent=2).encode() for event in messages]


def hand_over(message: bytes) -> int:
    """Deliver one message, signed now; the answer's status."""
    signature = stripe.WebhookSignature.generate_signature_header(message.decode(), SECRET)
    return post_webhook(message, str(signature))


def final_state() -> dict[str, list[str]]:
    """All that is stored, row by row, without ids and times; but for salted passwords, and work that is done."""
    with db.reading() as session:
        return {
            table.name: sorted(
                json.dumps({column.name: _plain(row[column.name]) for column in table.columns if _says(column)})
                for row in session.execute(select(table)).mappings()
                if (table.name, row.get("state")) != ("job", "done")
            )
            for table in tables.metadata.sorted_tables
            if table.name != "password"
        }


def _says(column: Column[Any]) -> bool:
    """Whether the column says something beyond which row it is and when."""
    named = column.primary_key or column.foreign_keys or column.name.endswith(("_id", "_key", "seal"))
    return not named and not isinstance(column.type, Instant)


def _plain(value: object) -> str:
    text = value.decode(errors="replace") if isinstance(value, bytes) else str(value)
    return OUR_ROW.sub(r"\1", ITS_ID.sub(r"\1_", OUR_ID.sub(r"\1_", text)))
