"""The mails about cards on file: to everybody who may pay with them, whoever made the change."""

import logging

from billing_core.accounts import Account
from billing_core.mail.service import BadRecipient, Recipient, send_mail
from billing_core.payments.cards.models import SavedCard
from billing_core.people import contacts_of
from billing_core.words import mark

log = logging.getLogger(__name__)

PORTAL, BILLING_CENTER = "/profile/cards", "/billing/payment-methods"
"""Where the cards of a corporate account are, and those of an online account."""


def tell_added(account: Account, card: SavedCard, who: str) -> None:
    """A card can be charged from now on."""
    _tell("card-added", mark("A card was saved for %(account)s"), account, card, who)


def tell_removed(account: Account, card: SavedCard, who: str) -> None:
    """A card is not charged any more."""
    _tell("card-removed", mark("A saved card of %(account)s was removed"), account, card, who)


def _tell(kind: str, subject: str, account: Account, card: SavedCard, who: str) -> None:
    context = {
        "account": account.name, "who": who, "card": card.name, "expiry": f"{card.exp_month:02}/{card.exp_year}",
        "place": PORTAL if account.is_corporate else BILLING_CENTER,
    }  # fmt: skip
    for contact in contacts_of(account.id):
        if not contact.may_pay:
            continue
        person = contact.person
        try:
            send_mail(
                kind, subject, Recipient(person.name, person.email, person.locale), context, account_id=account.id
            )
        except BadRecipient:  # what has happened to the card is true all the same
            log.error("%s cannot be told of card %s: there is no address", person.public_id, card.public_id)
