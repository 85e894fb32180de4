"""What finance reads about reconciliations: the reports, the newest first, and one with its differences."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from billing_core import db
from billing_core.errors import NotFound
from billing_core.jobs import Job
from billing_core.payments.reconciliation.models import RUNNING, Reconciliation
from billing_core.payments.reconciliation.running import NOW
from billing_core.permissions import Viewer, demand_staff

MOST_REPORTS = 60
"""Two months of nights."""


def reports(viewer: Viewer) -> Sequence[Reconciliation]:
    """The finished ones, the newest first, with their differences. Two statements. Raises NotAllowed."""
    demand_staff(viewer, "finance")
    rows = select(Reconciliation).where(Reconciliation.finished_at.is_not(None)).order_by(Reconciliation.id.desc())
    return db.session().scalars(rows.limit(MOST_REPORTS).options(selectinload(Reconciliation.differences))).all()


def report_named(viewer: Viewer, public_id: str) -> Reconciliation:
    """A finished one with its differences. Two statements. Raises NotAllowed and NotFound."""
    demand_staff(viewer, "finance")
    named = select(Reconciliation).where(Reconciliation.public_id == public_id, Reconciliation.finished_at.is_not(None))
    found = db.session().scalar(named.options(selectinload(Reconciliation.differences)))
    if found is None:
        raise NotFound
    return found


def is_under_way() -> bool:
    """Whether one runs now, or waits for the worker. Two statements."""
    running = db.session().scalar(select(Reconciliation.id).where(Reconciliation.running == RUNNING))
    waiting = select(Job.id).where(Job.kind == NOW, Job.state == "ready")
    return running is not None or db.session().scalar(waiting.limit(1)) is not None
