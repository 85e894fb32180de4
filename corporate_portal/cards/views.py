"""Saved cards, below the profile: of the chosen account, for who may pay."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import NotAllowed
from billing_core.payments.cards import keeping, queries, service
from billing_core.payments.refusals import CardExpired, CardInUse, CardRemoved
from billing_core.permissions import Right, Standing, demand
from billing_core.web.card_choice import AddForm
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark

cards = Blueprint("cards", __name__)


def _place() -> Standing:
    """The chosen account. Raises NotAllowed where the viewer may not pay for it."""
    current = viewer().current
    if current is None:
        raise NotAllowed
    demand(Right.PAY, viewer(), current.account_id)
    return current


@cards.get("/profile/cards")
@portal_page()
def index() -> str | Response:
    """What is on file, and the way to add another. The processor sends people back to here, with `added`."""
    if "added" in request.args:
        return _tell_of(service.come_back(viewer(), request.args["added"]).state)
    form = AddForm(formdata=None)
    form.offer()
    with db.reading():
        place = _place()
        rows, today = queries.kept_by(viewer(), place.account_id), queries.today_of(place.account_id)
        return page("cards/index.html", place=place, rows=rows, today=today, form=form)


@cards.post("/profile/cards/add")
@portal_page()
def add() -> Response:
    """On to the processor's page, where the card is entered."""
    setup = service.add_card(viewer(), _place().account_public_id, AddForm().key)
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
    return see("cards.index")


@cards.post("/profile/cards/<string:public_id>/default")
@portal_page()
def make_default(public_id: str) -> Response:
    """Propose it first from now on."""
    try:
        card = db.perform(keeping.make_default, viewer(), public_id)
    except (CardRemoved, CardExpired):
        tell("warning", mark("This card cannot be used any more."))
    else:
        tell("success", mark("%(card)s is proposed first from now on."), card=card.name)
    return see("cards.index")


@cards.get("/profile/cards/<string:public_id>/remove")
@portal_page()
def confirm_removal(public_id: str) -> str | Response:
    """What removing means, and the button."""
    with db.reading():
        card = queries.card_of(viewer(), public_id)
        demand(Right.PAY, viewer(), card.account_id)
        return see("cards.index") if card.removed_at is not None else page("cards/remove.html", card=card)


@cards.post("/profile/cards/<string:public_id>/remove")
@portal_page()
def remove(public_id: str) -> Response:
    """Never charge it again."""
    try:
        card = db.perform(keeping.remove, viewer(), public_id)
    except CardInUse as refusal:
        tell("warning", refusal.message)
    else:
        tell("success", mark("%(card)s was removed. Nothing is charged to it any more."), card=card.name)
    return see("cards.index")
