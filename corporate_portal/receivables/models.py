"""Reminders of what is past due: rows of steps, the reminders sent, what each named and to whom, and pauses."""

from datetime import date, datetime

from sqlalchemy import CheckConstraint, ForeignKey, Index, String, Text, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.db import Base, Instant, partial_index
from billing_core.ledger.models import Invoice
from billing_core.people import Person
from billing_core.sellers.models import Seller


class Dunning(Base):
    """One row of steps of an account, for one seller and currency. It ends when all that it asked for is settled.

    At most one is open at a time, by a partial unique index; the next one begins with the first step that is due.
    """

    __tablename__ = "dunning"
    __table_args__ = (
        partial_index("ux_dunning_open", "account_id", "seller_id", "currency", unique=True, where="ended_at IS NULL"),
        Index("ix_dunning_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    seller_id: Mapped[int] = mapped_column(ForeignKey("seller.id"))
    currency: Mapped[str] = mapped_column(String(3))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    seller: Mapped[Seller] = relationship(lazy="raise_on_sql")
    reminders: Mapped[list["Reminder"]] = relationship(lazy="raise_on_sql", order_by="Reminder.step")


class Reminder(Base):
    """One step that was sent, with the sum that it asked for in smallest units. Append-only; a step is sent once."""

    __tablename__ = "reminder"
    __table_args__ = (
        UniqueConstraint("dunning_id", "step", name="ux_reminder_step"),
        CheckConstraint("total > 0 AND step > 0", name="ck_reminder_total"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    dunning_id: Mapped[int] = mapped_column(ForeignKey("dunning.id"))
    step: Mapped[int]
    """1 is the first."""
    tone: Mapped[str] = mapped_column(String(8))
    """friendly, firm or last: how it was worded."""
    oldest_due_on: Mapped[date]
    total: Mapped[int]
    sent_at: Mapped[datetime] = mapped_column(Instant)

    dunning: Mapped[Dunning] = relationship(lazy="raise_on_sql", back_populates="reminders")
    items: Mapped[list["ReminderItem"]] = relationship(lazy="raise_on_sql", order_by="ReminderItem.id")
    mails: Mapped[list["ReminderMail"]] = relationship(lazy="raise_on_sql", order_by="ReminderMail.id")


class ReminderItem(Base):
    """An invoice that a reminder named, with its balance then."""

    __tablename__ = "reminder_item"
    __table_args__ = (
        UniqueConstraint("reminder_id", "invoice_id", name="ux_reminder_item"),
        CheckConstraint("balance > 0", name="ck_reminder_item_balance"),
        Index("ix_reminder_item_invoice", "invoice_id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    reminder_id: Mapped[int] = mapped_column(ForeignKey("reminder.id"))
    invoice_id: Mapped[int] = mapped_column(ForeignKey("invoice.id"))
    balance: Mapped[int]

    invoice: Mapped[Invoice] = relationship(lazy="raise_on_sql")
    reminder: Mapped[Reminder] = relationship(lazy="raise_on_sql", back_populates="items")


class ReminderMail(Base):
    """To whom a reminder went. `mail` is the public id in the outbox; name and address are those of that day."""

    __tablename__ = "reminder_mail"
    __table_args__ = (Index("ix_reminder_mail_reminder", "reminder_id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reminder_id: Mapped[int] = mapped_column(ForeignKey("reminder.id"))
    mail: Mapped[str] = mapped_column(String(32))
    name: Mapped[str] = mapped_column(String(120))
    email: Mapped[str] = mapped_column(String(254))


class DunningPause(Base):
    """Finance holds the reminders of an account back until the end of a day, or until somebody resumes them."""

    __tablename__ = "dunning_pause"
    __table_args__ = (
        partial_index("ux_dunning_pause_open", "account_id", unique=True, where="ended_at IS NULL"),
        Index("ix_dunning_pause_account", "account_id", "id"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    account_id: Mapped[int] = mapped_column(ForeignKey("account.id"))
    until: Mapped[date]
    """The last day without reminders, on the calendar of the account's seller."""
    note: Mapped[str] = mapped_column(Text)
    begun_by: Mapped[int] = mapped_column(ForeignKey("person.id"))
    begun_at: Mapped[datetime] = mapped_column(Instant)
    ended_by: Mapped[int | None] = mapped_column(ForeignKey("person.id"))
    ended_at: Mapped[datetime | None] = mapped_column(Instant)
    """When it was resumed or replaced; one that simply ran out has none."""

    clerk: Mapped[Person] = relationship(lazy="raise_on_sql", foreign_keys=[begun_by])
    resumer: Mapped[Person | None] = relationship(lazy="raise_on_sql", foreign_keys=[ended_by])

    def is_in_force(self, today: date) -> bool:
        """Whether no reminder may go out on this day."""
        return self.ended_at is None and today <= self.until
