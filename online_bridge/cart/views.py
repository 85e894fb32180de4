"""Edit Order: the cart, the form of one of its lines, and the verbs behind their buttons."""

from flask import Blueprint, jsonify
from werkzeug.wrappers import Response

from billing_core import db, words
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.orders.online.pricing import subscription_of
from billing_core.orders.online.wishes import Try, Wish
from billing_core.payments import ordering
from billing_core.payments.ordering import Preview
from billing_core.permissions import Standing
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from online_bridge.cart import queries, service
from online_bridge.cart.forms import CHECKOUT, LOOK, START, LineForm
from online_bridge.cart.models import CHANGE
from online_bridge.routing.showing import elsewhere

cart = Blueprint("cart", __name__)
cart.before_request(elsewhere)

Answer = str | Response | tuple[str, int]


@cart.app_template_global("lines_in_cart")
def lines_in_cart() -> int | None:
    """For the navigation of the Billing Center; none where the viewer has no cart."""
    return queries.number_of_lines(viewer()) if queries.may_order(viewer()) else None


@cart.get("/billing/cart")
@my_page()
def show() -> Answer:
    """What is wished, at the prices of now."""
    return _cart_page()


def _cart_page(status: int = 200, message: str = "") -> Answer:
    with db.reading():
        return page(
            "online_bridge/cart.html", looked=queries.look(viewer()), message=words.gettext(message) if message else ""
        ), status


@cart.post("/billing/cart/lines")
@my_page()
def add() -> Answer:
    """Put a wish in the cart: the way of every page that sells."""
    form = LineForm()
    if not form.validate_on_submit():
        return _line_page(form, 400)
    if form.then.data == LOOK:
        return _line_page(form, 200)
    try:
        wish = form.wish
        if form.then.data == START and isinstance(wish, Try) and _is_empty():
            return _started(wish)
        put = db.perform(service.put_in_cart, viewer(), _account(), wish)
    except (NotFound, NotAllowed):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return _line_page(form, refusal.status)
    if put.replaced:
        tell("info", mark("What you chose before for %(product)s was replaced."), product=put.product)
    return see("checkout.show" if form.then.data == CHECKOUT else "cart.show")


def _started(wish: Try) -> Response:
    return see("checkout.order", public_id=service.start_trial(viewer(), _account(), wish))


@cart.get("/billing/cart/lines/<string:public_id>")
@my_page()
def line(public_id: str) -> Answer:
    """The form of one line."""
    form = LineForm(formdata=None)
    with db.reading():
        form.show(queries.line_of(viewer(), queries.place(viewer()).account_id, public_id))
    return _line_page(form, 200, public_id)


@cart.post("/billing/cart/lines/<string:public_id>")
@my_page()
def change_line(public_id: str) -> Answer:
    """Keep other seats, another plan or frequency."""
    form, status = LineForm(), 400
    with db.reading():
        form.be_about(queries.line_of(viewer(), queries.place(viewer()).account_id, public_id))
    if form.validate_on_submit():
        if form.then.data == LOOK:
            return _line_page(form, 200, public_id)
        try:
            db.perform(service.change_line, viewer(), _account(), public_id, *form.chosen)
        except (NotFound, NotAllowed):
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            return see("cart.show")
    return _line_page(form, status, public_id)


@cart.post("/billing/cart/lines/<string:public_id>/remove")
@my_page()
def remove_line(public_id: str) -> Answer:
    """Take it out. What another tab has taken out already is said so."""
    try:
        product = db.perform(service.remove_line, viewer(), _account(), public_id)
    except NotFound:
        return _cart_page(404, mark("This line is not in your cart any more."))
    tell("success", mark("%(product)s was removed from your cart."), product=product)
    return see("cart.show")


@cart.post("/billing/cart/summary")
@my_page()
def summary() -> tuple[Response, int]:
    """What the form as it stands comes to, as a piece of the page for its script. Writes nothing; 400 says why not."""
    form = LineForm()
    is_valid = form.validate()
    with db.reading():
        place = queries.place(viewer())
        preview, why = _previewed(place, form.wish) if is_valid else (None, next(iter(form.errors.values()))[0])
        piece = page("online_bridge/order_summary.html", preview=preview, why=why)
    return jsonify(piece=piece), 200 if preview else 400


def _line_page(form: LineForm, status: int, public_id: str = "") -> Answer:
    """The form with what it comes to. Raises NotFound where it is about nothing that is sold or had."""
    with db.reading():
        place = queries.place(viewer())
        counter = queries.counter_for(place.account_id)
        code, kept, name = form.product.data or "", None, ""
        if form.kind.data == CHANGE:
            changed = subscription_of(place.account_id, form.subscription.data or "")
            code, kept, name = changed.product.code, (changed.tier, changed.frequency), changed.product.name
        offer = counter.offers.get(code)
        if offer is None and not name:
            raise NotFound
        form.offer_plans(offer, kept=kept)
        preview, why = (None, "") if form.errors else _previewed(place, form.wish)
        shown = page(
            "online_bridge/cart_line.html", form=form, offer=offer, name=name or (offer.name if offer else ""),
            public_id=public_id, preview=preview, why=why, kept=kept,
        )  # fmt: skip
    return shown, status


def _previewed(place: Standing, wish: Wish) -> tuple[Preview | None, str]:
    """What the wish by itself would come to at the checkout, or why it cannot be."""
    try:
        return ordering.preview(viewer(), place.account_public_id, [wish]), ""
    except Refusal as refusal:
        return None, words.sentence(refusal)


def _account() -> str:
    with db.reading():
        return queries.place(viewer()).account_public_id


def _is_empty() -> bool:
    with db.reading():
        return queries.number_of_lines(viewer()) == 0
