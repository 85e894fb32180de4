"""Recovery codes: shown once, in the answer to the form that brings them.

A redirect would have to keep them readably until the next page.
"""

from billing_core import db
from billing_core.credentials.factors import service
from billing_core.credentials.strength import SHORTEST_WITH_FACTOR
from billing_core.web.identity import viewer
from billing_core.web.render import page


def renew_codes() -> str:
    """Ten new ones."""
    return show(db.perform(service.renew_codes, viewer()), is_first=False)


def show(codes: list[str], *, is_first: bool) -> str:
    """The page that shows them."""
    context = {"codes": codes, "is_first": is_first, "least": SHORTEST_WITH_FACTOR}
    return page("security/recovery_codes.html", realm=viewer().realm.value, **context)
