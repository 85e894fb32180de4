"""A reconciliation: its period, what was counted on both sides, and each difference that remained."""

import json
from datetime import datetime
from typing import Any

from sqlalchemy import ForeignKey, Index, LargeBinary, String
from sqlalchemy.orm import Mapped, mapped_column, relationship

from billing_core.db import Base, Instant

RUNNING = "yes"


class Reconciliation(Base):
    """One report. Unfinished ones are under way: never more than one, by constraint on `running`.

    Its holder renews the lease; after that another process takes the same row over, so a death leaves no trace.
    """

    __tablename__ = "reconciliation"
    __table_args__ = (Index("ix_reconciliation_finished", "finished_at", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    public_id: Mapped[str] = mapped_column(String(32), unique=True)
    since: Mapped[datetime] = mapped_column(Instant)
    """The period by the processor's time of creation, half-open."""
    until: Mapped[datetime] = mapped_column(Instant)
    asked_by: Mapped[str] = mapped_column(String(64))
    """The actor: worker, command, or somebody at the desk."""
    started_at: Mapped[datetime] = mapped_column(Instant)
    finished_at: Mapped[datetime | None] = mapped_column(Instant)
    running: Mapped[str | None] = mapped_column(String(4), unique=True)
    lease_by: Mapped[str] = mapped_column(String(32))
    lease_until: Mapped[datetime] = mapped_column(Instant)

    there_payments: Mapped[int] = mapped_column(default=0)
    """Counted at the processor: those of ours."""
    there_refunds: Mapped[int] = mapped_column(default=0)
    there_disputes: Mapped[int] = mapped_column(default=0)
    here_payments: Mapped[int] = mapped_column(default=0)
    """Counted here: those that belong to the period, with their counterpart or without."""
    here_refunds: Mapped[int] = mapped_column(default=0)
    here_disputes: Mapped[int] = mapped_column(default=0)
    strangers: Mapped[int] = mapped_column(default=0)
    """What others have on the same account of the processor."""
    events_taken_in: Mapped[int] = mapped_column(default=0)
    """Messages that had never been delivered."""
    mended: Mapped[int] = mapped_column(default=0)
    """Differences that a look has removed."""

    differences: Mapped[list["ReconciliationDifference"]] = relationship(
        lazy="raise_on_sql", order_by="ReconciliationDifference.id"
    )

    @property
    def missing_here(self) -> int:
        """How many the processor has and we have not."""
        return sum(one.what == "missing_here" for one in self.differences)

    @property
    def missing_there(self) -> int:
        """How many we have and the processor has not."""
        return sum(one.what == "missing_there" for one in self.differences)

    @property
    def otherwise(self) -> int:
        """How many both have, but not alike."""
        return len(self.differences) - self.missing_here - self.missing_there


class ReconciliationDifference(Base):
    """Something that the two sides do not say alike. Never changed: the next report looks at it again."""

    __tablename__ = "reconciliation_difference"
    __table_args__ = (Index("ix_reconciliation_difference", "reconciliation_id", "id"),)

    id: Mapped[int] = mapped_column(primary_key=True)
    reconciliation_id: Mapped[int] = mapped_column(ForeignKey("reconciliation.id"))
    about: Mapped[str] = mapped_column(String(10))
    """payment, refund or dispute."""
    what: Mapped[str] = mapped_column(String(16))
    """missing_here, missing_there, amount, state, mode or second."""
    payment: Mapped[str] = mapped_column(String(32), default="")
    """Public id of the payment; empty where there is none here."""
    ours: Mapped[str] = mapped_column(String(120), default="")
    theirs: Mapped[str] = mapped_column(String(120), default="")
    """The public id here and the processor's id."""
    detail: Mapped[bytes] = mapped_column(LargeBinary)
    """JSON: state, amount and currency as far as known, `here` and `there`."""

    @property
    def said(self) -> dict[str, dict[str, Any]]:
        """The detail, decoded."""
        found: dict[str, dict[str, Any]] = json.loads(self.detail)
        return found
