"""Support's verbs, each one for `db.perform`: a downgrade at once or at the period's end, and taking the latter back.

They act in the name of a contact of the account, to whom order, credit note and mail are addressed; the audit says who
at the desk it was.
"""

from billing_core.accounts import Account
from billing_core.ledger.service import lock_account
from billing_core.orders.online import placing, settling
from billing_core.orders.online.downgrading import Downgrade, When
from billing_core.orders.online.queries import under_way_on
from billing_core.orders.online.refusals import OrderUnderWay
from billing_core.permissions import Viewer
from billing_core.renewals.standing import Absent, absent
from billing_core.subscriptions import online
from billing_core.subscriptions import service as subscriptions
from billing_core.subscriptions.models import Subscription
from corporate_portal.support import mails, queries
from corporate_portal.support.refusals import NoContact, StalePreview


def apply_downgrade(viewer: Viewer, public_id: str, tier: str, when: When, seen: str, form_key: str) -> Subscription:
    """Lower the tier of an online account's subscription; `seen` is the digest of what the page showed.

    At once it is an order that costs nothing and may bring a credit note; at the period's end it is kept on the
    subscription and takes place with the renewal. The same form again does nothing more. Raises NotFound, NotAllowed,
    NoContact, StalePreview, OrderUnderWay and what `price_downgrade` raises.
    """
    account, subscription = _locked(viewer, public_id)
    contact = absent(account, viewer.actor)
    if contact is None:
        raise NoContact
    form = f"{account.id}.desk.{form_key}"
    earlier = placing.made_by_form(contact.person_id, form)
    if earlier is not None:
        if earlier.seen != seen:
            raise StalePreview
        return subscription
    found = queries.downgrade(viewer, public_id, tier, when)
    planned = (subscription.planned_tier, subscription.planned_price)
    if when is When.AT_END and planned == (tier, found.unit_price) and subscription.renews:
        return subscription
    if found.digest != seen:
        raise StalePreview
    _refuse_while_under_way(account, subscription)
    if when is When.AT_ONCE:
        _carry_out(contact, account, found, form, seen)
    else:
        online.plan_downgrade(subscription, found.tier, found.unit_price, viewer.actor)
        mails.tell_planned(account, subscription)
    return subscription


def take_back_downgrade(viewer: Viewer, public_id: str) -> Subscription:
    """The subscription is renewed with the tier that it has. Harmless where nothing is planned.

    Raises NotFound, NotAllowed and OrderUnderWay.
    """
    account, subscription = _locked(viewer, public_id)
    if not subscription.is_to_be_lowered:
        return subscription
    _refuse_while_under_way(account, subscription)
    planned, _ = subscription.next_plan
    online.drop_downgrade(subscription, "taken_back", viewer.actor)
    mails.tell_taken_back(account, subscription, planned)
    return subscription


def _locked(viewer: Viewer, public_id: str) -> tuple[Account, Subscription]:
    subscription_id, account_id, _ = queries.place_of(viewer, public_id)
    account = lock_account(account_id)
    return account, subscriptions.locked([subscription_id])[subscription_id]


def _refuse_while_under_way(account: Account, subscription: Subscription) -> None:
    if under_way_on(account.id, [subscription.product_id]) is not None:
        raise OrderUnderWay(product=subscription.product.name)


def _carry_out(contact: Absent, account: Account, found: Downgrade, form: str, seen: str) -> None:
    order = placing.put_down(contact, account, found.order, form, seen, asked=0, rest=found.order.due)
    applied = settling.apply(order, contact.actor)
    settling.complete(applied, contact.actor)
    mails.tell_applied(applied, found)
