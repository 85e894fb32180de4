"""The main job: a representative makes a quote; a contact who was never here accepts it, gets the invoice, pays a part
of it by card and downloads the PDF; the representative sees the decision."""

from pathlib import Path

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.ledger.models import Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments.models import Payment
from tests.journeys import inspection, stage
from tests.journeys.printed import text_of
from tests.journeys.stage import Scene
from tests.journeys.visitor import ENGLISH, ENGLISH_PLAIN, GERMAN_PLAIN, GERMAN_WALK, Visitor, Visits, Walk

WALKS = [
    (ENGLISH, "sqlite"), (GERMAN_WALK, "postgresql"), (ENGLISH_PLAIN, "postgresql"), (GERMAN_PLAIN, "sqlite"),
]  # fmt: skip


@pytest.mark.parametrize(("walk", "database"), WALKS, indirect=["database"], ids=str)
def test_from_the_quote_to_the_paid_invoice(visit: Visits, walk: Walk) -> None:
    scene = stage.SCENES[walk.locale]
    stage.set_up(scene)
    rep, contact = visit.by(walk), visit.by(walk)

    make_a_quote(rep, scene)
    submit_it(rep, scene)
    read_the_mail_about_it(contact, scene)
    create_a_password(contact, scene)
    review_it(contact, scene)
    give_order_details(contact, scene)
    confirm_the_order(contact, scene)
    number = look_at_the_invoice(contact, scene)
    pay_a_part(contact, scene)
    printed = contact.download("Download PDF")
    inspection.take_print(printed, "invoice-on-paper", walk.locale)
    see_the_decision(rep, scene)

    check_what_is_written(scene, number)
    check_what_is_printed(scene, number, printed)


def make_a_quote(rep: Visitor, scene: Scene) -> None:
    """From the desk's door to a saved draft of two lines, one of them with a discount."""
    rep.open("/desk")
    rep.look("desk-sign-in")
    rep.sign_in(scene.rep_id, scene.rep_password)
    rep.arrives("Work list")
    rep.click("New quote")
    rep.arrives("New quote")
    rep.look("choose-account")
    rep.click_named(scene.company["name"])
    rep.fill("Title", scene.title)
    rep.fill_line(1, "New product", Product=scene.seats_offer, Quantity=scene.seats, Discount=scene.discount)
    rep.click("New product")
    rep.fill_line(2, "New product", Product=scene.setup_offer, Quantity="1")
    rep.click("Recalculate")
    rep.reads(scene.shown_total)
    rep.look("make-a-quote")
    rep.click("Save draft")


def submit_it(rep: Visitor, scene: Scene) -> None:
    """See it as the customer will, and send it."""
    rep.arrives_at(scene.title)
    rep.sees("The draft is saved.")
    rep.look("draft")
    rep.click("Preview")
    rep.sees("Draft")
    rep.look("preview")
    rep.click("Submit to the customer")
    rep.sees("The quote is sent. The contacts who may accept it get a mail.")
    rep.look()


def read_the_mail_about_it(contact: Visitor, scene: Scene) -> None:
    """The mail names the User ID and leads to the quote, which is behind the portal's door."""
    contact.open("/mailbox")
    contact.look("mailbox")
    contact.click_starting(scene.quote_subject)
    contact.reads_in_mail(scene.contact_id)
    contact.look("mail")
    contact.follow_in_mail("Review the quote")
    contact.arrives("Sign in")
    contact.look("sign-in")


def create_a_password(contact: Visitor, scene: Scene) -> None:
    """By the link that is mailed to the stored address; then through the door."""
    contact.click("Reset/Create your password")
    contact.arrives("Reset/Create your password")
    contact.fill("User ID (username or e-mail)", scene.contact_id)
    contact.look("reset-password")
    contact.click("Submit")
    contact.arrives("Look into your mailbox")
    contact.look()
    contact.wait_for_mail("Create your password")
    contact.follow_in_mail("Create your password")
    contact.arrives("Create your password")
    contact.fill("New password", scene.contact_password)
    contact.fill("New password again", scene.contact_password)
    contact.look("create-password")
    contact.click("Save the password")
    contact.sees("Your new password is set. Sign in with it now.")
    contact.sign_in(scene.contact_id, scene.contact_password)


def review_it(contact: Visitor, scene: Scene) -> None:
    """The outstanding quotes are the landing page."""
    contact.arrives("Quotes")
    contact.look("quotes")
    contact.click_named(scene.title)
    contact.arrives_at(scene.title)
    assert contact.figure("Total today") == scene.shown_total
    contact.reads(scene.shown_tax)
    contact.look("quote")
    contact.click("Review and accept")


def give_order_details(contact: Visitor, scene: Scene) -> None:
    """The purchase order number, and by invoice."""
    contact.arrives("Order details")
    contact.fill("Purchase order number", scene.po_number)
    contact.tick("By invoice")
    contact.look("order-details")
    contact.click("Continue")


def confirm_the_order(contact: Visitor, scene: Scene) -> None:
    """Not without the tick, and then once."""
    contact.arrives("Confirm your order")
    contact.reads(scene.po_number)
    contact.look("confirm")
    contact.click("Place Service Order")
    contact.sees("Tick the box to confirm that you want to place this order.")
    contact.look()
    contact.tick_the_only_box()
    contact.click("Place Service Order")
    contact.arrives("Your order is placed")
    assert contact.fact("Invoice amount") == scene.shown_total
    contact.look("receipt")


def look_at_the_invoice(contact: Visitor, scene: Scene) -> str:
    """It is there at once. Returns its number."""
    number = contact.fact("Invoice")
    contact.click("Go to the invoice")
    contact.arrives("Invoice %(number)s", number=number)
    assert contact.figure("Balance") == scene.shown_total
    return number


def pay_a_part(contact: Visitor, scene: Scene) -> None:
    """First a card that is declined, then one that is good; in German one that asks for 3-D Secure."""
    contact.click("Pay now")
    contact.tick("Pay a part")
    contact.fill("Amount", scene.typed_part)
    contact.look("pay")
    contact.fill("Amount", "")
    contact.click("Continue to the card")
    contact.sees("Enter the amount that you want to pay.")
    contact.look()
    contact.fill("Amount", scene.typed_part)
    contact.click("Continue to the card")
    contact.choose("Test card", contact.walk.says("Visa 0002: declined"))
    contact.click("Pay")
    contact.sees("The payment did not go through")
    contact.look("card-declined")
    if scene.locale == "de":
        contact.choose("Test card", contact.walk.says("Visa 3220: 3-D Secure required"))
        contact.click("Pay")
        contact.sees("Confirm this payment with your bank")
        contact.look("3-d-secure")
        contact.click("Complete authentication")
    else:
        contact.choose("Test card", contact.walk.says("Visa 4242: succeeds"))
        contact.click("Pay")
    contact.arrives("Thank you for your payment")
    assert contact.fact("Paid amount") == scene.shown_part
    assert contact.fact("Remaining balance") == scene.shown_rest
    contact.look("payment-receipt")
    contact.click("Back to the invoice")
    assert contact.figure("Balance") == scene.shown_rest
    contact.sees("Partially paid")
    contact.look("invoice")


def see_the_decision(rep: Visitor, scene: Scene) -> None:
    """On the work list and on the quote."""
    rep.tab("Work list")
    rep.sees("Accepted")
    rep.look("work-list")
    rep.click_named(scene.title)
    assert rep.fact("Decided by") == scene.contact_name
    assert rep.fact("Purchase order number") == scene.po_number
    rep.look("decided")


def check_what_is_written(scene: Scene, number: str) -> None:
    """The invoice, the ledger's rows, and the mails of the whole way."""
    with db.reading() as session:
        invoice = session.scalars(select(Invoice)).one()
        assert (invoice.number, invoice.currency, invoice.po_number) == (number, scene.currency, scene.po_number)
        assert (invoice.net, invoice.tax, invoice.total) == (scene.net, scene.tax, scene.total)
        assert invoice.balance == scene.total - scene.paid
        payment = session.scalars(select(Payment)).one()
        assert (payment.state, payment.amount) == ("succeeded", scene.paid)
        booked = session.scalars(select(Allocation)).one()
        assert (booked.kind, booked.amount, booked.payment_id) == ("card", scene.paid, payment.id)
        mails = [(mail.kind, mail.recipient_name) for mail in session.scalars(select(OutboxMail))]
    contact, rep = scene.contact_name, scene.rep_name
    assert sorted(mails) == sorted(
        [
            ("quote-sent", contact), ("password-link", contact), ("password-changed", contact),
            ("quote-accepted", contact), ("quote-accepted-rep", rep), ("invoice-issued", contact),
            ("payment-receipt", contact), ("quote-notice", rep),
        ]
    )  # fmt: skip


def check_what_is_printed(scene: Scene, number: str, printed: Path) -> None:
    """The downloaded PDF says which invoice, for whom, and how much."""
    text = text_of(printed)
    for wanted in (number, scene.contact_id, scene.shown_total, scene.po_number, scene.company["name"]):
        assert wanted in text, f"{wanted} is not printed: {text}"
