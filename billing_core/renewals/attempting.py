"""One step of one renewal: every function here is a verb for `db.perform`, or a part of one.

Each takes its locks in the house's order (account, subscription, and what an order needs after them) and looks again
under them. None talks to the processor.
"""

import logging
from datetime import date

from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.errors import Refusal
from billing_core.ledger.service import lock_account
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.queries import under_way_on
from billing_core.orders.states import FULFILLED, PLACED
from billing_core.payments import states
from billing_core.payments.beginning import refuse_unless_usable
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.models import Payment
from billing_core.payments.ordering import Preview, payment_for, preview_renewal, put_down
from billing_core.payments.refusals import CardExpired
from billing_core.payments.sharing import Means
from billing_core.renewals import mails, places, queries, schedule
from billing_core.renewals.models import (
    CARD_EXPIRED,
    CARD_REFUSED,
    NO_CARD,
    NO_CONTACT,
    PERSON,
    REFUSED,
    RenewalAttempt,
)
from billing_core.renewals.standing import WORKER, Absent, absent
from billing_core.subscriptions import service as subscriptions
from billing_core.subscriptions.models import Subscription
from billing_core.subscriptions.online import expire_online

log = logging.getLogger(__name__)


def begin(public_id: str, livemode: bool) -> Payment | None:
    """Take the step that is due today; the payment that is then to be charged, None where there is none.

    Harmless at any time: what is not due, is under way or is somebody else's payment stays as it is.
    """
    account, subscription, today = _locked(public_id)
    if not _is_due(account, subscription, today):
        return None
    _conclude(account, subscription, today)
    if not _is_due(account, subscription, today):
        return None
    tries = queries.attempts(subscription)
    if under_way_on(account.id, [subscription.product_id]) is not None:
        return _unfinished(tries[-1]) if tries else None
    if account.closed_on is not None:
        expire_online(subscription, today, "account_closed", WORKER)
        return None
    if not schedule.may_begin(queries.last_day(subscription), today):
        return None
    card = queries.default_card(account.id)
    if tries and (_waits_for_person(tries[-1], card) or _is_too_late(subscription, tries[0].day)):
        _wait_or_expire(account, subscription, tries[0].day, today)
        return None
    made = RenewalAttempt(
        subscription_id=subscription.id, period_start=subscription.period_end, number=len(tries) + 1, day=today,
        card_id=card.id if card else None, failure="", created_at=clock.now(),
    )  # fmt: skip
    db.session().add(made)
    db.session().flush()
    payer = absent(account)
    failure = _order(account, subscription, made, card, payer, livemode)
    if failure:
        _fail(account, subscription, made, failure, today)
        return None
    return _unfinished(made)


def conclude(public_id: str) -> None:
    """Put down what became of the last attempt, where that is known by now."""
    account, subscription, today = _locked(public_id)
    if _is_due(account, subscription, today):
        _conclude(account, subscription, today)


def _locked(public_id: str) -> tuple[Account, Subscription, date]:
    named = select(Subscription.id, Subscription.account_id).where(Subscription.public_id == public_id)
    place = db.session().execute(named).one()
    account = lock_account(place.account_id)
    return account, subscriptions.locked([place.id])[place.id], clock.today(account.timezone)


def _is_due(account: Account, subscription: Subscription, today: date) -> bool:
    """Its period is over, and it is an online account's to be renewed: nothing else is ever touched here."""
    is_time = today >= (subscription.retry_on or subscription.period_end)
    return not account.is_corporate and subscription.is_unpaid(today) and is_time


def _unfinished(attempt: RenewalAttempt) -> Payment | None:
    """The payment of an attempt that is still under way, with a card that nobody has to enter."""
    if attempt.order_id is None:
        return None
    payment = payment_for(db.session().get_one(OnlineOrder, attempt.order_id))
    return payment if payment is not None and payment.is_under_way and payment.is_on_file else None


def _waits_for_person(last: RenewalAttempt, card: SavedCard | None) -> bool:
    """The bank asked for the card's owner, so nobody tries blindly; another card may be tried (domain.md 6)."""
    return last.failure == PERSON and (card is None or card.id == last.card_id)


def _is_too_late(subscription: Subscription, first: date) -> bool:
    """Only the end of a payment was waited for, beyond the last attempt."""
    return subscription.retry_on is not None and subscription.retry_on > schedule.last_try(first)


def _order(
    account: Account, subscription: Subscription, made: RenewalAttempt, card: SavedCard | None, payer: Absent | None,
    livemode: bool,
) -> str:  # fmt: skip
    """Put the attempt's order down, or say why there can be none."""
    if payer is None:
        return NO_CONTACT
    try:
        found = preview_renewal(subscription)
        if found.charge and card is None:
            return NO_CARD
        if found.charge and card is not None:
            refuse_unless_usable(card, account.currency, livemode)
    except CardExpired:
        return CARD_EXPIRED
    except Refusal as refusal:
        log.error("subscription %s cannot be renewed: %s", subscription.public_id, refusal)
        return CARD_REFUSED if card is not None and refusal.code.startswith(("card", "brand")) else REFUSED
    means = Means(card.public_id if card is not None and found.charge else None)
    form = f"{account.id}.r{made.id}"
    placed = put_down(payer, account, found, form, found.digest, means, places.ORDERS)
    made.order_id = placed.order.id
    db.session().flush()
    return ""


def _conclude(account: Account, subscription: Subscription, today: date) -> None:
    tries = queries.attempts(subscription)
    last = tries[-1] if tries else None
    if last is None or last.failure or last.order_id is None:
        return
    order = db.session().get_one(OnlineOrder, last.order_id, populate_existing=True)
    payment = payment_for(order)
    if order.state == FULFILLED or payment is None:
        return
    if order.state != PLACED:
        is_paid_by_hand = queries.open_order(subscription) is not None
        _fail(account, subscription, last, payment.failure or payment.state, today, in_silence=is_paid_by_hand)
    elif payment.state == states.OPEN and payment.failure:
        _fail(account, subscription, last, PERSON, today)


def _fail(
    account: Account, subscription: Subscription, attempt: RenewalAttempt, failure: str, today: date, *,
    in_silence: bool = False,
) -> None:  # fmt: skip
    """The attempt failed: overdue until the next one, and over after the last. `in_silence`: somebody is paying it."""
    attempt.failure = failure[:60]
    audit.record(
        WORKER, "renewal.failed", subscription.public_id, account.id, number=attempt.number, failure=attempt.failure
    )
    first = queries.attempts(subscription)[0].day
    next_on = _wait_or_expire(account, subscription, first, today)
    if next_on is None or in_silence:
        return
    seen = _seen(subscription)
    if failure in (NO_CONTACT, REFUSED):
        mails.tell_support(account, subscription, failure, next_on)
    if failure == PERSON:
        mails.ask_to_confirm(account, subscription, seen, first)
    elif failure != NO_CONTACT:
        mails.tell_failed(account, subscription, seen, failure, next_on, first)


def _seen(subscription: Subscription) -> Preview | None:
    """What it comes to for who pays it by hand, which ends what waits; None where it cannot be priced."""
    try:
        return preview_renewal(subscription, instead_of=queries.open_order(subscription))
    except Refusal:
        return None


def _wait_or_expire(account: Account, subscription: Subscription, first: date, today: date) -> date | None:
    """Plan the next day, or end the subscription; never while a payment that could still renew it is under way."""
    next_on = schedule.following(first, today)
    if next_on is None and queries.open_order(subscription) is not None:
        next_on = schedule.tomorrow(today)
    if next_on is None:
        expire_online(subscription, today, "unpaid", WORKER)
        mails.tell_expired(account, subscription)
        return None
    subscription.retry_on = next_on
    db.session().flush()
    return next_on
