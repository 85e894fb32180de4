"""Several quotes in one go: one transaction each, a result for each, and nothing lost or doubled by a crash."""

from typing import Any

import pytest
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.accounts import PurchaseOrder
from billing_core.ledger.models import Invoice
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteDecision
from corporate_portal.quotes.views import several
from tests.client import Client, Page
from tests.factories import core, quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")


def three(deal: Deal) -> list[Quote]:
    return [quotes.sent(deal, title=f"Seats, part {number}") for number in (1, 2, 3)]


def details(contact: Client, found: list[Quote]) -> Page:
    return contact.get("/quotes/several?" + "&".join(f"quote={quote.public_id}" for quote in found))


def to_confirm(contact: Client, found: list[Quote], **entered: str) -> Page:
    step = details(contact, found)
    return contact.follow(contact.post("/quotes/several", step.form("several") | entered, page=step))


def place(contact: Client, page: Page, **entered: str) -> Page:
    return contact.post("/quotes/several/confirm", page.form("confirm") | {"agreed": "y"} | entered, page=page)


def accepted() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(QuoteDecision)) or 0


def test_ticked_quotes_go_all_the_way_together(client: Client) -> None:
    deal = quotes.deal()
    found, contact = three(deal), client.sign_in(deal.contact)
    page = contact.get("/quotes")
    ticks = page.html.select("input[name=quote][form=several]")
    assert {tick["value"] for tick in ticks} == {quote.public_id for quote in found}
    page = to_confirm(contact, found, po_number="PO 1", **{"rows-1-po_number": "PO 2"})
    for quote in found:
        assert f"quote {quote.number}, version 1" in page.words
    assert len(page.html.select("input[type=checkbox]")) == 1
    result = contact.follow(place(contact, page))
    assert result.words.count("Accepted") == 3
    assert "3 orders are placed." in result.words
    with db.reading() as session:
        numbers = {row.quote_number: row.po_number for row in session.scalars(select(Invoice))}
    assert numbers == {found[0].number: "PO 1", found[1].number: "PO 2", found[2].number: "PO 1"}


def test_nothing_ticked_leads_back(client: Client) -> None:
    deal = quotes.deal()
    found, contact = three(deal), client.sign_in(deal.contact)
    assert contact.follow(details(contact, [])).h1 == "Quotes"
    db.perform(service.withdraw_quote, deal.desk, found[0].public_id)
    back = contact.follow(details(contact, found[:1]))
    assert "These quotes can no longer be decided." in back.words


def test_what_cannot_be_decided_is_named_and_left_out(client: Client) -> None:
    deal = quotes.deal()
    found, contact = three(deal), client.sign_in(deal.contact)
    db.perform(service.withdraw_quote, deal.desk, found[1].public_id)
    page = details(contact, found)
    assert "Not in this order" in page.words
    assert "was withdrawn" in page.words
    fields = page.form("several")
    assert [value for name, value in fields.items() if name.endswith("-quote")] == [
        found[0].public_id, found[2].public_id,
    ]  # fmt: skip


def test_a_quote_that_changes_on_the_way_is_refused_and_the_others_are_accepted(client: Client) -> None:
    deal = quotes.deal()
    found, contact = three(deal), client.sign_in(deal.contact)
    page = to_confirm(contact, found)
    db.perform(service.withdraw_quote, deal.desk, found[1].public_id)
    result = contact.follow(place(contact, page))
    assert accepted() == 2
    assert "2 orders are placed." in result.words
    assert "was withdrawn and can no longer be decided" in result.words


def test_sending_the_confirmation_again_is_harmless(client: Client) -> None:
    deal = quotes.deal()
    found, contact = three(deal), client.sign_in(deal.contact)
    page = to_confirm(contact, found)
    place(contact, page)
    again = contact.follow(place(contact, page))
    assert again.words.count("Accepted") == 3
    assert accepted() == 3


def test_a_crash_in_the_middle_loses_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    deal = quotes.deal()
    found, contact = three(deal), client.sign_in(deal.contact)
    page = to_confirm(contact, found)
    perform, calls = db.perform, []

    class Dying:
        is_storable, reading = staticmethod(db.is_storable), staticmethod(db.reading)

        @staticmethod
        def perform(verb: Any, *args: Any) -> Any:
            calls.append(verb)
            if len(calls) == 2:
                raise KeyboardInterrupt
            return perform(verb, *args)

    with monkeypatch.context() as patched:
        patched.setattr(several, "db", Dying)
        with pytest.raises(KeyboardInterrupt):
            place(contact, page)
    assert accepted() == 1
    result = contact.follow(place(contact, page))
    assert result.words.count("Accepted") == 3
    assert accepted() == 3


def test_one_number_that_is_refused_stops_all_before_anything_is_written(client: Client) -> None:
    deal = quotes.deal(po_pattern="PO-##")
    found, contact = three(deal), client.sign_in(deal.contact)
    step = details(contact, found)
    entered = {"po_number": "PO-12", "rows-2-po_number": "wrong"}
    page = contact.post("/quotes/several", step.form("several") | entered, page=step)
    assert page.status == 400
    link = page.html.select_one(".error-summary a")
    assert link is not None
    assert link["href"] == "#rows-2-po_number"
    assert accepted() == 0


def test_the_tick_is_needed(client: Client) -> None:
    deal = quotes.deal()
    found, contact = three(deal), client.sign_in(deal.contact)
    page = to_confirm(contact, found)
    refused = contact.post("/quotes/several/confirm", page.form("confirm"), page=page)
    assert (refused.status, accepted()) == (400, 0)
    assert accepted() == 0
    assert place(contact, refused).status == 303
    assert accepted() == 3


def test_the_budget_is_compared_with_all_of_them_together(client: Client) -> None:
    deal = quotes.deal()
    number = PurchaseOrder(
        public_id=db.public_id("po"), account_id=deal.account.id, number="PO 1", budget=400_000, created_at=clock.now()
    )
    core.add(number)
    found, contact = three(deal), client.sign_in(deal.contact)
    assert "Budget exceeded" not in to_confirm(contact, found[:2], po_number="PO 1").words
    assert "Budget exceeded" in to_confirm(contact, found, po_number="PO 1").words


def test_another_accounts_quote_and_a_missing_right_refuse_the_whole(client: Client) -> None:
    deal, other = quotes.deal(), quotes.deal()
    found, foreign = three(deal), quotes.sent(other)
    contact = client.sign_in(deal.contact)
    assert details(contact, [*found, foreign]).status == 404
    page = to_confirm(contact, found)
    sent = page.form("confirm") | {"agreed": "y", "rows-0-quote": foreign.public_id}
    assert contact.post("/quotes/several/confirm", sent, page=page).status == 404
    asked = f"?quote={foreign.public_id}&reviewed=x"
    assert contact.get("/quotes/several/result" + asked).status == 404
    assert accepted() == 0
    reader = Client(client.app).sign_in(core.contact(deal.account, rights="pay"))
    assert details(reader, found).status == 403
    assert not reader.get("/quotes").html.select("input[name=quote]")


def test_numbers_too_long_for_one_address_are_told(client: Client) -> None:
    deal = quotes.deal()
    found, contact = three(deal), client.sign_in(deal.contact)
    step = details(contact, found)
    entered = {f"rows-{row}-po_number": "€" * 100 for row in range(3)} | {"po_number": "€" * 100}
    page = contact.post("/quotes/several", step.form("several") | entered, page=step)
    assert page.status == 400
    assert "Order fewer quotes at once." in page.words


@pytest.mark.parametrize(
    "path", ["/quotes/several/confirm", "/quotes/several/result", "/quotes/several/confirm?rows-0-quote=x"]
)
def test_an_address_without_quotes_is_not_found(client: Client, path: str) -> None:
    assert client.sign_in(quotes.deal().contact).get(path).status == 404
