"""Payment methods: the cards with which an online account pays."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import NotFound
from billing_core.payments.cards import keeping, queries, service
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.refusals import CardExpired, CardInUse, CardRemoved
from billing_core.web.card_choice import AddForm
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from online_bridge.cart.queries import place
from online_bridge.routing.showing import elsewhere

payment_methods = Blueprint("payment_methods", __name__)
payment_methods.before_request(elsewhere)

PATH = "/billing/payment-methods"
"""Where the processor leads back to."""


@payment_methods.get(PATH)
@my_page()
def index() -> str | Response:
    """What is on file, and the way to add another; the processor comes back with `added`."""
    if "added" in request.args:
        return _tell_of(service.come_back(viewer(), request.args["added"]).state)
    form = AddForm(formdata=None)
    form.offer()
    with db.reading():
        at = place(viewer())
        rows, today = queries.kept_by(viewer(), at.account_id), queries.today_of(at.account_id)
        return page("online_bridge/payment_methods.html", place=at, rows=rows, today=today, form=form)


@payment_methods.post(f"{PATH}/add")
@my_page()
def add() -> Response:
    """On to the processor's page, where the card is entered."""
    with db.reading():
        account = place(viewer()).account_public_id
    setup = service.add_card(viewer(), account, AddForm().key, return_path=PATH)
    if setup.is_under_way and setup.hosted_url:
        return redirect(setup.hosted_url, 303)
    return _tell_of(setup.state)


def _tell_of(state: str) -> Response:
    if state == "succeeded":
        tell("success", mark("The card is saved. You can pay with it from now on."))
    elif state in ("creating", "open"):
        tell("info", mark("The card processor has not told us yet whether the card is saved. Please look again soon."))
    else:
        tell("error", mark("The card was not saved. You can try again, or use another card."))
    return see("payment_methods.index")


@payment_methods.post(f"{PATH}/<string:public_id>/default")
@my_page()
def make_default(public_id: str) -> Response:
    """Charge it first from now on."""
    with db.reading():
        _card(public_id)
    try:
        card = db.perform(keeping.make_default, viewer(), public_id)
    except (CardRemoved, CardExpired):
        tell("warning", mark("This card cannot be used any more."))
    else:
        tell("success", mark("%(card)s is proposed first from now on."), card=card.name)
    return see("payment_methods.index")


@payment_methods.get(f"{PATH}/<string:public_id>/remove")
@my_page()
def confirm_removal(public_id: str) -> str | Response:
    """What removing means, and the button."""
    with db.reading():
        card = _card(public_id)
        gone = card.removed_at is not None
        return see("payment_methods.index") if gone else page("online_bridge/remove_card.html", card=card)


@payment_methods.post(f"{PATH}/<string:public_id>/remove")
@my_page()
def remove(public_id: str) -> Response:
    """Never charge it again."""
    with db.reading():
        _card(public_id)
    try:
        card = db.perform(keeping.remove, viewer(), public_id)
    except CardInUse as refusal:
        tell("warning", refusal.message)
    else:
        tell("success", mark("%(card)s was removed. Nothing is charged to it any more."), card=card.name)
    return see("payment_methods.index")


def _card(public_id: str) -> SavedCard:
    """A card of the chosen account. Raises NotFound, also for those of another account of the same person."""
    card = queries.card_of(viewer(), public_id)
    if card.account_id != place(viewer()).account_id:
        raise NotFound
    return card
