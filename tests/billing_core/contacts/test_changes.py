"""Who is a contact changes by a request, a verification, and mails to everybody whom it concerns."""

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.contacts import refusals, service
from billing_core.contacts.models import ContactChange
from billing_core.contacts.service import Wish
from billing_core.credentials.links import make_link
from billing_core.credentials.models import PasswordLink, SignInSession
from billing_core.credentials.service import SEND_LINK
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.jobs import Job
from billing_core.people import BillingContact, LoginIdentifier, Person, contacts_of, person_by_identifier
from billing_core.permissions import Realm, Viewer
from corporate_portal.quotes.service import accept_quote
from tests.billing_core.credentials.observing import mails
from tests.billing_core.credentials.test_proving import place
from tests.client import Client, Page
from tests.factories import core as make
from tests.factories import quotes

KEY = "form_0123456789abcdef"


@pytest.fixture
def rep(app: Flask) -> Person:
    return make.staff("rep", user_id="rep")


@pytest.fixture
def account(rep: Person) -> Account:
    return make.account(rep=rep)


@pytest.fixture
def anna(account: Account) -> Person:
    return make.contact(account, make.person("Anna Schmidt", "anna"), is_primary=True)


@pytest.fixture
def ben(account: Account) -> Person:
    return make.contact(account, make.person("Ben Weber", "ben"))


def desk(who: Person) -> Viewer:
    return make.viewer(who, Realm.DESK)


def wish(kind: str, **more: Any) -> Wish:
    given = {"reason": "Ben leaves us.", "name": "Cora Neu", "email": "cora@customer.example"}
    if kind in ("remove", "change"):
        given = {"reason": "Ben leaves us."}
    return Wish(kind, **(given | more))


def ask(who: Person, account: Account, wanted: Wish, key: str = KEY) -> str:
    return db.perform(service.ask_for_change, make.viewer(who), account.public_id, wanted, key).public_id


def approve(who: Person, public_id: str) -> None:
    db.perform(service.approve_change, desk(who), public_id, "Called Ms Schmidt at the number in our files.")


def names(account: Account) -> list[str]:
    with db.reading():
        return [contact.person.name for contact in contacts_of(account.id)]


def contact_of(who: str, account: Account) -> BillingContact:
    with db.reading() as session:
        mine = select(BillingContact).join(Person, Person.id == BillingContact.person_id)
        return session.scalars(mine.where(Person.name == who, BillingContact.account_id == account.id)).one()


def state(public_id: str) -> str:
    with db.reading() as session:
        return session.scalars(select(ContactChange.state).where(ContactChange.public_id == public_id)).one()


def actions() -> list[str]:
    with db.reading() as session:
        mine = select(AuditEntry.action).where(AuditEntry.action.like("contact.%"))
        return list(session.scalars(mine.order_by(AuditEntry.id)))


def test_asking_changes_nothing_and_tells_the_representative(
    anna: Person, ben: Person, rep: Person, account: Account
) -> None:
    ask(anna, account, wish("remove", contact=ben.public_id))
    assert names(account) == ["Anna Schmidt", "Ben Weber"]
    (mail,) = mails("contact-change-asked")
    assert (mail.recipient_name, "Ben leaves us." in mail.text_body) == (rep.name, True)
    assert actions() == ["contact.change_asked"]


def test_a_replacement_takes_over_rights_and_place(anna: Person, ben: Person, rep: Person, account: Account) -> None:
    public_id = ask(ben, account, wish("replace", contact=anna.public_id, function="Head of IT"))
    before = clock.now()
    approve(rep, public_id)
    assert names(account) == ["Cora Neu", "Ben Weber"]
    came = contact_of("Cora Neu", account)
    assert (came.is_primary, came.may_accept, came.may_pay, came.user_id) == (True, True, True, "cora@customer.example")
    assert came.held_until is not None
    assert came.held_until >= before + timedelta(hours=24)
    told = {mail.recipient_name: (mail.recipient, mail.text_body) for mail in mails("contact-changed")}
    assert set(told) == {"Anna Schmidt", "Cora Neu", "Ben Weber"}
    assert "no longer a billing contact" in told["Anna Schmidt"][1]
    assert "You are a billing contact of" in told["Cora Neu"][1]
    assert "has been carried out" in told["Ben Weber"][1]
    with db.reading() as session:
        jobs = [job.payload for job in session.scalars(select(Job).where(Job.kind == SEND_LINK))]
    assert len(jobs) == 1
    assert actions() == ["contact.change_asked", "contact.change_approved"]


def test_a_removed_contacts_next_request_is_refused(
    app: Flask, anna: Person, ben: Person, rep: Person, account: Account
) -> None:
    client = Client(app).sign_in(ben)
    db.perform(make_link, ben.id, timedelta(minutes=30))
    assert client.get("/quotes").status == 200
    approve(rep, ask(anna, account, wish("remove", contact=ben.public_id)))
    assert client.get("/quotes").status == 303
    with db.reading() as session:
        ended = session.scalars(select(SignInSession.ended_at).where(SignInSession.person_id == ben.id)).one()
        voided = session.scalars(select(PasswordLink.voided_at).where(PasswordLink.person_id == ben.id)).one()
    assert None not in (ended, voided)


@pytest.mark.parametrize("local", ["anna", "a" * 60])
def test_an_address_that_nobody_can_sign_in_with_is_refused(
    anna: Person, rep: Person, account: Account, local: str
) -> None:
    long = f"{local}@{'.'.join(['üéñø'] * 36)}.example"
    for act in (
        lambda: ask(anna, account, wish("add", email=long)),
        lambda: db.perform(service.invite, make.viewer(anna), account.public_id, "Cora Neu", long),
    ):
        with pytest.raises(Invalid, match="Enter an e-mail address"):
            act()


def test_a_new_address_moves_mail_and_sign_in_and_the_old_one_is_told(
    anna: Person, ben: Person, rep: Person, account: Account
) -> None:
    former = ben.email
    db.perform(lambda: db.session().add(LoginIdentifier(canonical=former.casefold(), shown=former, person_id=ben.id)))
    everything = {"may_accept": True, "may_pay": True, "may_manage": True}
    approve(
        rep, ask(anna, account, wish("change", contact=ben.public_id, email="b.weber@customer.example", **everything))
    )
    with db.reading():
        moved, nobody = person_by_identifier("B.Weber@customer.example"), person_by_identifier(former)
    assert (moved.id if moved else None, nobody) == (ben.id, None)
    told = {mail.recipient for mail in mails("contact-changed") if mail.recipient_name == "Ben Weber"}
    assert told == {former}
    assert contact_of("Ben Weber", account).held_until is not None


def test_fewer_rights_hold_nothing_up_and_more_do(anna: Person, ben: Person, rep: Person, account: Account) -> None:
    approve(rep, ask(anna, account, wish("change", contact=ben.public_id, may_accept=True)))
    less = contact_of("Ben Weber", account)
    assert (less.may_accept, less.may_pay, less.held_until) == (True, False, None)
    approve(rep, ask(anna, account, wish("change", contact=ben.public_id, may_accept=True, may_pay=True), f"{KEY}2"))
    assert contact_of("Ben Weber", account).held_until is not None


def test_a_new_contact_accepts_nothing_for_a_day(app: Flask) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    public_id = ask(deal.contact, deal.account, wish("add", may_accept=True))
    approve(deal.rep, public_id)
    came = contact_of("Cora Neu", deal.account)
    with db.reading() as session:
        person = session.get_one(Person, came.person_id)
    client = Client(app).sign_in(person)
    refused = place(client, quote)
    assert (refused.status, "You can accept quotes from" in refused.words) == (403, True)
    assert quotes.version(quote).state == "sent"
    assert "You can accept quotes from" in client.get(f"/quotes/{quote.public_id}").words
    with time_machine.travel(clock.real_now() + timedelta(hours=24, seconds=1)):
        assert place(Client(app).sign_in(person), quote).status == 303
    assert quotes.version(quote).state == "accepted"


def test_the_last_contact_stays_until_somebody_replaces(
    anna: Person, ben: Person, rep: Person, account: Account
) -> None:
    first = ask(anna, account, wish("remove", contact=ben.public_id))
    second = ask(ben, account, wish("remove", contact=anna.public_id))
    approve(rep, first)
    with pytest.raises(refusals.LastContact):
        approve(rep, second)
    with pytest.raises(refusals.LastContact):
        ask(anna, account, wish("remove", contact=anna.public_id), f"{KEY}3")
    assert names(account) == ["Anna Schmidt"]
    assert state(second) == "asked"


@pytest.mark.parametrize(
    ("wanted", "field"),
    [
        (Wish("", "why"), "kind"),
        (Wish("add", " ", name="C", email="c@customer.example"), "reason"),
        (Wish("add", "why", email="c@customer.example"), "name"),
        (Wish("add", "why", name="C", email="nothing"), "email"),
        (Wish("add", "why", name="C", email="a@b\nBcc: x@y.example"), "email"),
    ],
)
def test_what_is_missing_is_said_beside_its_field(anna: Person, account: Account, wanted: Wish, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(anna, account, wanted)
    assert refused.value.field == field
    assert mails("contact-change-asked") == []


def test_who_is_a_contact_already_and_what_is_so_already(anna: Person, ben: Person, account: Account) -> None:
    with pytest.raises(refusals.AlreadyContact):
        ask(anna, account, wish("add", email=ben.email.upper()))
    same = {"may_accept": True, "may_pay": True, "may_manage": True}
    with pytest.raises(refusals.NothingChanges):
        ask(anna, account, wish("change", contact=ben.public_id, **same))
    with pytest.raises(refusals.ContactGone):
        ask(anna, account, wish("remove", contact="per_nobody"))


def test_staff_never_become_contacts(anna: Person, rep: Person, account: Account) -> None:
    clerk = make.staff("finance", user_id="clerk")
    taken = LoginIdentifier(canonical="clerk@vendor.example", shown="clerk@vendor.example", person_id=clerk.id)
    db.perform(lambda: db.session().add(taken))
    public_id = ask(anna, account, wish("add", email="clerk@vendor.example"))
    with pytest.raises(refusals.AddressTaken):
        approve(rep, public_id)
    assert (state(public_id), names(account)) == ("asked", ["Anna Schmidt"])


def test_the_address_of_somebody_with_other_accounts_stays(
    anna: Person, ben: Person, rep: Person, account: Account
) -> None:
    make.contact(make.account(), ben)
    public_id = ask(anna, account, wish("change", contact=ben.public_id, email="new@customer.example", may_accept=True))
    with pytest.raises(refusals.SharedPerson):
        approve(rep, public_id)


def test_somebody_else_s_user_id_is_not_taken(anna: Person, ben: Person, rep: Person, account: Account) -> None:
    stranger = make.person("Stranger", "stranger@else.example")
    everything = {"may_accept": True, "may_pay": True, "may_manage": True}
    wanted = wish("change", contact=ben.public_id, email="stranger@else.example", **everything)
    public_id = ask(anna, account, wanted)
    with pytest.raises(refusals.AddressTaken):
        approve(rep, public_id)
    with db.reading():
        owner = person_by_identifier("stranger@else.example")
    assert owner is not None
    assert owner.id == stranger.id


def test_only_those_who_verify_this_account_see_and_answer_it(
    anna: Person, ben: Person, rep: Person, account: Account
) -> None:
    public_id = ask(anna, account, wish("remove", contact=ben.public_id))
    others = [make.staff("rep"), make.staff("finance"), make.staff("support")]
    for who in others:
        for act in (service.approve_change, service.reject_change):
            with pytest.raises(NotFound):
                db.perform(act, desk(who), public_id, "note")
    manager = make.staff("rep_manager")
    with pytest.raises(Invalid):
        db.perform(service.approve_change, desk(manager), public_id, " ")
    db.perform(service.reject_change, desk(manager), public_id, "Ms Schmidt knew nothing of it.")
    (mail,) = mails("contact-changed")
    assert ("Ms Schmidt knew nothing of it." in mail.text_body, mail.recipient_name) == (True, "Anna Schmidt")
    with pytest.raises(refusals.AlreadyAnswered):
        approve(rep, public_id)


def test_a_manager_verifies_where_no_representative_works(app: Flask) -> None:
    manager, former = make.staff("rep_manager"), make.staff("rep", disabled_at=clock.now())
    for account in (make.account(rep_id=None), make.account(rep=former)):
        asks = make.contact(account, is_primary=True)
        public_id = ask(asks, account, wish("add"))
        assert mails("contact-change-asked")[-1].recipient_name == manager.name
        page = Client(app).sign_in(manager, Realm.DESK).get("/desk/contact-changes")
        assert account.name in page.words
        approve(manager, public_id)
        assert names(account)[-1] == "Cora Neu"


def test_support_verifies_those_of_online_accounts(app: Flask) -> None:
    online = make.account(kind="online", rep_id=None)
    admin, contact = make.member(online, is_admin=True), make.contact(online)
    support = make.staff("support")
    viewer = make.viewer(admin, Realm.MY)
    wanted = wish("replace", contact=contact.public_id)
    public_id = db.perform(service.ask_for_change, viewer, online.public_id, wanted, KEY).public_id
    assert [mail.recipient_name for mail in mails("contact-change-asked")] == [support.name]
    with pytest.raises(NotFound):
        approve(make.staff("rep"), public_id)
    approve(support, public_id)
    assert names(online) == ["Cora Neu"]


def test_others_cannot_ask_and_only_who_asked_withdraws(anna: Person, ben: Person, account: Account) -> None:
    member, stranger = make.member(account), make.contact(make.account())
    viewer = make.viewer(member, Realm.MY)
    with pytest.raises(NotAllowed):
        db.perform(service.ask_for_change, viewer, account.public_id, wish("add"), KEY)
    with pytest.raises(NotFound):
        ask(stranger, account, wish("add"))
    public_id = ask(anna, account, wish("add"))
    assert ask(anna, account, wish("add")) == public_id
    for who in (ben, stranger):
        with pytest.raises(NotFound):
            db.perform(service.withdraw_change, make.viewer(who), public_id)
    db.perform(service.withdraw_change, make.viewer(anna), public_id)
    with pytest.raises(refusals.AlreadyAnswered):
        db.perform(service.withdraw_change, make.viewer(anna), public_id)
    assert state(public_id) == "withdrawn"


def test_at_most_ten_wait(anna: Person, account: Account) -> None:
    for number in range(10):
        ask(anna, account, wish("add", email=f"n{number}@customer.example"), f"{KEY}{number}")
    with pytest.raises(refusals.EnoughOpen):
        ask(anna, account, wish("add", email="n11@customer.example"), f"{KEY}11")


def test_a_removal_and_an_acceptance_at_once_do_not_cross(app: Flask) -> None:
    for round_ in range(4):
        deal = quotes.deal()
        boss = make.contact(deal.account, make.person(f"Boss {round_}"))
        quote = quotes.sent(deal)
        public_id = ask(boss, deal.account, wish("remove", contact=deal.contact.public_id))
        acceptance, barrier, outcomes = quotes.acceptance(deal, quote), threading.Barrier(2), []

        def remove(public_id: str = public_id, deal: Any = deal, barrier: Any = barrier) -> None:
            barrier.wait()
            approve(deal.rep, public_id)

        def accept(
            quote: Any = quote, deal: Any = deal, barrier: Any = barrier, told: Any = outcomes, how: Any = acceptance
        ) -> None:
            barrier.wait()
            try:
                db.perform(accept_quote, deal.portal, quote.public_id, how)
                told.append("accepted")
            except Refusal:
                told.append("refused")

        threads = [threading.Thread(target=remove), threading.Thread(target=accept)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(timeout=60)
        assert len(outcomes) == 1
        assert (quotes.version(quote).state == "accepted") == (outcomes == ["accepted"])
        with pytest.raises(Refusal):
            db.perform(accept_quote, deal.portal, quotes.sent(deal).public_id, acceptance)


def fill(page: Page, **more: str) -> dict[str, str]:
    return page.form("change") | {"reason": "He leaves."} | more


def test_the_pages_of_the_portal_and_the_desk(
    app: Flask, anna: Person, ben: Person, rep: Person, account: Account
) -> None:
    client = Client(app).sign_in(anna)
    shown = client.get(f"/profile/contacts/change?kind=remove&contact={ben.public_id}")
    refused = client.post("/profile/contacts/change", fill(shown, reason=""))
    assert (refused.status, "Say in a few words why." in refused.words) == (400, True)
    done = client.follow(client.post("/profile/contacts/change", fill(shown)))
    assert ("Your request is on its way." in done.words, "Remove Ben Weber" in done.words) == (True, True)
    staff = Client(app).sign_in(rep, Realm.DESK)
    assert "Remove Ben Weber" in staff.get("/desk/contact-changes").words
    with db.reading() as session:
        public_id = session.scalars(select(ContactChange.public_id)).one()
    here = f"/desk/contact-changes/{public_id}"
    missing = staff.post(f"{here}/approve", staff.get(here).form("approve"))
    assert (missing.status, "Say how you made sure" in missing.words) == (400, True)
    said = staff.get(here).form("approve") | {"note": "Called her."}
    assert "The change is carried out." in staff.follow(staff.post(f"{here}/approve", said)).words
    assert "Carried out" in client.get("/profile/contacts").words
    assert names(account) == ["Anna Schmidt"]


def test_the_admin_center_files_it_too_and_members_do_not(app: Flask, anna: Person, account: Account) -> None:
    admin, member = make.member(account, is_admin=True), make.member(account)
    client = Client(app).sign_in(admin, Realm.MY)
    shown = client.get(f"/admin-center/contacts/change?kind=replace&contact={anna.public_id}")
    sent = fill(shown, name="Cora Neu", email="cora@customer.example")
    assert "Replace Anna Schmidt by Cora Neu" in client.follow(client.post("/admin-center/contacts/change", sent)).words
    assert Client(app).sign_in(member, Realm.MY).get("/admin-center/contacts").status == 403


def test_a_change_begins_with_what_the_contact_may_do_now(app: Flask, anna: Person, account: Account) -> None:
    pays = make.contact(account, make.person("Paul Pay"), rights="pay")
    client = Client(app).sign_in(anna)
    form = client.get(f"/profile/contacts/change?kind=change&contact={pays.public_id}").form("change")
    assert [name for name in ("may_accept", "may_pay", "may_manage") if name in form] == ["may_pay"]


def test_a_member_who_signs_in_with_a_username_is_not_made_twice(anna: Person, rep: Person, account: Account) -> None:
    member = make.member(account, make.person("Max Member", "max", email="max@customer.example"))
    approve(rep, ask(anna, account, wish("add", name="Max Member", email="MAX@customer.example", may_pay=True)))
    contact = contact_of("Max Member", account)
    assert (contact.person_id, contact.user_id, contact.may_pay) == (member.id, "max", True)
    with db.reading() as session:
        assert len(session.scalars(select(Person).where(Person.name == "Max Member")).all()) == 1
