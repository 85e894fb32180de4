"""What an acceptance bills, credits, or leaves alone, and what its receipt says of it."""

import pytest
from sqlalchemy import select

from billing_core import clock, db
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.orders.models import ServiceOrder
from billing_core.subscriptions.models import Subscription
from corporate_portal.profile.service import keep_purchase_order
from corporate_portal.quotes import service
from corporate_portal.quotes.offer.content import AdminContact, LineWish
from tests.client import Client
from tests.factories import core, quotes
from tests.factories.quotes import Deal

pytestmark = pytest.mark.usefixtures("database")


def term(deal: Deal, seats: int = 10) -> Subscription:
    """What the customer has: a yearly term that began 100 days ago."""
    begun = quotes.in_days(-100)
    return core.add(  # type: ignore[no-any-return]
        Subscription(
            public_id=db.public_id("sub"), source="test", external_id=db.public_id("sub"), account_id=deal.account.id,
            product_id=deal.product.id, tier="", seats=seats, frequency="yearly", unit_price=12_000, currency="EUR",
            period_start=begun, period_end=clock.add_months(begun, 12),
        )
    )  # fmt: skip


def free(deal: Deal, amount: int) -> LineWish:
    return LineWish(deal.product.code, "", "once", 1, unit_price=amount, effect="free", description="Goodwill")


def documents() -> tuple[list[Invoice], list[CreditNote]]:
    with db.reading() as session:
        return list(session.scalars(select(Invoice))), list(session.scalars(select(CreditNote)))


def walk(client: Client, deal: Deal, *lines: LineWish) -> str:
    """The whole way by the pages; what the receipt says."""
    quote, contact = quotes.sent(deal, lines=lines), client.sign_in(deal.contact)
    path, version = f"/quotes/{quote.public_id}", quotes.version(quote)
    page = contact.get(f"{path}/confirm?reviewed={version.sha256}&payment=terms")
    done = contact.post(f"{path}/confirm", page.form("confirm") | {"agreed": "y"}, page=page)
    receipt = contact.follow(done)
    assert receipt.h1 == "Your order is placed"
    assert contact.get(path).status == 200
    return receipt.words


def test_more_billed_than_credited_brings_both_documents(client: Client) -> None:
    deal = quotes.deal(discount_limit=10_000)
    said = walk(client, deal, LineWish(deal.product.code, "", "once", 1), free(deal, -10_000))
    (invoice,), (note,) = documents()
    assert (invoice.total, note.total) == (59_500, 11_900)
    assert note.number in said
    assert "€119.00" in said
    assert "The credit note is set off against open amounts" in said


def test_the_budget_is_compared_with_what_is_invoiced(client: Client) -> None:
    deal = quotes.deal(discount_limit=10_000)
    kept = db.perform(keep_purchase_order, deal.portal, deal.account.public_id, "PO 1", None, 55_000)
    lines = (LineWish(deal.product.code, "", "once", 1), free(deal, -10_000))  # 595.00 invoiced, 476.00 in all
    quote = quotes.sent(deal, lines=lines)
    reviewed = quotes.version(quote).sha256
    path = f"/quotes/{quote.public_id}/confirm?reviewed={reviewed}&payment=terms&po_number={kept.number}"
    assert "Budget exceeded" in client.sign_in(deal.contact).get(path).words


def test_a_quote_below_zero_brings_a_credit_note_alone(client: Client) -> None:
    deal = quotes.deal(discount_limit=10_000)
    said = walk(client, deal, free(deal, -10_000))
    invoices, (note,) = documents()
    assert invoices == []
    assert note.total == 11_900
    assert "there is no invoice now" in said
    assert "Pay the invoice" not in said


def test_a_removal_at_the_terms_end_brings_no_document(client: Client) -> None:
    deal = quotes.deal()
    kept = term(deal)
    said = walk(client, deal, LineWish("", "", "", 4, effect="remove", subscription=kept.public_id))
    assert documents() == ([], [])
    assert "4 seats of" in said
    assert "products begin" not in said
    assert "there is no invoice now" in said
    with db.reading() as session:
        (order,) = session.scalars(select(ServiceOrder))
    assert order.number.startswith("ORD-")
    assert order.number in said


def test_a_future_start_names_its_day_and_the_administrator_to_come(client: Client) -> None:
    deal = quotes.deal()
    anna = core.member(deal.account, core.person("Anna Admin"))
    quote = quotes.sent(deal, starts_on=quotes.in_days(10))
    said_yes = quotes.acceptance(deal, quote, admin=AdminContact(member=anna.public_id))
    db.perform(service.accept_quote, deal.portal, quote.public_id, said_yes)
    said = client.sign_in(deal.contact).get(f"/quotes/{quote.public_id}/receipt").words
    assert "Your products begin on" in said
    assert "Anna Admin becomes an account admin when the products begin." in said
