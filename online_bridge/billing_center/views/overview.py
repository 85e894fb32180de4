"""The Subscriptions page, and the plans and prices of what can be bought online."""

from typing import Any

from flask import request, url_for

from billing_core import clock, db
from billing_core.permissions import Right
from billing_core.subscriptions.models import ONLINE, Subscription
from billing_core.subscriptions.queries import are_all_over
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see
from online_bridge.billing_center import queries
from online_bridge.billing_center.forms import FIRST
from online_bridge.billing_center.views.blueprint import Answer, belongs_here, billing
from online_bridge.cart.forms import LineForm
from online_bridge.cart.queries import may_order as may_fill_cart


@billing.get("/billing")
@my_page()
def subscriptions() -> Answer:
    """What the account has, and what can be done with it."""
    if not belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account(viewer())
        cards, is_expired = queries.cards(viewer(), account), are_all_over(account)
        may_order = viewer().may(Right.PAY, account.id)
        can_renew = any(card.actions.buttons for card in cards)
        return page(
            "online_bridge/subscriptions.html",
            account=account,
            cards=cards,
            credits=queries.credit_balances(account),
            is_expired=is_expired,
            may_add=may_order and not (is_expired and can_renew),
            may_order=may_order,
            by_support=any(card.subscription.source != ONLINE and card.status != "expired" for card in cards),
            today=clock.today(account.timezone),
        )


@billing.get("/billing/plans")
@my_page()
def plans() -> Answer:
    """What can be bought online, and what it costs from today on."""
    if not belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account(viewer())
        offers, running = queries.offers(account), queries.running(account)
        return page("online_bridge/plans.html", account=account, offers=offers, running=running)


@billing.get("/billing/plans/<string:code>")
@my_page()
def compare_plans(code: str) -> Answer:
    """The tiers of a product side by side, the one in use marked."""
    if not belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account(viewer())
        offer, features = queries.comparison(account, code)
        running = queries.running(account).get(offer.product_id, [])
        buy = LineForm.to_buy(offer) if _may_buy(running) else None
        return page(
            "online_bridge/compare_plans.html", offer=offer, features=features, running=running, buy=buy,
            choice=_choice_left(code),
        )  # fmt: skip


def _choice_left(code: str) -> str | None:
    """The page of a choice that was left to compare its plans, as it was left; none for who came another way."""
    chosen: dict[str, Any] = {
        name: request.args[name] for name in ("tier", "seats", "frequency") if name in request.args
    }
    if subscription := request.args.get("subscription"):
        return url_for("billing.edit", public_id=subscription, **chosen)
    if "kind" not in request.args:
        return None
    step: dict[str, Any] = {} if "then" in request.args else {"step": FIRST}
    return url_for("billing.new_plan", code=code, kind=request.args["kind"], **chosen, **step)


def _may_buy(running: list[Subscription]) -> bool:
    """Who may order, and has no subscription of the product that goes on."""
    return may_fill_cart(viewer()) and all(one.is_trial or one.cancelled_on is not None for one in running)
