"""Who must have a second factor: the vendor's staff by a setting, contacts by the policy of their account.

Sessions that another site handed over are left out: that site signs people in by its own rules (ADR 39).
"""

from billing_core import audit, db
from billing_core.accounts import Account
from billing_core.credentials.factors import rows
from billing_core.credentials.factors.mails import tell_policy
from billing_core.credentials.refusals import OwnFactorFirst
from billing_core.errors import NotFound
from billing_core.people import contacts_of
from billing_core.permissions import Realm, Right, Viewer, demand

_of_staff = False


def require_of_staff(required: bool) -> None:
    """Say once, at start, whether the vendor's staff must have a second factor."""
    global _of_staff
    _of_staff = required


def is_obliged(viewer: Viewer) -> bool:
    """Whether the viewer must have a second factor."""
    if viewer.facts.proof_until is None:
        return False
    if viewer.realm is Realm.DESK:
        return _of_staff
    return any(standing.requires_factor and standing.is_contact for standing in viewer.standings)


def is_to_set_up(viewer: Viewer) -> bool:
    """Whether the viewer has to set a second factor up before anything else. No statement where nobody obliges."""
    return is_obliged(viewer) and not rows.has_factor(viewer.person_id)


def set_policy(viewer: Viewer, account_public_id: str, required: bool) -> None:
    """Whether the contacts of the account must sign in in two steps; all of them are told.

    Setting what is set already is harmless. Raises NotFound, NotAllowed, and OwnFactorFirst.
    """
    standing = next((one for one in viewer.standings if one.account_public_id == account_public_id), None)
    if standing is None or not standing.is_contact:
        raise NotFound
    demand(Right.MANAGE, viewer, standing.account_id)
    if required and not rows.has_factor(viewer.person_id):
        raise OwnFactorFirst
    account = db.session().get_one(Account, standing.account_id, populate_existing=True, with_for_update=True)
    if account.requires_factor == required:
        return
    account.requires_factor = required
    audit.record(viewer.actor, "account.factor_policy", account.public_id, account.id, required=required)
    for contact in contacts_of(account.id):
        tell_policy(contact.person, account, viewer.display_name)
