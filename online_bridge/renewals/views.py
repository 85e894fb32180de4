"""The page of an overdue renewal, to which its mails lead."""

from flask import Blueprint, redirect
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.payments.cards.queries import offered
from billing_core.payments.ordering import Placed
from billing_core.permissions import Right
from billing_core.renewals import places, queries
from billing_core.renewals.service import pay_renewal
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from online_bridge.renewals.forms import RenewalForm
from online_bridge.routing.showing import sold_outside

renewals = Blueprint("renewals", __name__)
renewals.before_request(sold_outside)

Answer = str | Response | tuple[str, int]


@renewals.get("/billing/renewals/<string:public_id>")
@my_page()
def show(public_id: str) -> Answer:
    """What the renewal comes to, and with what it can be paid."""
    return _page(public_id, RenewalForm(formdata=None))


@renewals.post("/billing/renewals/<string:public_id>/pay")
@my_page()
def pay(public_id: str) -> Answer:
    """On to the card's page, or to the page of the order. Other sums than were seen are shown first."""
    form, status = RenewalForm(), 400
    if form.validate_on_submit():
        try:
            seen, key = form.agreed
            with db.reading():
                account = queries.account_of(viewer(), public_id)
            return _onward(pay_renewal(viewer(), account, public_id, seen, key, means=form.means))
        except (NotFound, NotAllowed):
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
    answer = _page(public_id, form)
    return (answer, status) if isinstance(answer, str) else answer


def _page(public_id: str, form: RenewalForm) -> str | Response:
    with db.reading():
        subscription = queries.subscription_of(viewer(), public_id)
        if queries.is_overdue(subscription):
            _, preview = queries.overdue(viewer(), public_id)
            form.offer(preview.digest)
            cards = offered(subscription.account_id, subscription.currency) if preview.charge else []
            return page(
                "online_bridge/pay_renewal.html", subscription=subscription, preview=preview, form=form, cards=cards,
                may_pay=viewer().may(Right.PAY, subscription.account_id), methods=places.PAYMENT_METHODS,
                account=viewer().standing_in(subscription.account_id),
            )  # fmt: skip
    tell("info", mark("Nothing of this renewal is to be paid now."))
    return see("billing.subscriptions")


def _onward(placed: Placed) -> Response:
    payment = placed.payment
    if payment is not None and payment.can_go_on and payment.hosted_url:
        return redirect(payment.hosted_url, 303)
    return redirect(f"{places.ORDERS}/{placed.order.public_id}", 303)
