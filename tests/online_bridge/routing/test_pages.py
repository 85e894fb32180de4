"""Go to Billing and Add Licenses through the pages, with whatever sessions the browser holds."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.credentials.models import SignInSession
from billing_core.mail.models import OutboxMail
from billing_core.people import Person
from billing_core.permissions import Realm
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core as make

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.fixture
def acme(database: Database) -> Account:
    return make.account(name="Acme AG")


def enter_portal(client: Client, page: Page, who: Person) -> Page:
    return client.post("/sign-in", page.form("/sign-in") | {"user_id": who.email, "password": make.PASSWORD}, page=page)


def someone_else(acme: Account) -> tuple[Person, Person]:
    return make.member(acme), make.contact(acme, make.person("Olga Other"))


def a_contact_of_another_account(acme: Account) -> tuple[Person, Person]:
    who = make.member(acme, make.person("Olga Other"))
    return who, make.contact(make.account(), who)


@pytest.mark.parametrize("situation", [someone_else, a_contact_of_another_account])
def test_who_is_no_contact_here_gets_the_sign_in_whoever_is_in_the_portal(
    client: Client, acme: Account, situation: Callable[[Account], tuple[Person, Person]]
) -> None:
    member, in_portal = situation(acme)
    client.sign_in(member, Realm.MY, acme.id).sign_in(in_portal)
    if member is in_portal:
        client.post("/my-account/account", {"account": acme.public_id}, page=client.get("/my-account"))
    page = client.follow(client.get("/my-account/billing"))
    assert (page.status, page.h1) == (200, "Sign in")
    assert "You are signed in here as Olga Other." in page.words
    onward = page.html.find("a", string="Continue as Olga Other")
    assert onward is not None
    assert onward["href"] == "/quotes"
    assert client.get("/quotes").status == 200


def test_the_one_who_is_meant_takes_the_place_of_the_one_who_is_in(client: Client, acme: Account) -> None:
    contact, other = make.contact(acme, make.person("Carla Contact")), make.contact(make.account())
    client.sign_in(contact, Realm.MY).sign_in(other)
    page = client.follow(client.get("/my-account/billing"))
    wrong = client.post("/sign-in", page.form("/sign-in") | {"user_id": contact.email, "password": "no"}, page=page)
    assert wrong.status == 400
    assert f"You are signed in here as {other.name}." in wrong.words
    assert enter_portal(client, wrong, contact).location == "/quotes"
    assert "Signed in as Carla Contact" in client.get("/quotes").words


def test_nobody_is_named_to_somebody_who_is_not_in_the_portal(client: Client, acme: Account) -> None:
    client.sign_in(make.member(acme), Realm.MY)
    answer = client.get("/my-account/billing")
    assert answer.location == "/sign-in"
    assert "You are signed in here as" not in client.get("/sign-in?again=1").words


@pytest.fixture
def asking(client: Client, acme: Account) -> Client:
    """An admin of the account, who is no contact, in My Account."""
    make.contact(acme, make.person("Carla Contact"))
    return client.sign_in(make.member(acme, is_admin=True), Realm.MY)


def questions() -> int:
    with db.reading() as session:
        return len(session.scalars(select(OutboxMail).where(OutboxMail.kind == "contact-asked")).all())


def test_a_contact_who_is_not_named_is_not_written_to_either(asking: Client, acme: Account) -> None:
    page = asking.get("/my-account/ask")
    assert "Carla Contact" in page.words
    db.perform(lambda: setattr(db.session().get_one(Account, acme.id), "hides_contacts", True))
    assert asking.get("/my-account/ask").status == 404
    answer = asking.post("/my-account/ask", {"message": "Hello"}, page=page)
    assert answer.status == 404
    assert "Carla Contact" not in answer.words
    assert questions() == 0


def test_five_questions_a_day_and_the_sixth_waits(client: Client, acme: Account) -> None:
    make.contact(acme)
    member = make.member(acme, is_admin=True)
    enough = "You have written to your billing contact several times today."
    with time_machine.travel(NOON, tick=False) as moving:
        client.sign_in(member, Realm.MY)
        for _ in range(5):
            assert client.post("/my-account/ask", {"message": "Two more seats"}).location == "/my-account"
        moving.shift(timedelta(minutes=1))
        refused = client.post("/my-account/ask", {"message": "Three more seats"})
        assert refused.status == 429
        assert refused.response.headers["Retry-After"] == str(24 * 3600 - 60)
        assert refused.h1 == "Email the billing admin"
        assert enough in refused.words
        assert "Three more seats" in refused.words
        assert questions() == 5
        moving.shift(timedelta(hours=23, minutes=59))
        client.sign_in(member, Realm.MY)
        assert client.post("/my-account/ask", {"message": "Three more seats"}).status == 303
        assert questions() == 6


@pytest.fixture
def administrator(acme: Account) -> Person:
    """A billing contact of the account who is its admin too."""
    return make.contact(acme, is_admin=True)


@pytest.fixture
def webinar(database: Database) -> Product:
    return make.product(code="W&B 1", name="Webinar")


def choose(client: Client, name: str) -> Page:
    """Add Licenses, and the product of that name."""
    page = client.get("/admin-center/licenses")
    links = {item.strong.get_text(): item.a for item in page.html.select("main li.option") if item.strong}
    link = links[name]
    assert link is not None
    return client.get(str(link["href"]))


def asked_for(page: Page) -> str:
    notice = page.html.select_one("main .notice")
    return " ".join(notice.get_text(" ").split()) if notice else ""


def whom_to_ask(acme: Account) -> str:
    with db.reading() as session:
        rep = session.get_one(Person, acme.rep_id)
    return f"To add licenses for Webinar, ask your representative {rep.name}: {rep.email} Request seats for Webinar"


def test_the_chosen_product_comes_along_into_the_portal(
    client: Client, acme: Account, administrator: Person, webinar: Product
) -> None:
    client.sign_in(administrator, Realm.MY).sign_in(administrator)
    page = client.follow(choose(client, "Webinar"))
    assert page.h1 == "Quotes"
    assert asked_for(page) == whom_to_ask(acme)


def test_the_chosen_product_comes_along_through_the_sign_in(
    client: Client, acme: Account, administrator: Person, webinar: Product
) -> None:
    client.sign_in(administrator, Realm.MY)
    page = client.follow(choose(client, "Webinar"))
    assert page.h1 == "Sign in"
    assert asked_for(client.follow(enter_portal(client, page, administrator))) == whom_to_ask(acme)


def test_the_chosen_product_comes_along_to_another_account_of_the_portal(
    client: Client, acme: Account, administrator: Person, webinar: Product
) -> None:
    first = make.account(name="AAA first")
    make.contact(first, administrator)
    client.sign_in(administrator, Realm.MY).sign_in(administrator, Realm.PORTAL)
    client.post("/my-account/account", {"account": acme.public_id}, page=client.get("/my-account"))
    page = choose(client, "Webinar")
    assert page.h1 == "Open the Corporate Billing Portal"
    page = client.follow(client.post("/account", page.form("/account"), page=page))
    assert asked_for(page) == whom_to_ask(acme)


@pytest.mark.parametrize("code", ["", "unknown", "x" * 3000, "ä'; --"])
def test_an_unknown_product_says_nothing(client: Client, administrator: Person, code: str) -> None:
    client.sign_in(administrator, Realm.MY).sign_in(administrator)
    page = client.get("/admin-center/licenses/portal", query_string={"product": code})
    page = client.follow(page)
    assert (page.status, page.h1, asked_for(page)) == (200, "Quotes", "")


def test_of_several_contacts_the_primary_one_is_named(client: Client, acme: Account) -> None:
    make.contact(acme, make.person("Carla Contact"))
    make.contact(acme, make.person("Paula Primary"), is_primary=True)
    client.sign_in(make.member(acme, is_admin=True), Realm.MY)
    words = client.get("/admin-center/licenses").words
    assert "Paula Primary" in words
    assert "Carla Contact" not in words


def test_who_is_not_signed_in_signs_in_and_is_back_on_the_way_to_billing(client: Client, database: Database) -> None:
    contact = make.contact(make.account(kind="online"))
    page = client.follow(client.get("/my-account/billing"))
    assert page.h1 == "Sign in to My Account"
    entered = {"user_id": contact.email, "password": make.PASSWORD}
    page = client.post("/my-account/sign-in", page.form("/my-account/sign-in") | entered, page=page)
    assert page.location == "/my-account/billing"
    assert client.follow(client.follow(page)).h1 == "Subscriptions"


@pytest.mark.parametrize("is_theirs", [True, False])
def test_the_account_that_was_chosen_is_the_one_that_the_portal_opens(
    client: Client, acme: Account, is_theirs: bool
) -> None:
    contact = make.contact(make.account(name="AAA first"), make.person("Carla Contact"))
    make.contact(acme, contact)
    stranger = make.account(name="ZZZ of others")
    client.sign_in(contact, Realm.MY)
    client.post("/my-account/account", {"account": acme.public_id}, page=client.get("/my-account"))
    page = client.follow(client.get("/my-account/billing"))
    form = page.form("/sign-in")
    assert form["account"] == acme.public_id
    form |= {} if is_theirs else {"account": stranger.public_id}
    wrong = client.post("/sign-in", form | {"user_id": contact.email, "password": "no"}, page=page)
    assert wrong.form("/sign-in")["account"] == form["account"]
    enter_portal(client, wrong, contact)
    with db.reading() as session:
        begun = session.scalars(select(SignInSession).order_by(SignInSession.id.desc())).first()
    assert begun is not None
    assert begun.account_id == (acme.id if is_theirs else None)
    assert stranger.name not in client.get("/profile").words
