"""The outbox."""

from datetime import datetime

from sqlalchemy import ForeignKey, Index, String, Text
from sqlalchemy.orm import Mapped, mapped_column

from billing_core.db import Base, Instant


class OutboxMail(Base):
    """One mail to one person. `attached` names documents as `kind:subject`, space-separated; it waits for them."""

    __tablename__ = "outbox_mail"
    __table_args__ = (Index("ix_mail_recipient", "recipient", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    message_id: Mapped[str] = mapped_column(String(120), unique=True)
    kind: Mapped[str] = mapped_column(String(40))
    """The template's name: quote-accepted, invoice-issued."""
    recipient: Mapped[str] = mapped_column(String(254))
    recipient_name: Mapped[str] = mapped_column(String(120))
    reply_to: Mapped[str] = mapped_column(String(254), default="")
    locale: Mapped[str] = mapped_column(String(2))
    subject: Mapped[str] = mapped_column(String(200))
    text_body: Mapped[str] = mapped_column(Text)
    html_body: Mapped[str] = mapped_column(Text)
    attached: Mapped[str] = mapped_column(String(200), default="")
    is_secret: Mapped[bool] = mapped_column(default=False)
    """Holds a link that opens something: its words are forgotten once it was delivered."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    created_at: Mapped[datetime] = mapped_column(Instant)
    sent_at: Mapped[datetime | None] = mapped_column(Instant)
