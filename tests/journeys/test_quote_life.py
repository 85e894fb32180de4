"""The whole life of a quote between three people, and how seats are asked for.

A manager returns a discount and then approves one; the contact asks for a change and accepts the next version; anybody
can verify the proof.
"""

import re
from pathlib import Path

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.mail.models import OutboxMail
from billing_core.people import BillingContact
from corporate_portal.quotes.models import Quote, QuoteVersion
from tests.factories import core
from tests.journeys import inspection, stage
from tests.journeys.demo import Demo
from tests.journeys.stage import Scene
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, GERMAN_WALK, Visitor, Visits, Walk

PLAIN_UNLESS_SHOWN = GERMAN_WALK if inspection.on_tour() else GERMAN_PLAIN
"""Pictures show the pages as most people see them."""
MANAGER = ("Helen Archer", "harcher")
WORDS = {
    "en": {
        "note": "Thirty percent is too much for one year: offer twenty.",
        "change": "Please offer thirty seats instead.",
        "answer": "Thank you, this fits our plan.",
    },
    "de": {
        "note": "Dreißig Prozent sind für ein Jahr zu viel: bieten Sie zwanzig.",
        "change": "Bitte bieten Sie dreißig Plätze an.",
        "answer": "Danke, das passt zu unserer Planung.",
    },
}


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "postgresql"), (PLAIN_UNLESS_SHOWN, "sqlite")],
    indirect=["database"], ids=str,
)  # fmt: skip
def test_from_the_returned_draft_to_the_verified_certificate(visit: Visits, walk: Walk) -> None:
    scene, said = stage.SCENES[walk.locale], WORDS[walk.locale]
    stage.set_up(scene, with_password=True)
    core.staff("rep_manager", name=MANAGER[0], user_id=MANAGER[1], locale=scene.locale)
    rep, manager, contact = visit.by(walk), visit.by(walk), visit.by(walk)

    offer_too_much_off(rep, scene)
    return_it(manager, scene, said["note"])
    offer_less_off(rep, scene, said["note"])
    approve_it(manager, scene)
    ask_for_a_change(contact, scene, said["change"])
    make_the_next_version(rep, scene, said["change"])
    accept_the_next_version(contact, scene, said["answer"])
    certificate = contact.download("Download the certificate")
    inspection.take_print(certificate, "certificate", walk.locale)
    verify(contact, certificate)

    check_what_is_written(scene)


def offer_too_much_off(rep: Visitor, scene: Scene) -> None:
    """A draft whose discount is above the representative's limit: the managers are asked."""
    rep.open("/desk")
    rep.sign_in(scene.rep_id, scene.rep_password)
    rep.click("New quote")
    rep.click_named(scene.company["name"])
    rep.fill("Title", scene.title)
    rep.fill_line(1, "New product", Product=scene.seats_offer, Quantity=scene.seats, Discount="30")
    rep.click("Save draft")
    rep.sees("The draft is saved.")
    rep.click("Preview")
    rep.click("Submit to the customer")
    rep.sees("The discount is above your limit. The managers are asked; it is sent when one approves.")
    rep.look("waits-for-approval")


def return_it(manager: Visitor, scene: Scene, note: str) -> None:
    """The manager wants less, and says so."""
    manager.open("/desk")
    manager.sign_in(MANAGER[1], scene.rep_password)
    manager.arrives("Work list")
    manager.click_named(scene.title)
    manager.click("Approve or return")
    manager.look("approve")
    manager.click("Return to the representative")
    manager.sees("Say in a few words what has to change.")
    manager.fill("Note to the representative", note)
    manager.click("Return to the representative")
    manager.sees("The quote is a draft again. Its representative has your note.")


def offer_less_off(rep: Visitor, scene: Scene, note: str) -> None:
    """The note stands on the draft; twenty percent still need the manager."""
    rep.tab("Work list")
    rep.click_named(scene.title)
    rep.reads(note)
    rep.look("returned")
    rep.click("Edit")
    rep.fill_line(1, "New product", Discount="20")
    rep.click("Save draft")
    rep.click("Preview")
    rep.click("Submit to the customer")
    rep.sees("The discount is above your limit. The managers are asked; it is sent when one approves.")


def approve_it(manager: Visitor, scene: Scene) -> None:
    """Now the customer gets it."""
    manager.tab("Work list")
    manager.click_named(scene.title)
    manager.click("Approve or return")
    manager.click("Approve and send")
    manager.sees("The quote is approved and sent. Its representative has been told.")


def ask_for_a_change(contact: Visitor, scene: Scene, words: str) -> None:
    """In the contact's own words; the quote stays acceptable."""
    contact.open("/")
    contact.sign_in(scene.contact_id, scene.rep_password)
    contact.arrives("Quotes")
    contact.click_named(scene.title)
    contact.click("Ask for a change")
    contact.arrives("Ask for a change")
    contact.fill("What should change?", words)
    contact.look("ask-for-a-change")
    contact.click("Ask for a change")
    contact.sees("Your representative has been told. Until a new version comes, this one stays valid.")
    contact.reads(words)
    assert contact.can_click("Review and accept")
    contact.look("change-asked")


def make_the_next_version(rep: Visitor, scene: Scene, words: str) -> None:
    """Thirty seats, without a discount: nobody has to be asked."""
    rep.tab("Work list")
    rep.sees("Change asked for")
    rep.click_named(scene.title)
    rep.reads(words)
    rep.click("Make a new version")
    rep.sees("This is the next version. The customer sees it when you submit it.")
    rep.look("next-version")
    rep.fill_line(1, "New product", Quantity="30", Discount="")
    rep.click("Save draft")
    rep.click("Preview")
    rep.look("what-changed-desk")
    rep.click("Submit to the customer")
    rep.sees("The quote is sent. The contacts who may accept it get a mail.")


def accept_the_next_version(contact: Visitor, scene: Scene, words: str) -> None:
    """What changed is said; a message, and the order."""
    contact.tab("Quotes")
    contact.click_named(scene.title)
    contact.sees_part("What changed since version %(version)s", version=1)
    contact.look("what-changed")
    inspection.take_print(contact.download("Download PDF"), "quote-on-paper", contact.walk.locale)
    contact.fill("Your message", words)
    contact.click("Send message")
    contact.reads(words)
    contact.click("Review and accept")
    contact.fill("Purchase order number", scene.po_number)
    contact.tick("By invoice")
    contact.click("Continue")
    contact.tick_the_only_box()
    contact.click("Place Service Order")
    contact.arrives("Your order is placed")


def verify(contact: Visitor, certificate: Path) -> None:
    """The certificate is genuine; with one bit turned it is not."""
    altered = certificate.with_name("altered.pdf")
    content = bytearray(certificate.read_bytes())
    content[len(content) // 2] ^= 1
    altered.write_bytes(content)
    contact.open("/verify")
    for file, verdict, name in (
        (certificate, "Genuine", "verify"), (altered, "Altered, or not from us", "verify-altered"),
    ):  # fmt: skip
        contact.upload("Document", file)
        contact.click("Verify")
        contact.sees(verdict)
        contact.look(name)


def check_what_is_written(scene: Scene) -> None:
    """Two versions, of which the second is accepted, and who was told what."""
    with db.reading() as session:
        versions = session.scalars(select(QuoteVersion).order_by(QuoteVersion.version)).all()
        assert [(one.version, one.state) for one in versions] == [(1, "superseded"), (2, "accepted")]
        assert versions[1].net == 30 * scene.seat_price
        mails = sorted(session.scalars(select(OutboxMail.kind)))
    assert mails.count("quote-sent") == 2
    assert {"quote-notice", "quote-accepted", "quote-accepted-rep", "invoice-issued"} <= set(mails)


REQUESTS = {
    "en": ("reid", "grant", "GoToMeeting", "For the new team in York."),
    "de": ("vogt", "brandt", "GoToWebinar", "Für die Schulungen im Herbst."),
}
"""Who asks whom, for which product, and why."""


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_WALK, "postgresql")], indirect=["database"], ids=str
)
def test_a_request_becomes_a_quote(demo: Demo, visit: Visits, walk: Walk) -> None:
    person, representative, product, reason = REQUESTS[walk.locale]
    contact, rep = visit.by(walk), visit.by(walk)
    contact.enter("/sign-in", demo.login(person))
    contact.click("Request seats or products")
    contact.arrives("Request seats or products")
    contact.choose_matching("What would you like?", product)
    contact.fill("How many seats", "6")
    contact.fill("What else we should know", reason)
    contact.look("request")
    contact.click("Send request")
    contact.sees("Your representative has your request. The quote appears here as soon as it is sent.")
    contact.look("requests")

    rep.enter("/desk", demo.login(representative))
    rep.arrives("Work list")
    with db.reading() as session:
        before = set(session.scalars(select(Quote.public_id)))
    rep.page.get_by_role("link", name=re.compile(rf"{product}.*6|6.*{product}")).first.click()
    rep.reads(reason)
    rep.look("asked")
    rep.click("Make a draft")
    rep.sees("The draft is made of the request. Look at it, then submit it.")
    rep.look("draft-of-request")
    rep.click("Submit to the customer")
    rep.sees("The quote is sent. The contacts who may accept it get a mail.")
    with db.reading() as session:
        (made,) = set(session.scalars(select(Quote.public_id))) - before
        acceptors = session.scalars(select(BillingContact.id).where(BillingContact.may_accept)).all()
    assert acceptors
    contact.open(f"/quotes/{made}")
    contact.reads(reason)
    contact.look()
