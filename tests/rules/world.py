"""One customer with an object of every kind, everyone who may see them, and every form as its sender fills it in."""

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta

from flask import Flask
from sqlalchemy import select
from werkzeug.routing import Rule

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.contacts.recipients import add_recipient, recipients_of
from billing_core.contacts.service import Wish as ContactWish
from billing_core.contacts.service import ask_for_change
from billing_core.credentials import own_sessions
from billing_core.credentials.models import SignInSession
from billing_core.credentials.sessions import begin_session, hash_of
from billing_core.jobs import Job
from billing_core.ledger.incoming import Money
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.wishes import Buy
from billing_core.payments import ordering
from billing_core.payments.beginning import propose
from billing_core.payments.booking import book_incoming
from billing_core.payments.cards import keeping, queries
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.cards.service import add_card
from billing_core.payments.gateway import CardSeen, SetupState
from billing_core.payments.giving_back import refund_payment
from billing_core.payments.reconciliation import running
from billing_core.payments.service import pay_invoice
from billing_core.payments.sharing import Wish as Share
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer
from billing_core.subscriptions.models import Subscription
from corporate_portal.desk.service import look_as_customer
from corporate_portal.profile.service import keep_purchase_order
from corporate_portal.quotes.models import Quote
from corporate_portal.receivables.service import pause_reminders
from corporate_portal.requests.service import Wish, ask_for_quote
from corporate_portal.statement.books.entries import Period
from corporate_portal.statement.service import make_statement
from online_bridge.cart.service import put_in_cart
from tests.client import Client
from tests.factories import core, ledger, plans
from tests.factories import quotes as make
from tests.factories import shop as sell
from tests.factories.factors import app_of, code_to_confirm, without_app
from tests.factories.passkeys import SoftKey, passkey_of
from tests.rules.bank_world import bank_objects


@dataclass(frozen=True)
class World:
    """Public ids of `objects` by endpoint or, for all others of it, by blueprint; `people` are the rightful viewers."""

    app: Flask
    deal: make.Deal
    quote: Quote
    objects: dict[str, str]
    people: dict[str, Person]
    reviewed: str
    jobs: set[str] = field(default_factory=lambda: {"desk.jobs", "desk.retry_job"})
    approvals: set[str] = field(default_factory=lambda: {"desk.approval", "desk.approve", "desk.return_quote"})

    def path(self, rule: Rule) -> str:
        """The address of a rule with this world's object in it."""
        named = self.objects.get(rule.endpoint, self.objects.get(rule.endpoint.partition(".")[0], ""))
        path = re.sub(r"<string:known_version>", "x", rule.rule).replace("<int:position>", "0")
        path = path.replace("<string:version>", "1").replace("<string:person>", self.deal.contact.public_id)
        path = re.sub(r"<(string|path):[a-z_]+>", named, path)
        assert "<" not in path, f"{rule.rule} has no object in this test"
        return path

    def client(self, endpoint: str, realm: Realm | None) -> Client:
        """The rightful viewer's browser."""
        if realm is None:
            return Client(self.app)
        roles = {"support": self.jobs, "manager": self.approvals}
        who = next((role for role, own in roles.items() if endpoint in own), realm.value)
        if endpoint.startswith("support."):
            who = "support"
        if endpoint.startswith(("finance.", "receivables.", "trail.")):
            who = "finance"
        return Client(self.app).sign_in(self.people[who], realm)


def build(app: Flask) -> World:
    """Everything is made by the verbs themselves."""
    deal = make.deal()
    accepted = make.accepted(deal)
    quote, draft = make.sent(deal), make.draft(deal)
    invoice, other = (ledger.invoice(deal.account, 50_000, contact=deal.contact) for _ in range(2))
    payment = pay_invoice(core.viewer(deal.contact), other.public_id, None)
    online = core.account(kind="online", rep_id=None)
    member = core.contact(online, is_admin=True)
    awaiting, revised, expired = make.sent(deal, percent_off=3000), make.revised(deal), make.expired(deal)
    seconded = make.accepted_first(deal)
    wish = Wish("start", 3, product_code=deal.product.code, text="For Berlin")
    asked = db.perform(ask_for_quote, deal.portal, wish, "0123456789ab")
    db.perform(look_as_customer, deal.desk, quote.public_id)
    kept = db.perform(keep_purchase_order, deal.portal, deal.account.public_id, "PO 7", None, 100_000)
    clerk = core.staff("finance")
    came = Money("cheque", 700, clock.today("Europe/Berlin"), "No. 5", shares={})
    at_desk = core.viewer(clerk, Realm.DESK)
    booked = db.perform(book_incoming, at_desk, deal.account.public_id, came, "key")
    large = ledger.invoice(deal.account, 90_000, contact=deal.contact)
    paid = ledger.paid_by_card(large, deal.contact)
    first = core.viewer(core.staff("finance"), Realm.DESK)
    waiting = refund_payment(first, paid.public_id, {large.public_id: 60_000}, "A mistake", "key")
    db.perform(pause_reminders, at_desk, deal.account.public_id, clock.today("Europe/Berlin"), "They pay on Friday.")
    days = Period.ending(clock.today("Europe/Berlin"))
    stated = db.perform(make_statement, deal.portal, "EUR", days, "en")
    reviewed = make.version(quote).sha256 or ""
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail.public_id).order_by(OutboxMail.id)).first()
    reviewed_payment = ledger.set_aside(
        ledger.invoice(deal.account, 50_000, contact=deal.contact), deal.contact
    ).public_id
    card, setup = (add_to_file(deal.portal, deal.account.public_id, last4) for last4 in ("4242", "4444"))
    credited = ledger.credit_note(deal.account, 1000, invoice).public_id
    colleague = core.contact(deal.account, rights="pay")
    asked_of = [Share(ledger.invoice(deal.account, 50_000, contact=deal.contact).public_id) for _ in range(2)]
    by_other = db.perform(propose, core.viewer(colleague), asked_of[:1], "form_0123456789abcdef").public_id
    by_me = db.perform(propose, deal.portal, asked_of[1:], "form_0123456789abcdef").public_id
    asked_changes = [
        db.perform(ask_for_change, who, of.public_id, ContactWish("add", "He helps.", name="N", email=mail), mail)
        for who, of, mail in (
            (deal.portal, deal.account, "a@customer.example"), (deal.portal, deal.account, "b@customer.example"),
            (core.viewer(member, Realm.MY), online, "c@customer.example"),
        )
    ]  # fmt: skip
    objects = {
        "quotes": quote.public_id,
        "quotes.receipt": accepted.public_id,
        "quotes.certificate": accepted.public_id,
        "desk.certificate": accepted.public_id,
        "quotes.earlier_version": revised.public_id,
        "quotes.ask_again": expired.public_id,
        "quotes.confirm_second": seconded.public_id,
        "quotes.refuse_second": seconded.public_id,
        "desk.second_rule": deal.account.public_id,
        "desk.set_second_rule": deal.account.public_id,
        "invoices": invoice.public_id,
        "credit_notes": credited,
        "paying": ledger.invoice(deal.account, 50_000, contact=deal.contact).public_id,
        **dict.fromkeys(
            ("desk.contact_change", "desk.approve_change", "desk.reject_change"), asked_changes[0].public_id
        ),
        **dict.fromkeys(("desk.account_contacts", "desk.begin_look"), deal.account.public_id),
        "portal_contacts": asked_changes[1].public_id,
        "portal_contacts.remove_recipient": recipient_of(deal),
        "my_contacts": asked_changes[2].public_id,
        "payments": payment.public_id,
        "proposals": by_other,
        "proposals.withdraw": by_me,
        "cards": card,
        "quote_history": accepted.public_id,
        "invoice_history": invoice.public_id,
        "cards.make_default": setup,
        "statement": booked.public_id,
        "statement.pdf": stated.public_id,
        "profile": deal.account.public_id,
        "profile.close_purchase_order": kept.public_id,
        "desk": quote.public_id,
        "desk.edit_quote": draft.public_id,
        "desk.save_quote": draft.public_id,
        "desk.submit": draft.public_id,
        "desk.new_quote": deal.account.public_id,
        "desk.save_new_quote": deal.account.public_id,
        "desk.quote_totals": deal.account.public_id,
        "desk.sent_version": revised.public_id,
        "desk.approval": awaiting.public_id,
        "desk.approve": awaiting.public_id,
        "desk.return_quote": awaiting.public_id,
        "desk.quote_request": asked.public_id,
        "desk.draft_request": asked.public_id,
        "desk.close_request": asked.public_id,
        "renewals": overdue(online),
        **dict.fromkeys(VAT_ID_PAGES, core.account(country="AT", vat_id="ATU57194903").public_id),
        "finance.account": deal.account.public_id,
        "finance.book": deal.account.public_id,
        "finance.keep_booking": deal.account.public_id,
        "finance.use_credit": invoice.public_id,
        "finance.payment": paid.public_id,
        "finance.refund": paid.public_id,
        "finance.send_refund": paid.public_id,
        "finance.approve_refund": waiting.public_id,
        "finance.decline_refund": waiting.public_id,
        "finance.return_booking": booked.public_id,
        "finance.keep_return": booked.public_id,
        "finance.invoices": deal.account.public_id,
        "finance.credit_note_pdf": credited,
        **bank_objects(deal.account, at_desk),
        "finance.review": reviewed_payment,
        "finance.look_at_review": reviewed_payment,
        "finance.decide_review": reviewed_payment,
        "finance.reconciliation": report_id(),
        "finance": invoice.public_id,
        "desk.retry_job": str(dead_job()),
        "receivables": deal.account.public_id,
        **online_objects(online, member),
        "billing.compare_plans": plans.tiered().code,
        "billing.new_plan": plans.tiered().code,
        **subscriptions_of(online),
        "auth": "a-token-of-nobody",
        "staying": "portal",
        "portal_security": session_of(deal.contact, Realm.PORTAL),
        "my_security": session_of(member, Realm.MY),
        "desk_security": session_of(deal.rep, Realm.DESK),
        **{
            f"{realm}_security.drop_passkey": min(passkey_of(who) for _ in range(2))
            for realm, who in (("portal", deal.contact), ("my", member), ("desk", deal.rep))
        },
        "mailbox": mail or "",
        "static_files": "nothing.css",
    }
    people = {
        "portal": deal.contact,
        "desk": deal.rep,
        "support": core.staff("support"),
        "manager": core.staff("rep_manager"),
        "finance": clerk,
        "my": member,
    }
    return World(app, deal, quote, objects, people, reviewed)


def recipient_of(deal: make.Deal) -> str:
    """A mailbox that gets copies of the account's invoices."""
    db.perform(add_recipient, deal.portal, deal.account.public_id, "copies@customer.example")
    with db.reading():
        return recipients_of(deal.account.id)[0].public_id


VAT_ID_PAGES = ("finance.vat_id", "finance.change_vat_id", "finance.check_vat_id", "finance.confirm_vat_id")


def subscriptions_of(online: Account) -> dict[str, str]:
    """One that runs and can be changed, and one that is cancelled."""
    runs, planned = plans.subscribed(online, plans.tiered()), plans.subscribed(online, plans.tiered())
    lower = plans.subscribed(online, plans.tiered(), planned_tier="Starter", planned_price=1200)
    cancelled = plans.subscribed(online, plans.tiered(), cancelled_on=clock.today(online.timezone)).public_id
    return {
        "billing": runs.public_id,
        "billing.ask_remove_cancellation": cancelled,
        "billing.remove_cancellation": cancelled,
        "support": planned.public_id,
        "support.account": online.public_id,
        "support.take_back": lower.public_id,
    }


def session_of(person: Person, realm: Realm) -> str:
    """The name of a session that the person has elsewhere."""
    token = db.perform(begin_session, realm, person.id, "192.0.2.7", "another browser")
    with db.reading() as session:
        found = session.scalars(select(SignInSession).where(SignInSession.token_hash == hash_of(token))).one()
    return own_sessions.name_of(found)


def overdue(online: Account) -> str:
    """A subscription whose period is over and whose renewal is not paid."""
    found = core.add(
        Subscription(
            public_id=db.public_id("sub"), source="test", external_id="overdue", account_id=online.id,
            product_id=core.product().id, tier="", seats=2, frequency="monthly", unit_price=1000, currency="EUR",
            period_start=clock.today("UTC") - timedelta(33), period_end=clock.today("UTC") - timedelta(2),
            is_trial=False, removed_at_end=0, is_live=True, is_paid=True, tax_category="S", tax_rate=1900,
        )
    )  # fmt: skip
    return str(found.public_id)


def report_id() -> str:
    """A reconciliation that was made."""
    report = running.run("test")
    assert report is not None
    return report.public_id


def online_objects(account: Account, member: Person) -> dict[str, str]:
    """What a contact of an online account has: a cart, an order that waits for its payment, documents and cards."""
    contact, wished, ordered = core.viewer(member, Realm.MY), sell.product("GoMeet"), sell.product("GoTrain")
    line = db.perform(put_in_cart, contact, account.public_id, Buy(wished.code, "Pro", 2, "monthly")).line
    wish = Buy(ordered.code, "Pro", 2, "monthly")
    with db.reading():
        seen = ordering.preview(contact, account.public_id, [wish]).digest
    placed = ordering.place_order(contact, account.public_id, [wish], seen, "world", return_path="/billing/orders")
    invoice = ledger.invoice(account, 5000, contact=member)
    note = ledger.credit_note(account, 1000, invoice).public_id
    first, second = (add_to_file(contact, account.public_id, last4) for last4 in ("1111", "2222"))
    return {
        "cart": line.public_id, "checkout": placed.order.public_id, "history": invoice.public_id,
        "history.credit_note": note, "history.credit_note_pdf": note, "payment_methods": first,
        "payment_methods.make_default": second,
    }  # fmt: skip


def add_to_file(viewer: Viewer, account: str, last4: str) -> str:
    """A card on file, as if the processor had told that it was entered; it knows nothing of it."""
    setup = add_card(viewer, account, f"form_{last4}")
    with db.reading():
        customer = queries.setup_named(setup.public_id)
    known = customer.customer.processor_customer if customer else None
    entered = CardSeen(f"pm_{last4}", "visa", last4, 12, 2099, f"print{last4}")
    seen = SetupState(
        setup.processor_session or "", setup.public_id, known or "", "complete", livemode=False, url=None, card=entered
    )
    done = db.perform(keeping.learn_setup, setup.public_id, seen)
    with db.reading() as session:
        return session.get_one(SavedCard, done.card_id).public_id


def dead_job() -> int:
    """A job that gave up."""
    now = clock.now()
    job = Job(kind="mail.send", payload="{}", state="dead", run_at=now, created_at=now, ended_at=now, last_error="Gone")
    return int(core.add(job).id)


@dataclass(frozen=True)
class Sent:
    """A form: where it is shown, a part of its action, and what its rightful sender fills in."""

    realm: Realm | None
    page: Callable[[World], str]
    action: str
    filled: dict[str, str]


def _at(template: str) -> Callable[[World], str]:
    return lambda world: template.format(
        reviewed=world.reviewed, account=world.deal.account.public_id, **{
            name.replace(".", "_"): public_id for name, public_id in world.objects.items()
        },
    )  # fmt: skip


_OFFERED = {"lines-0-quantity": "3", "lines-0-discount": "5", "lines-0-discount_kind": "percent", "act": "save"}
_ADDRESS = {"street": "Ringstr. 5", "postal_code": "10117", "city": "Berlin", "phone": "+49 30 123"}
_PORTAL, _DESK, _MY = Realm.PORTAL, Realm.DESK, Realm.MY
_REVIEWED = "?reviewed={reviewed}"
_PLANS = "/billing/plans/{billing_compare_plans}"


_NEW_CONTACT = {"kind": "add", "name": "New", "email": "new@customer.example", "reason": "She joins us."}


_INVITED = {"invite-name": "Colleague", "invite-email": "colleague@customer.example"}


def _security(realm: Realm, page: str) -> dict[str, Sent]:
    """The forms of the room of a realm; `filled` puts the key to be confirmed there first."""
    own, key = f"{realm}_security", f"{page}/authenticator"
    policy = {f"{own}.set_policy": Sent(realm, _at(page), "policy", {})} if realm is not Realm.DESK else {}
    return policy | {
        f"{own}.begin_passkey": Sent(realm, _at(page), "/passkeys", {}),
        f"{own}.keep_passkey": Sent(realm, _at(f"{page}/passkeys/new"), "/passkeys/new", {"name": "Laptop"}),
        f"{own}.drop_passkey": Sent(realm, _at(page), "/remove", {}),
        f"{own}.drop_app": Sent(realm, _at(page), "/drop", {}),
        f"{own}.renew_codes": Sent(realm, _at(page), "recovery-codes", {}),
        f"{own}.end": Sent(realm, _at(page), "/end", {}),
        f"{own}.end_others": Sent(realm, _at(page), "end-others", {}),
        f"{own}.begin": Sent(realm, _at(key), "authenticator", {"password": core.PASSWORD}),
        f"{own}.confirm": Sent(realm, _at(f"{key}/confirm"), "confirm", {}),
        f"{own}.remove": Sent(realm, _at(f"{key}/remove"), "remove", {"password": "wrong"}),
    }


FORMS = {
    "auth.check_sign_in": Sent(None, _at("/sign-in"), "sign-in", {"user_id": "nobody", "password": "wrong"}),
    "auth.check_desk_sign_in": Sent(None, _at("/desk/sign-in"), "sign-in", {"user_id": "nobody", "password": "wrong"}),
    "my.check_sign_in": Sent(None, _at("/my-account/sign-in"), "sign-in", {"user_id": "nobody", "password": "wrong"}),
    "auth.request_password_link": Sent(None, _at("/password/reset"), "password/reset", {"user_id": "nobody"}),
    "quotes.check_order_details": Sent(
        _PORTAL, _at("/quotes/{quotes}/order-details" + _REVIEWED), "order-details", {"payment": "terms"}
    ),
    "quotes.place_order": Sent(
        _PORTAL, _at("/quotes/{quotes}/confirm" + _REVIEWED + "&payment=terms"), "confirm", {"agreed": "y"}
    ),
    "quotes.send_rejection": Sent(
        _PORTAL, _at("/quotes/{quotes}/reject" + _REVIEWED), "reject", {"reason": "Too dear."}
    ),
    "quotes.send_change": Sent(_PORTAL, _at("/quotes/{quotes}/change" + _REVIEWED), "change", {"text": "12 seats."}),
    "quotes.confirm_second": Sent(_PORTAL, _at("/quotes/{quotes_confirm_second}"), "confirmation", {"agreed": "y"}),
    "quotes.refuse_second": Sent(
        _PORTAL, _at("/quotes/{quotes_refuse_second}"), "confirmation/refusal", {"refusal-reason": "Too dear."}
    ),
    "desk.set_second_rule": Sent(
        _DESK, _at("/desk/accounts/{account}/second-contact"), "second-contact", {"above": "5000"}
    ),
    "quotes.send_comment": Sent(_PORTAL, _at("/quotes/{quotes}"), "comments", {"text": "A question."}),
    "quotes.ask_again": Sent(_PORTAL, _at("/quotes/{quotes_ask_again}"), "revival", {"again-text": "Please."}),
    "requests.send": Sent(_PORTAL, _at("/requests/new"), "requests/new", {"seats": "3"}),
    "quotes.check_several": Sent(_PORTAL, _at("/quotes/several?quote={quotes}"), "several", {"payment": "terms"}),
    "quotes.place_orders": Sent(
        _PORTAL,
        _at("/quotes/several/confirm?rows-0-quote={quotes}&rows-0-reviewed={reviewed}&payment=terms"),
        "confirm",
        {"agreed": "y"},
    ),
    "invoices.start_payment": Sent(_PORTAL, _at("/invoices/{invoices}/pay"), "/pay", {"share": "part", "amount": "1"}),
    "invoices.use_credit": Sent(_PORTAL, _at("/invoices/{invoices}/pay"), "use-credit", {"credit-amount": "1"}),
    "paying.show_allocation": Sent(
        _PORTAL, _at("/payments/new?invoice={paying}"), "payments/new", {"rows-0-amount": "1"}
    ),
    "paying.start": Sent(_PORTAL, _at("/payments/confirm?parts-0={paying}.50000.50000"), "payments/confirm", {}),
    "statement.make_pdf": Sent(_PORTAL, _at("/statement"), "statement/pdf", {}),
    "statement.make_receipt_pdf": Sent(_PORTAL, _at("/statement/receipts/{statement}"), "/pdf", {}),
    "proposals.confirm": Sent(_PORTAL, _at("/payments/proposed/{proposals}"), "confirm", {}),
    "proposals.refuse": Sent(_PORTAL, _at("/payments/proposed/{proposals}"), "refuse", {"refusal-reason": "Wrong."}),
    "proposals.withdraw": Sent(_PORTAL, _at("/payments/proposed/{proposals_withdraw}"), "withdraw", {}),
    "portal_contacts.ask": Sent(_PORTAL, _at("/profile/contacts/change"), "change", _NEW_CONTACT),
    "my_contacts.ask": Sent(_MY, _at("/admin-center/contacts/change"), "change", _NEW_CONTACT),
    "portal_contacts.invite": Sent(_PORTAL, _at("/profile/contacts"), "invite", _INVITED),
    "my_contacts.invite": Sent(_MY, _at("/admin-center/contacts"), "invite", _INVITED),
    "portal_contacts.add_recipient": Sent(
        _PORTAL, _at("/profile/contacts"), "recipients", {"recipient-email": "more@customer.example"}
    ),
    "portal_contacts.remove_recipient": Sent(_PORTAL, _at("/profile/contacts"), "remove", {}),
    "desk.begin_look": Sent(_DESK, _at("/desk/accounts/{account}/contacts"), "look", {}),
    "portal_contacts.withdraw": Sent(_PORTAL, _at("/profile/contacts"), "withdraw", {}),
    "my_contacts.withdraw": Sent(_MY, _at("/admin-center/contacts"), "withdraw", {}),
    "desk.approve_change": Sent(
        _DESK, _at("/desk/contact-changes/{desk_approve_change}"), "approve", {"note": "Asked."}
    ),
    "desk.reject_change": Sent(
        _DESK, _at("/desk/contact-changes/{desk_reject_change}"), "reject", {"reject-note": "No."}
    ),
    "payments.go_on": Sent(_PORTAL, _at("/payments/{payments}"), "continue", {}),
    "payments.cancel": Sent(_PORTAL, _at("/payments/{payments}"), "cancel", {}),
    "cards.add": Sent(_PORTAL, _at("/profile/cards"), "cards/add", {}),
    "cards.make_default": Sent(_PORTAL, _at("/profile/cards"), "default", {}),
    "cards.remove": Sent(_PORTAL, _at("/profile/cards/{cards}/remove"), "remove", {}),
    "profile.keep_purchase_order": Sent(
        _PORTAL, _at("/profile/purchase-orders/{profile}"), "purchase-orders", {"number": "PO 8"}
    ),
    "profile.close_purchase_order": Sent(_PORTAL, _at("/profile/purchase-orders/{profile}"), "close", {}),
    "verify.check": Sent(None, _at("/verify"), "verify", {"fingerprint": "a" * 64}),
    "profile.change_bill_to": Sent(_PORTAL, _at("/profile/bill-to/{profile}"), "bill-to", _ADDRESS),
    "desk.save_new_quote": Sent(
        _DESK, _at("/desk/accounts/{account}/quotes/new"), "quotes/new", {"title": "Seats", **_OFFERED}
    ),
    "desk.quote_totals": Sent(_DESK, _at("/desk/accounts/{account}/quotes/new"), "quotes/new", _OFFERED),
    "desk.revise": Sent(_DESK, _at("/desk/quotes/{desk}"), "revise", {}),
    "desk.save_quote": Sent(
        _DESK, _at("/desk/quotes/{desk_edit_quote}/edit"), "edit", {"title": "Seats", "act": "save"}
    ),
    "desk.submit": Sent(_DESK, _at("/desk/quotes/{desk_submit}"), "submit", {}),
    "desk.withdraw": Sent(_DESK, _at("/desk/quotes/{desk}"), "withdraw", {}),
    "desk.send_message": Sent(_DESK, _at("/desk/quotes/{desk}"), "messages", {"text": "An answer."}),
    "desk.look": Sent(_DESK, _at("/desk/quotes/{desk}"), "customer-view", {}),
    "desk.approve": Sent(_DESK, _at("/desk/quotes/{desk_approval}/approval"), "approve", {}),
    "desk.return_quote": Sent(_DESK, _at("/desk/quotes/{desk_approval}/approval"), "return", {"note": "Less."}),
    "desk.draft_request": Sent(_DESK, _at("/desk/requests/{desk_quote_request}"), "draft", {}),
    "desk.close_request": Sent(_DESK, _at("/desk/requests/{desk_quote_request}"), "close", {"answer": "No."}),
    "desk.keep_record": Sent(
        _DESK,
        _at("/desk/quotes/{desk}/record-decision" + _REVIEWED),
        "record-decision",
        {
            "verdict": "accepted",
            "channel": "mail",
            "reference": "T-17",
            "agreed": "y",
        },
    ),
    "finance.keep_booking": Sent(
        _DESK,
        _at("/desk/accounts/{account}/money/book"),
        "money/book",
        {"amount": "10", "reference": "No. 6", "act": "show"},
    ),
    "finance.issue_credit_note": Sent(
        _DESK,
        _at("/desk/invoices/{finance}/credit"),
        "/credit",
        {"parts-0-amount": "1", "reason": "Wrong", "seen_total": "100", "seen_allocated": "100", "act": "issue"},
    ),
    "finance.use_credit": Sent(_DESK, _at("/desk/accounts/{account}/money"), "use-credit", {}),
    "finance.send_refund": Sent(
        _DESK,
        _at("/desk/payments/{finance_payment}/refund"),
        "refund",
        {"parts-0-amount": "1.00", "reason": "A mistake"},
    ),
    "finance.approve_refund": Sent(_DESK, _at("/desk/refunds"), "approve", {}),
    "finance.decline_refund": Sent(_DESK, _at("/desk/refunds"), "decline", {}),
    "finance.keep_return": Sent(
        _DESK, _at("/desk/incoming/{finance_keep_return}/return"), "return", {"reason": "The debit was returned."}
    ),
    "finance.import_statements": Sent(_DESK, _at("/desk/bank"), "desk/bank", {}),
    "finance.accept_certain": Sent(_DESK, _at("/desk/bank/statements/{finance_bank_statement}"), "/book", {}),
    "finance.dismiss_debits": Sent(
        _DESK, _at("/desk/bank/statements/{finance_bank_statement}"), "/dismiss", {"note": "Own payments"}
    ),
    "finance.accept_entry": Sent(_DESK, _at("/desk/bank/entries/{finance_bank_entry}"), "/accept", {}),
    "finance.book_entry": Sent(_DESK, _at("/desk/bank/entries/{finance_bank_entry}?account={account}"), "/book", {}),
    "finance.dismiss_entry": Sent(
        _DESK, _at("/desk/bank/entries/{finance_bank_entry}"), "/dismiss", {"note": "Not ours"}
    ),
    "finance.link_entry": Sent(_DESK, _at("/desk/bank/entries/{finance_link_entry}"), "/link", {}),
    "finance.return_entry": Sent(_DESK, _at("/desk/bank/entries/{finance_return_entry}"), "/return", {}),
    "finance.restore_entry": Sent(_DESK, _at("/desk/bank/entries/{finance_restore_entry}"), "/restore", {}),
    "finance.look_at_review": Sent(_DESK, _at("/desk/reviews/{finance_review}"), "/look", {}),
    "finance.decide_review": Sent(
        _DESK,
        _at("/desk/reviews/{finance_review}"),
        "/decide",
        {"decision": "close", "note": "Nothing came."},
    ),
    "finance.change_vat_id": Sent(
        _DESK, _at("/desk/accounts/{finance_vat_id}/vat-id"), "vat-id/change", {"vat_id": "ATU13585627"}
    ),
    "finance.check_vat_id": Sent(_DESK, _at("/desk/accounts/{finance_vat_id}/vat-id"), "vat-id/check", {}),
    "finance.confirm_vat_id": Sent(
        _DESK, _at("/desk/accounts/{finance_vat_id}/vat-id"), "vat-id/confirm", {"note": "Letter of the tax office"}
    ),
    "billing.change_vat_number": Sent(_MY, _at("/billing/vat-number"), "vat-number", {"vat_id": "DE136695976"}),
    "renewals.pay": Sent(_MY, _at("/billing/renewals/{renewals}"), "/pay", {"card": "new"}),
    "finance.run_reconciliation": Sent(_DESK, _at("/desk/reconciliations"), "/desk/reconciliations", {}),
    "support.apply": Sent(
        _DESK, _at("/desk/subscriptions/{support}/downgrade?tier=Starter&when=at-end"), "downgrade", {}
    ),
    "support.take_back": Sent(_DESK, _at("/desk/online-accounts/{support_account}"), "take-back", {}),
    "receivables.pause": Sent(
        _DESK, _at("/desk/accounts/{account}/reminders"), "reminders/pause", {"note": "They pay on Friday."}
    ),
    "receivables.resume": Sent(_DESK, _at("/desk/accounts/{account}/reminders"), "reminders/resume", {}),
    "desk.retry_job": Sent(_DESK, _at("/desk/jobs"), "retry", {}),
    "cart.add": Sent(_MY, _at(_PLANS), "cart/lines", {"seats": "2", "then": "cart"}),
    "cart.summary": Sent(_MY, _at(_PLANS), "cart/lines", {"seats": "2", "then": "cart"}),
    "cart.change_line": Sent(_MY, _at("/billing/cart/lines/{cart}"), "cart/lines", {"seats": "3", "then": "cart"}),
    "cart.remove_line": Sent(_MY, _at("/billing/cart"), "/remove", {}),
    "checkout.place": Sent(_MY, _at("/billing/checkout"), "billing/checkout", {"card": "new"}),
    "checkout.go_on": Sent(_MY, _at("/billing/orders/{checkout}"), "continue", {}),
    "checkout.cancel": Sent(_MY, _at("/billing/orders/{checkout}"), "cancel", {}),
    "payment_methods.add": Sent(_MY, _at("/billing/payment-methods"), "methods/add", {}),
    "payment_methods.make_default": Sent(_MY, _at("/billing/payment-methods"), "default", {}),
    "payment_methods.remove": Sent(_MY, _at("/billing/payment-methods/{payment_methods}/remove"), "remove", {}),
    "billing.cancel": Sent(_MY, _at("/billing/subscriptions/{billing}/cancel"), "cancel", {}),
    "billing.remove_cancellation": Sent(
        _MY,
        _at("/billing/subscriptions/{billing_remove_cancellation}/remove-cancellation"),
        "remove-cancellation",
        {},
    ),
    **_security(_PORTAL, "/security"),
    **_security(_MY, "/my-account/security"),
    **_security(_DESK, "/desk/security"),
    "routing.send_question": Sent(_MY, _at("/my-account/ask"), "ask", {"message": "May I have a seat?"}),
}
"""Every form of the pages, by the endpoint that takes it; UNSHOWN stand apart."""
UNSHOWN = {
    "web.language",
    "web.choose_account",
    "web.choose_my_account",
    "auth.set_password",
    "webhooks.stripe",
    "hand_off.take_over",
    "demo_clock.move",
    "staying.stay",
    *(f"{realm}_security.take_second_step" for realm in Realm),
}
DOORS = {"desk.end_look", "auth.sign_out", "auth.desk_sign_out", "my.sign_out"}
"""They take nothing but the token."""


def _prepare(world: World, endpoint: str, sent: Sent, client: Client) -> None:
    """What a form about second factors needs before it is shown."""
    own, _, deed = endpoint.partition(".")
    if not own.endswith("_security") or sent.realm is None:
        return
    page, who = sent.page(world), world.people[sent.realm.value]
    if deed in ("begin", "confirm"):
        without_app(who)
    if deed == "confirm":
        client.post(page.removesuffix("/confirm"), {"password": core.PASSWORD})
    if deed == "keep_passkey":
        client.post(page.removesuffix("/new"), page=client.get(page.removesuffix("/passkeys/new")))
    if deed == "drop_app":
        without_app(who)
        app_of(who)


def filled(world: World, endpoint: str) -> tuple[Client, dict[str, str]]:
    """The rightful sender's browser, and the form of the page as that person sends it."""
    sent = FORMS[endpoint]
    client = world.client(endpoint, sent.realm)
    _prepare(world, endpoint, sent, client)
    shown = client.get(sent.page(world))
    assert shown.status == 200, f"{endpoint}: {shown.status} {shown.words[:200]}"
    fields = shown.form(sent.action) | sent.filled
    if endpoint.endswith("_security.confirm"):
        fields["code"] = code_to_confirm()
    if endpoint.endswith("_security.keep_passkey"):
        fields["passkey"] = SoftKey().make(str(shown.html.select("button[data-passkey]")[0]["data-options"]))
    if endpoint in ("desk.save_new_quote", "desk.quote_totals"):
        fields["lines-0-offer"] = f"{world.deal.product.code}||yearly"
    if endpoint == "desk.keep_record":
        fields["contact"] = world.deal.contact.public_id
    if endpoint == "requests.send":
        fields["wish"] = f"start|{world.deal.product.code}|"
    return client, fields
