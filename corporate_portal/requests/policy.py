"""Who may do what with a request."""

from billing_core.accounts import Account
from billing_core.permissions import Viewer
from corporate_portal.quotes import policy as quotes


def may_ask(viewer: Viewer, account_id: int) -> bool:
    """Every billing contact of a corporate account may ask its representative."""
    standing = viewer.standing_in(account_id)
    return standing is not None and standing.is_contact and standing.account_kind == "corporate"


def may_answer(viewer: Viewer, account: Account) -> bool:
    """The representative of the account makes the quote, or says why there is none."""
    return quotes.may_write_for(viewer, account)
