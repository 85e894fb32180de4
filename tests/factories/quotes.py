"""Quotes in every state that is built, made by the verbs themselves."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.people import Person
from billing_core.permissions import Realm, Viewer
from billing_core.sellers.models import Seller
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.content import Acceptance, LineWish, QuoteContent, Rejection
from corporate_portal.quotes.offer.loading import WHOLE
from tests.factories import core


@dataclass(frozen=True)
class Deal:
    """An account with its representative and a contact with every right, and a product to sell."""

    seller: Seller
    account: Account
    rep: Person
    contact: Person
    product: Product

    @property
    def desk(self) -> Viewer:
        """The representative at the desk."""
        return core.viewer(self.rep, Realm.DESK)

    @property
    def portal(self) -> Viewer:
        """The contact in the portal."""
        return core.viewer(self.contact)


def deal(seller: dict[str, Any] | None = None, *, discount_limit: int = 1000, **of_account: Any) -> Deal:
    """Everything that a quote needs. The limit is of the representative, in basis points."""
    vendor = core.seller(**(seller or {}))
    rep = core.staff("rep", name="Rita Rep", discount_limit=discount_limit)
    account = core.account(vendor, rep, **of_account)
    contact = core.contact(account, core.person("Carla Contact"))
    return Deal(vendor, account, rep, contact, core.product())


def content(of: Deal, **changes: Any) -> QuoteContent:
    """Ten yearly seats less 10 % and one thing once: 1,080.00 + 500.00 net, 1,880.20 with 19 % tax."""
    code = of.product.code
    values: dict[str, Any] = {
        "title": "Meetings for the sales team",
        "starts_on": clock.today(of.account.timezone),
        "term_months": 24,
        "lines": (LineWish(code, "", "yearly", 10, percent_off=1000), LineWish(code, "", "once", 1)),
    }
    return QuoteContent(**(values | changes))


def draft(of: Deal, **changes: Any) -> Quote:
    """A draft of the deal's representative."""
    return db.perform(service.draft_quote, of.desk, of.account.public_id, content(of, **changes))


def sent(of: Deal, **changes: Any) -> Quote:
    """A quote that waits for the contact."""
    quote = draft(of, **changes)
    db.perform(service.submit_quote, of.desk, quote.public_id, seen(quote))
    return quote


def seen(quote: Quote) -> str:
    """The hash that the desk's pages carry."""
    return service.draft_sha256(version(quote))


def version(quote: Quote) -> QuoteVersion:
    """The version that counts, whole, as it is stored now."""
    with db.reading() as session:
        current = select(QuoteVersion).where(QuoteVersion.quote_id == quote.id, QuoteVersion.is_current)
        return session.scalars(current.options(*WHOLE)).one()


def acceptance(of: Deal, quote: Quote, **changes: Any) -> Acceptance:
    """What the contact's confirm page sends."""
    current = version(quote)
    said = terms.declaration(current, of.contact.name, "Head of Accounts", "en")
    values: dict[str, Any] = {
        "reviewed_sha256": current.sha256 or "", "wording_sha256": said.sha256, "locale": "en", "po_number": "PO 4711",
    }  # fmt: skip
    return Acceptance(**(values | changes))


def accepted(of: Deal, **changes: Any) -> Quote:
    """A quote that the contact accepted."""
    quote = sent(of, **changes)
    db.perform(service.accept_quote, of.portal, quote.public_id, acceptance(of, quote))
    return quote


def accepted_first(of: Deal, **changes: Any) -> Quote:
    """A quote that a colleague of the contact accepted, and that waits for the contact as the second one."""
    colleague, quote = core.contact(of.account, core.person("Cora Colleague")), sent(of, **changes)
    db.perform(service.set_second_rule, of.desk, of.account.public_id, 0)
    current = version(quote)
    said = terms.declaration(current, colleague.name, "Head of Accounts", "en")
    first = Acceptance(current.sha256 or "", said.sha256, "en", po_number="PO 4711")
    db.perform(service.accept_quote, core.viewer(colleague), quote.public_id, first)
    db.perform(service.set_second_rule, of.desk, of.account.public_id, None)
    return quote


def rejected(of: Deal, **changes: Any) -> Quote:
    """A quote that the contact rejected."""
    quote = sent(of, **changes)
    rejection = Rejection(version(quote).sha256 or "", "Too dear.")
    db.perform(service.reject_quote, of.portal, quote.public_id, rejection)
    return quote


def revised(of: Deal, **changes: Any) -> Quote:
    """A quote whose second version, a renamed one, is sent."""
    quote = sent(of, **changes)
    db.perform(service.revise_quote, of.desk, quote.public_id)
    renamed = content(of, **(changes | {"title": "Meetings for everybody"}))
    db.perform(service.change_draft, of.desk, quote.public_id, renamed, seen(quote))
    db.perform(service.submit_quote, of.desk, quote.public_id, seen(quote))
    return quote


def expired(of: Deal, **changes: Any) -> Quote:
    """A quote whose deadline has just passed; no job has written it down."""
    quote = sent(of, **changes)
    past = update(QuoteVersion).where(QuoteVersion.quote_id == quote.id).values(expires_at=clock.now())
    db.perform(lambda: db.session().execute(past))
    return quote


def withdrawn(of: Deal, **changes: Any) -> Quote:
    """A quote that the representative took back after it was sent."""
    quote = sent(of, **changes)
    db.perform(service.withdraw_quote, of.desk, quote.public_id)
    return quote


def in_days(days: int, zone: str = "Europe/Berlin") -> date:
    """A day from today."""
    return clock.today(zone) + timedelta(days=days)
