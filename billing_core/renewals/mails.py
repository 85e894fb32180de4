"""The mails about renewals, each written in the transaction of what it tells; to everybody who may pay."""

import logging
from collections.abc import Mapping
from datetime import date
from typing import Any

from billing_core import audit, templating, words
from billing_core.accounts import Account
from billing_core.mail.service import BadRecipient, Recipient, send_mail
from billing_core.payments import states
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.mails import SUPPORT_READS
from billing_core.payments.ordering import Preview
from billing_core.renewals import places, schedule
from billing_core.renewals.models import CARD_EXPIRED, CARD_REFUSED, NO_CARD, REFUSED
from billing_core.renewals.standing import WORKER, told
from billing_core.subscriptions.models import Subscription
from billing_core.words import mark

log = logging.getLogger(__name__)

WHY = {
    NO_CARD: mark("No card is saved for this account."),
    CARD_EXPIRED: mark("The saved card has expired."),
    CARD_REFUSED: mark("The saved card cannot be charged in this currency."),
    REFUSED: mark("The renewal could not be prepared. Our support team has been told."),
}
DECLINED = mark("The bank declined the charge.")
NOT_DONE = mark("The payment did not come about.")
ENDED = {states.EXPIRED, states.CANCELLED, states.SUCCEEDED, states.GIVEN_BACK, states.CLOSED, "never_started"}
"""As what a payment ended that nobody declined."""


def tell_failed(
    account: Account, subscription: Subscription, seen: Preview | None, failure: str, next_on: date, first: date
) -> None:  # fmt: skip
    """The charge failed: why, when it is tried again, and what can be done until then."""
    why = WHY.get(failure, NOT_DONE if failure in ENDED else DECLINED)
    context = {"why": why, "next_on": next_on, **_about(subscription, seen, first)}
    _tell("renewal-failed", mark("The renewal of %(product)s could not be charged"), account, context)


def ask_to_confirm(account: Account, subscription: Subscription, seen: Preview | None, first: date) -> None:
    """The bank wants the card's owner to confirm: the link to do so, and until when."""
    context = _about(subscription, seen, first)
    _tell("renewal-confirm", mark("Please confirm the renewal of %(product)s"), account, context)


def tell_expired(account: Account, subscription: Subscription) -> None:
    """Nobody has paid: it is over, and nothing is claimed."""
    _tell("renewal-expired", mark("%(product)s has expired"), account, _about(subscription, None, None))


def tell_support(account: Account, subscription: Subscription, failure: str, next_on: date) -> None:
    """There is nobody to ask, or the renewal cannot be priced: support has to look before the next attempt."""
    brand = templating.brand()
    context = {
        "account": account.name, "number": account.number, "product": subscription.product.name,
        "subscription": subscription, "is_refused": failure == REFUSED, "next_on": next_on,
    }  # fmt: skip
    send_mail(
        "renewal-support", mark("A renewal of %(account)s needs your help"),
        Recipient(brand.name, brand.support_email, SUPPORT_READS), context, account_id=account.id,
    )  # fmt: skip


def announce_renewal(account: Account, subscription: Subscription, seen: Preview, card: SavedCard | None) -> None:
    """What will be charged when, to which card, and how to change that."""
    context = {"card": card.name if card else "", **_about(subscription, seen, None)}
    _tell("renewal-notice", mark("%(product)s is renewed on %(day)s"), account, context)


def announce_trial_end(account: Account, subscription: Subscription) -> None:
    """It ends by itself and is never charged."""
    _tell("trial-notice", mark("Your trial of %(product)s ends soon"), account, _about(subscription, None, None))


def announce_card_end(account: Account, card: SavedCard) -> None:
    """The card that renewals charge."""
    context = {"card": card.name, "last_day": card.last_day}
    _tell("card-notice", mark("%(card)s expires soon"), account, context)


def _about(subscription: Subscription, seen: Preview | None, first: date | None) -> dict[str, Any]:
    return {
        "subscription": subscription,
        "product": f"{subscription.product.name} {subscription.next_plan[0]}".strip(),
        "on": subscription.period_end,
        "seen": seen,
        "until": schedule.last_try(first) if first else None,
        "pay": places.paying(subscription),
    }


def _tell(kind: str, subject: str, account: Account, context: Mapping[str, Any]) -> None:
    """One that cannot be addressed never undoes what it tells."""
    everything = {"account": account.name, "methods": places.PAYMENT_METHODS, "home": places.SUBSCRIPTIONS, **context}
    why = context.get("why", "")
    for contact in told(account.id):
        person = contact.person
        with words.in_language(person.locale):
            everything["day"] = templating.day(context["on"]) if "on" in context else ""
            everything["why"] = words.gettext(why) if why else ""
        try:
            to = Recipient(person.name, person.email, person.locale)
            send_mail(kind, subject, to, everything, account_id=account.id)
        except BadRecipient:
            log.error("%s cannot be told of a renewal: there is no address", person.public_id)
            audit.record(WORKER, "renewal.mail_failed", person.public_id, account.id)
