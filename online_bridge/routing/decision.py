"""Tables 2a and 2b of domain.md as one pure function: a situation in, an outcome out."""

from dataclasses import dataclass
from enum import StrEnum


class Entry(StrEnum):
    """The two links that lead to billing."""

    GO_TO_BILLING = "go-to-billing"
    """My Account, shown to every member."""
    ADD_LICENSES = "add-licenses"
    """Admin Center, for account admins only."""


class Outcome(StrEnum):
    """Where a person lands."""

    NO_ACCOUNT = "no-account"
    CHOOSE_ACCOUNT = "choose-account"
    BILLING_CENTER = "billing-center"
    BILLING_CENTER_EXPIRED = "billing-center-expired"
    """The subscriptions page of an account whose last subscription has expired: only subscribing again is open."""
    OUTSIDE_CHECKOUT = "outside-checkout"
    """The site on which the vendor sells online, where that is not our Billing Center."""
    ASK_CONTACT = "ask-contact"
    ASK_SUPPORT = "ask-support"
    CHOOSE_PRODUCT = "choose-product"
    PORTAL = "portal"
    PORTAL_SIGN_IN = "portal-sign-in"
    REFUSED = "refused"


@dataclass(frozen=True)
class Situation:
    """All that the tables look at. The account fields are those of the chosen account."""

    entry: Entry
    accounts: int
    """How many accounts the person belongs to."""
    account_kind: str | None = None
    """corporate, online, or None while none of several accounts is chosen."""
    is_admin: bool = False
    is_contact: bool = False
    has_active_contact: bool = True
    hides_contacts: bool = False
    all_expired: bool = False
    """There were subscriptions and none runs any more."""
    has_portal_session: bool = False
    """This very person is signed in to the portal in this browser."""
    product_chosen: bool = False
    """Add Licenses of a corporate contact has been told the product."""
    sells_outside: bool = False
    """Online accounts serve themselves on another site (PORTAL_ONLINE_CHECKOUT_URL)."""


def decide(situation: Situation) -> Outcome:
    """The row of the table that holds. It never raises: an account without any contact leads to support."""
    if situation.accounts == 0:
        return Outcome.NO_ACCOUNT
    if situation.account_kind is None:
        return Outcome.CHOOSE_ACCOUNT
    if situation.entry is Entry.ADD_LICENSES and not situation.is_admin:
        return Outcome.REFUSED
    if situation.account_kind == "online":
        return _online(situation)
    return _corporate(situation)


def _online(situation: Situation) -> Outcome:
    if situation.is_contact and situation.sells_outside:
        return Outcome.OUTSIDE_CHECKOUT
    if situation.is_contact:
        return Outcome.BILLING_CENTER_EXPIRED if situation.all_expired else Outcome.BILLING_CENTER
    return Outcome.ASK_CONTACT if situation.has_active_contact else Outcome.ASK_SUPPORT


def _corporate(situation: Situation) -> Outcome:
    if situation.entry is Entry.ADD_LICENSES:
        if not situation.is_contact:
            return _name_the_contact(situation)
        if not situation.product_chosen:
            return Outcome.CHOOSE_PRODUCT
    if situation.is_contact and situation.has_portal_session:
        return Outcome.PORTAL
    return Outcome.PORTAL_SIGN_IN


def _name_the_contact(situation: Situation) -> Outcome:
    if situation.hides_contacts:
        return Outcome.PORTAL_SIGN_IN
    return Outcome.ASK_CONTACT if situation.has_active_contact else Outcome.ASK_SUPPORT
