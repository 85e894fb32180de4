"""The purchase order numbers that an account keeps."""

from datetime import date
from typing import Any

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import PurchaseOrder
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid, NotAllowed, NotFound
from corporate_portal.profile import service
from tests.client import Client
from tests.factories import core, quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")


def keep(deal: Deal, number: str = "PO 1", expires_on: date | None = None, budget: int | None = None) -> PurchaseOrder:
    return db.perform(
        service.keep_purchase_order, deal.portal, deal.account.public_id, number, expires_on, budget
    )  # fmt: skip


def rows() -> list[PurchaseOrder]:
    with db.reading() as session:
        return list(session.scalars(select(PurchaseOrder)))


def test_a_number_is_kept_once_closed_and_opened_again() -> None:
    deal = quotes.deal()
    kept = keep(deal, budget=100_000)
    assert keep(deal, budget=100_000).id == kept.id
    with pytest.raises(Invalid):
        keep(deal, budget=200_000)
    for _ in range(2):
        db.perform(service.close_purchase_order, deal.portal, kept.public_id)
    assert rows()[0].closed_at
    again = keep(deal, budget=300_000)
    assert (again.id, again.budget, again.closed_at) == (kept.id, 300_000, None)
    with db.reading() as session:
        actions = [entry.action for entry in session.scalars(select(AuditEntry).order_by(AuditEntry.id))]
    assert actions == ["purchase-order.kept", "purchase-order.closed", "purchase-order.kept"]


@pytest.mark.parametrize(
    ("entry", "field"),
    [
        ({"number": " "}, "number"), ({"number": "x" * 101}, "number"), ({"number": "a\x07"}, "number"),
        ({"number": "wrong"}, "number"), ({"expires_on": date(2020, 1, 1)}, "expires_on"), ({"budget": 0}, "budget"),
        ({"budget": -5}, "budget"), ({"budget": 10**15 + 1}, "budget"),
    ],
)  # fmt: skip
def test_what_cannot_be_kept_is_refused(entry: dict[str, Any], field: str) -> None:
    deal = quotes.deal(po_pattern="PO *")
    with pytest.raises(Invalid) as refused:
        keep(deal, **({"number": "PO 1"} | entry))
    assert refused.value.field == field
    assert rows() == []


def test_only_those_who_manage_billing_details_keep_numbers(client: Client) -> None:
    deal, other = quotes.deal(), quotes.deal()
    kept = keep(deal)
    payer = core.contact(deal.account, rights="accept pay")
    with pytest.raises(NotAllowed):
        db.perform(
            service.keep_purchase_order, core.viewer(payer), deal.account.public_id, "PO 2", None, None
        )  # fmt: skip
    with pytest.raises(NotAllowed):
        db.perform(service.close_purchase_order, core.viewer(payer), kept.public_id)
    with pytest.raises(NotFound):
        db.perform(service.close_purchase_order, other.portal, kept.public_id)
    path = f"/profile/purchase-orders/{deal.account.public_id}"
    assert client.sign_in(payer).get(path).status == 403
    assert "PO 1" in client.get("/profile").words
    assert Client(client.app).sign_in(other.contact).get(path).status == 404
    assert rows()[0].closed_at is None


def test_the_page_keeps_and_closes_with_money_as_the_reader_writes_it(client: Client) -> None:
    deal = quotes.deal()
    contact = client.sign_in(deal.contact)
    contact.post("/language", {"language": "de", "next": "/profile"}, page=contact.get("/profile"))
    path = f"/profile/purchase-orders/{deal.account.public_id}"
    page = contact.get(path)
    day = quotes.in_days(90).isoformat()
    entered = {"number": "PO 9", "expires_on": day, "budget": "12.500,50"}
    page = contact.follow(contact.post(path, page.form(deal.account.public_id) | entered, page=page))
    assert "12.500,50" in page.words
    (kept,) = rows()
    assert (kept.number, kept.budget, kept.expires_on) == ("PO 9", 1_250_050, quotes.in_days(90))
    wrong = contact.post(path, page.form(deal.account.public_id) | entered | {"budget": "viel"}, page=page)
    assert wrong.status == 400
    closing = f"/profile/purchase-orders/{kept.public_id}/close"
    closed = contact.follow(contact.post(closing, page=page))
    assert "Geschlossen" in closed.words
    assert contact.post(closing, page=closed).status == 303


def test_what_is_left_counts_the_invoices_of_accepted_quotes(client: Client) -> None:
    deal = quotes.deal()
    keep(deal, "PO 4711", budget=200_000)
    quotes.accepted(deal)  # 1,880.20 under PO 4711
    page = client.sign_in(deal.contact).get("/profile")
    assert "€119.80" in page.words
