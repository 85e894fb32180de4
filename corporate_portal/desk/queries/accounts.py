"""The accounts of whoever is at the desk."""

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue import queries as catalogue
from billing_core.catalogue.models import Price
from billing_core.errors import NotFound
from billing_core.permissions import Viewer
from corporate_portal.quotes.queries import at_desk

MOST_ACCOUNTS = 50


def visible(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on Account: those whose quotes the viewer reads."""
    return at_desk(viewer)


def _own_accounts(viewer: Viewer) -> Select[Account]:
    own = Account.rep_id == viewer.person_id if viewer.is_staff("rep") else false()
    return select(Account).where(own, Account.kind == "corporate", Account.closed_on.is_(None))


def own_accounts(viewer: Viewer, search: str) -> tuple[list[Account], bool]:
    """The representative's open accounts by name, and whether there are more than are shown."""
    rows = _own_accounts(viewer)
    wanted = db.searchable(search)
    if wanted:
        rows = rows.where(or_(Account.name_folded.contains(wanted, autoescape=True), Account.number == wanted.upper()))
    found = db.session().scalars(rows.order_by(Account.name_folded, Account.id).limit(MOST_ACCOUNTS + 1)).all()
    return list(found[:MOST_ACCOUNTS]), len(found) > MOST_ACCOUNTS


def own_account(viewer: Viewer, public_id: str) -> Account:
    """One of the representative's own accounts, with its seller. Raises NotFound for any other."""
    named = _own_accounts(viewer).where(Account.public_id == public_id).options(joinedload(Account.seller))
    found = db.session().scalar(named)
    if found is None:
        raise NotFound
    return found


def offers(account: Account) -> list[Price]:
    """What can be put into a quote for the account today."""
    return catalogue.prices_on(clock.today(account.seller.timezone), account.currency)
