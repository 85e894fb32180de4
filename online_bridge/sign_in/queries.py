"""The people of the viewer's account, for its admins."""

from sqlalchemy import select
from sqlalchemy.orm import contains_eager

from billing_core import db
from billing_core.people import Membership, Person
from billing_core.permissions import Viewer

MOST_SHOWN = 200


def members(viewer: Viewer) -> list[Membership]:
    """Members of the chosen account with their persons, admins first; empty for everyone who is not an admin."""
    if viewer.current is None or not viewer.current.is_admin:
        return []
    of_account = (
        select(Membership)
        .join(Membership.person)
        .where(Membership.account_id == viewer.current.account_id, Person.disabled_at.is_(None))
        .options(contains_eager(Membership.person))
        .order_by(Membership.is_admin.desc(), Person.name, Person.id)
    )
    return list(db.session().scalars(of_account.limit(MOST_SHOWN)))
