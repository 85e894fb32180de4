"""A mail leads to a place where its reader may be: online contacts never get into the portal (domain.md 3)."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.payments.cards import mails as of_cards
from billing_core.payments.cards.models import SavedCard
from billing_core.people import contacts_of
from billing_core.permissions import Realm
from corporate_portal.invoices import mails as of_documents
from tests.client import Client
from tests.factories import core, ledger
from tests.factories.nights import mails
from tests.rules.world import add_to_file

MAILS = Path(__file__).parent.parent.parent / "templates/mail"
ONLINE = {
    "cancellation-removed", "card-notice", "downgrade-applied", "downgrade-planned", "downgrade-taken-back",
    "order-confirmed", "order-unapplied", "overdue-cancelled", "renewal-confirm", "renewal-expired", "renewal-failed",
    "renewal-notice", "subscription-cancelled", "subscription-renewed", "trial-notice",
}  # fmt: skip
CORPORATE = {
    "bill-to-changed", "payment-answered", "payment-proposed", "quote-accepted", "quote-answer",
    "quote-rejection-recorded", "quote-reminder", "quote-second",
    "quote-sent", "request-answered", "second-contact-rule",
}  # fmt: skip
DESK = {
    "contact-change-asked", "order-unapplied-desk", "payment-disputed", "payment-review", "quote-accepted-rep",
    "quote-notice", "quote-rejected", "reconciliation-differs", "refund-failed", "renewal-support", "request-asked",
}  # fmt: skip
EITHER = {
    "card-added", "card-removed", "credit-note-issued", "invoice-issued", "payment-receipt", "payment-reminder",
    "refund-sent",
}  # fmt: skip
"""They go to contacts of both kinds of account, so that their place comes from the account or from the payment."""
ANYBODY = {
    "contact-asked",
    "contact-changed",
    "invoice-copy",
    "factor-changed",
    "factor-policy",
    "new-browser",
    "password-changed",
    "password-link",
}


def test_no_kind_of_mail_leads_where_its_readers_may_not_be() -> None:
    kinds = {path.stem for path in MAILS.glob("*.txt")} - {"shell", "parts"}
    assert kinds == ONLINE | CORPORATE | DESK | EITHER | ANYBODY
    for kind in sorted(kinds):
        for path in (MAILS / f"{kind}.txt", MAILS / f"{kind}.html"):
            named = re.findall(r"link\(['\"](/[^'\"]*)", path.read_text())
            assert not (kind in EITHER | ANYBODY and named), path.name
            assert all(place.startswith("/billing") == (kind in ONLINE) for place in named), path.name
            assert all(place.startswith("/desk") == (kind in DESK) for place in named), path.name


def card_added(account: Account) -> None:
    card_of(account)


def card_removed(account: Account) -> None:
    card = card_of(account)
    db.perform(lambda: of_cards.tell_removed(account, card, "Mia"))


def card_of(account: Account) -> SavedCard:
    with db.reading():
        person = contacts_of(account.id)[0].person
    name = add_to_file(core.viewer(person, Realm.MY), account.public_id, "4242")
    with db.reading() as session:
        return session.scalars(select(SavedCard).where(SavedCard.public_id == name)).one()


def invoice_issued(account: Account) -> None:
    found = ledger.invoice(account, 5000)
    db.perform(lambda: of_documents.tell_issued(found, account, contacts_of(account.id)[0]))


def credit_note_issued(account: Account) -> None:
    note = ledger.credit_note(account, 1000)
    db.perform(lambda: of_documents.tell_credited(note, None, account, contacts_of(account.id)[0]))


@pytest.mark.parametrize("write", [card_added, card_removed, invoice_issued, credit_note_issued])
@pytest.mark.parametrize("kind", ["online", "corporate"])
def test_the_place_of_a_mail_opens_for_its_reader(app: Flask, kind: str, write: Callable[[Account], None]) -> None:
    account = core.account(kind=kind)
    reader = core.contact(account)
    write(account)
    (place,) = set(re.findall(r"https?://[^/\s]+(/\S+)", mails(write.__name__.replace("_", "-"))[0].text_body))
    assert place.startswith("/billing/") == (kind == "online")
    client = Client(app).sign_in(reader, Realm.MY if kind == "online" else Realm.PORTAL)
    assert client.get(place).status == 200
