"""VAT IDs at finance's desk, and what contacts of corporate accounts see of them."""

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.permissions import Realm
from billing_core.vat_ids.models import VatCheck
from tests.client import Client, Page
from tests.conftest import Database
from tests.factories import core as make


@pytest.fixture
def account(database: Database) -> Account:
    return make.account(name="Alpen AG", country="AT", timezone="Europe/Vienna", vat_id="ATU57194903")


@pytest.fixture
def desk(client: Client) -> Client:
    return client.sign_in(make.staff("finance"), Realm.DESK)


def send(desk: Client, account: Account, deed: str, **changes: str) -> Page:
    page = desk.get(f"/desk/accounts/{account.public_id}/vat-id")
    return desk.post(f"/desk/accounts/{account.public_id}/vat-id/{deed}", page.form(deed) | changes, page=page)


def states() -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(VatCheck.state).order_by(VatCheck.id)))


def test_finance_has_it_checked_and_vouches_for_it_with_a_note(desk: Client, account: Account) -> None:
    page = desk.get("/desk/vat-ids")
    assert "ATU57194903 Not confirmed" in page.words
    assert page.html.find("a", href=f"/desk/accounts/{account.public_id}/vat-id")
    page = desk.follow(send(desk, account, "check"))
    assert "The register is being asked." in page.words
    assert states() == ["waiting"]
    refused = send(desk, account, "confirm", note=" ")
    assert refused.status == 400
    assert "Say how you know that this VAT ID is right" in refused.words
    page = desk.follow(send(desk, account, "confirm", note="Letter of 3 May"))
    assert "Confirmed by our finance department on" in page.words
    assert "Letter of 3 May" in page.words
    assert states() == ["confirmed"]
    assert "Every VAT ID on which tax depends is confirmed" in desk.get("/desk/vat-ids").words
    assert "Confirmed by our finance department on" in desk.get(f"/desk/accounts/{account.public_id}/money").words
    contact = Client(desk.app).sign_in(make.contact(account)).get("/profile")
    assert "Confirmed by our finance department on" in contact.words


def test_finance_enters_another_number(desk: Client, account: Account) -> None:
    assert send(desk, account, "change", vat_id="ATU13585628").status == 400
    page = desk.follow(send(desk, account, "change", vat_id="ATU13585627"))
    assert "ATU13585627" in page.words
    assert "The number is being checked with VIES" in page.words
    for deed, rest in (("check", {}), ("confirm", {"note": "Letter"}), ("change", {"vat_id": ""})):
        late = send(desk, account, deed, seen="ATU57194903", **rest)
        assert late.status == 409
        assert "Someone has changed this VAT ID in the meantime." in late.words
    assert states() == ["waiting"]


def test_nobody_else_gets_there(client: Client, account: Account) -> None:
    for role in ("rep", "support", "rep_manager"):
        other = Client(client.app).sign_in(make.staff(role), Realm.DESK)
        start = other.get("/desk")
        for path in ("/desk/vat-ids", f"/desk/accounts/{account.public_id}/vat-id"):
            assert other.get(path).status == 403
        for deed in ("change", "check", "confirm"):
            path = f"/desk/accounts/{account.public_id}/vat-id/{deed}"
            assert other.post(path, {"seen": "ATU57194903", "note": "x"}, page=start).status == 403
    assert states() == []
