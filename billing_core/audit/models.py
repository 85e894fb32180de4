"""The rows of the audit trail and the row at which it ends. Triggers of both databases let no entry change or go."""

from datetime import datetime

from sqlalchemy import CheckConstraint, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from billing_core.db import Base, Instant


class AuditEntry(Base):
    """Who did what to which object, and when. `detail` is JSON as bytes: evidence is never re-encoded.

    The ids are 1 to n without a gap, in the order of the commits.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_subject", "subject", "id"),
        Index("ix_audit_account", "account_id", "id"),
        Index("ix_audit_actor", "actor", "id"),
        Index("ix_audit_at", "at"),
    )

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(64))
    """`realm:person public id`, `worker`, `import` or `processor`."""
    action: Mapped[str] = mapped_column(String(64))
    """Dotted and in the past tense of the domain: quote.accepted."""
    subject: Mapped[str] = mapped_column(String(64))
    """The public id of the object that changed."""
    account_id: Mapped[int | None]
    """No foreign key: its check would wait for the account's lock under that of the chain's head."""
    detail: Mapped[bytes] = mapped_column(LargeBinary)
    previous_seal: Mapped[bytes] = mapped_column(LargeBinary)
    seal: Mapped[bytes] = mapped_column(LargeBinary)
    """SHA-256 of what stands in the other columns (chain.seal_of)."""


class AuditHead(Base):
    """Where the chain ends: one row, locked by whoever appends, absent before the first entry."""

    __tablename__ = "audit_head"
    __table_args__ = (CheckConstraint("id = 1", name="ck_audit_head"),)

    id: Mapped[int] = mapped_column(primary_key=True, autoincrement=False)
    entries: Mapped[int]
    seal: Mapped[bytes] = mapped_column(LargeBinary)
    """That of the last entry."""
