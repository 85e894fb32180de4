"""A request to change who is a contact, or what a contact may do."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.accounts import Account
from billing_core.contacts import states
from billing_core.db import Base, Instant
from billing_core.people import BillingContact, Person


class ContactChange(Base):
    """What is asked for, by whom, and how the vendor verified and answered it. Nothing changes before the approval."""

    __tablename__ = "contact_change"
    __table_args__ = (
        UniqueConstraint("asked_by_id", "form_key", name="ux_contact_change_form"),
        Index("ix_contact_change_account", "account_id", "state"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    kind: Mapped[str] = mapped_column(String(8))
    contact_id: Mapped[int | None] = mapped_column(ForeignKey("billing_contact.id"))
    """Whom it is about; none where somebody is added."""
    name: Mapped[str] = mapped_column(String(120), default="")
    email: Mapped[str] = mapped_column(String(254), default="")
    """Of the new person, or the new address of the contact; empty where it stays."""
    function: Mapped[str] = mapped_column(String(80), default="")
    may_accept: Mapped[bool] = mapped_column(default=False)
    may_pay: Mapped[bool] = mapped_column(default=False)
    may_manage: Mapped[bool] = mapped_column(default=False)
    reason: Mapped[str] = mapped_column(Text)
    form_key: Mapped[str] = mapped_column(String(40))
    state: Mapped[str] = mapped_column(String(10), default=states.ASKED)
    asked_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    asked_at: Mapped[datetime] = mapped_column(Instant)
    answered_by_id: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    answered_at: Mapped[datetime | None] = mapped_column(Instant)
    note: Mapped[str] = mapped_column(Text, default="")
    """How it was verified, or why it was rejected."""

    account: Mapped[Account] = relationship(lazy="raise_on_sql")
    contact: Mapped[BillingContact | None] = relationship(lazy="raise_on_sql")
    asked_by: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=asked_by_id)
    answered_by: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=answered_by_id)

    @property
    def rights(self) -> dict[str, bool]:
        """The switches of a contact as they are asked for."""
        return {"may_accept": self.may_accept, "may_pay": self.may_pay, "may_manage": self.may_manage}


class InvoiceRecipient(Base):
    """A mailbox that gets invoices beside the contact to whom they are addressed."""

    __tablename__ = "invoice_recipient"
    __table_args__ = (UniqueConstraint("account_id", "email", name="ux_invoice_recipient"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    email: Mapped[str] = mapped_column(String(254))
    added_by_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    added_at: Mapped[datetime] = mapped_column(Instant)


class ContactLook(Base):
    """Somebody at the desk saw the pages of a contact as that contact sees them, from the desk session of that time."""

    __tablename__ = "contact_look"
    __table_args__ = (
        Index("ix_contact_look_session", "session_id"),
        Index("ix_contact_look_person", "person_id", "account_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    staff_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    session_id: Mapped[int]
    """Of SignInSession; no foreign key, because old sessions are forgotten and this row is kept."""
    person_id: Mapped[int] = mapped_column(ForeignKey("person.id"))
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    ends_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    staff: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=staff_id)
    person: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=person_id)
    account: Mapped[Account] = relationship(lazy="raise_on_sql")
