"""What support reads: online accounts with their subscriptions, and what a downgrade of one comes to."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Select, or_, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.offers import OfferedTier
from billing_core.errors import NotFound
from billing_core.ledger.incoming import credit_of
from billing_core.orders.online.downgrading import (
    Downgrade,
    When,
    lower_tiers,
    price_downgrade,
)
from billing_core.orders.online.pricing import Counter, refuse_unless_editable, subscription_of
from billing_core.payments.ordering import counter_for
from billing_core.people import BillingContact, contacts_of, person_by_identifier
from billing_core.permissions import Viewer, demand_staff
from billing_core.subscriptions.models import ONLINE, Subscription

SUPPORT = "support"
"""The role."""
MOST_ACCOUNTS = 50
LOWERABLE = {"active"}
"""In these states a subscription that was ordered here can be lowered."""


@dataclass(frozen=True)
class Row:
    """A subscription as support sees it."""

    subscription: Subscription
    status: str

    @property
    def can_be_lowered(self) -> bool:
        """Whether the page of the downgrade is worth opening; the verb decides again."""
        return self.status in LOWERABLE and self.subscription.source == ONLINE


@dataclass(frozen=True)
class OnlineAccount:
    """An online account at the desk."""

    account: Account
    today: date
    contacts: Sequence[BillingContact]
    rows: Sequence[Row]
    credit: int


@dataclass(frozen=True)
class Choice:
    """The subscription whose tier is to be lowered, and the tiers to choose from."""

    account: Account
    subscription: Subscription
    tiers: Sequence[OfferedTier]


def _online() -> Select[Account]:
    return select(Account).where(Account.kind == "online", Account.closed_on.is_(None))


def accounts(viewer: Viewer, search: str) -> tuple[list[Account], bool]:
    """Open online accounts by name, and whether there are more: those searched by name, number or a contact's User ID.

    At most two statements. Raises NotAllowed.
    """
    demand_staff(viewer, SUPPORT)
    rows, wanted = _online(), db.searchable(search)
    if wanted:
        matches = [Account.name_folded.contains(wanted, autoescape=True), Account.number == wanted.upper()]
        person = person_by_identifier(search) if db.is_storable(search) else None
        if person is not None:
            contact = BillingContact.person_id == person.id, BillingContact.removed_at.is_(None)
            matches.append(Account.id.in_(select(BillingContact.account_id).where(*contact)))
        rows = rows.where(or_(*matches))
    found = db.session().scalars(rows.order_by(Account.name_folded, Account.id).limit(MOST_ACCOUNTS + 1)).all()
    return list(found[:MOST_ACCOUNTS]), len(found) > MOST_ACCOUNTS


def account(viewer: Viewer, public_id: str) -> OnlineAccount:
    """One of them with its contacts and subscriptions. Five statements. Raises NotAllowed and NotFound."""
    demand_staff(viewer, SUPPORT)
    found = db.session().scalar(_online().where(Account.public_id == public_id)) if db.is_storable(public_id) else None
    if found is None:
        raise NotFound
    today = clock.today(found.timezone)
    own = select(Subscription).where(
        Subscription.account_id == found.id, Subscription.ended_on.is_(None) | ~Subscription.is_trial
    )
    newest = own.options(joinedload(Subscription.product)).order_by(Subscription.period_end.desc(), Subscription.id)
    rows = [Row(one, one.status(today)) for one in db.session().scalars(newest)]
    return OnlineAccount(found, today, contacts_of(found.id), rows, credit_of(found.id, found.currency))


def place_of(viewer: Viewer, public_id: str) -> tuple[int, int, str]:
    """The ids of an online account's subscription and of the account, and the account's public one.

    Raises NotAllowed and NotFound.
    """
    demand_staff(viewer, SUPPORT)
    named = (
        select(Subscription.id, Account.id, Account.public_id)
        .join(Account, Account.id == Subscription.account_id)
        .where(Subscription.public_id == public_id, Account.kind == "online", Account.closed_on.is_(None))
    )
    found = db.session().execute(named).first() if db.is_storable(public_id) else None
    if found is None:
        raise NotFound
    return found[0], found[1], found[2]


def choice(viewer: Viewer, public_id: str) -> Choice:
    """What can be chosen for a subscription. Raises NotAllowed, NotFound, and why it cannot be lowered at present."""
    counter = _counter(viewer, public_id)
    subscription = subscription_of(counter.account.id, public_id)
    refuse_unless_editable(subscription, counter.day)
    return Choice(counter.account, subscription, lower_tiers(counter, subscription))


def downgrade(viewer: Viewer, public_id: str, tier: str, when: When) -> Downgrade:
    """What it comes to now. Raises NotAllowed and what `price_downgrade` raises."""
    return price_downgrade(_counter(viewer, public_id), public_id, tier, when)


def _counter(viewer: Viewer, public_id: str) -> Counter:
    return counter_for(place_of(viewer, public_id)[1])
