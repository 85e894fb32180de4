"""The profile page, and the billing address that contacts change."""

import json
import threading

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.errors import NotAllowed, NotFound
from billing_core.people import Person
from corporate_portal.profile import service
from corporate_portal.profile.service import BillTo, BillToChanged
from tests.billing_core.credentials.observing import mails, statements
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core as make

MOVED = BillTo("Neue Str. 7", "20097", "Hamburg", "+49 40 123456")


def stored(account: Account) -> BillTo:
    with db.reading() as session:
        return BillTo.of(session.get_one(Account, account.id))


def send(client: Client, account: Account, **changes: str) -> Page:
    path = f"/profile/bill-to/{account.public_id}"
    page = client.get(path)
    return client.post(path, page.form() | changes)


def test_the_profile_says_who_one_is_and_what_one_may_do(client: Client, database: Database) -> None:
    alpha, beta = make.account(name="Alpha AG"), make.account(name="Beta AG", country="CH", city="Bern")
    anna = make.contact(alpha, make.person("Anna Schmidt", "anna.schmidt"), rights="accept pay manage")
    make.contact(beta, anna, rights="")
    make.contact(alpha, make.person("Bernd Beispiel"))
    page = client.sign_in(anna).get("/profile")
    assert "anna.schmidt" in page.words
    rows = [" ".join(row.get_text(" ").split()) for row in page.html.select("table")[0].select("tbody tr")]
    assert "Accept quotes Pay invoices Change billing details" in rows[0]
    assert "See quotes and invoices" in rows[1]
    assert "Accept quotes" not in rows[1]
    assert "Bernd Beispiel" in page.words
    assert "Germany" in page.words
    page = client.post("/account", {"account": beta.public_id, "next": "/profile"}, page=page)
    page = client.follow(page)
    assert "Bernd Beispiel" not in page.words
    assert "Switzerland" in page.words
    assert page.html.find("a", href=f"/profile/bill-to/{beta.public_id}") is None


def test_the_profile_takes_the_same_statements_however_many_accounts(client: Client, database: Database) -> None:
    few, many = make.contact(make.account()), make.person()
    for _ in range(7):
        make.contact(make.account(), many)
    counts = set()
    for who in (few, many):
        browser = Client(client.app).sign_in(who)
        browser.get("/profile")
        with statements() as ran:
            browser.get("/profile")
        counts.add(len(ran))
    assert len(counts) == 1


def test_a_contact_changes_the_address_and_all_contacts_are_told(client: Client, database: Database) -> None:
    account = make.account(name="Alpha AG")
    anna = make.contact(account, make.person("Anna Schmidt"))
    bernd = make.contact(account, make.person("Bernd", locale="de"), rights="")
    make.contact(account, make.person("Removed"), removed_at=_now())
    client.sign_in(anna)
    page = send(client, account, street="Neue Str. 7", postal_code="20097", city="Hamburg", phone="+49 40 123456")
    assert page.location == "/profile"
    page = client.follow(page)
    assert "The billing address was changed." in page.words
    assert "20097 Hamburg" in page.words
    assert stored(account) == MOVED
    told = {mail.recipient: mail for mail in mails("bill-to-changed")}
    assert set(told) == {anna.email, bernd.email}
    assert told[anna.email].subject == "The billing address of Alpha AG was changed"
    assert told[bernd.email].subject == "Die Rechnungsanschrift von Alpha AG wurde geändert"
    for body in (told[bernd.email].text_body, told[bernd.email].html_body):
        assert "Neue Str. 7, 20097 Hamburg, +49 40 123456" in body
        assert "Nebenweg 2, 20095 Hamburg" in body
    with db.reading() as session:
        (entry,) = session.scalars(select(AuditEntry))
        assert (entry.actor, entry.action) == (f"portal:{anna.public_id}", "account.bill-to-changed")
        detail = json.loads(entry.detail)
    assert detail["before"]["street"] == "Nebenweg 2"
    assert detail["after"]["street"] == "Neue Str. 7"


def _now() -> object:
    from billing_core import clock

    return clock.now()


def test_saving_the_same_address_changes_and_tells_nothing(client: Client, database: Database) -> None:
    account = make.account()
    client.sign_in(make.contact(account))
    assert send(client, account).status == 303
    assert mails("bill-to-changed") == []


def test_without_the_right_the_address_cannot_be_changed(client: Client, database: Database) -> None:
    account = make.account()
    client.sign_in(make.contact(account, rights="accept pay"))
    path = f"/profile/bill-to/{account.public_id}"
    assert client.get(path).status == 403
    before = stored(account)
    page = client.post(path, {"street": "x", "postal_code": "1", "city": "y"}, page=client.get("/profile"))
    assert page.status == 403
    assert stored(account) == before
    assert mails("bill-to-changed") == []


def test_another_accounts_address_does_not_exist(client: Client, database: Database) -> None:
    mine, foreign, online = make.account(), make.account(), make.account(kind="online")
    make.contact(foreign)
    anna = make.contact(online, make.contact(mine))
    make.member(foreign, anna, is_admin=True)
    client.sign_in(anna)
    before = {account.id: stored(account) for account in (foreign, online)}
    for account in (foreign, online):
        path = f"/profile/bill-to/{account.public_id}"
        assert client.get(path).status == 404
        data = {"street": "x", "postal_code": "1", "city": "y", "seen": before[account.id].digest}
        assert client.post(path, data, page=client.get("/profile")).status == 404
        assert stored(account) == before[account.id]
    for public_id in ("acc_nothing", "%00", "x" * 500, "'"):
        assert client.get(f"/profile/bill-to/{public_id}").status == 404


def test_the_right_in_one_account_counts_for_that_account_only(client: Client, database: Database) -> None:
    alpha, beta = make.account(name="Alpha AG"), make.account(name="Beta AG")
    anna = make.contact(beta, make.contact(alpha, rights="manage"), rights="accept")
    client.sign_in(anna)
    assert client.get(f"/profile/bill-to/{alpha.public_id}").status == 200
    assert client.get(f"/profile/bill-to/{beta.public_id}").status == 403


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"street": ""}, "Enter street and number."),
        ({"street": "x" * 161}, "Please use at most 160 characters."),
        ({"postal_code": " "}, "Enter the postal code."),
        ({"postal_code": "1" * 21}, "Please use at most 20 characters."),
        ({"city": ""}, "Enter the city."),
        ({"city": "Ham\x07burg"}, "characters that cannot be used"),
        ({"street": "a\nb"}, "characters that cannot be used"),
        ({"phone": "call me"}, "Enter a phone number in figures"),
        ({"phone": "-1"}, "Enter a phone number in figures"),
        ({"phone": "1" * 41}, "Please use at most 40 characters."),
    ],
)
def test_bad_input_is_said_beside_the_field(
    client: Client, database: Database, changes: dict[str, str], sentence: str
) -> None:
    account = make.account()
    before = stored(account)
    page = send(client.sign_in(make.contact(account)), account, **changes)
    assert page.status == 400
    assert sentence in page.words
    assert page.html.select_one("[aria-invalid=true]") is not None
    assert stored(account) == before


def test_the_country_the_name_and_the_vat_id_are_not_taken_from_the_form(client: Client, database: Database) -> None:
    account = make.account(name="Alpha AG")
    client.sign_in(make.contact(account))
    send(client, account, street="Neue Str. 7", country="CH", name="Beta AG", vat_id="CHE1", currency="CHF")
    with db.reading() as session:
        now = session.get_one(Account, account.id)
        assert (now.country, now.name, now.vat_id, now.currency) == ("DE", "Alpha AG", None, "EUR")
        assert now.street == "Neue Str. 7"


def test_a_form_that_someone_overtook_is_shown_again_with_the_present_address(
    client: Client, database: Database
) -> None:
    account = make.account()
    anna = make.contact(account)
    client.sign_in(anna)
    path = f"/profile/bill-to/{account.public_id}"
    old = client.get(path)
    db.perform(service.change_bill_to, make.viewer(anna), account.public_id, MOVED, stored(account).digest)
    page = client.post(path, old.form() | {"street": "Dritte Str. 3"})
    assert page.status == 409
    assert "Someone has changed this address in the meantime." in page.words
    assert "Neue Str. 7" in page.words
    assert stored(account) == MOVED
    assert client.post(path, page.form()).status == 303
    assert stored(account).street == "Dritte Str. 3"


def test_of_two_changes_at_once_one_is_made_and_the_other_refused(database: Database) -> None:
    account = make.account()
    viewers = [make.viewer(make.contact(account)) for _ in range(2)]
    seen, start, lock, outcomes = stored(account).digest, threading.Barrier(2), threading.Lock(), []

    def change(n: int) -> None:
        start.wait()
        wanted = BillTo(f"Street {n}", "1", "City", "")
        try:
            db.perform(service.change_bill_to, viewers[n], account.public_id, wanted, seen)
            outcome = "changed"
        except BillToChanged:
            outcome = "refused"
        with lock:
            outcomes.append(outcome)

    threads = [threading.Thread(target=change, args=(n,)) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["changed", "refused"]
    assert len(mails("bill-to-changed")) == 2


def test_the_verb_itself_checks_right_and_account(database: Database) -> None:
    account, foreign = make.account(), make.account()
    anna: Person = make.contact(account, rights="pay")
    with pytest.raises(NotAllowed):
        db.perform(service.change_bill_to, make.viewer(anna), account.public_id, MOVED, stored(account).digest)
    with pytest.raises(NotFound):
        db.perform(service.change_bill_to, make.viewer(anna), foreign.public_id, MOVED, stored(foreign).digest)
