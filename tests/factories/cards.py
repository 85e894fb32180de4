"""Cards on file, added as their owners add them: on the processor's page."""

import itertools
from collections.abc import Sequence

from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.payments.cards import service
from billing_core.payments.cards.models import CardSetup, SavedCard
from billing_core.permissions import Viewer
from tests.factories.till import CardTill

_forms = itertools.count(1)


def saved(till: CardTill, of: Account, adder: Viewer, card: str = "pm_card_visa") -> SavedCard:
    """A card that is on file from now on."""
    setup = service.add_card(adder, of.public_id, f"form_{next(_forms)}")
    till.enter_card_at(setup.processor_session or "", card)
    till.answer(setup.processor_session or "")
    done = service.settle(setup.public_id)
    assert done.state == "succeeded", done.state
    with db.reading() as session:
        return session.get_one(SavedCard, done.card_id)


def on_file(of: Account) -> Sequence[SavedCard]:
    """The cards of an account that are not removed, in the order in which they came."""
    with db.reading() as session:
        kept = (SavedCard.account_id == of.id, SavedCard.removed_at.is_(None))
        return session.scalars(select(SavedCard).where(*kept).order_by(SavedCard.id)).all()


def reread(card: SavedCard) -> SavedCard:
    """As it is now."""
    with db.reading() as session:
        return session.get_one(SavedCard, card.id)


def setup_named(public_id: str) -> CardSetup:
    """As it is now."""
    with db.reading() as session:
        return session.scalars(select(CardSetup).where(CardSetup.public_id == public_id)).one()
