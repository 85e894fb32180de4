"""Who is led on from the pages of the Billing Center."""

from werkzeug.wrappers import Response

from billing_core.permissions import Realm
from billing_core.web import identity
from billing_core.web.outside import outside
from billing_core.web.render import see
from online_bridge.routing.queries import is_online_contact


def sold_outside() -> Response | None:
    """Where the vendor sells online on another site, none of these pages is there; the routing leads on."""
    return see("routing.go_to_billing") if outside().checkout else None


def elsewhere() -> Response | None:
    """Where the vendor sells online on another site, or to whoever is no online contact: the routing leads on.

    A stranger comes to the door first.
    """
    viewer = identity.viewer_in(Realm.MY)
    if viewer is not None and not is_online_contact(viewer):
        return see("routing.go_to_billing")
    return sold_outside()
