"""New and changed contacts accept nothing for a day: whoever was told of the change can object meanwhile."""

from datetime import datetime, timedelta

from sqlalchemy import select

from billing_core import clock, db, templating
from billing_core.contacts.refusals import OnHold
from billing_core.people import BillingContact
from billing_core.permissions import Viewer

LASTS = timedelta(hours=24)


def held_until(contact: BillingContact, now: datetime) -> datetime | None:
    """When the hold ends; none where there is none any more."""
    return contact.held_until if contact.held_until is not None and now < contact.held_until else None


def hold_of(viewer: Viewer, account_id: int) -> datetime | None:
    """When the viewer's own hold in the account ends, if there is one."""
    mine = select(BillingContact).where(
        BillingContact.person_id == viewer.person_id, BillingContact.account_id == account_id
    )
    contact = db.session().scalar(mine)
    return held_until(contact, clock.now()) if contact is not None else None


def refuse_while_held(contact: BillingContact, zone: str) -> None:
    """Raise OnHold, with the time in the zone."""
    ends = held_until(contact, clock.now())
    if ends is not None:
        raise OnHold(moment=templating.moment(ends, zone))
