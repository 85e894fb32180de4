"""The Subscriptions page, and the plans and prices of what can be bought online."""

from flask import Blueprint
from werkzeug.wrappers import Response

from billing_core import clock, db
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.queries import are_all_over
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.outside import outside
from billing_core.web.render import page, see
from online_bridge.billing_center import queries
from online_bridge.cart.forms import LineForm
from online_bridge.cart.queries import may_order

billing = Blueprint("billing", __name__)


def _belongs_here() -> bool:
    """Online contacts; everyone else is led on by the routing."""
    current = viewer().current
    return current is not None and current.is_contact and current.account_kind == "online"


@billing.before_request
def sell_elsewhere() -> Response | None:
    """Where the vendor sells online on another site, none of these pages is there; the routing leads on."""
    return see("routing.go_to_billing") if outside().checkout else None


@billing.get("/billing")
@my_page()
def subscriptions() -> str | Response:
    """What the account has."""
    if not _belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account(viewer())
        return page(
            "online_bridge/subscriptions.html",
            account=account,
            subscriptions=queries.subscriptions(account),
            credits=queries.credit_balances(account),
            comparable={offer.product_id for offer in queries.offers(account) if offer.has_tiers},
            is_expired=are_all_over(account),
            today=clock.today(account.timezone),
        )


@billing.get("/billing/plans")
@my_page()
def plans() -> str | Response:
    """What can be bought online, and what it costs from today on."""
    if not _belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account(viewer())
        offers, running = queries.offers(account), queries.running(account)
        return page("online_bridge/plans.html", account=account, offers=offers, running=running)


@billing.get("/billing/plans/<string:code>")
@my_page()
def compare_plans(code: str) -> str | Response:
    """The tiers of a product side by side, the one in use marked."""
    if not _belongs_here():
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account(viewer())
        offer, features = queries.comparison(account, code)
        running = queries.running(account).get(offer.product_id, [])
        buy = LineForm.to_buy(offer) if _may_buy(running) else None
        return page("online_bridge/compare_plans.html", offer=offer, features=features, running=running, buy=buy)


def _may_buy(running: list[Subscription]) -> bool:
    """Who may order, and has no subscription of the product that goes on."""
    return may_order(viewer()) and all(one.is_trial or one.cancelled_on is not None for one in running)
