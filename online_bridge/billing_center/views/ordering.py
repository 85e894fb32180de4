"""Add New Subscription, Add seats, Edit Subscription: from the choice to its Order Summary, whose button leads on.

The address carries what is chosen. With `piece` in it, only the Order Summary is asked for, by the script that keeps
it up to date.
"""

from datetime import timedelta
from typing import Any

from flask import jsonify, request

from billing_core import db, words
from billing_core.catalogue.offers import Offer
from billing_core.errors import NotFound, Refusal
from billing_core.orders.online import refusals
from billing_core.orders.online.wishes import Change, Wish
from billing_core.payments.ordering import preview
from billing_core.subscriptions.queries import are_all_over
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from online_bridge.billing_center import forms, queries
from online_bridge.billing_center.forms import BUY, CHANGE, MOST_MORE_SEATS, TRY, MoreSeatsForm, WishForm
from online_bridge.billing_center.views import cart_door
from online_bridge.billing_center.views.blueprint import Answer, belongs_here, billing

NOT_EDITABLE = (
    refusals.TrialNotEdited, refusals.SubscriptionExpired, refusals.CancellationPending, refusals.RenewalUnpaid,
    refusals.BilledElsewhere,
)  # fmt: skip


@billing.get("/billing/new")
@my_page()
def choose_product() -> Answer:
    """Add New Subscription: Buy or Try, then the product."""
    if not belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account_to_order_for(viewer())
        kind = TRY if request.args.get("kind") == TRY and not are_all_over(account) else BUY
        taken = queries.taken(account)
        return page(
            "online_bridge/choose_plan.html",
            kind=kind,
            offers=[one for one in queries.offers(account) if kind == BUY or one.trial],
            used=taken.running if kind == TRY else taken.live,
            tried=taken.tried,
            can_try=not are_all_over(account),
        )


@billing.get("/billing/new/<string:code>")
@my_page()
def new_plan(code: str) -> Answer:
    """Tier and seats, then the billing period and the Order Summary; of a trial all in one."""
    if not belongs_here():
        return see("routing.go_to_billing")
    kind, sent = TRY if request.args.get("kind") == TRY else BUY, request.args
    with db.reading():
        account = queries.account_to_order_for(viewer())
        offer = queries.offer(account, code)
        if kind == TRY and not offer.tiers_to_try:
            raise NotFound
        form = forms.form_of(sent, offer, kind)
        form.offer_frequencies(_frequencies(offer))
        is_chosen = kind == TRY or (forms.is_sent(sent) and sent.get("step") != forms.FIRST)
        valid = is_chosen and form.validate()
        return _order(
            "online_bridge/new_plan.html", form, form.wish(kind, code) if valid else None,
            kind=kind, offer=offer, is_chosen=is_chosen, product=code,
        )  # fmt: skip


@billing.get("/billing/subscriptions/<string:public_id>/edit")
@my_page()
def edit(public_id: str) -> Answer:
    """Options > Edit Subscription: tier, seats and billing period, and what the change comes to."""
    if not belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account_to_order_for(viewer())
        try:
            present = queries.editable(account, public_id)
        except NOT_EDITABLE as refusal:
            return _not_editable(refusal, public_id)
        offer = next((one for one in queries.offers(account) if one.product_id == present.product_id), None)
        form = forms.form_of_change(request.args, present, offer)
        form.offer_frequencies(_frequencies(offer, present.frequency))
        valid = forms.is_sent(request.args) and form.validate()
        return _order(
            "online_bridge/edit_plan.html", form, form.wish(CHANGE, public_id) if valid else None,
            kind=CHANGE, offer=offer, present=present, is_chosen=True, subscription=public_id,
            in_use=queries.seats_in_use({present.id}).get(present.id, 0),
        )  # fmt: skip


@billing.get("/billing/subscriptions/<string:public_id>/seats")
@my_page()
def add_seats(public_id: str) -> Answer:
    """Add Organizers, Agents or Experts: how many in addition, and what that costs today."""
    if not belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account_to_order_for(viewer())
        try:
            present = queries.editable(account, public_id)
        except NOT_EDITABLE as refusal:
            return _not_editable(refusal, public_id)
        most = min(present.seats + MOST_MORE_SEATS, present.product.most_seats)
        numbers = range(present.seats + 1, most + 1)
        form = MoreSeatsForm(formdata=request.args)
        wish: Change | None = None
        if numbers:
            form.offer({seats: _more(seats, seats - present.seats) for seats in numbers})
            wish = form.wish(present)
        return _order(
            "online_bridge/add_seats.html", form, wish,
            kind=CHANGE, present=present, is_chosen=True, subscription=public_id, offer=None, always_cart=True,
        )  # fmt: skip


def _order(template: str, form: WishForm | MoreSeatsForm, wish: Wish | None, **context: Any) -> Answer:
    """The page, or the piece of it that the script asks for, with what the wish comes to or why it cannot be."""
    current, priced, goes_to_support = viewer().current, None, False
    if wish is not None and current is not None:
        try:
            priced = preview(viewer(), current.account_public_id, [wish])
        except NotFound:
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            goes_to_support = isinstance(refusal, refusals.TierDowngrade)
    context = {"always_cart": False, "product": "", "subscription": "", **context}
    context |= {"form": form, "preview": priced, "goes_to_support": goes_to_support, "cart": cart_door.door()}
    if priced is not None:
        context["last_day"] = priced.order.lines[0].period_end - timedelta(days=1)
    status = 400 if form.errors else 200
    if "piece" in request.args:
        return jsonify(piece=page("online_bridge/choice_summary.html", **context)), status
    return page(template, **context), status


def _not_editable(refusal: Refusal, public_id: str) -> Answer:
    """The Subscriptions page says how it stands, and the message why not; an unpaid renewal is paid on its own page."""
    tell("error", refusal.message, **refusal.params)
    if isinstance(refusal, refusals.RenewalUnpaid):
        return see("renewals.show", public_id=public_id)
    return see("billing.subscriptions")


def _frequencies(offer: Offer | None, kept: str = "") -> dict[str, str]:
    """How it can be billed, in the reader's words; as it is billed now it can stay."""
    labels = {"monthly": words.gettext("Monthly"), "yearly": words.gettext("Yearly")}
    return {name: label for name, label in labels.items() if name == kept or (offer and offer.least(name) is not None)}


def _more(seats: int, added: int) -> str:
    return words.gettext("%(added)s more, %(seats)s in all", added=added, seats=seats)
