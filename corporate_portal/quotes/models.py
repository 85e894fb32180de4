"""Quote, its versions and lines, its thread, approval and decision. Amounts are smallest units of its currency."""

import json
from datetime import date, datetime
from hashlib import sha256

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.catalogue.models import Product
from billing_core.db import Base, Instant, partial_index
from billing_core.people import Person
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes import states

_EXPIRING = "state IN ('sent', 'change_requested', 'awaiting_second_contact')"


class Quote(Base):
    """The deal under one number. Its text is in versions, of which at most one is not superseded: `is_current`."""

    __tablename__ = "quote"
    __table_args__ = (
        UniqueConstraint("source", "external_id", name="ux_quote_source"),
        Index("ix_quote_rep", "rep_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    number: Mapped[str] = mapped_column(String(40), unique=True)
    source: Mapped[str] = mapped_column(String(40), default="portal")
    external_id: Mapped[str] = mapped_column(String(80))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    rep_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    currency: Mapped[str] = mapped_column(String(3))
    created_at: Mapped[datetime] = mapped_column(Instant)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    rep: Mapped[Person] = relationship(lazy="raise_on_sql")
    versions: Mapped[list["QuoteVersion"]] = relationship(lazy="raise_on_sql", order_by="QuoteVersion.version")


class QuoteVersion(Base):
    """One text of a quote. Frozen from submission on: `document` is its canonical JSON, `sha256` that one's hash."""

    __tablename__ = "quote_version"
    __table_args__ = (
        UniqueConstraint("quote_id", "version", name="ux_quote_version"),
        partial_index("ux_quote_current", "quote_id", unique=True, where="is_current"),
        partial_index("ux_quote_shown", "quote_id", unique=True, where="is_shown"),
        CheckConstraint("total = net + tax", name="ck_quote_total"),
        Index("ix_quote_version_account", "account_id", "state", "id"),
        partial_index("ix_quote_expiring", "expires_at", where=_EXPIRING),
        Index("ix_quote_version_state", "state", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    version: Mapped[int]
    is_current: Mapped[bool] = mapped_column(default=True)
    """The version that counts: the last one written."""
    is_shown: Mapped[bool] = mapped_column(default=False)
    """The version that the customer sees: the last one submitted; superseded while its successor is in the making."""
    state: Mapped[str] = mapped_column(String(24), default=states.DRAFT)
    title: Mapped[str] = mapped_column(String(160))
    notes: Mapped[str] = mapped_column(Text, default="")
    terms_version: Mapped[str] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(2))
    starts_on: Mapped[date]
    term_months: Mapped[int]
    """Length of the term of recurring lines; the renewal date is starts_on plus this."""
    valid_until: Mapped[date | None]
    """Last day of validity in `zone`; None until submission means the 7th day after it."""
    zone: Mapped[str] = mapped_column(String(40))
    expires_at: Mapped[datetime | None] = mapped_column(Instant)
    """The end of that day as an instant: not acceptable from then on (half-open)."""
    percent_off: Mapped[int] = mapped_column(default=0)
    """Discount on the whole quote in basis points: off every line, in every period. Not both with `amount_off`."""
    amount_off: Mapped[int] = mapped_column(default=0)
    """Discount on the whole quote in smallest units: once, off what the acceptance bills."""
    discount_share: Mapped[int] = mapped_column(default=0)
    """All discounts together in basis points of the list price: what the representative's limit is compared with."""
    net: Mapped[int]
    tax: Mapped[int]
    total: Mapped[int]
    """What the acceptance bills less what it credits, from the lines' `due`; below zero where more is credited."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    reminded_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the contacts and the representative were told that the deadline is near; at most once a version."""
    submitted_at: Mapped[datetime | None] = mapped_column(Instant)
    first_viewed_at: Mapped[datetime | None] = mapped_column(Instant)
    document: Mapped[bytes | None] = mapped_column(LargeBinary)
    sha256: Mapped[str | None] = mapped_column(String(64))

    quote: Mapped[Quote] = relationship(lazy="raise_on_sql", back_populates="versions")
    lines: Mapped[list["QuoteLine"]] = relationship(
        lazy="raise_on_sql", order_by="QuoteLine.position", cascade="all, delete-orphan"
    )
    taxes: Mapped[list["QuoteTax"]] = relationship(
        lazy="raise_on_sql", order_by="QuoteTax.id", cascade="all, delete-orphan"
    )
    decision: Mapped["QuoteDecision | None"] = relationship(lazy="raise_on_sql", back_populates="quote_version")
    first_acceptance: Mapped["QuoteFirstAcceptance | None"] = relationship(
        lazy="raise_on_sql", viewonly=True, uselist=False,
        primaryjoin="and_(QuoteVersion.id == QuoteFirstAcceptance.version_id, "
        "QuoteFirstAcceptance.refused_at.is_(None))",
    )  # fmt: skip
    """The acceptance that a second contact has to confirm, or has confirmed; refused ones are not among them."""

    def is_expired(self, now: datetime) -> bool:
        """The deadline has passed, whether or not the job has already written it down."""
        passed = self.expires_at is not None and now >= self.expires_at
        return self.state == states.EXPIRED or (self.state in states.OPEN and passed)

    def is_outstanding(self, now: datetime) -> bool:
        """A contact can still decide it."""
        return self.is_current and self.state in states.OUTSTANDING and not self.is_expired(now)

    def is_awaiting_second(self, now: datetime) -> bool:
        """One contact has accepted it, and another can still confirm that."""
        return self.is_current and self.state == states.AWAITING_SECOND and not self.is_expired(now)

    def shown_state(self, now: datetime) -> str:
        """The state as it is true now."""
        return states.EXPIRED if self.is_expired(now) else self.state


class QuoteLine(Base):
    """One position. frequency: monthly, yearly or once; `effect` says what the acceptance does with it.

    start: a recurring product begins, or something is delivered once. renew: a term follows on that of `subscription`.
    add: seats join `subscription` until its term ends, prorated. remove: seats leave it, at the term's end, or at
    `starts_on` where the line is credited. free: an amount with words of its own, below zero a credit.
    """

    __tablename__ = "quote_line"
    __table_args__ = (UniqueConstraint("version_id", "position", name="ux_quote_line"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("quote_version.id"))
    position: Mapped[int]
    product_id: Mapped[int] = mapped_column(ForeignKey("product.id"))
    description: Mapped[str] = mapped_column(String(300))
    tier: Mapped[str] = mapped_column(String(20), default="")
    quantity: Mapped[int]
    unit: Mapped[str] = mapped_column(String(20))
    frequency: Mapped[str] = mapped_column(String(8))
    unit_price: Mapped[int]
    percent_off: Mapped[int] = mapped_column(default=0)
    """Basis points, where the discount was given as a share; `discount` is what it comes to."""
    discount: Mapped[int] = mapped_column(default=0)
    """Smallest units taken off the line, positive."""
    rebate: Mapped[int] = mapped_column(default=0)
    """This line's share of the percentage off the whole quote, smallest units, in every period."""
    once_off: Mapped[int] = mapped_column(default=0)
    """This line's share of the amount off the whole quote, smallest units, off `due` alone."""
    net: Mapped[int]
    """One billing period of the line: quantity * unit_price - discount - rebate."""
    due: Mapped[int]
    """What the acceptance bills for it, net: the first period, or the prorated amount; below zero what it credits."""
    tax_category: Mapped[str] = mapped_column(String(3))
    tax_rate: Mapped[int]
    exemption: Mapped[str] = mapped_column(Text, default="")
    effect: Mapped[str] = mapped_column(String(8), default="start")
    subscription_id: Mapped[int | None] = mapped_column(ForeignKey("subscription.id"))
    starts_on: Mapped[date]
    ends_on: Mapped[date | None]
    """First day after the line's term; None for what is delivered once."""
    whole_periods: Mapped[int | None]
    """Of a prorated amount: whole billing periods, and `days` of the `of_days` of one more."""
    days: Mapped[int | None]
    of_days: Mapped[int | None]

    subscription: Mapped[Subscription | None] = relationship(lazy="raise_on_sql")
    product: Mapped[Product] = relationship(lazy="raise_on_sql")


class QuoteTax(Base):
    """Tax of one category and rate on the net sum of the lines due at once; credited lines have rows of their own."""

    __tablename__ = "quote_tax"

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("quote_version.id"), index=True)
    category: Mapped[str] = mapped_column(String(3))
    rate: Mapped[int]
    net: Mapped[int]
    tax: Mapped[int]
    exemption: Mapped[str] = mapped_column(Text, default="")
    why: Mapped[str] = mapped_column(Text, default="")
    """The msgid of the reason for the tax, shown under the totals; empty in the plain case."""


class QuoteDecision(Base):
    """The one decision on a version: accepted or rejected, with its evidence (domain.md 4). Append-only.

    A quote is accepted once; a rejected version may be followed by another.
    """

    __tablename__ = "quote_decision"
    __table_args__ = (
        partial_index("ux_quote_accepted", "quote_id", unique=True, where="verdict = 'accepted'"),
        Index("ix_quote_decision_quote", "quote_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("quote_version.id"), unique=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"))
    verdict: Mapped[str] = mapped_column(String(10))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(120))
    function: Mapped[str] = mapped_column(String(80))
    decided_at: Mapped[datetime] = mapped_column(Instant)
    reason: Mapped[str] = mapped_column(Text, default="")
    po_number: Mapped[str] = mapped_column(String(100), default="")
    po_expires_on: Mapped[date | None]
    admin_person_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who becomes an account admin with one seat of each product."""
    channel: Mapped[str] = mapped_column(String(8), default="portal")
    """portal: the contact decided there. mail, phone: `recorded_by` wrote it down, with the proof's `reference`."""
    reference: Mapped[str] = mapped_column(String(200), default="")
    recorded_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    credit_note_id: Mapped[int | None] = mapped_column(ForeignKey("credit_note.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("service_order.id"))
    evidence: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: version hash, wording and terms version, locale, person, rights, session, UTC and zone shown, IP, agent."""

    quote_version: Mapped[QuoteVersion] = relationship(lazy="raise_on_sql", back_populates="decision")
    recorded_by: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[recorded_by_id])
    admin_person: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[admin_person_id])

    @property
    def has_certificate(self) -> bool:
        """Every acceptance has one whose evidence is of form 2 or later (evidence.py)."""
        return self.verdict == "accepted" and json.loads(self.evidence)["form"] > 1


class QuoteFirstAcceptance(Base):
    """The first of two acceptances, with its evidence and its order details. The second is the version's decision.

    Never changed but by its refusal; at most one that is not refused stands for a version. The administrator is only
    named here: a new person becomes a member with the confirmation.
    """

    __tablename__ = "quote_first_acceptance"
    __table_args__ = (
        partial_index("ux_quote_first_acceptance", "version_id", unique=True, where="refused_at IS NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("quote_version.id"), index=True)
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(120))
    function: Mapped[str] = mapped_column(String(80))
    accepted_at: Mapped[datetime] = mapped_column(Instant)
    above: Mapped[int | None]
    """The account's amount at that time, smallest units of the account's currency."""
    po_number: Mapped[str] = mapped_column(String(100), default="")
    po_expires_on: Mapped[date | None]
    admin_member: Mapped[str] = mapped_column(String(32), default="")
    admin_name: Mapped[str] = mapped_column(String(120), default="")
    admin_email: Mapped[str] = mapped_column(String(254), default="")
    payment: Mapped[str] = mapped_column(String(8))
    evidence: Mapped[bytes] = mapped_column(LargeBinary)
    """As of a decision (evidence.py), with the verdict `accepted first`."""
    refused_at: Mapped[datetime | None] = mapped_column(Instant)
    refused_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    reason: Mapped[str] = mapped_column(Text, default="")

    @property
    def sha256(self) -> str:
        """Of the evidence: what a confirmation names, so that it confirms these order details and no others."""
        return sha256(self.evidence).hexdigest()


class QuoteApproval(Base):
    """A manager is asked for a discount above the representative's limit. At most one open ask per version."""

    __tablename__ = "quote_approval"
    __table_args__ = (
        partial_index("ux_quote_approval_open", "version_id", unique=True, where="decided_at IS NULL"),
        CheckConstraint("verdict IN ('', 'approved', 'returned')", name="ck_quote_approval_verdict"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    version_id: Mapped[int] = mapped_column(ForeignKey("quote_version.id"), index=True)
    asked_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    discount_share: Mapped[int]
    """Basis points of the list price, as the manager sees it."""
    limit: Mapped[int]
    """The representative's limit at that time, basis points."""
    sha256: Mapped[str] = mapped_column(String(64))
    """Of the draft that is to be approved."""
    decided_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    decided_at: Mapped[datetime | None] = mapped_column(Instant)
    verdict: Mapped[str] = mapped_column(String(10), default="")
    note: Mapped[str] = mapped_column(Text, default="")

    asked_by: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[asked_by_id])
    decided_by: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[decided_by_id])


class QuoteMessage(Base):
    """One entry of the thread that stays with the quote through all its versions. Append-only, read by both sides.

    kind: comment; change (the contact asks for another version); revival (asks for an expired quote again); request
    (what the quote was made from).
    """

    __tablename__ = "quote_message"
    __table_args__ = (
        Index("ix_quote_message_quote", "quote_id", "id"),
        CheckConstraint("side IN ('customer', 'vendor')", name="ck_quote_message_side"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    quote_id: Mapped[int] = mapped_column(ForeignKey("quote.id"))
    version: Mapped[int]
    """The number of the version that it was written under."""
    side: Mapped[str] = mapped_column(String(8))
    kind: Mapped[str] = mapped_column(String(8))
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    person_name: Mapped[str] = mapped_column(String(120))
    text: Mapped[str] = mapped_column(Text)
    written_at: Mapped[datetime] = mapped_column(Instant)
