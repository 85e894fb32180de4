"""How the processor is made to have a payment: the same whether by a hosted page or by a card on file."""

import logging
from collections.abc import Callable

from billing_core import clock, db
from billing_core.payments import moves
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.gateway import Refused, SessionState, Unclear
from billing_core.payments.models import Payment

log = logging.getLogger(__name__)


def start(payment: Payment, make: Callable[[], SessionState]) -> Payment:
    """Have it made, again under the same key where that was tried before, and put down what came of it.

    `make` asks the processor; it raises Refused and Unclear.
    """
    if clock.now() >= payment.created_at + moves.START_AGAIN_WITHIN:
        return db.perform(moves.refuse, payment.public_id, "never_started")
    try:
        made = make()
    except Refused as refusal:
        log.warning("payment %s was refused: %s", payment.public_id, refusal)
        return db.perform(moves.refuse, payment.public_id, refusal.code)
    except Unclear as error:
        log.warning("payment %s is not known to be at the processor: %s", payment.public_id, error)
        return db.perform(moves.doubt_start, payment.public_id)
    crashpoint("processor.created")
    started = db.perform(moves.learn, payment.public_id, made)
    crashpoint("payment.opened")
    return started
