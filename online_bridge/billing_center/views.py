"""The Subscriptions page."""

from flask import Blueprint
from werkzeug.wrappers import Response

from billing_core import clock, db
from billing_core.subscriptions.queries import are_all_over
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.outside import outside
from billing_core.web.render import page, see
from online_bridge.billing_center import queries

billing = Blueprint("billing", __name__)


@billing.before_request
def sell_elsewhere() -> Response | None:
    """Where the vendor sells online on another site, none of these pages is there; the routing leads on."""
    return see("routing.go_to_billing") if outside().checkout else None


@billing.get("/billing")
@my_page()
def subscriptions() -> str | Response:
    """Online contacts see their subscriptions; everyone else is led on by the routing."""
    current = viewer().current
    if current is None or not current.is_contact or current.account_kind != "online":
        return see("routing.go_to_billing")
    with db.reading():
        account = queries.account(viewer())
        return page(
            "online_bridge/subscriptions.html",
            account=account,
            subscriptions=queries.subscriptions(account),
            credits=queries.credit_balances(account),
            is_expired=are_all_over(account),
            today=clock.today(account.timezone),
        )
