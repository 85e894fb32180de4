"""What may be read about quotes. The viewer comes first: another account's quote is simply not found.

A contact sees submitted versions only, never a draft. A quote whose deadline has passed belongs to the history at once,
whether or not the job has written it down yet.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, and_, false, or_, select, true
from sqlalchemy.orm import joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.catalogue.queries import products_by_code
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.errors import NotFound
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.orders.models import ServiceOrder
from billing_core.people import Person, is_under
from billing_core.permissions import Viewer
from corporate_portal.quotes import states
from corporate_portal.quotes.evidence import Reading, reading_of
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteMessage, QuoteVersion
from corporate_portal.quotes.offer.loading import WHOLE

MOST_COUNTED = 99
"""The tab counts no further."""

MOST_MESSAGES = 200
"""What a page shows of a thread."""

NEWEST_FIRST = Key((QuoteVersion.id,), descending=True)
NEAREST_DEADLINE_FIRST = Key((QuoteVersion.expires_at, QuoteVersion.id))


@dataclass(frozen=True)
class Receipt:
    """What an acceptance brought about. Nothing billed, no invoice; nothing credited, no credit note."""

    version: QuoteVersion
    decision: QuoteDecision
    order: ServiceOrder
    invoice: Invoice | None
    credit_note: CreditNote | None
    said: Reading

    @property
    def wants_to_pay_by_card(self) -> bool:
        """The contact chose to pay at once."""
        return self.said.payment == "card"


@dataclass(frozen=True)
class Sent:
    """A version by its number, and when it was sent."""

    version: int
    at: datetime


def at_desk(viewer: Viewer) -> ColumnElement[bool]:
    """A condition on Account: whose quotes and requests exist for the vendor's people.

    Finance and support read all; a representative the own ones; a manager those that people.is_under names.
    """
    if viewer.is_staff("finance", "support"):
        return true()
    if viewer.is_staff("rep_manager"):
        return is_under(Account.rep_id, viewer.person_id)
    return Account.rep_id == viewer.person_id if viewer.is_staff("rep") else false()


def sees_at_desk(viewer: Viewer, account_id: int) -> bool:
    """Whether quotes of the account exist for this viewer at the desk. One statement."""
    return db.session().scalar(select(Account.id).where(Account.id == account_id, at_desk(viewer))) is not None


def shown_to(viewer: Viewer) -> ColumnElement[bool]:
    """The versions that exist for a contact: the last submitted one of each quote of the accounts billed to them."""
    return and_(QuoteVersion.is_shown, QuoteVersion.account_id.in_(sorted(viewer.account_ids)))


def _in_current_account(viewer: Viewer) -> ColumnElement[bool]:
    chosen = viewer.current.account_id if viewer.current else None
    return and_(shown_to(viewer), QuoteVersion.account_id == chosen)


def is_open(now: datetime) -> ColumnElement[bool]:
    """Waits for a decision, and its deadline has not passed."""
    return and_(QuoteVersion.state.in_(states.OPEN), QuoteVersion.expires_at > now)


def is_closed(now: datetime) -> ColumnElement[bool]:
    """Decided, withdrawn or replaced, or its deadline has passed."""
    lapsed = and_(QuoteVersion.state.in_(states.OPEN), QuoteVersion.expires_at <= now)
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


def submitted_version(viewer: Viewer, public_id: str, number: int) -> QuoteVersion:
    """Any version of a quote that was ever sent, whole. Raises NotFound for drafts and for other accounts' quotes."""
    named = select(QuoteVersion).join(Quote, QuoteVersion.quote_id == Quote.id).where(Quote.public_id == public_id)
    own = (QuoteVersion.account_id.in_(sorted(viewer.account_ids)), QuoteVersion.submitted_at.is_not(None))
    found = db.session().scalar(named.where(*own, QuoteVersion.version == number).options(*WHOLE))
    if found is None:
        raise NotFound
    return found


def former_of(version: QuoteVersion) -> QuoteVersion | None:
    """The version that the customer had before this one, whole; none for the first that was sent."""
    earlier = (
        select(QuoteVersion)
        .where(QuoteVersion.quote_id == version.quote_id, QuoteVersion.version < version.version)
        .where(QuoteVersion.submitted_at.is_not(None))
        .order_by(QuoteVersion.version.desc())
        .limit(1)
    )
    return db.session().scalar(earlier.options(*WHOLE))


def sent_versions(version: QuoteVersion) -> list[Sent]:
    """Every version of the quote that was sent, the first one first."""
    columns = select(QuoteVersion.version, QuoteVersion.submitted_at).where(QuoteVersion.submitted_at.is_not(None))
    rows = db.session().execute(columns.where(QuoteVersion.quote_id == version.quote_id).order_by(QuoteVersion.version))
    return [Sent(number, at) for number, at in rows if at is not None]


def following_states(versions: Sequence[QuoteVersion]) -> dict[int, str]:
    """By quote: the state of the version that counts, where the shown one is replaced by it. One statement at most."""
    replaced = [version.quote_id for version in versions if not version.is_current]
    if not replaced:
        return {}
    current = select(QuoteVersion.quote_id, QuoteVersion.state).where(QuoteVersion.is_current)
    rows = db.session().execute(current.where(QuoteVersion.quote_id.in_(replaced)))
    return dict(rows.all())


def thread_of(version: QuoteVersion) -> list[QuoteMessage]:
    """What was said about the quote through all its versions, the first word first; of a very long one the last."""
    said = select(QuoteMessage).where(QuoteMessage.quote_id == version.quote_id)
    return list(reversed(db.session().scalars(said.order_by(QuoteMessage.id.desc()).limit(MOST_MESSAGES)).all()))


def receipt(viewer: Viewer, public_id: str) -> Receipt:
    """The accepted quote with what came of it. Raises NotFound where nothing was accepted."""
    return receipt_of(current_version(viewer, public_id))


def receipt_of(version: QuoteVersion) -> Receipt:
    """As receipt, of a version that the reader may see."""
    decision = version.decision
    if version.state != states.ACCEPTED or decision is None or decision.order_id is None:
        raise NotFound
    order = db.session().get_one(ServiceOrder, decision.order_id)
    invoice = db.session().get_one(Invoice, decision.invoice_id) if decision.invoice_id else None
    note = db.session().get_one(CreditNote, decision.credit_note_id) if decision.credit_note_id else None
    return Receipt(version, decision, order, invoice, note, reading_of(decision))


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
