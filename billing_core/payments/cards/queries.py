"""What may be read about cards on file. Where a viewer comes first, another account's card is simply not found."""

from collections.abc import Sequence
from datetime import date, datetime

from sqlalchemy import Select, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db, templating
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.payments.cards.models import CardSetup, ProcessorCustomer, SavedCard
from billing_core.payments.gateway import SetupRequest
from billing_core.payments.limits import brands
from billing_core.payments.looking import Planned
from billing_core.payments.processor import processor
from billing_core.permissions import Viewer


def kept_by(viewer: Viewer, account_id: int) -> Sequence[SavedCard]:
    """The cards of an account of the viewer's, the default one first. One statement."""
    mine = _on_file(account_id).where(SavedCard.account_id.in_(sorted(viewer.account_ids)))
    return db.session().scalars(mine.options(joinedload(SavedCard.adder))).all()


def kept_for(account_id: int) -> Sequence[SavedCard]:
    """The same, for jobs."""
    return db.session().scalars(_on_file(account_id)).all()


def card_of(viewer: Viewer, public_id: str) -> SavedCard:
    """A card of one of the viewer's accounts, also one that was removed. Raises NotFound."""
    mine = SavedCard.account_id.in_(sorted(viewer.account_ids))
    if not db.is_storable(public_id):
        raise NotFound
    found = db.session().scalar(select(SavedCard).where(SavedCard.public_id == public_id, mine))
    if found is None:
        raise NotFound
    return found


def card_named(public_id: str) -> SavedCard:
    """Any card, for jobs. Raises NotFound."""
    found = db.session().scalar(select(SavedCard).where(SavedCard.public_id == public_id))
    if found is None:
        raise NotFound
    return found


def offered(account_id: int, currency: str) -> list[SavedCard]:
    """The cards that can pay in the currency today, the default one first. Two statements."""
    cards, today = kept_for(account_id), today_of(account_id)
    return [card for card in cards if card.brand in brands(currency) and not card.has_expired(today)]


def today_of(account_id: int) -> date:
    """The day on the account's calendar, by which its cards expire."""
    zone = db.session().scalars(select(Account.timezone).where(Account.id == account_id)).one()
    return clock.today(zone)


def _on_file(account_id: int) -> Select[SavedCard]:
    kept = (SavedCard.account_id == account_id, SavedCard.removed_at.is_(None))
    rows = select(SavedCard).where(*kept, SavedCard.livemode.is_(processor().livemode))
    return rows.order_by(SavedCard.is_default.desc(), SavedCard.id)


def customer_of(account_id: int, livemode: bool) -> ProcessorCustomer | None:
    """For whom the processor keeps the account's cards; None where none was ever to be kept."""
    named = (ProcessorCustomer.account_id == account_id, ProcessorCustomer.livemode.is_(livemode))
    return db.session().scalar(select(ProcessorCustomer).where(*named))


def setup_of(viewer: Viewer, public_id: str) -> CardSetup:
    """An attempt of one of the viewer's accounts. Raises NotFound."""
    mine = CardSetup.account_id.in_(sorted(viewer.account_ids))
    if not db.is_storable(public_id):
        raise NotFound
    found = db.session().scalar(select(CardSetup).where(CardSetup.public_id == public_id, mine))
    if found is None:
        raise NotFound
    return found


def setup_named(public_id: str) -> CardSetup | None:
    """Any attempt, for the processor's news."""
    named = select(CardSetup).where(CardSetup.public_id == public_id)
    return db.session().scalar(named.options(joinedload(CardSetup.customer)))


def setups_due(now: datetime, limit: int) -> list[Planned]:
    """The attempts whose next look is due, the longest waiting first."""
    rows = select(CardSetup.public_id, CardSetup.check_at).where(CardSetup.check_at <= now)
    found = db.session().execute(rows.order_by(CardSetup.check_at, CardSetup.id).limit(limit))
    return [Planned(public_id, check_at) for public_id, check_at in found if check_at is not None]


def setup_request(setup: CardSetup, customer: str, expires_at: datetime) -> SetupRequest:
    """The request to the processor, from the stored row alone."""
    return SetupRequest(
        reference=setup.public_id,
        customer=customer,
        currency=setup.currency,
        locale=setup.locale,
        brands=brands(setup.currency),
        expires_at=expires_at,
        success_url=templating.link(f"{setup.own_path}?added={setup.public_id}"),
        cancel_url=templating.link(setup.own_path),
    )
