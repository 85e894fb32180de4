"""Every page that there is: no accessibility finding in light or dark, nothing wider than a phone, one language.

What was seen is compared with the routes, so that a new page cannot be forgotten. No worker runs here: documents are
not printed and payments are not settled, so that the pages that wait can be seen.
"""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path

import pytest
from flask import Flask
from flask.sessions import SecureCookieSessionInterface
from playwright.sync_api import Browser, Page, Route
from sqlalchemy import select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.bank import importing
from billing_core.bank import service as bank
from billing_core.bank.camt import read_statements
from billing_core.bank.models import BankEntry
from billing_core.catalogue.models import Product
from billing_core.contacts.recipients import add_recipient
from billing_core.contacts.service import Wish as ContactWish
from billing_core.contacts.service import ask_for_change, reject_change
from billing_core.credentials import sessions
from billing_core.credentials.factors import seals, totp
from billing_core.credentials.factors.models import AppEnrolment
from billing_core.credentials.links import make_link
from billing_core.credentials.models import SignInSession
from billing_core.credentials.sessions import hash_of
from billing_core.jobs import Job
from billing_core.ledger.incoming import Money
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.wishes import Buy, Try
from billing_core.payments.beginning import propose
from billing_core.payments.booking import book_incoming
from billing_core.payments.cards.models import ProcessorCustomer, SavedCard
from billing_core.payments.giving_back import refund_payment
from billing_core.payments.models import Payment, PaymentTarget
from billing_core.payments.proposals.service import refuse
from billing_core.payments.reconciliation.running import run as reconcile
from billing_core.payments.review import service as review
from billing_core.payments.sharing import Wish
from billing_core.payments.states import HOLDING
from billing_core.people import BillingContact, Person
from billing_core.permissions import Realm
from billing_core.sellers.models import Seller
from billing_core.subscriptions.models import ONLINE, Subscription
from corporate_portal.desk.service import look_as_customer
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.requests.models import QuoteRequest
from corporate_portal.statement.books.entries import Period
from corporate_portal.statement.service import make_statement
from online_bridge.cart.service import put_in_cart, start_trial
from tests.concurrency.server import Server, running
from tests.conftest import SECRET, Database
from tests.factories import core, ledger, plans
from tests.factories.camt import one_file, transfer
from tests.journeys import inspection
from tests.journeys.demo import Demo
from tests.journeys.inspection import PHONE
from tests.journeys.visitor import WIDE

NOT_PAGES = {
    "front_door": "leads on to the quotes",
    "auth.open_password_link": "takes the token out of the address and leads on",
    "routing.add_licenses_in_portal": "leads on to the portal or its door",
    "health.live": "JSON for a supervisor",
    "staying.rest": "JSON for the script that warns before a session ends",
    "health.ready": "JSON for a supervisor",
    "statement.csv": "a CSV file",
    "finance.bank_file": "the XML file of the bank",
    "receivables.csv": "a CSV file",
    "receivables.day_end_csv": "a CSV file",
    "receivables.export_csv": "a CSV file",
    "trail.csv": "a CSV file",
    "static_files.serve": "styles, fonts and scripts",
    "static_files.brand_colour": "a style sheet",
    "mailbox.attachment": "a PDF",
    **{f"{realm}_security.new_passkey": "bound to a host with a name (test_passkeys)" for realm in Realm},
    "desk.copy_quote": "the form of a new quote, filled",
}
"""The routes that answer GET with something else, and with what."""

PUBLIC = [
    "/sign-in", "/desk/sign-in", "/my-account/sign-in", "/password/reset", "/password/reset?realm=desk",
    "/password/sent", "/password/reset/used-up", "/security/second-step", "/my-account/security/second-step",
    "/desk/security/second-step", "/verify", "/mailbox", "/clock",
    "/nothing-here",
]  # fmt: skip


@dataclass(frozen=True)
class Cast:
    """Who looks in one language: keys of the demo. `rows` are the customer's quotes by what they are good for."""

    locale: str
    account: str
    contact: str
    reader: str
    rep: str
    open_quote: str
    accepted_quote: str
    closed_quote: tuple[str, str]
    """Whose, and which."""
    draft: str
    revised_quote: tuple[str, str]
    """Whose, and which has a second version."""
    asked_approval: str
    my: dict[str, list[str]]
    """Addresses of My Account and the Admin Center by person."""
    buyer: str
    """Who buys online, at a shop of their own."""
    shop: str


LICENSES, BILLING, ASK = "/admin-center/licenses", "/my-account/billing", "/my-account/ask"
VAT_NUMBER = "/billing/vat-number"
CASTS = [
    Cast(
        "en", "brightwell", "okafor", "nair", "grant", "q-brightwell-rescue", "q-brightwell-training",
        ("sinclair", "q-kestrel-assist"), "q-sequoia-assist", ("sinclair", "q-kestrel-meeting"), "q-minato-more",
        {
            "hughes": ["/my-account", "/billing", "/billing/plans", "/billing/plans/MEETING", "/billing/plans/ASSIST",
                VAT_NUMBER, "/admin-center"], "delgado": ["/billing"],
            "tanaka": [BILLING], "foster": [LICENSES, ASK], "reid": [LICENSES], "doyle": ["/admin-center", LICENSES],
            "marsh": ["/my-account", BILLING],
        },
        "hughes", "puffin",
    ),
    Cast(
        "de", "lindner", "vogt", "yildiz", "brandt", "q-lindner-service", "q-lindner-webinar",
        ("petersen", "q-hanse-training"), "q-hanse-meeting", ("gruber", "q-alpenblick-meeting"), "q-alpenblick-meeting",
        {
            "zimmerli": ["/my-account", "/billing", "/billing/plans", "/billing/plans/WEBINAR", VAT_NUMBER],
            "krause": [BILLING, ASK, "/admin-center"],
            "albrecht": ["/admin-center", LICENSES], "lindner-j": [LICENSES], "weber": ["/my-account", BILLING],
        },
        "zimmerli", "zimmerli",
    ),
]  # fmt: skip


@pytest.fixture
def still(database: Database, fresh_demo: Demo, tmp_path: Path) -> Iterator[Server]:
    """The web server alone: nothing moves by itself."""
    with running(database.url, tmp_path, SECRET, PORTAL_WEB_PROCESSES="1") as found:
        yield found


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_every_page_is_accessible_and_fits_a_phone(app: Flask, chromium: Browser, still: Server) -> None:
    job_that_gave_up()
    core.staff("support", external_id=SUPPORT["en"], locale="en")
    for cast, person, account in zip(CASTS, ("hughes", "zimmerli"), ("puffin", "zimmerli"), strict=True):
        cast.my[person].append(f"/billing/renewals/{renewal_that_failed(account)}")
    seen: set[str] = set()
    for cast in CASTS:
        for person, realm, paths in visits_of(cast):
            with browser_of(chromium, still, cast.locale, person, realm) as page:
                if realm is None:
                    page.context.add_cookies([{"name": "visitor", "value": half_in(app), "url": still.url}])
                for path in paths:
                    page.goto(still.url + path)
                    seen.add(endpoint_of(app, page))
                    assert page.locator("html").get_attribute("lang") == cast.locale, path
                    look_at(page, cast)
    rules = [rule for rule in app.url_map.iter_rules() if not rule.rule.startswith("/api/")]
    routes = {rule.endpoint for rule in rules if "GET" in (rule.methods or ())}
    assert sorted(routes - seen) == sorted(NOT_PAGES)


def look_at(page: Page, cast: Cast) -> None:
    """German words are longer: those pages must fit a phone. What axe looks for is not in the words."""
    if cast.locale == "de":
        inspection.require_room(page)
    else:
        inspection.inspect(page, "every page")
        inspection.require_room_on_phone(page)


def endpoint_of(app: Flask, page: Page) -> str:
    """The route of the page that is shown."""
    path = page.evaluate("location.pathname")
    if path == "/nothing-here":
        return "error"
    return str(app.url_map.bind("localhost").match(path)[0])


@contextmanager
def browser_of(chromium: Browser, server: Server, locale: str, person: str, realm: Realm | None) -> Iterator[Page]:
    """A browser in which the person is signed in."""
    context = chromium.new_context(
        locale="de-DE" if locale == "de" else "en-GB",
        viewport=PHONE if locale == "de" else WIDE,  # type: ignore[arg-type]
        reduced_motion="reduce",
    )
    if realm is not None:
        token = db.perform(sessions.begin_session, realm, person_named(person).id, "127.0.0.1", "test browser")
        db.perform(show_key_to, token)
        context.add_cookies([{"name": f"{realm}-session", "value": token, "url": server.url}])
    context.route("**/pdf", _without("refresh"))
    context.route("**/certificate", _without("refresh"))
    context.route("**/html", _without("content-security-policy"))
    yield context.new_page()
    context.close()


def show_key_to(token: str) -> None:
    """The session may confirm an authenticator app."""
    session = db.session().scalars(select(SignInSession).where(SignInSession.token_hash == hash_of(token))).one()
    person, ends = session.person_id, clock.real_now() + timedelta(minutes=15)
    kept = {"session_id": session.id, "sealed": seals.seal(totp.new_seed(), person), "expires_at": ends}
    written = db.upsert(AppEnrolment).values(person_id=person, **kept)
    db.session().execute(written.on_conflict_do_update(index_elements=["person_id"], set_=kept))


def half_in(app: Flask) -> str:
    """The visitor's cookie after the first step of a sign-in."""
    serializer = SecureCookieSessionInterface().get_signing_serializer(app)
    assert serializer is not None
    return str(serializer.dumps({"pending-sign-in": "a token of nobody"}))


def _without(header: str) -> Callable[[Route], None]:
    """A page that waits would load itself anew, and the frame of a letter lets no inspector in."""

    def answer(route: Route) -> None:
        found = route.fetch()
        route.fulfill(response=found, headers={k: v for k, v in found.headers.items() if k != header})

    return answer


def visits_of(cast: Cast) -> Iterator[tuple[str, Realm | None, list[str]]]:
    """Who opens which addresses: a person's key, the realm, the paths."""
    yield "", None, [*PUBLIC, *mail_pages(cast), f"/password/reset/{link_for(cast.contact)}"]
    own = [*quote_pages(cast), *invoice_pages(cast), *statement_pages(cast), *profile_pages(cast)]
    yield cast.contact, Realm.PORTAL, own
    yield cast.reader, Realm.PORTAL, [f"/quotes/{quote_named(cast.open_quote)[0]}"]
    other, closed = cast.closed_quote
    yield other, Realm.PORTAL, [f"/quotes/{quote_named(closed)[0]}", "/quotes/history", *credit_note_pages(other)]
    other, revised = cast.revised_quote
    here = f"/quotes/{quote_named(revised)[0]}"
    yield other, Realm.PORTAL, [here, f"{here}/versions/1", "/quotes", "/requests"]
    for person, paths in cast.my.items():
        files = ["/admin-center/contacts", "/admin-center/contacts/change"] if "/admin-center" in paths else []
        yield person, Realm.MY, [*paths, *files, *billing_pages(person)]
    yield cast.buyer, Realm.MY, online_pages(cast)
    yield cast.rep, Realm.DESK, desk_pages(cast)
    waiting = f"/desk/quotes/{quote_named(cast.asked_approval)[0]}"
    asked = [f"{waiting}/approval"] if cast.locale == "en" else []
    yield {"en": "archer", "de": "thiele"}[cast.locale], Realm.DESK, ["/desk", "/desk/jobs", waiting, *asked]
    yield {"en": "bell", "de": "thiele"}[cast.locale], Realm.DESK, finance_pages(cast)
    yield SUPPORT[cast.locale], Realm.DESK, support_pages(cast)


SUPPORT = {"en": "support", "de": "lange"}


def support_pages(cast: Cast) -> list[str]:
    """An online account whose subscription is to be lowered, and what that comes to."""
    account = core.account(kind="online", locale=cast.locale)
    core.contact(account)
    sold = plans.subscribed(account, plans.tiered())
    lowered = plans.subscribed(account, plans.tiered(), planned_tier="Starter", planned_price=1200)
    here = f"/desk/subscriptions/{sold.public_id}/downgrade"
    return [
        "/desk/online-accounts", "/desk/online-accounts?search=nobody", f"/desk/online-accounts/{account.public_id}",
        here, f"{here}?tier=Starter&when=at-once", f"{here}?tier=Starter&when=at-end",
        f"/desk/subscriptions/{lowered.public_id}/downgrade",
    ]  # fmt: skip


def billing_pages(person: str) -> list[str]:
    """What can be ordered and changed, of those who have subscriptions that began online."""
    with db.reading() as session:
        of_person = select(Subscription).join(BillingContact, BillingContact.account_id == Subscription.account_id)
        mine = of_person.where(BillingContact.person_id == person_named(person).id, Subscription.source == ONLINE)
        found = session.scalars(mine.where(Subscription.is_trial.is_(False))).all()
    pages = []
    for one in found:
        deeds = ("remove-cancellation",) if one.cancelled_on else ("seats", "cancel", "renewal-restored")
        here = f"/billing/subscriptions/{one.public_id}"
        pages += [f"{here}/{deed}" for deed in deeds]
        if not one.cancelled_on:
            pages += [f"{here}/edit?tier=Plus&seats=9&frequency=yearly", f"{here}/edit?tier=Starter&seats=x"]
    choices = ["?kind=try", "/TRAINING", "/TRAINING?kind=try", "/TRAINING?tier=Pro&seats=3"]
    return [*pages, *(f"/billing/new{choice}" for choice in choices)] if found else []


def mail_pages(cast: Cast) -> list[str]:
    """A mail with an attachment, and the letter alone."""
    with db.reading() as session:
        of_cast = select(OutboxMail.public_id).where(OutboxMail.locale == cast.locale)
        mail = session.scalars(of_cast.where(OutboxMail.kind == "invoice-issued")).first()
    return [f"/mailbox/{mail}", f"/mailbox/{mail}/html"]


def quote_pages(cast: Cast) -> list[str]:
    """Both lists, and the way of a quote to each of its ends."""
    quote, reviewed = quote_named(cast.open_quote)
    accepted, _ = quote_named(cast.accepted_quote)
    here = f"/quotes/{quote}"
    return [
        "/quotes", "/quotes?product=MEETING", "/quotes/history", "/requests", "/requests/new", here, f"{here}/pdf",
        f"{here}/change?reviewed={reviewed}", f"{here}/order-details?reviewed={reviewed}",
        f"{here}/confirm?reviewed={reviewed}&po_number=4500&payment=terms", f"{here}/reject?reviewed={reviewed}",
        f"{here}/order-details?reviewed=other", f"/quotes/{accepted}", f"/quotes/{accepted}/receipt",
        f"/quotes/{accepted}/history",
        f"/quotes/{accepted}/certificate", f"/quotes/several?quote={quote}",
        f"/quotes/several/confirm?rows-0-quote={quote}&rows-0-reviewed={reviewed}&po_number=4500&payment=terms",
        f"/quotes/several/result?quote={quote}&reviewed=other&quote={accepted}&reviewed=other",
    ]  # fmt: skip


def online_pages(cast: Cast) -> list[str]:
    """A cart with a line, the checkout, an order, documents and cards of an online account."""
    account, person = account_named(cast.shop), person_named(cast.buyer)
    viewer = core.viewer(person, Realm.MY)
    order = start_trial(viewer, account.public_id, Try("TRAINING", "Starter", 2))
    line = db.perform(put_in_cart, viewer, account.public_id, Buy("WEBINAR", "Pro", 2, "yearly")).line.public_id
    invoice = ledger.invoice(account, 5000, contact=person)
    note = ledger.credit_note(account, 1000, invoice).public_id
    here, noted = f"/billing/invoices/{invoice.public_id}", f"/billing/credit-notes/{note}"
    cards = "/billing/payment-methods"
    return [
        *security_pages("/my-account/security"), "/billing/cart", f"/billing/cart/lines/{line}", "/billing/checkout",
        f"/billing/orders/{order}",
        "/billing/orders", "/billing/invoices", "/billing/invoices?number=nothing", here, f"{here}/pdf",
        "/billing/credit-notes", noted, f"{noted}/pdf", cards, f"{cards}/{card_of(account, person)}/remove",
    ]  # fmt: skip


def credit_note_pages(contact: str) -> list[str]:
    """The list, and the newest of the contact's account, where there is one."""
    with db.reading() as session:
        of_contact = select(CreditNote.public_id).join(
            BillingContact, BillingContact.account_id == CreditNote.account_id
        )
        newest = of_contact.where(BillingContact.person_id == person_named(contact).id).order_by(CreditNote.id.desc())
        found = session.scalars(newest.limit(1)).all()
    return ["/credit-notes", *(page for one in found for page in (f"/credit-notes/{one}", f"/credit-notes/{one}/pdf"))]


def invoice_pages(cast: Cast) -> list[str]:
    """The lists, invoices issued here and elsewhere, and a payment in each state."""
    with db.reading() as session:
        of_account = select(Invoice).join(Account, Account.id == Invoice.account_id)
        mine = of_account.where(Account.external_id == cast.account).order_by(Invoice.balance.desc())
        found = session.scalars(mine).all()
    owed, ours = found[0], next(invoice for invoice in found if not invoice.issued_elsewhere)
    paid = [payment_of(owed, cast.contact, state) for state in (
        "creating", "open", "unknown", "needs_review", "failed", "cancelled", "expired",
    )]  # fmt: skip
    return [
        "/invoices", "/invoices?state=past-due", "/invoices?state=all", "/invoices?number=nothing",
        f"/invoices/{ours.public_id}", f"/invoices/{ours.public_id}/pdf", f"/invoices/{ours.public_id}/pay",
        f"/invoices/{owed.public_id}", f"/invoices/{owed.public_id}/pay?share=part",
        f"/invoices/{owed.public_id}/history",
        f"/payments/new?all={owed.currency}", *pages_of_several(found), *pages_of_proposals(cast),
        *(f"/payments/{payment}" for payment in (*paid, closed_payment(cast))),
    ]  # fmt: skip


def finance_pages(cast: Cast) -> list[str]:
    """What an account owes, its invoices, and one that is being credited."""
    account = f"/desk/accounts/{account_named(cast.account).public_id}"
    with db.reading() as session:
        of_account = select(Invoice).join(Account, Account.id == Invoice.account_id)
        mine = of_account.where(Account.external_id == cast.account, Invoice.issued_elsewhere.is_(False))
        invoice = session.scalars(mine.order_by(Invoice.id)).first()
        note = session.scalars(select(CreditNote.public_id).order_by(CreditNote.id)).first()
    assert invoice is not None
    here = f"/desk/invoices/{invoice.public_id}"
    return [
        "/desk/vat-ids", f"{account}/vat-id", "/desk/audit", "/desk/audit?person=nobody",
        "/desk/money", f"/desk/money?search={invoice.number}", f"{account}/money", f"{account}/money/book",
        f"{account}/invoices", f"{account}/invoices?number=nothing", here, f"{here}/credit", f"{here}/pdf",
        f"/desk/credit-notes/{note}/pdf", *pages_of_money_back(cast), *pages_of_bank(cast),
        *pages_of_reconciling(cast), *pages_of_receivables(account),
    ]  # fmt: skip


def pages_of_bank(cast: Cast) -> list[str]:
    """A statement with an entry of each kind, each of them, and a customer chosen by hand."""
    account, clerk = account_named(cast.account), person_named({"en": "bell", "de": "thiele"}[cast.locale])
    with db.reading() as session:
        iban = session.scalars(select(Seller.iban).where(Seller.id == account.seller_id)).one()
    invoice = ledger.invoice(account, 31_400)
    viewer = core.viewer(clerk, Realm.DESK)
    how = {"name": f"page {cast.locale}", "iban": iban, "currency": account.currency}
    content = one_file(
        transfer("314.00", invoice.number), transfer("12.00", "No. 8", valued="2026-01-02"), transfer("2.00", "Hello"),
        transfer("-2.00", "Hello", end_to_end="E1"), transfer("-7.00", "Fee"), transfer("2.00", "x", end_to_end="E1"),
        transfer("-5.00", "back", return_reason="AC04"), transfer("12.00", invoice.number, valued="2026-01-02"), **how,
    )  # fmt: skip
    (kept,) = db.perform(importing.import_statements, viewer, content, "camt.xml", read_statements(content))
    here = f"/desk/bank/statements/{kept.public_id}"
    with db.reading() as session:
        of_statement = select(BankEntry.public_id).where(BankEntry.statement_id == kept.id).order_by(BankEntry.place)
        entries = list(session.scalars(of_statement))
    db.perform(bank.book_entry, viewer, entries[5], account.public_id, {})
    db.perform(bank.dismiss_entry, viewer, entries[2], "Interest")
    places = [f"/desk/bank/entries/{entry}" for entry in entries]
    return [
        "/desk/bank", "/desk/bank/unmatched", here, f"{here}?show=all", *places, f"{places[1]}?search=nobody",
        f"{places[1]}?account={account.public_id}",
    ]  # fmt: skip


def pages_of_receivables(account: str) -> list[str]:
    """Open items, reminders, the day-end report with the rows behind it, and the export."""
    return [
        "/desk/receivables", "/desk/receivables?sort=amount", "/desk/receivables?search=nothing-like-that",
        f"/desk/receivables/{account.rpartition('/')[2]}", f"{account}/reminders", "/desk/day-end",
        "/desk/day-end?day=2099-01-01", "/desk/day-end/rows?line=receivables-invoices", "/desk/bookkeeping",
    ]  # fmt: skip


def pages_of_money_back(cast: Cast) -> list[str]:
    """A card payment of which a part waits to be sent back, and a booking that may be undone."""
    account, contact = account_named(cast.account), person_named(cast.contact)
    clerk = core.viewer(person_named({"en": "bell", "de": "thiele"}[cast.locale]), Realm.DESK)
    invoice = ledger.invoice(account, 90_000)
    paid = ledger.paid_by_card(invoice, contact).public_id
    refund_payment(clerk, paid, {invoice.public_id: 60_000}, "A mistake", f"page {cast.locale}")
    money = Money("cheque", 1200, date(2026, 1, 2), "No. 8", shares={})
    came = db.perform(book_incoming, clerk, account.public_id, money, f"back {cast.locale}").public_id
    return [f"/desk/payments/{paid}", f"/desk/payments/{paid}/refund", "/desk/refunds", f"/desk/incoming/{came}/return"]


def pages_of_reconciling(cast: Cast) -> list[str]:
    """A payment that waits for a decision, a report that differs, and the list."""
    invoice = ledger.invoice(account_named(cast.account), 90_000)
    aside = ledger.set_aside(invoice, person_named(cast.contact)).public_id
    report = reconcile("test")
    assert report is not None
    one = f"/desk/reconciliations/{report.public_id}"
    return ["/desk/reviews", f"/desk/reviews/{aside}", "/desk/reconciliations", one]


def closed_payment(cast: Cast) -> str:
    """A card payment that was set aside and closed."""
    aside = ledger.set_aside(ledger.invoice(account_named(cast.account), 500), person_named(cast.contact))
    clerk = core.viewer(person_named({"en": "bell", "de": "thiele"}[cast.locale]), Realm.DESK)
    seen = review.look(clerk, aside.public_id).fingerprint
    return review.close(clerk, aside.public_id, seen, "Nothing came").public_id


def pages_of_proposals(cast: Cast) -> list[str]:
    """What the contact proposed, what waits for the contact, and what was refused."""
    account, me = account_named(cast.account), person_named(cast.contact)
    colleague = core.contact(account, rights="pay")
    made = []
    for place, who in enumerate((me, colleague, me)):
        share = [Wish(ledger.invoice(account, 50_000, contact=me).public_id)]
        made.append(db.perform(propose, core.viewer(who), share, f"form_{place:016}").public_id)
    db.perform(refuse, core.viewer(colleague), made[2], "This belongs to next year.")
    return [f"/payments/proposed/{public_id}" for public_id in made]


def pages_of_several(found: Sequence[Invoice]) -> list[str]:
    """Two invoices with one payment: the amounts, the confirmation, and what of it is out of date."""
    two = [invoice for invoice in found if invoice.balance][-2:]
    parts = [f"{invoice.public_id}.{invoice.balance}.{invoice.balance}" for invoice in two]
    stale = [f"{invoice.public_id}.{invoice.balance + 1}.{invoice.balance}" for invoice in two]
    return [
        f"{path}?{'&'.join(f'parts-{place}={part}' for place, part in enumerate(some))}"
        for path, some in (("/payments/new", parts), ("/payments/confirm", parts), ("/payments/confirm", stale))
    ]


def statement_pages(cast: Cast) -> list[str]:
    """The statement of account, payments with a receipt, and the documents that nobody has printed yet."""
    account, clerk = account_named(cast.account), person_named({"en": "bell", "de": "thiele"}[cast.locale])
    money = Money("cheque", 1000, date(2026, 1, 2), "No. 7", shares={})
    booked = db.perform(book_incoming, core.viewer(clerk, Realm.DESK), account.public_id, money, f"page {cast.locale}")
    contact, days = core.viewer(person_named(cast.contact)), Period(date(2026, 1, 1), date(2026, 1, 31))
    stated = db.perform(make_statement, contact, account.currency, days, cast.locale)
    receipt = f"/statement/receipts/{booked.public_id}"
    return [
        "/statement", "/statement?first=x", f"/statement/{stated.public_id}/pdf", "/statement/receipts", receipt,
        f"{receipt}/pdf",
    ]  # fmt: skip


def profile_pages(cast: Cast) -> list[str]:
    """The profile, the change of the address, and the purchase order numbers."""
    account = account_named(cast.account).public_id
    return [
        "/profile", *security_pages("/security"), f"/profile/bill-to/{account}",
        f"/profile/purchase-orders/{account}", "/profile/cards", "/profile/contacts",
        *(f"/profile/contacts/change?kind={kind}" for kind in ("add", "remove")),
        f"/profile/cards/{card_of(account_named(cast.account), person_named(cast.contact))}/remove",
    ]  # fmt: skip


def card_of(account: Account, person: Person) -> str:
    """Two cards are on file, and one of them has expired; the name of the other."""
    customer = core.add(
        ProcessorCustomer(public_id=db.public_id("cus"), account_id=account.id, livemode=False, created_at=clock.now())
    )
    for year in (2020, 2099):
        card = core.add(
            SavedCard(
                public_id=db.public_id("card"), account_id=account.id, customer_id=customer.id,
                processor_method=db.public_id("pm"), fingerprint=str(year), brand="visa", last4="4242", exp_month=12,
                exp_year=year, livemode=False, is_default=year == 2099, added_by=person.id, added_at=clock.now(),
            )
        )  # fmt: skip
    return str(card.public_id)


def desk_pages(cast: Cast) -> list[str]:
    """The lists, the form, and quotes in their states."""
    sent, reviewed = quote_named(cast.open_quote)
    draft, accepted = quote_named(cast.draft)[0], quote_named(cast.accepted_quote)[0]
    db.perform(look_as_customer, core.viewer(person_named(cast.rep), Realm.DESK), sent)
    return [
        "/desk", *security_pages("/desk/security"), "/desk/quotes", "/desk/quotes?search=nothing-like-that",
        "/desk/quotes/new",
        f"/desk/accounts/{account_named(cast.account).public_id}/quotes/new", f"/desk/quotes/{sent}",
        f"/desk/accounts/{account_named(cast.account).public_id}/second-contact",
        f"/desk/accounts/{account_named(cast.account).public_id}/contacts", "/desk/contact-changes",
        *(f"/desk/contact-changes/{public_id}" for public_id in contact_changes(cast)),
        f"/desk/quotes/{sent}/pdf", f"/desk/quotes/{draft}", f"/desk/quotes/{draft}/edit",
        f"/desk/quotes/{draft}/preview", f"/desk/quotes/{accepted}", f"/desk/quotes/{accepted}/certificate",
        f"/desk/quotes/{sent}/record-decision?reviewed={reviewed}",
        f"/desk/quotes/{sent}/customer-view", f"/desk/quotes/{sent}/versions/1", "/desk/terms", "/desk/terms?within=90",
        "/desk/quotes?show=stuck", "/desk/requests", f"/desk/requests/{request_for(cast.account)}",
    ]  # fmt: skip


def contact_changes(cast: Cast) -> list[str]:
    """A request that waits, and one that was rejected; with a mailbox for copies on the contact's page."""
    account, me = account_named(cast.account), core.viewer(person_named(cast.contact))
    made = []
    for place in range(2):
        wish = ContactWish("add", "She joins us.", name="Nora New", email=f"n{place}@customer.example", may_pay=True)
        made.append(db.perform(ask_for_change, me, account.public_id, wish, f"page {place}").public_id)
    db.perform(reject_change, core.viewer(person_named(cast.rep), Realm.DESK), made[1], "Nobody knew of it.")
    db.perform(add_recipient, me, account.public_id, "books@customer.example")
    return made


def security_pages(here: str) -> list[str]:
    """Own sessions, and the forms of two-step sign-in."""
    return [here, *(f"{here}/authenticator{form}" for form in ("", "/confirm", "/remove"))]


def request_for(account: str) -> str:
    """The customer's open request."""
    with db.reading() as session:
        of_account = select(QuoteRequest.public_id).where(QuoteRequest.account_id == account_named(account).id)
        return session.scalars(of_account).one()


def person_named(key: str) -> Person:
    with db.reading() as session:
        return session.scalars(select(Person).where(Person.external_id == key)).one()


def account_named(key: str) -> Account:
    with db.reading() as session:
        return session.scalars(select(Account).where(Account.external_id == key)).one()


def quote_named(key: str) -> tuple[str, str]:
    """Public id, and the hash of the current text."""
    with db.reading() as session:
        current = select(Quote.public_id, QuoteVersion.sha256).join(QuoteVersion, QuoteVersion.quote_id == Quote.id)
        public_id, sha256 = session.execute(current.where(Quote.external_id == key, QuoteVersion.is_current)).one()
        return public_id, sha256 or ""


def link_for(person: str) -> str:
    """The token of a password link."""
    return db.perform(make_link, person_named(person).id, timedelta(minutes=30))


def payment_of(invoice: Invoice, person: str, state: str) -> str:
    """A card payment of this invoice in this state."""
    payer, amount, now = person_named(person), 1000, clock.now()
    payment = core.add(
        Payment(
            public_id=db.public_id("pay"), account_id=invoice.account_id, requested_by=payer.id,
            form_key=db.public_id("form"), state=state, amount=amount, currency=invoice.currency, locale=payer.locale,
            livemode=False, created_at=now, hosted_url="http://localhost/nowhere" if state == "open" else None,
        )
    )  # fmt: skip
    core.add(PaymentTarget(payment_id=payment.id, invoice_id=invoice.id, amount=amount, holds=state in HOLDING))
    return str(payment.public_id)


def renewal_that_failed(account: str) -> str:
    """A subscription of the account whose period is over, and the next one is not paid."""
    with db.reading() as session:
        product = session.scalars(select(Product).where(Product.code == "RESCUE")).one()
    of, today = account_named(account), clock.today("UTC")
    found = core.add(
        Subscription(
            public_id=db.public_id("sub"), source="test", external_id=f"overdue-{account}", account_id=of.id,
            product_id=product.id, tier="", seats=2, frequency="monthly", unit_price=7150, currency=of.currency,
            period_start=today - timedelta(33), period_end=today - timedelta(2), is_live=True,
        )
    )  # fmt: skip
    return str(found.public_id)


def job_that_gave_up() -> None:
    """One for the desk's list."""
    now = clock.now()
    core.add(
        Job(
            kind="document.render", payload="{}", state="dead", run_at=now, created_at=now, ended_at=now,
            attempts=12, last_error="PrintFailed: the printer was killed after 10 s",
        )
    )  # fmt: skip
