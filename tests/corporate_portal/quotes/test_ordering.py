"""Order details: purchase orders by the account's rules, the administrator, what stands on the way's pages."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.accounts import Account, PurchaseOrder, follows_pattern
from billing_core.errors import Invalid
from billing_core.orders.models import ServiceOrder
from billing_core.people import LoginIdentifier, Membership, Person
from corporate_portal.profile.queries import purchase_orders
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteDecision
from corporate_portal.quotes.offer.content import AdminContact
from tests.client import Client, Page
from tests.corporate_portal.quotes.counting import counts
from tests.factories import core, quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")


def keep(deal: Deal, number: str, **values: Any) -> PurchaseOrder:
    row = PurchaseOrder(
        public_id=db.public_id("po"), account_id=deal.account.id, number=number, created_at=clock.now(), **values
    )
    return core.add(row)  # type: ignore[no-any-return]


def accept(deal: Deal, quote: Quote, **changes: Any) -> QuoteDecision:
    return db.perform(service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote, **changes))


def details(contact: Client, quote: Quote) -> Page:
    version = quotes.version(quote)
    return contact.get(f"/quotes/{quote.public_id}/order-details?reviewed={version.sha256}")


def enter(contact: Client, quote: Quote, **entered: str) -> Page:
    step = details(contact, quote)
    return contact.post(f"/quotes/{quote.public_id}/order-details", step.form("order-details") | entered, page=step)


@pytest.mark.parametrize(
    ("number", "pattern", "fits"),
    [
        ("anything", "", True), ("PO-1234", "PO-####", True), ("PO-123", "PO-####", False),
        ("PO-12345", "PO-####", False),
        ("po-1234", "PO-####", False), ("PO-12a4", "PO-####", False), ("AB12", "@@##", True), ("ÄB12", "@@##", True),
        ("A112", "@@##", False), ("PO-", "PO-*", True), ("PO-whatever 7", "PO-*", True), ("P", "PO-*", False),
        ("PO-١٢", "PO-##", False), ("a.c", "a.c", True), ("abc", "a.c", False),
    ],
)  # fmt: skip
def test_a_number_is_compared_with_the_pattern_sign_by_sign(number: str, pattern: str, fits: bool) -> None:
    assert follows_pattern(number, pattern) is fits


def test_a_number_that_does_not_look_like_the_companys_is_refused_with_its_pattern() -> None:
    deal = quotes.deal(po_pattern="PO-####", po_required=True)
    quote = quotes.sent(deal)
    before = counts()
    with pytest.raises(Invalid) as refused:
        accept(deal, quote, po_number="4711")
    assert refused.value.params["pattern"] == "PO-####"
    assert counts() == before
    assert accept(deal, quote, po_number=" PO-4711 ").po_number == "PO-4711"


def test_an_expiry_that_has_passed_refuses_and_today_does_not() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    today = clock.today(deal.account.timezone)
    with pytest.raises(Invalid) as refused:
        accept(deal, quote, po_expires_on=today - timedelta(days=1))
    assert refused.value.field == "po_expires_on"
    assert accept(deal, quote, po_expires_on=today).po_expires_on == today


def test_a_date_without_a_number_is_refused() -> None:
    deal = quotes.deal()
    with pytest.raises(Invalid):
        accept(deal, quotes.sent(deal), po_number="", po_expires_on=quotes.in_days(9))


@pytest.mark.parametrize("state", ["expired", "closed"])
def test_a_kept_number_that_cannot_be_used_refuses(state: str) -> None:
    deal = quotes.deal()
    passed = {"expires_on": quotes.in_days(-1)} if state == "expired" else {"closed_at": clock.now()}
    keep(deal, "PO 4711", **passed)
    quote = quotes.sent(deal)
    with pytest.raises(Invalid) as refused:
        accept(deal, quote, po_expires_on=quotes.in_days(30))
    assert refused.value.field == "po_number"
    assert quotes.version(quote).state == "sent"


def test_a_kept_number_brings_its_own_last_day() -> None:
    deal = quotes.deal()
    keep(deal, "PO 4711", expires_on=quotes.in_days(20))
    assert accept(deal, quotes.sent(deal)).po_expires_on == quotes.in_days(20)


def test_kept_numbers_are_offered_with_their_day_and_what_is_left(client: Client) -> None:
    deal = quotes.deal()
    keep(deal, "PO 4711", expires_on=quotes.in_days(20), budget=500_000)
    keep(deal, "PO OLD", expires_on=quotes.in_days(-1))
    keep(quotes.deal(), "PO FOREIGN")
    accept(deal, quotes.sent(deal))  # 1,880.20 gross
    page = details(client.sign_in(deal.contact), quotes.sent(deal))
    assert "€3,119.80 left" in page.words
    assert [option["value"] for option in page.html.select("#kept-orders option")] == ["PO 4711"]
    field = page.html.select_one("#po_number")
    assert field is not None
    assert field["list"] == "kept-orders"


def test_an_exceeded_budget_warns_and_refuses_nothing(client: Client) -> None:
    deal = quotes.deal()
    keep(deal, "PO 4711", budget=100_000)
    quote, contact = quotes.sent(deal), client.sign_in(deal.contact)
    page = contact.follow(enter(contact, quote, po_number="PO 4711"))
    assert "Budget exceeded" in page.words
    assert "€1,000.00" in page.words
    done = contact.post(f"/quotes/{quote.public_id}/confirm", page.form("confirm") | {"agreed": "y"}, page=page)
    assert "receipt" in done.location
    with db.reading():
        account = db.session().get_one(Account, deal.account.id)
        assert purchase_orders(account)[0].left == 0


def test_a_member_becomes_the_administrator() -> None:
    deal = quotes.deal()
    anna = core.member(deal.account, core.person("Anna Admin"))
    decision = accept(deal, quotes.sent(deal), admin=AdminContact(member=anna.public_id))
    assert decision.admin_person_id == anna.id
    with db.reading() as session:
        assert session.scalars(select(ServiceOrder)).one().admin_person_id == anna.id


def test_an_administrator_is_found_by_address_in_any_case() -> None:
    deal = quotes.deal()
    anna = core.member(deal.account, core.person("Anna Admin", email="anna@customer.example"))
    admin = AdminContact(name="A. Admin", email="ANNA@Customer.example")
    assert accept(deal, quotes.sent(deal), admin=admin).admin_person_id == anna.id


def test_a_new_administrator_is_a_member_without_any_sign_in() -> None:
    deal, other = quotes.deal(), quotes.deal()
    elsewhere = core.member(other.account, core.person(email="nora@customer.example"))
    admin = AdminContact(name="Nora  New", email="nora@customer.example")
    decision = accept(deal, quotes.sent(deal), admin=admin)
    with db.reading() as session:
        person = session.get_one(Person, decision.admin_person_id)
        assert (person.name, person.id == elsewhere.id) == ("Nora New", False)
        places = session.scalars(select(Membership).where(Membership.person_id == person.id)).all()
        assert [place.account_id for place in places] == [deal.account.id]
        assert session.scalar(select(LoginIdentifier).where(LoginIdentifier.person_id == person.id)) is None


@pytest.mark.parametrize(
    ("admin", "field"),
    [
        (AdminContact(member="per_unknown"), "admin_member"),
        (AdminContact(name="Nora"), "admin_email"),
        (AdminContact(email="nora@customer.example"), "admin_name"),
        (AdminContact(name="Nora", email="nora"), "admin_email"),
        (AdminContact(name="N\x00", email="nora@customer.example"), "admin_name"),
        (AdminContact(name="N" * 121, email="nora@customer.example"), "admin_name"),
    ],
)
def test_half_an_administrator_is_refused(admin: AdminContact, field: str) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    before = counts()
    with pytest.raises(Invalid) as refused:
        accept(deal, quote, admin=admin)
    assert refused.value.field == field
    assert counts() == before


def test_nobody_of_another_account_is_made_administrator() -> None:
    deal, other = quotes.deal(), quotes.deal()
    with pytest.raises(Invalid):
        accept(deal, quotes.sent(deal), admin=AdminContact(member=other.contact.public_id))


def test_what_was_entered_goes_all_the_way_and_back(client: Client) -> None:
    deal = quotes.deal()
    anna = core.member(deal.account, core.person("Anna Admin"))
    quote, contact = quotes.sent(deal), client.sign_in(deal.contact)
    day = quotes.in_days(40).isoformat()
    step = enter(contact, quote, po_number="PO 1", po_expires_on=day, admin_member=anna.public_id, payment="card")
    page = contact.follow(step)
    assert "Anna Admin" in page.words
    back = page.html.find("a", string="Change order details")
    assert back is not None
    again = contact.get(str(back["href"]))
    entered = again.form("order-details")
    assert (entered["po_number"], entered["po_expires_on"], entered["payment"]) == ("PO 1", day, "card")
    assert entered["admin_member"] == anna.public_id
    done = contact.post(f"/quotes/{quote.public_id}/confirm", page.form("confirm") | {"agreed": "y"}, page=page)
    receipt = contact.follow(done)
    assert "Anna Admin" in receipt.words
    assert "Pay now by card" in receipt.words
    with db.reading() as session:
        decision = session.scalars(select(QuoteDecision)).one()
        assert (decision.po_number, decision.po_expires_on, decision.admin_person_id) == (
            "PO 1", quotes.in_days(40), anna.id,
        )  # fmt: skip


@pytest.mark.parametrize("entered", [
    {"po_expires_on": "tomorrow"}, {"po_expires_on": "2000-01-01", "po_number": "1"}, {"admin_name": "Nora"},
    {"admin_member": "per_x"}, {"payment": "gold"}, {"po_number": "x" * 101},
])  # fmt: skip
def test_what_cannot_be_ordered_is_told_beside_its_field(client: Client, entered: dict[str, str]) -> None:
    deal = quotes.deal()
    quote, contact = quotes.sent(deal), client.sign_in(deal.contact)
    page = enter(contact, quote, **entered)
    assert page.status == 400
    assert page.html.select(".error-summary li")
    version = quotes.version(quote)
    query = "&".join(f"{name}={value}" for name, value in ({"payment": "terms"} | entered).items())
    skipped = contact.get(f"/quotes/{quote.public_id}/confirm?reviewed={version.sha256}&{query}")
    assert (skipped.status, skipped.h1) == (400, "Order details")


def test_a_number_closed_while_the_confirmation_was_open_is_refused_there(client: Client) -> None:
    deal = quotes.deal()
    kept = keep(deal, "PO 4711")
    quote, contact = quotes.sent(deal), client.sign_in(deal.contact)
    page = contact.follow(enter(contact, quote, po_number="PO 4711"))
    closed = update(PurchaseOrder).where(PurchaseOrder.id == kept.id).values(closed_at=clock.now())
    db.perform(lambda: db.session().execute(closed))
    refused = contact.post(f"/quotes/{quote.public_id}/confirm", page.form("confirm") | {"agreed": "y"}, page=page)
    assert refused.status == 400
    assert "has been closed" in refused.words
    assert quotes.version(quote).state == "sent"


def test_of_two_tabs_the_first_counts_and_the_second_is_harmless(client: Client) -> None:
    deal = quotes.deal()
    quote, contact = quotes.sent(deal), client.sign_in(deal.contact)
    tabs = [contact.follow(enter(contact, quote, po_number=number)) for number in ("PO 1", "PO 2")]
    path = f"/quotes/{quote.public_id}/confirm"
    answers = [contact.post(path, tab.form("confirm") | {"agreed": "y"}, page=tab) for tab in tabs]
    assert [answer.status for answer in answers] == [303, 303]
    receipt = contact.follow(answers[1])
    assert "PO 1" in receipt.words
    assert "PO 2" not in receipt.words
    with db.reading() as session:
        assert len(session.scalars(select(ServiceOrder)).all()) == 1
