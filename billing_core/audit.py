"""The audit trail: append-only, one row per state change, written in the same transaction as the change."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column

from billing_core import clock, db
from billing_core.db import Base, Instant


class AuditEntry(Base):
    """Who did what to which object, and when. `detail` is JSON as bytes: evidence is never re-encoded."""

    __tablename__ = "audit_entry"
    __table_args__ = (Index("ix_audit_subject", "subject", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime] = mapped_column(Instant)
    actor: Mapped[str] = mapped_column(String(64))
    """`realm:person public id`, `worker`, `import` or `processor`."""
    action: Mapped[str] = mapped_column(String(64))
    """Dotted and in the past tense of the domain: quote.accepted."""
    subject: Mapped[str] = mapped_column(String(64))
    """The public id of the object that changed."""
    account_id: Mapped[int | None] = mapped_column(ForeignKey("account.id"))
    detail: Mapped[bytes] = mapped_column(LargeBinary)


def record(actor: str, action: str, subject: str, account_id: int | None = None, **detail: Any) -> None:
    """Write one entry into the open transaction. `detail` holds plain JSON values, never secrets."""
    body = json.dumps(detail, ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    entry = AuditEntry(at=clock.now(), actor=actor, action=action, subject=subject, account_id=account_id, detail=body)
    db.session().add(entry)
