"""Asking the billing contact: throttled, logged, and only for members of the account."""

from datetime import timedelta

from billing_core import audit
from billing_core.credentials import throttles
from billing_core.errors import TooMany
from billing_core.permissions import Viewer
from billing_core.words import mark
from online_bridge.routing import mails, queries

ASKING = throttles.Window("ask-contact", 5, timedelta(days=1))
"""Five questions a day; the sixth has to wait."""


class EnoughAsked(TooMany):
    """The member has written often enough for one day."""

    message = mark("You have written to your billing contact several times today. Please try again tomorrow.")


def ask_contact(viewer: Viewer, message: str) -> None:
    """Mail the account's billing contact on behalf of a member.

    Raises NotFound where no contact may be named to the member, and EnoughAsked.
    """
    contact = queries.contact_to_write_to(viewer)
    wait = throttles.knock(ASKING, viewer.public_id)
    if wait:
        raise EnoughAsked(retry_after=int(wait.total_seconds()))
    mails.asked(contact, viewer, queries.chosen(viewer).account_name, message)
    audit.record(viewer.actor, "contact.asked", contact.person.public_id, contact.account_id)
