"""Payment, its targets, and the processor's events.

A payment in an open state holds its amount: the same money of an invoice cannot be paid a second time until the
processor has said what became of it (domain.md 5).
"""

from datetime import datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.db import Base, Instant, partial_index
from billing_core.ledger.models import Invoice
from billing_core.orders.online.models import OnlineOrder
from billing_core.payments import states
from billing_core.payments.cards.models import SavedCard, card_name
from billing_core.people import Person


class Payment(Base):
    """One attempt to pay by card; amounts in smallest units.

    The public id is what the processor knows the attempt by: reference, metadata and idempotency key.
    """

    __tablename__ = "payment"
    __table_args__ = (
        CheckConstraint("amount > 0", name="ck_payment_amount"),
        UniqueConstraint("processor_session", name="ux_payment_session"),
        UniqueConstraint("processor_intent", name="ux_payment_intent"),
        UniqueConstraint("requested_by", "form_key", name="ux_payment_form"),
        Index("ix_payment_account", "account_id", "id"),
        partial_index("ix_payment_check", "check_at", where="check_at IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    requested_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    form_key: Mapped[str] = mapped_column(String(40))
    """The account's id and the random key of the form: the same form sent twice is the same payment."""
    state: Mapped[str] = mapped_column(String(16))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    locale: Mapped[str] = mapped_column(String(2))
    livemode: Mapped[bool]
    card_id: Mapped[int | None] = mapped_column(ForeignKey("saved_card.id"))
    """The card on file that is charged; None: the payer enters one on the processor's page."""
    keeps_card: Mapped[bool] = mapped_column(default=False)
    """The payer wants the card that is entered to be kept for later payments."""
    processor_session: Mapped[str | None] = mapped_column(String(120))
    processor_intent: Mapped[str | None] = mapped_column(String(120))
    """Of a card on file before it is charged; otherwise once the money has come."""
    hosted_url: Mapped[str | None] = mapped_column(Text)
    """Where the payer enters the card, or confirms with the bank; None where there is nothing to go to."""
    session_expires_at: Mapped[datetime | None] = mapped_column(Instant)
    return_path: Mapped[str] = mapped_column(String(120), default="")
    """Where the payer's page of it is, if not in the portal: the processor leads back there."""
    card_brand: Mapped[str] = mapped_column(String(20), default="")
    card_last4: Mapped[str] = mapped_column(String(4), default="")
    failure: Mapped[str] = mapped_column(String(60), default="")
    """The processor's code of the last decline."""
    review_note: Mapped[str] = mapped_column(Text, default="")
    created_at: Mapped[datetime] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    check_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the reconciler asks the processor next; None once nothing can change any more."""
    checks: Mapped[int] = mapped_column(default=0)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    payer: Mapped[Person] = relationship(lazy="raise_on_sql")
    saved_card: Mapped[SavedCard | None] = relationship(lazy="raise_on_sql")
    targets: Mapped[list["PaymentTarget"]] = relationship(lazy="raise_on_sql", order_by="PaymentTarget.id")
    refunds: Mapped[list["Refund"]] = relationship(lazy="raise_on_sql", order_by="Refund.id", back_populates="payment")
    disputes: Mapped[list["Dispute"]] = relationship(
        lazy="raise_on_sql", order_by="Dispute.id", back_populates="payment"
    )

    @property
    def card(self) -> str:
        """The card as its owner knows it: Visa •••• 4242; empty until it is known."""
        return card_name(self.card_brand, self.card_last4)

    @property
    def own_path(self) -> str:
        """The page on which its payer sees what became of it."""
        return self.return_path or f"/payments/{self.public_id}"

    @property
    def is_under_way(self) -> bool:
        """The processor has not yet said what became of it."""
        return self.state in states.UNDER_WAY

    @property
    def is_on_file(self) -> bool:
        """A card that the account keeps is charged, and none is entered."""
        return self.card_id is not None

    @property
    def lacks_place(self) -> bool:
        """The processor does not have it yet, as far as we know."""
        known = self.processor_intent if self.is_on_file else self.processor_session
        return self.is_under_way and known is None

    @property
    def is_over(self) -> bool:
        """Settled, or in the hands of finance: asking the processor for the session again changes nothing."""
        return self.state in states.OVER

    @property
    def can_go_on(self) -> bool:
        """The payer can (still) enter a card for it, or confirm it with the bank."""
        return self.state == states.OPEN and self.hosted_url is not None


class PaymentTarget(Base):
    """How much of a payment is meant for which invoice. `holds` is true while the attempt is open.

    An online order has no invoice before its settlement, which puts it beside the order; there is none where the money
    came for an order that could no longer be carried out.
    """

    __tablename__ = "payment_target"
    __table_args__ = (
        UniqueConstraint("payment_id", "invoice_id", name="ux_payment_target"),
        CheckConstraint("amount > 0", name="ck_payment_target_amount"),
        CheckConstraint("invoice_id IS NOT NULL OR order_id IS NOT NULL", name="ck_payment_target_purpose"),
        partial_index("ux_payment_target_order", "order_id", unique=True, where="order_id IS NOT NULL"),
        partial_index("ix_payment_target_holds", "invoice_id", where="holds"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    order_id: Mapped[int | None] = mapped_column(ForeignKey("online_order.id"))
    amount: Mapped[int]
    holds: Mapped[bool] = mapped_column(default=True)

    invoice: Mapped[Invoice | None] = relationship(lazy="raise_on_sql")
    order: Mapped[OnlineOrder | None] = relationship(lazy="raise_on_sql")


class Refund(Base):
    """Money of a payment that goes back to its card, in whole or in part. Amounts in smallest units.

    Its rows in the ledger are written when it begins, not when the processor is done: an account's money is never
    counted twice meanwhile. A refund that fails brings them back by new rows.
    """

    __tablename__ = "refund"
    __table_args__ = (
        CheckConstraint("amount > 0", name="ck_refund_amount"),
        UniqueConstraint("requested_by", "form_key", name="ux_refund_form"),
        UniqueConstraint("processor_refund", name="ux_refund_processor"),
        Index("ix_refund_payment", "payment_id", "id"),
        partial_index("ix_refund_check", "check_at", where="check_at IS NOT NULL"),
        partial_index("ix_refund_waiting", "id", where="state = 'awaiting_approval'"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    state: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int]
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(300), default="")
    requested_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """None: made at the processor, not here."""
    form_key: Mapped[str | None] = mapped_column(String(40))
    decided_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    """Who approved or declined it, where it needed a second person."""
    processor_refund: Mapped[str | None] = mapped_column(String(120))
    failure: Mapped[str] = mapped_column(String(60), default="")
    """The processor's word for why it failed."""
    created_at: Mapped[datetime] = mapped_column(Instant)
    begun_at: Mapped[datetime | None] = mapped_column(Instant)
    settled_at: Mapped[datetime | None] = mapped_column(Instant)
    check_at: Mapped[datetime | None] = mapped_column(Instant)
    """When the processor is asked next."""
    checks: Mapped[int] = mapped_column(default=0)

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    payment: Mapped[Payment] = relationship(lazy="raise_on_sql", back_populates="refunds")
    requester: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[requested_by])
    decider: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[decided_by])
    parts: Mapped[list["RefundPart"]] = relationship(lazy="raise_on_sql", order_by="RefundPart.id")


class RefundPart(Base):
    """How much of a refund reopens which invoice; without an invoice it comes from the account's credit."""

    __tablename__ = "refund_part"
    __table_args__ = (
        UniqueConstraint("refund_id", "invoice_id", name="ux_refund_part"),
        CheckConstraint("amount > 0", name="ck_refund_part_amount"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    refund_id: Mapped[int] = mapped_column(ForeignKey("refund.id"))
    invoice_id: Mapped[int | None] = mapped_column(ForeignKey("invoice.id"))
    amount: Mapped[int]

    invoice: Mapped[Invoice | None] = relationship(lazy="raise_on_sql")


class Dispute(Base):
    """The cardholder's bank asks (inquiry) or takes the money back (disputed) until it is decided. Of one payment."""

    __tablename__ = "dispute"
    __table_args__ = (Index("ix_dispute_payment", "payment_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    payment_id: Mapped[int] = mapped_column(ForeignKey("payment.id"))
    processor_dispute: Mapped[str] = mapped_column(String(120), unique=True)
    state: Mapped[str] = mapped_column(String(20))
    amount: Mapped[int]
    """What the ledger gave back of the disputed sum: at most what was left of the payment; 0 for an inquiry."""
    takes: Mapped[int] = mapped_column(default=0)
    """In how many steps: a refund that fails afterwards leaves more to give back."""
    currency: Mapped[str] = mapped_column(String(3))
    reason: Mapped[str] = mapped_column(String(60), default="")
    """The processor's word."""
    answer_by: Mapped[datetime | None] = mapped_column(Instant)
    """Until when the vendor can send evidence to the processor."""
    opened_at: Mapped[datetime] = mapped_column(Instant)
    closed_at: Mapped[datetime | None] = mapped_column(Instant)

    payment: Mapped[Payment] = relationship(lazy="raise_on_sql", back_populates="disputes")

    @property
    def references(self) -> list[str]:
        """Under which the ledger's rows of each step stand."""
        return [self.public_id if step == 1 else f"{self.public_id}.{step}" for step in range(1, self.takes + 1)]

    @property
    def is_undecided(self) -> bool:
        """The invoices of its payment count as disputed."""
        return self.state in states.UNDECIDED


class ProcessorEvent(Base):
    """A signed webhook as it came in, once per processor event id. It only triggers a look at the processor."""

    __tablename__ = "processor_event"

    event_id: Mapped[str] = mapped_column(String(120), primary_key=True)
    kind: Mapped[str] = mapped_column(String(80))
    body: Mapped[bytes] = mapped_column(LargeBinary)
    received_at: Mapped[datetime] = mapped_column(Instant)
    processed_at: Mapped[datetime | None] = mapped_column(Instant)
