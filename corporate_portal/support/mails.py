"""The mails about downgrades, each written in the transaction of what it tells; to everybody who may pay."""

import logging
from collections.abc import Mapping
from typing import Any

from billing_core import audit
from billing_core.accounts import Account
from billing_core.mail.service import BadRecipient, Recipient, send_mail
from billing_core.orders.online.downgrading import Downgrade
from billing_core.orders.online.settling import Applied
from billing_core.renewals import places
from billing_core.renewals.standing import told
from billing_core.subscriptions.models import Subscription
from billing_core.words import mark

log = logging.getLogger(__name__)


def tell_applied(applied: Applied, found: Downgrade) -> None:
    """The lower tier runs; with the credit note, where one was issued."""
    note = applied.credit_note
    context = {"note": note, "before": found.order.lines[0].before, **_about(found.subscription, found.tier)}
    attached = (("credit-note", note.public_id),) if note else ()
    _tell("downgrade-applied", mark("Your plan is now %(product)s"), applied.account, context, attached)


def tell_planned(account: Account, subscription: Subscription) -> None:
    """From which day on it is billed at which price."""
    tier, _ = subscription.next_plan
    _tell("downgrade-planned", mark("Your plan changes to %(product)s"), account, _about(subscription, tier))


def tell_taken_back(account: Account, subscription: Subscription, planned: str) -> None:
    """It stays as it is."""
    context = {"planned": _plan(subscription, planned), **_about(subscription, subscription.tier)}
    _tell("downgrade-taken-back", mark("Your plan stays %(product)s"), account, context)


def _plan(subscription: Subscription, tier: str) -> str:
    return f"{subscription.product.name} {tier}".strip()


def _about(subscription: Subscription, tier: str) -> dict[str, Any]:
    return {"subscription": subscription, "product": _plan(subscription, tier), "home": places.SUBSCRIPTIONS}


def _tell(
    kind: str, subject: str, account: Account, context: Mapping[str, Any], attached: tuple[tuple[str, str], ...] = ()
) -> None:
    """One that cannot be addressed never undoes what it tells."""
    for contact in told(account.id):
        person = contact.person
        everything = {"account": account.name, "user_id": contact.user_id, **context}
        try:
            to = Recipient(person.name, person.email, person.locale)
            send_mail(kind, subject, to, everything, account_id=account.id, attached=attached)
        except BadRecipient:
            log.error("%s cannot be told of a downgrade: there is no address", person.public_id)
            audit.record("desk", "downgrade.mail_failed", person.public_id, account.id)
