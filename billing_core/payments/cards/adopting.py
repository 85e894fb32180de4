"""A card comes on file: once, however often and by whomever it is told. Parts of verbs, under the account's lock."""

import logging

from sqlalchemy import select

from billing_core import audit, clock, db, jobs
from billing_core.accounts import Account
from billing_core.payments.cards import mails
from billing_core.payments.cards.models import ProcessorCustomer, SavedCard
from billing_core.payments.cards.queries import customer_of
from billing_core.payments.gateway import CardSeen
from billing_core.people import Person

log = logging.getLogger(__name__)

DETACH = "card.detach"
"""The job kind; its argument is card."""
PROCESSOR = "processor"


def customer_for(account_id: int, livemode: bool) -> ProcessorCustomer:
    """For whom the processor keeps the account's cards; the row is there before the processor hears of it."""
    found = customer_of(account_id, livemode)
    if found is not None:
        return found
    db.add_if_absent(
        ProcessorCustomer, public_id=db.public_id("cus"), account_id=account_id, livemode=livemode,
        created_at=clock.now(),
    )  # fmt: skip
    made = customer_of(account_id, livemode)
    if made is None:
        raise RuntimeError("a row that was just there is gone")
    return made


def adopt(account_id: int, livemode: bool, seen: CardSeen, added_by: int) -> SavedCard | None:
    """Put a card that the processor keeps for the account on file. The caller holds the account's lock.

    The first one is the default. One that is on file already, by number and expiry, stays as it is, and the second is
    let go of. None where the processor does not say enough of it.
    """
    customer = customer_of(account_id, livemode)
    if customer is None or not (seen.method and seen.last4 and 1 <= seen.exp_month <= 12):
        log.error("a card of account %s was kept at the processor, which does not say enough of it", account_id)
        return None
    known = db.session().scalar(select(SavedCard).where(SavedCard.processor_method == seen.method))
    if known is not None:
        return known
    kept = (SavedCard.account_id == account_id, SavedCard.removed_at.is_(None))
    others = db.session().scalars(select(SavedCard).where(*kept)).all()
    same = (seen.fingerprint, seen.exp_month, seen.exp_year, livemode)
    twin = next((c for c in others if (c.fingerprint, c.exp_month, c.exp_year, c.livemode) == same), None)
    now = clock.now()
    card = SavedCard(
        public_id=db.public_id("card"),
        account_id=account_id,
        customer_id=customer.id,
        processor_method=seen.method,
        fingerprint=seen.fingerprint[:60],
        brand=seen.brand[:20],
        last4=seen.last4[:4],
        exp_month=seen.exp_month,
        exp_year=seen.exp_year,
        livemode=livemode,
        is_default=twin is None and not any(other.is_default for other in others),
        added_by=added_by,
        added_at=now,
        removed_at=None if twin is None else now,
    )
    db.session().add(card)
    db.session().flush()
    if twin is not None:
        jobs.enqueue(DETACH, once_key=f"{DETACH}:{card.public_id}", card=card.public_id)
        return twin
    audit.record(PROCESSOR, "card.added", card.public_id, account_id, card=card.name, added_by=added_by)
    account, adder = db.session().get_one(Account, account_id), db.session().get_one(Person, added_by)
    mails.tell_added(account, card, adder.name)
    return card
