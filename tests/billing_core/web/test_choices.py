"""The language and the account that a reader chooses."""

from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.client import Client
from tests.conftest import Database
from tests.factories import core as make


def locale_of(who: Person) -> str:
    with db.reading() as session:
        return session.scalars(select(Person.locale).where(Person.id == who.id)).one()


def test_a_stranger_reads_on_in_another_language_on_the_same_page(client: Client, database: Database) -> None:
    page = client.get("/password/reset")
    assert page.html.html is not None
    assert page.html.html["lang"] == "en"
    page = client.post("/language", {"language": "de", "next": "/password/reset"}, page=page)
    assert page.location == "/password/reset"
    page = client.follow(page)
    assert page.h1 == "Kennwort zurücksetzen/erstellen"


def test_a_signed_in_person_keeps_the_language(client: Client, database: Database) -> None:
    anna = make.contact(make.account(), make.person())
    client.sign_in(anna)
    page = client.post("/language", {"language": "de", "next": "/profile"}, page=client.get("/profile"))
    assert locale_of(anna) == "de"
    assert client.follow(page).h1 == "Profil"
    assert Client(client.app).sign_in(anna).get("/profile").h1 == "Profil"


def test_an_unknown_language_is_refused(client: Client, database: Database) -> None:
    for code in ("xx", "", "de\x00", "de" * 999):
        page = client.post("/language", {"language": code}, page=client.get("/sign-in"))
        assert page.status == 400


def test_the_language_form_leads_nowhere_else(client: Client, database: Database) -> None:
    for target in ("//evil.example", "https://evil.example", "/\\evil.example", "/%2fevil.example"):
        page = client.post("/language", {"language": "en", "next": target}, page=client.get("/sign-in"))
        assert page.location == "/"


def test_a_contact_of_two_accounts_changes_between_them(client: Client, database: Database) -> None:
    first, second = make.account(name="Alpha AG"), make.account(name="Beta AG")
    anna = make.contact(second, make.contact(first, make.person()))
    client.sign_in(anna)
    page = client.get("/profile")
    assert "Billing contacts of Alpha AG" in page.words
    page = client.post("/account", {"account": second.public_id, "next": "/profile"}, page=page)
    assert "Billing contacts of Beta AG" in client.follow(page).words
    assert "Billing contacts of Beta AG" in client.get("/profile").words


def test_nobody_chooses_an_account_that_is_not_theirs(client: Client, database: Database) -> None:
    anna = make.contact(make.account(name="Alpha AG"))
    foreign, online = make.account(name="Foreign AG"), make.account(name="Online AG", kind="online")
    make.contact(foreign)
    make.contact(online, anna)
    make.member(foreign, anna)
    client.sign_in(anna)
    for public_id in (foreign.public_id, online.public_id, "acc_nothing", "", "\x00"):
        page = client.post("/account", {"account": public_id}, page=client.get("/profile"))
        assert page.status == 404
        assert "Billing contacts of Alpha AG" in client.get("/profile").words


def test_an_account_is_chosen_for_one_session_only(client: Client, database: Database) -> None:
    first, second = make.account(name="Alpha AG"), make.account(name="Beta AG")
    anna = make.contact(second, make.contact(first, make.person()))
    other = Client(client.app).sign_in(anna)
    client.sign_in(anna)
    client.post("/account", {"account": second.public_id}, page=client.get("/profile"))
    assert "Billing contacts of Alpha AG" in other.get("/profile").words


def test_my_account_has_its_own_choice(client: Client, database: Database) -> None:
    first, second = make.account(name="Alpha AG"), make.account(name="Beta AG", kind="online")
    anna = make.member(second, make.contact(first, make.person()))
    client.sign_in(anna, Realm.MY)
    page = client.post("/my-account/account", {"account": second.public_id}, page=client.get("/my-account"))
    assert page.location == "/my-account"
    assert "Beta AG" in client.follow(page).words
    assert client.post("/account", {"account": first.public_id}, page=client.get("/my-account")).status == 303


def test_a_form_of_an_account_that_is_not_chosen_any_more_does_nothing(client: Client, database: Database) -> None:
    """Two tabs: in one of them another account is chosen, and then the other's form is sent."""
    first, second = make.account(name="Alpha AG"), make.account(name="Beta AG")
    anna = make.contact(second, make.contact(first, make.person()))
    client.sign_in(anna)
    old = client.get(f"/profile/bill-to/{first.public_id}")
    form = old.form("/profile/bill-to") | {"city": "Elsewhere"}
    assert form["acting_for"] == first.public_id
    client.post("/account", {"account": second.public_id}, page=client.get("/profile"))
    page = client.post(f"/profile/bill-to/{first.public_id}", form, page=old)
    assert page.status == 409
    assert "This page was about another account. Beta AG is chosen now." in page.words
    with db.reading() as session:
        assert session.get_one(Account, first.id).city == first.city
    client.post("/account", {"account": first.public_id}, page=client.get("/profile"))
    assert client.post(f"/profile/bill-to/{first.public_id}", form, page=old).status == 303


def test_of_one_account_forms_say_nothing(client: Client, database: Database) -> None:
    account = make.account()
    client.sign_in(make.contact(account))
    assert "acting_for" not in client.get(f"/profile/bill-to/{account.public_id}").form("/profile/bill-to")
