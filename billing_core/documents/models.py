"""Stored documents. The bytes are kept in the database, under their SHA-256, so that a backup holds them together."""

from datetime import datetime

from sqlalchemy import ForeignKey, LargeBinary, String, UniqueConstraint
from sqlalchemy.orm import Mapped, mapped_column

from billing_core.db import Base, Instant


class DocumentBytes(Base):
    """Content by its hash: never changed, never deleted while a document points to it."""

    __tablename__ = "document_bytes"

    sha256: Mapped[str] = mapped_column(String(64), primary_key=True)
    content: Mapped[bytes] = mapped_column(LargeBinary)


class Document(Base):
    """That an object (by its public id) has a document of a kind. `sha256` is None until the worker has rendered it.

    kind: invoice, credit-note, receipt, statement, quote; of an accepted quote also certificate, evidence,
    first-evidence and quote-text. A document once rendered is never rendered again.
    """

    __tablename__ = "document"
    __table_args__ = (UniqueConstraint("subject", "kind", name="ux_document_subject"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    subject: Mapped[str] = mapped_column(String(40))
    kind: Mapped[str] = mapped_column(String(20))
    locale: Mapped[str] = mapped_column(String(2))
    filename: Mapped[str] = mapped_column(String(120))
    media_type: Mapped[str] = mapped_column(String(60), default="application/pdf")
    sha256: Mapped[str | None] = mapped_column(ForeignKey("document_bytes.sha256"))
    requested_at: Mapped[datetime] = mapped_column(Instant)
    rendered_at: Mapped[datetime | None] = mapped_column(Instant)
