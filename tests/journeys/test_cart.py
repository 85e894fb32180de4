"""Buy online, from My Account to the confirmation: Add to Cart, Edit Order, Place Order with 3-D Secure."""

from dataclasses import dataclass

import pytest
from sqlalchemy import select

from app.demo.logins import Login
from billing_core import db
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.ledger.models import Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.models import OnlineOrder
from billing_core.sellers.models import Seller
from billing_core.subscriptions.models import Subscription
from tests.factories import core
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visitor, Visits, Walk


@dataclass(frozen=True)
class Buyer:
    """Who buys, for which account, and what four organizers of GoToMeeting Pro cost for a month."""

    login: Login
    account: str
    total: int
    shown: str


def customer(locale: str) -> Buyer:
    """An online account that has nothing yet and no credit, of a German seller."""
    with db.reading() as session:
        seller = session.scalars(select(Seller).where(Seller.country == "DE")).first()
    account = core.account(seller, kind="online", rep_id=None, name="Atelier Novak", locale=locale)
    who = core.contact(account, core.person("Lena Novak", "lena.novak", locale=locale))
    login = Login(who.external_id, "lena.novak", core.PASSWORD, "my", "")
    return Buyer(login, account.external_id, 7616, "€76.16" if locale == "en" else "76,16 €")


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_a_plan_is_bought_through_the_cart(demo: Demo, visit: Visits, walk: Walk) -> None:
    buyer, contact = customer(walk.locale), visit.by(walk)
    contact.enter("/my-account", buyer.login)
    contact.click("Go to Billing")
    contact.arrives("Subscriptions")
    go_to_checkout(contact)
    edit_the_order(contact)
    pay(contact, buyer)
    number = see_the_invoice(contact, buyer)
    contact.wait_for_mail("Your order is confirmed")
    contact.reads_in_mail(number)
    check_what_is_written(buyer, number)


def go_to_checkout(contact: Visitor) -> None:
    """The cart is empty, so the plan goes straight to the checkout."""
    contact.click("Plans and prices")
    contact.click("Compare Plans", "GoToMeeting")
    contact.fill("Seats", "3")
    contact.page.locator("label").get_by_text("Pro", exact=True).click()
    assert not contact.can_click("Add to Cart")
    contact.look("buy")
    contact.click("Proceed to Checkout")
    contact.arrives("Checkout")
    contact.look("checkout")


def edit_the_order(contact: Visitor) -> None:
    """Add another product, take it out again, and wish a fourth seat."""
    contact.click("Edit Order")
    contact.arrives("Edit Order")
    contact.click("Add more products")
    contact.click("Compare Plans", "GoToTraining")
    contact.click("Add to Cart")
    contact.arrives("Edit Order")
    contact.look("cart")
    contact.click("Remove", "GoToTraining Starter")
    contact.click("Change", "GoToMeeting Pro")
    contact.fill("Seats", "4")
    contact.look("cart-line")
    contact.click("Save")
    contact.arrives("Edit Order")


def pay(contact: Visitor, buyer: Buyer) -> None:
    """On the processor's page, where the bank asks."""
    contact.click("Proceed to Checkout")
    contact.reads(buyer.shown)
    contact.click("Place Order")
    contact.choose("Test card", contact.walk.says("Visa 3220: 3-D Secure required"))
    contact.click("Pay")
    contact.click("Complete authentication")
    contact.arrives("Your order is confirmed")
    contact.look("order-confirmed")


def see_the_invoice(contact: Visitor, buyer: Buyer) -> str:
    """In the history, with its PDF."""
    contact.click("Subscriptions")
    contact.reads("GoToMeeting Pro")
    contact.click("Invoices")
    contact.arrives("Invoice history")
    contact.look("invoice-history")
    with db.reading() as session:
        mine = select(Invoice).join(Account, Account.id == Invoice.account_id)
        newest = mine.where(Account.external_id == buyer.account).order_by(Invoice.id.desc())
        number = str(session.scalars(newest.limit(1)).one().number)
    contact.click_named(number)
    contact.reads(buyer.shown)
    contact.look("online-invoice")
    assert contact.download("Download PDF").read_bytes().startswith(b"%PDF")
    return number


def check_what_is_written(buyer: Buyer, number: str) -> None:
    """Order, subscription, ledger and outbox."""
    with db.reading() as session:
        account = session.scalars(select(Account).where(Account.external_id == buyer.account)).one()
        order = session.scalars(select(OnlineOrder).where(OnlineOrder.account_id == account.id)).one()
        invoice = session.scalars(select(Invoice).where(Invoice.number == number)).one()
        booked = session.scalars(select(Allocation.amount).where(Allocation.invoice_id == invoice.id)).all()
        live = select(Subscription).join(Product).where(Subscription.account_id == account.id, Subscription.is_live)
        bought = session.scalars(live.where(Product.code == "MEETING")).one()
        mails = select(OutboxMail.kind).where(OutboxMail.account_id == account.id, OutboxMail.kind == "order-confirmed")
        kinds = session.scalars(mails).all()
    assert (order.state, order.invoice_id, invoice.total, invoice.balance) == (
        "fulfilled", invoice.id, buyer.total, 0,
    )  # fmt: skip
    assert (booked, kinds) == ([buyer.total], ["order-confirmed"])
    assert (bought.tier, bought.seats, bought.frequency, bought.invoice_id) == ("Pro", 4, "monthly", invoice.id)
