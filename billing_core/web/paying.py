"""Where a form for a payment of invoices leads."""

from collections.abc import Sequence

from flask import redirect
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.payments import service as card
from billing_core.payments.beginning import propose
from billing_core.payments.models import Payment
from billing_core.payments.refusals import SecondContactNeeded
from billing_core.payments.sharing import Means, Wish
from billing_core.web.identity import viewer
from billing_core.web.render import see, tell
from billing_core.words import mark


def onward(payment: Payment) -> Response:
    """To where the card is entered, or to the page of the payment."""
    if payment.can_go_on and payment.hosted_url:
        return redirect(payment.hosted_url, 303)
    return see("payments.detail", public_id=payment.public_id)


def pay_or_propose(wishes: Sequence[Wish], form_key: str | None, means: Means) -> Response:
    """Begin the payment; where the account's rule asks for two contacts, propose it to the others.

    Raises what `pay_invoices` does, and NobodyElsePays.
    """
    key = form_key or db.public_id("form")
    try:
        return onward(card.pay_invoices(viewer(), wishes, form_key=key, means=means))
    except SecondContactNeeded:
        made = db.perform(propose, viewer(), wishes, key)
    tell("success", mark("Your payment is proposed. Another contact has been asked to confirm it."))
    return see("proposals.detail", public_id=made.public_id)
