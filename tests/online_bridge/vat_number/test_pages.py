"""The page on which a contact of an online account changes the VAT number."""

from contextlib import suppress

import pytest
from sqlalchemy import select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.jobs import Job, NotYet
from billing_core.people import Person
from billing_core.permissions import Realm
from billing_core.vat_ids import asking, checking
from billing_core.vat_ids.stand_in import StandInRegister
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core as make

PATH = "/billing/vat-number"
UNCONFIRMED = "VAT is charged because the VAT ID of the account has not been confirmed"


def customer(**changes: object) -> tuple[Account, Person]:
    account = make.account(kind="online", rep_id=None, **({"country": "AT", "timezone": "Europe/Vienna"} | changes))
    return account, make.contact(account)


def send(client: Client, **changes: str) -> Page:
    page = client.get(PATH)
    return client.post(PATH, page.form("vat-number") | changes, page=page)


def stored(account: Account) -> str | None:
    with db.reading() as session:
        return session.get_one(Account, account.id).vat_id


def work() -> None:
    """What the worker would do, with the register of the demo."""
    with db.reading() as session:
        (job,) = session.scalars(select(Job).where(Job.kind == asking.CHECK))
    with suppress(NotYet):
        checking.ask_register(**job.arguments, register=StandInRegister(production=False))


@pytest.mark.parametrize(
    ("number", "says", "tax"),
    [
        ("ATU10223060", "Confirmed by stand-in on", "the recipient owes it in their own country"),
        ("ATU10223079", "VIES does not know this number.", UNCONFIRMED),
        ("ATU10223088", "VIES does not answer at present.", UNCONFIRMED),
    ],
)
def test_a_number_is_saved_checked_and_explained(
    client: Client, database: Database, number: str, says: str, tax: str
) -> None:
    account, who = customer()
    client.sign_in(who, Realm.MY)
    assert "There is no VAT ID." in client.get(PATH).words
    page = send(client, vat_id=number.lower())
    assert (page.status, page.location) == (303, PATH)
    page = client.follow(page)
    assert "The VAT number is saved." in page.words
    assert "The number is being checked with VIES" in page.words
    assert UNCONFIRMED in page.words
    assert stored(account) == number
    work()
    page = client.get(PATH)
    assert says in page.words
    assert tax in page.words
    send(client, vat_id="")
    assert stored(account) is None


def test_what_cannot_be_is_said_beside_the_field(client: Client, database: Database) -> None:
    account, who = customer(vat_id="ATU57194903")
    client.sign_in(who, Realm.MY)
    page = send(client, vat_id="ATU57194904")
    assert page.status == 400
    assert "which begins with AT." in page.words
    assert page.form("vat-number")["vat_id"] == "ATU57194904"
    assert "belongs to another country" in send(client, vat_id="DE136695976").words
    page = send(client, vat_id="ATU13585627", seen="ATU99999999")
    assert page.status == 409
    assert "Someone has changed this VAT ID in the meantime." in page.words
    assert stored(account) == "ATU57194903"


def test_who_may_not_change_it_reads_only_how_it_stands(client: Client, database: Database) -> None:
    account, _ = customer(vat_id="ATU57194903", vat_confirmed_at=clock.now())
    reader = make.contact(account, rights="pay")
    page = client.sign_in(reader, Realm.MY).get(PATH)
    assert "Confirmed on" in page.words
    assert "A billing contact who may change billing details can change this number." in page.words
    sent = {"account": account.public_id, "vat_id": "", "seen": "ATU57194903"}
    assert client.post(PATH, sent, page=page).status == 403
    member = make.member(account)
    mine = Client(client.app).sign_in(member, Realm.MY)
    assert mine.get(PATH).location == "/my-account/billing"
    assert mine.post(PATH, sent, page=mine.get("/my-account")).status == 404
    _, stranger = customer()
    other = Client(client.app).sign_in(stranger, Realm.MY)
    assert other.post(PATH, sent, page=other.get(PATH)).status == 404
    assert stored(account) == "ATU57194903"
