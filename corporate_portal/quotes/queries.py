"""What may be read about quotes. The viewer comes first: another account's quote is simply not found.

A contact sees submitted versions only, never a draft. A quote whose deadline has passed belongs to the history at once,
whether or not the job has written it down yet.
"""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.catalogue.queries import products_by_code
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice
from billing_core.orders.models import ServiceOrder
from billing_core.people import Person
from billing_core.permissions import Viewer
from corporate_portal.quotes import states
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer.loading import WHOLE

MOST_COUNTED = 99
"""The tab counts no further."""

NEWEST_FIRST = Key((QuoteVersion.id,), descending=True)
NEAREST_DEADLINE_FIRST = Key((QuoteVersion.expires_at, QuoteVersion.id))


@dataclass(frozen=True)
class Receipt:
    """What an acceptance brought about."""

    version: QuoteVersion
    decision: QuoteDecision
    order: ServiceOrder
    invoice: Invoice
    wants_to_pay_by_card: bool


def shown_to(viewer: Viewer) -> ColumnElement[bool]:
    """The versions that exist for a contact: the last submitted one of each quote of the accounts billed to them."""
    return and_(QuoteVersion.is_shown, QuoteVersion.account_id.in_(sorted(viewer.account_ids)))


def _in_current_account(viewer: Viewer) -> ColumnElement[bool]:
    chosen = viewer.current.account_id if viewer.current else None
    return and_(shown_to(viewer), QuoteVersion.account_id == chosen)


def is_open(now: datetime) -> ColumnElement[bool]:
    """Waits for a decision, and its deadline has not passed."""
    return and_(QuoteVersion.state.in_(states.OUTSTANDING), QuoteVersion.expires_at > now)


def is_closed(now: datetime) -> ColumnElement[bool]:
    """Decided, withdrawn or replaced, or its deadline has passed."""
    lapsed = and_(QuoteVersion.state.in_(states.OUTSTANDING), QuoteVersion.expires_at <= now)
    return or_(QuoteVersion.state.in_(states.DECIDED), lapsed)


def outstanding(viewer: Viewer, after: str = "", before: str = "") -> Slice[QuoteVersion]:
    """The quotes of the current account that wait for a decision, the nearest deadline first. One statement."""
    rows = (
        select(QuoteVersion)
        .where(_in_current_account(viewer), is_open(clock.now()))
        .options(joinedload(QuoteVersion.quote).joinedload(Quote.rep))
    )
    return page_of(rows, NEAREST_DEADLINE_FIRST, after, before)


def history(viewer: Viewer, after: str = "", before: str = "") -> Slice[QuoteVersion]:
    """The quotes of the current account that are decided, withdrawn or expired, the newest first. One statement."""
    rows = (
        select(QuoteVersion)
        .where(_in_current_account(viewer), is_closed(clock.now()))
        .options(joinedload(QuoteVersion.quote).joinedload(Quote.rep), joinedload(QuoteVersion.decision))
    )
    return page_of(rows, NEWEST_FIRST, after, before)


def outstanding_count(viewer: Viewer) -> int:
    """How many quotes wait in the current account, at most MOST_COUNTED: the tab's number. One statement."""
    with db.reading() as session:
        few = select(QuoteVersion.id).where(_in_current_account(viewer), is_open(clock.now())).limit(MOST_COUNTED)
        return len(session.scalars(few).all())


def current_version(viewer: Viewer, public_id: str) -> QuoteVersion:
    """The version of a quote that counts, whole. Raises NotFound for a draft and for any other account's quote."""
    named = select(QuoteVersion).join(Quote, QuoteVersion.quote_id == Quote.id).where(Quote.public_id == public_id)
    found = db.session().scalar(named.where(shown_to(viewer)).options(*WHOLE))
    if found is None:
        raise NotFound
    return found


def receipt(viewer: Viewer, public_id: str) -> Receipt:
    """The accepted quote with its order and invoice. Raises NotFound where nothing was accepted."""
    version = current_version(viewer, public_id)
    decision = version.decision
    if version.state != states.ACCEPTED or decision is None or decision.order_id is None or decision.invoice_id is None:
        raise NotFound
    order = db.session().get_one(ServiceOrder, decision.order_id)
    invoice = db.session().get_one(Invoice, decision.invoice_id)
    return Receipt(version, decision, order, invoice, evidence_of(decision).get("payment") == "card")


def evidence_of(decision: QuoteDecision) -> dict[str, Any]:
    """The evidence as it was written down."""
    loaded: dict[str, Any] = json.loads(decision.evidence)
    return loaded


@dataclass(frozen=True)
class MoreLicenses:
    """A contact came from the Admin Center to add licenses: for what, and which representative to ask."""

    product: Product
    rep: Person


def more_licenses(viewer: Viewer, product_code: str) -> MoreLicenses | None:
    """None for a code that nothing has, and for an account without a representative."""
    product = products_by_code({product_code}).get(product_code) if product_code else None
    if product is None or viewer.current is None:
        return None
    of_account = select(Person).join(Account, Account.rep_id == Person.id)
    rep = db.session().scalars(of_account.where(Account.id == viewer.current.account_id)).one_or_none()
    return MoreLicenses(product, rep) if rep else None
