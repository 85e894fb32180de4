"""The Admin Center of people with one account, with several and with none."""

import pytest

from billing_core.people import Person
from billing_core.permissions import Realm
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core as make


@pytest.fixture
def anna(database: Database) -> Person:
    """An admin of two accounts and a user of a third."""
    who = make.person("Anna Schmidt")
    for name, is_admin in {"Acme AG": True, "Beta AG": True, "Gamma AG": False}.items():
        make.member(make.account(name=name), who, is_admin=is_admin)
    return who


def tabs(page: Page) -> list[str]:
    return [link.get_text(strip=True) for link in page.html.select("nav.tabs a")]


def chooser(page: Page) -> list[str]:
    return [button.get_text(strip=True) for button in page.html.select(".menu-account button")]


def test_an_admin_of_several_accounts_chooses_one_first(client: Client, anna: Person) -> None:
    client.sign_in(anna, Realm.MY)
    assert tabs(client.get("/my-account")) == ["My Account", "Admin Center"]
    page = client.get("/admin-center")
    assert (page.status, page.h1) == (200, "Choose the account")
    assert [name.get_text() for name in page.html.select("main strong")] == ["Acme AG", "Beta AG"]
    chosen = client.follow(client.post("/my-account/account", page.form("/my-account/account"), page=page))
    assert chosen.h1 == "Admin Center"
    assert "Acme AG" in chosen.words


def test_the_top_bar_offers_the_accounts_while_none_is_chosen(client: Client, anna: Person) -> None:
    page = client.sign_in(anna, Realm.MY).get("/my-account")
    assert chooser(page) == ["Acme AG", "Beta AG", "Gamma AG"]
    gamma = str(page.html.select(".menu-account button")[2]["value"])
    page = client.follow(client.post("/my-account/account", {"account": gamma}, page=page))
    assert tabs(page) == ["My Account"]
    assert client.get("/admin-center").status == 403


def test_nothing_to_choose_for_who_has_no_account_or_administers_none(client: Client, database: Database) -> None:
    page = client.sign_in(make.person(), Realm.MY).get("/my-account")
    assert (tabs(page), chooser(page)) == (["My Account"], [])
    user = make.member(make.account(), make.member(make.account()))
    assert tabs(client.sign_in(user, Realm.MY).get("/my-account")) == ["My Account"]
    assert client.get("/admin-center").status == 403
