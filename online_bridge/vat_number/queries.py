"""Whose VAT number it is."""

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import db
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.permissions import Viewer


def account(viewer: Viewer) -> Account:
    """The chosen account with its seller. Raises NotFound unless it is online and the viewer its billing contact."""
    current = viewer.current
    if current is None or not current.is_contact or current.account_kind != "online":
        raise NotFound
    with_seller = select(Account).where(Account.id == current.account_id).options(joinedload(Account.seller))
    return db.session().scalars(with_seller).one()
