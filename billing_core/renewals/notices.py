"""Notices ahead of a renewal, of a card's last day and of a trial's end: each once, however often the job runs."""

import logging
from collections.abc import Callable
from datetime import date, timedelta

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.errors import Refusal
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.ordering import preview_renewal
from billing_core.renewals import mails, queries
from billing_core.renewals.models import RenewalNotice
from billing_core.renewals.schedule import CARD_NOTICE, NOTICE, TRIAL_NOTICE
from billing_core.subscriptions.models import Subscription

log = logging.getLogger(__name__)

NOTIFY = "renewals.notify"
"""The job kind."""
KEPT = timedelta(days=100)
"""No notice is about anything further ahead."""


def notify_due() -> int:
    """Handler of the job `renewals.notify`: every notice whose day has come and that was not sent; how many were.

    After a pause of the worker what is still ahead is announced late; what is over is not announced any more.
    """
    with db.reading():
        near = [*_ending(), *_expiring()]
        sent = set(db.session().scalars(select(RenewalNotice.key).where(RenewalNotice.sent_at >= clock.now() - KEPT)))
    due = [notice for notice in near if notice[0] not in sent]
    return sum(db.perform(_send_once, *notice) for notice in due)


Notice = tuple[str, int, Callable[[], None]]
"""Its key, the account, and what writes the mail in the transaction that takes the key."""


def _ending() -> list[Notice]:
    """Of subscriptions and trials."""
    furthest = (clock.now() + queries.EASTERNMOST).date() + timedelta(max(NOTICE.values()))
    rows = (
        select(Subscription, Account)
        .join(Account, Account.id == Subscription.account_id)
        .where(
            Account.kind == "online", Account.closed_on.is_(None), Subscription.is_live,
            Subscription.ended_on.is_(None), Subscription.cancelled_on.is_(None),
            Subscription.period_end <= furthest, Subscription.period_end > clock.now().date() - timedelta(1),
        )
        .order_by(Subscription.id)
    )  # fmt: skip
    found: list[Notice] = []
    for subscription, account in db.session().execute(rows):
        ahead = TRIAL_NOTICE if subscription.is_trial else NOTICE.get(subscription.frequency, 0)
        today = clock.today(account.timezone)
        if today < subscription.period_end <= today + timedelta(ahead):
            key = queries.key_of(subscription.public_id, subscription.period_end)
            found.append((key, account.id, _of_subscription(subscription.id, subscription.period_end)))
    return found


def _expiring() -> list[Notice]:
    latest = (clock.now() + queries.EASTERNMOST).date() + timedelta(CARD_NOTICE)
    found: list[Notice] = []
    for card, account in queries.expiring(latest):
        today = clock.today(account.timezone)
        if today <= card.last_day <= today + timedelta(CARD_NOTICE):
            found.append((queries.key_of(card.public_id, card.last_day), account.id, _of_card(card.id)))
    return found


def _send_once(key: str, account_id: int, write: Callable[[], None]) -> bool:
    if not db.add_if_absent(RenewalNotice, key=key, account_id=account_id, sent_at=clock.now()):
        return False
    write()
    return True


def _of_subscription(subscription_id: int, period_end: date) -> Callable[[], None]:
    def write() -> None:
        whole = (joinedload(Subscription.product), joinedload(Subscription.account))
        named = select(Subscription).where(Subscription.id == subscription_id).options(*whole)
        subscription = db.session().scalars(named).one()
        account = subscription.account
        if subscription.period_end != period_end or not subscription.is_live:
            return
        if subscription.is_trial:
            mails.announce_trial_end(account, subscription)
            return
        try:
            seen = preview_renewal(subscription)
        except Refusal as refusal:
            log.error("subscription %s cannot be announced: %s", subscription.public_id, refusal)
            return
        mails.announce_renewal(account, subscription, seen, queries.default_card(account.id))

    return write


def _of_card(card_id: int) -> Callable[[], None]:
    def write() -> None:
        card = db.session().get_one(SavedCard, card_id)
        if card.removed_at is None and card.is_default:
            mails.announce_card_end(db.session().get_one(Account, card.account_id), card)

    return write
