"""Colleagues who may look, and mailboxes that get copies of invoices."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.contacts import recipients, service
from billing_core.contacts.refusals import AlreadyContact, RecipientThere, TooManyRecipients
from billing_core.credentials.service import SEND_LINK
from billing_core.errors import Invalid, NotAllowed, NotFound, TooMany
from billing_core.jobs import Job
from billing_core.people import BillingContact, Person, contacts_of
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import mails
from tests.client import Client
from tests.factories import core as make
from tests.factories import quotes


@pytest.fixture
def account(app: Flask) -> Account:
    return make.account()


@pytest.fixture
def anna(account: Account) -> Person:
    return make.contact(account, make.person("Anna Schmidt", "anna"))


def invite(who: Person, account: Account, email: str = "cora@customer.example") -> None:
    db.perform(service.invite, make.viewer(who), account.public_id, "Cora Neu", email)


def add(who: Person, account: Account, email: str) -> None:
    db.perform(recipients.add_recipient, make.viewer(who), account.public_id, email)


def actions() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.action).order_by(AuditEntry.id)))


def test_a_colleague_may_look_at_once_and_do_nothing_else(app: Flask, account: Account, anna: Person) -> None:
    looker = make.contact(account, make.person("Only Looks", "looks"), rights="")
    invite(looker, account)
    with db.reading() as session:
        came = next(one for one in contacts_of(account.id) if one.person.name == "Cora Neu")
        assert (came.may_accept, came.may_pay, came.may_manage, came.is_primary) == (False, False, False, False)
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == SEND_LINK)) == 1
        person = session.get_one(Person, came.person_id)
    told = {mail.recipient_name: mail.text_body for mail in mails("contact-changed")}
    assert set(told) == {"Cora Neu", "Anna Schmidt"}
    assert "Only Looks lets Cora Neu (cora@customer.example) see" in told["Anna Schmidt"]
    assert Client(app).sign_in(person).get("/invoices").status == 200
    assert actions() == ["contact.invited"]


def test_an_invitation_gives_nobody_a_right_that_a_request_would(account: Account, anna: Person) -> None:
    gone = make.contact(account, make.person("Gone Away", "gone@customer.example"))
    db.perform(lambda: _remove(gone))
    invite(anna, account, "gone@customer.example")
    with db.reading():
        back = next(one for one in contacts_of(account.id) if one.person_id == gone.id)
    assert (back.may_accept, back.may_pay, back.may_manage) == (False, False, False)


def _remove(who: Person) -> None:
    contact = db.session().scalars(select(BillingContact).where(BillingContact.person_id == who.id)).one()
    contact.removed_at = clock.now()


def test_who_cannot_be_invited(account: Account, anna: Person) -> None:
    make.staff("finance", user_id="clerk@vendor.example")
    with pytest.raises(Invalid, match="cannot be invited"):
        invite(anna, account, "clerk@vendor.example")
    with pytest.raises(AlreadyContact):
        invite(anna, account, anna.email)
    with pytest.raises(Invalid):
        invite(anna, account, "no address")
    member, stranger = make.member(account, is_admin=True), make.contact(make.account())
    with pytest.raises(NotFound):
        invite(stranger, account)
    viewer = make.viewer(member, Realm.MY)
    with pytest.raises(NotAllowed):
        db.perform(service.invite, viewer, account.public_id, "C", "c@customer.example")
    assert actions() == []


def test_twenty_a_day_are_enough(account: Account, anna: Person) -> None:
    for number in range(20):
        invite(anna, account, f"n{number}@customer.example")
    with pytest.raises(TooMany):
        invite(anna, account, "n20@customer.example")


def test_a_mailbox_gets_invoices_without_a_user_id_and_the_managers_know(app: Flask) -> None:
    deal = quotes.deal()
    add(deal.contact, deal.account, " Books@Customer.example ")
    (told,) = mails("contact-changed")
    assert "are mailed to Books@Customer.example too" in told.text_body
    quotes.accepted(deal)
    (copy,) = mails("invoice-copy")
    (own,) = mails("invoice-issued")
    assert copy.attached == own.attached
    assert copy.recipient == "Books@Customer.example"
    assert "User ID" in own.text_body
    assert "User ID" not in copy.text_body + copy.html_body
    assert "http" not in copy.text_body.replace("http://127.0.0.1", "")
    with db.reading():
        (row,) = recipients.recipients_of(deal.account.id)
    db.perform(recipients.remove_recipient, deal.portal, deal.account.public_id, row.public_id)
    assert "are no longer mailed to Books@Customer.example" in mails("contact-changed")[-1].text_body
    quotes.accepted(deal)
    assert len(mails("invoice-copy")) == 1


def test_addresses_are_checked_counted_and_kept_once(account: Account, anna: Person) -> None:
    with pytest.raises(Invalid):
        add(anna, account, "a@b\r\nBcc: c@d.example")
    for number in range(recipients.MOST):
        add(anna, account, f"n{number}@customer.example")
    with pytest.raises(RecipientThere):
        add(anna, account, "N1@CUSTOMER.example")
    with pytest.raises(TooManyRecipients):
        add(anna, account, "one-more@customer.example")


def test_only_who_manages_adds_and_only_the_own_accounts(account: Account, anna: Person) -> None:
    payer, stranger = make.contact(account, rights="pay"), make.contact(make.account())
    with pytest.raises(NotAllowed):
        add(payer, account, "x@customer.example")
    with pytest.raises(NotFound):
        add(stranger, account, "x@customer.example")
    add(anna, account, "x@customer.example")
    with db.reading():
        (row,) = recipients.recipients_of(account.id)
    other = make.account()
    boss = make.contact(other)
    with pytest.raises(NotFound):
        db.perform(recipients.remove_recipient, make.viewer(boss), other.public_id, row.public_id)


def test_the_page_invites_and_names_mailboxes(app: Flask, account: Account, anna: Person) -> None:
    client = Client(app).sign_in(anna)
    shown = client.get("/profile/contacts")
    sent = shown.form("invite") | {"invite-name": "Cora Neu", "invite-email": "nothing"}
    refused = client.post("/profile/contacts/invite", sent)
    assert (refused.status, "Enter an e-mail address" in refused.words) == (400, True)
    done = client.post("/profile/contacts/invite", sent | {"invite-email": "cora@customer.example"})
    assert "Cora Neu" in client.follow(done).words
    named = client.get("/profile/contacts").form("recipients") | {"recipient-email": "books@customer.example"}
    assert "books@customer.example" in client.follow(client.post("/profile/contacts/recipients", named)).words
