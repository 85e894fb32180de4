"""What the decision looks at, read for the viewer's own account only."""

from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.errors import NotFound
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Standing, Viewer
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.queries import are_all_over
from online_bridge.routing.decision import Entry, Situation


def situation(
    viewer: Viewer,
    entry: Entry,
    portal_viewer: Viewer | None,
    *,
    product_chosen: bool = False,
    sells_outside: bool = False,
) -> Situation:
    """The situation of someone in My Account; `portal_viewer` is who is signed in to the portal, if anyone."""
    current = viewer.current
    if current is None:
        return Situation(entry, accounts=len(viewer.standings))
    account = db.session().get_one(Account, current.account_id)
    in_portal = portal_viewer is not None and portal_viewer.person_id == viewer.person_id
    return Situation(
        entry,
        accounts=len(viewer.standings),
        account_kind=account.kind,
        is_admin=current.is_admin,
        is_contact=current.is_contact,
        has_active_contact=bool(contacts_of(account.id)),
        hides_contacts=account.hides_contacts,
        all_expired=are_all_over(account),
        has_portal_session=in_portal,
        product_chosen=product_chosen,
        sells_outside=sells_outside,
    )


def chosen(viewer: Viewer) -> Standing:
    """The viewer's place in the chosen account. Raises NotFound while none is chosen."""
    if viewer.current is None:
        raise NotFound
    return viewer.current


def known_outside_as(viewer: Viewer) -> str:
    """The chosen account's id in the system that it comes from."""
    return db.session().get_one(Account, chosen(viewer).account_id).external_id


def contact_to_ask(viewer: Viewer) -> BillingContact | None:
    """The billing contact to name to a member of the account: the primary one, else the first (domain.md 2b)."""
    if viewer.current is None:
        return None
    contacts = contacts_of(viewer.current.account_id)
    return contacts[0] if contacts else None


def contact_to_write_to(viewer: Viewer) -> BillingContact:
    """The same for a message. Raises NotFound where there is none, or a corporate account hides its contacts."""
    contact = contact_to_ask(viewer)
    account = db.session().get_one(Account, chosen(viewer).account_id)
    if contact is None or (account.kind == "corporate" and account.hides_contacts):
        raise NotFound
    return contact


def products_in_use(viewer: Viewer) -> list[Product]:
    """The products that licences can be added to: those the account uses, else the active catalogue."""
    used = select(Subscription.product_id).where(Subscription.account_id == chosen(viewer).account_id)
    own = (
        db.session().scalars(select(Product).where(Product.id.in_(used)).order_by(Product.position, Product.name)).all()
    )
    if own:
        return list(own)
    offered = select(Product).where(Product.is_active, Product.seat_kind != "none")
    return list(db.session().scalars(offered.order_by(Product.position, Product.name)))


def is_online_contact(viewer: Viewer | None) -> bool:
    """Whether the Billing Center is there for the viewer: a billing contact of the chosen account, which is online."""
    current = viewer.current if viewer else None
    return current is not None and current.is_contact and current.account_kind == "online"
