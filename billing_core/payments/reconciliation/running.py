"""A reconciliation from its beginning to its report: each night by itself, and whenever somebody asks for it.

Its period begins 72 hours before the end of the last one that was finished, so that days of downtime leave nothing out.
Only one runs at a time. One that died is taken over with its row; to look a second time at what it saw does no harm.
"""

import secrets
from collections.abc import Callable
from datetime import datetime, time, timedelta

from sqlalchemy import func, select, update
from sqlalchemy.orm import selectinload

from billing_core import audit, clock, db, jobs
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.listing import Period
from billing_core.payments.models import Payment
from billing_core.payments.processor import processor
from billing_core.payments.reconciliation import mails
from billing_core.payments.reconciliation.comparing import MISSING_HERE
from billing_core.payments.reconciliation.models import RUNNING, Reconciliation, ReconciliationDifference
from billing_core.payments.reconciliation.surveying import Findings, Suspect, survey
from billing_core.permissions import Viewer, demand_staff

NIGHTLY, NOW = "reconciliation.nightly", "reconciliation.run"
"""The job kinds. The second has the argument asked_by."""
OVERLAP = timedelta(hours=72)
"""How much of the period before is looked at again: what the processor does late is then still found."""
LEASE = timedelta(minutes=10)
RENEW_AFTER = timedelta(minutes=1)
NIGHT = time(2)
"""UTC. From then on the night's report is due."""
WORKER = "worker"


def nightly() -> None:
    """Handler of the job `reconciliation.nightly`, each hour: the report of the last night, unless it is there.

    Raises Unclear where the processor cannot be asked; the next hour tries again.
    """
    with db.reading():
        due = _is_due(clock.now())
    if due:
        run(WORKER)


def run_now(asked_by: str) -> None:
    """Handler of the job `reconciliation.run`; where one is under way, its report is the one. Raises Unclear."""
    run(asked_by)


def ask_for_run(viewer: Viewer) -> None:
    """Finance wants a report at once: the worker makes it. Raises NotAllowed."""
    demand_staff(viewer, "finance")
    jobs.enqueue(NOW, once_key=NOW, asked_by=viewer.actor)
    audit.record(viewer.actor, "reconciliation.asked", NOW)


def run(asked_by: str) -> Reconciliation | None:
    """Compare both sides and write the report; None where another process is at it. Raises Unclear."""
    token = secrets.token_hex(16)
    begun = db.perform(_begin, asked_by, token)
    if begun is None:
        return None
    crashpoint("reconciliation.begun")
    with db.reading():
        earlier = _left_over()
    period = Period(begun.since, begun.until)
    findings = survey(processor().listing, period, earlier, _heart(begun.id, token))
    return db.perform(_finish, begun.id, token, findings)


def _is_due(now: datetime) -> bool:
    """Whether no report was begun since the last night; where there has never been a payment, none is needed."""
    night = datetime.combine(now.date(), NIGHT, now.tzinfo)
    night -= timedelta(days=0 if night <= now else 1)
    last = db.session().scalar(select(func.max(Reconciliation.until)).where(Reconciliation.finished_at.is_not(None)))
    first = db.session().scalar(select(func.min(Payment.created_at)))
    since = last or first
    return since is not None and since < night


def _begin(asked_by: str, token: str) -> Reconciliation | None:
    """The row of the run, new or of one that died; None where another holds it."""
    now = clock.now()
    under_way = select(Reconciliation).where(Reconciliation.running == RUNNING).with_for_update()
    row = db.session().scalar(under_way)
    if row is not None:
        if row.lease_until > now:
            return None
        row.lease_by, row.lease_until, row.until = token, now + LEASE, now
        return row
    since = _mark(now) - OVERLAP
    fresh = db.add_if_absent(
        Reconciliation, public_id=db.public_id("rec"), since=since, until=now, asked_by=asked_by, started_at=now,
        running=RUNNING, lease_by=token, lease_until=now + LEASE, there_payments=0, there_refunds=0, there_disputes=0,
        here_payments=0, here_refunds=0, here_disputes=0, strangers=0, events_taken_in=0, mended=0,
    )  # fmt: skip
    return db.session().scalar(under_way) if fresh else None


def _mark(now: datetime) -> datetime:
    """Up to where everything was compared; before the first report it is the first payment."""
    last = select(func.max(Reconciliation.until)).where(Reconciliation.finished_at.is_not(None))
    first = select(func.min(Payment.created_at))
    return db.session().scalar(last) or db.session().scalar(first) or now


def _left_over() -> list[Suspect]:
    """What the last report could not mend: looked at again, however long ago it was."""
    last = select(Reconciliation.id).where(Reconciliation.finished_at.is_not(None)).order_by(Reconciliation.id.desc())
    of_last = ReconciliationDifference.reconciliation_id == last.limit(1).scalar_subquery()
    found = db.session().scalars(select(ReconciliationDifference).where(of_last))
    suspects = {
        Suspect(one.about, one.theirs, "" if one.what == MISSING_HERE else one.ours, one.payment) for one in found
    }
    return sorted(suspects, key=lambda one: (one.about, one.theirs, one.ours))


def _heart(run_id: int, token: str) -> Callable[[], None]:
    """Renews the lease now and then; a run that has lost it goes on for nothing and does no harm."""
    renewed = clock.now()

    def beat() -> None:
        nonlocal renewed
        if clock.now() >= renewed + RENEW_AFTER:
            db.perform(_renew, run_id, token)
            renewed = clock.now()

    return beat


def _renew(run_id: int, token: str) -> None:
    mine = update(Reconciliation).where(Reconciliation.id == run_id, Reconciliation.lease_by == token)
    db.session().execute(mine.values(lease_until=clock.now() + LEASE))


def _finish(run_id: int, token: str, found: Findings) -> Reconciliation | None:
    """Write the report with audit and, where something differs, the mail; None where another has taken the run over."""
    named = select(Reconciliation).where(Reconciliation.id == run_id).with_for_update()
    row = db.session().scalars(named.execution_options(populate_existing=True)).one()
    if row.running is None or row.lease_by != token:
        return None
    row.running, row.finished_at = None, clock.now()
    for kind in ("payment", "refund", "dispute"):
        setattr(row, f"there_{kind}s", found.there[kind])
        setattr(row, f"here_{kind}s", found.here[kind])
    row.strangers, row.events_taken_in, row.mended = found.strangers, found.events_taken_in, found.mended
    for one in found.differences:
        db.session().add(
            ReconciliationDifference(
                reconciliation_id=row.id, about=one.about, what=one.what, payment=one.payment, ours=one.ours,
                theirs=one.theirs, detail=one.detail,
            )
        )  # fmt: skip
    db.session().flush()
    whole = select(Reconciliation).where(Reconciliation.id == run_id).options(selectinload(Reconciliation.differences))
    row = db.session().scalars(whole.execution_options(populate_existing=True)).one()
    audit.record(
        row.asked_by, "reconciliation.finished", row.public_id, differences=len(row.differences), mended=row.mended,
        events=row.events_taken_in,
    )  # fmt: skip
    if row.differences:
        mails.tell_differences(row)
    return row
