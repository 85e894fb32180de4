"""The checkout, Place Order, and the page of an order that says what became of it."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.payments import ordering, service
from billing_core.payments.cards.queries import offered
from billing_core.payments.ordering import Placed
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from online_bridge.cart.queries import Looked, look, place
from online_bridge.checkout import queries
from online_bridge.checkout.forms import PlaceForm
from online_bridge.routing.showing import elsewhere, sold_outside

checkout = Blueprint("checkout", __name__)

Answer = str | Response | tuple[str, int]
OF_ONE_ORDER = ("checkout.order", "checkout.go_on", "checkout.cancel")
"""Whoever may see the order's account comes in, whichever is chosen: mails and the processor lead here."""
ORDERS = "/billing/orders"
"""Where the processor leads back to, with the id of the order."""


@checkout.before_request
def lead_on() -> Response | None:
    """The checkout is the chosen account's; an order is its own account's."""
    return sold_outside() if request.endpoint in OF_ONE_ORDER else elsewhere()


@checkout.get("/billing/checkout")
@my_page()
def show() -> Answer:
    """What is ordered and what it comes to; where something stands against it, the cart says what."""
    with db.reading():
        looked = look(viewer())
        return _page(looked, PlaceForm(formdata=None)) if looked.is_ready else _back_to_cart(looked)


@checkout.post("/billing/checkout", endpoint="place")
@my_page()
def place_order() -> Answer:
    """Place Order: on to the card's page, or to the page of the order. Other sums than were seen are shown first."""
    form, status = PlaceForm(), 400
    if form.validate_on_submit():
        try:
            with db.reading():
                looked = look(viewer())
                account = place(viewer()).account_public_id
            key, seen = form.key, form.seen.data or ""
            means = form.means
            return _onward(
                ordering.place_order(viewer(), account, looked.wishes, seen, key, means=means, return_path=ORDERS)
            )
        except (NotFound, NotAllowed):
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
    with db.reading():
        looked = look(viewer())
        if looked.is_ready:
            return _page(looked, form), status
        why = next((error for errors in form.errors.values() for error in errors), "")
        return page("online_bridge/cart.html", looked=looked, message=why), status


def _page(looked: Looked, form: PlaceForm) -> str:
    """The checkout with a new key: whatever was refused, nothing was ordered."""
    preview = looked.preview
    if preview is None:
        raise NotFound
    form.offer(preview.digest, offered(looked.account.id, looked.account.currency) if preview.charge else ())
    return page("online_bridge/checkout.html", looked=looked, preview=preview, order=preview.order, form=form)


def _back_to_cart(looked: Looked) -> Response:
    if looked.refusal is not None:
        tell("error", looked.refusal.message, **looked.refusal.params)
    elif looked.lines:
        tell("error", mark("Something in your cart cannot be ordered now. Change or remove it first."))
    else:
        tell("info", mark("Your cart is empty. Choose a product first."))
    return see("cart.show")


def _onward(placed: Placed) -> Response:
    payment = placed.payment
    if payment is not None and payment.can_go_on and payment.hosted_url and not payment.failure:
        return redirect(payment.hosted_url, 303)
    return see("checkout.order", public_id=placed.order.public_id)


@checkout.get("/billing/orders/<string:public_id>")
@my_page()
def order(public_id: str) -> Answer:
    """What became of an order. The processor sends the payer back to here, with `returned`."""
    if request.args.get("returned"):
        ordering.come_back(viewer(), public_id)
    with db.reading():
        whole = queries.whole_order(viewer(), public_id)
        return page("online_bridge/order.html", whole=whole, order=whole.order, payment=whole.payment)


@checkout.post("/billing/orders/<string:public_id>/continue")
@my_page()
def go_on(public_id: str) -> Answer:
    """Back to the hosted page of the payment that is under way."""
    with db.reading():
        payment = ordering.payment_of_order(viewer(), public_id)
    if payment is None:
        return see("checkout.order", public_id=public_id)
    continued = service.continue_payment(viewer(), payment.public_id)
    if continued.can_go_on and continued.hosted_url:
        return redirect(continued.hosted_url, 303)
    return see("checkout.order", public_id=public_id)


@checkout.post("/billing/orders/<string:public_id>/cancel")
@my_page()
def cancel(public_id: str) -> Answer:
    """End the payment, and with it the order; the cart is as it was."""
    ordering.cancel_order(viewer(), public_id)
    return see("checkout.order", public_id=public_id)
