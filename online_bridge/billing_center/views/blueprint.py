"""The blueprint of the Billing Center: online contacts only; everybody else is led on by the routing."""

from flask import Blueprint
from werkzeug.wrappers import Response

from billing_core.web.identity import viewer
from billing_core.web.outside import outside
from billing_core.web.render import see

billing = Blueprint("billing", __name__)

Answer = str | Response | tuple[str | Response, int]


def belongs_here() -> bool:
    """Online contacts; everyone else is led on by the routing."""
    current = viewer().current
    return current is not None and current.is_contact and current.account_kind == "online"


@billing.before_request
def sell_elsewhere() -> Response | None:
    """Where the vendor sells online on another site, none of these pages is there; the routing leads on."""
    return see("routing.go_to_billing") if outside().checkout else None
