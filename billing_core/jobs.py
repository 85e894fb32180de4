"""The leased job table: work that must happen after a commit, written in the committing transaction.

At least once: a job is done when its handler returns. A handler is therefore safe to run twice. The handlers of each
kind are named in app/jobs.py; here is only the table and its moves.
"""

import json
import logging
import os
import socket
import threading
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, String, Text, and_, delete, or_, select, update
from sqlalchemy.orm import Mapped, mapped_column

from billing_core import clock, db
from billing_core.db import Base, Instant, partial_index

LEASE = timedelta(seconds=60)
"""A worker that was killed loses its jobs to the next one after this time."""
MOST_ATTEMPTS = 12
"""After so many failures, about two days with the pauses below, a job is dead and waits at the desk for a person."""

WORKER_DIED = "the worker died"
"""The error of a job that was begun MOST_ATTEMPTS times and whose last worker never said how it went."""

log = logging.getLogger(__name__)

wake = threading.Event()
"""Set when a job was committed in this process, so that a worker thread need not wait for its next look."""


class Job(Base):
    """One piece of work. state: ready, done or dead."""

    __tablename__ = "job"
    __table_args__ = (
        partial_index("ix_job_ready", "run_at", where="state = 'ready'"),
        partial_index("ix_job_dead", "id", where="state = 'dead'"),
        partial_index("ux_job_once", "once_key", unique=True, where="state = 'ready' AND once_key IS NOT NULL"),
    )

    id: Mapped[int] = mapped_column(primary_key=True)
    kind: Mapped[str] = mapped_column(String(40))
    payload: Mapped[str] = mapped_column(Text)
    once_key: Mapped[str | None] = mapped_column(String(120))
    """At most one ready job with the same key."""
    state: Mapped[str] = mapped_column(String(8), default="ready")
    run_at: Mapped[datetime] = mapped_column(Instant)
    attempts: Mapped[int] = mapped_column(default=0)
    lease_until: Mapped[datetime | None] = mapped_column(Instant)
    lease_by: Mapped[str | None] = mapped_column(String(80))
    last_error: Mapped[str | None] = mapped_column(Text)
    created_at: Mapped[datetime] = mapped_column(Instant)
    ended_at: Mapped[datetime | None] = mapped_column(Instant)

    @property
    def arguments(self) -> dict[str, Any]:
        """The payload as the handler's keyword arguments."""
        loaded: dict[str, Any] = json.loads(self.payload)
        return loaded


class NotYet(Exception):
    """Raised by a handler whose work is not possible yet: the job runs again after the pause, uncounted."""

    def __init__(self, pause: timedelta) -> None:
        super().__init__(f"again in {pause}")
        self.pause = pause


class Hopeless(Exception):
    """Raised by a handler whose work can never succeed: the job is dead at once and waits at the desk."""


def enqueue(kind: str, /, *, run_at: datetime | None = None, once_key: str | None = None, **arguments: Any) -> None:
    """Put a job into the open transaction. With `once_key`, an equal ready job makes this one superfluous."""
    now = clock.now()
    db.add_if_absent(
        Job,
        kind=kind,
        payload=json.dumps(arguments, sort_keys=True),
        once_key=once_key,
        state="ready",
        attempts=0,
        run_at=run_at or now,
        created_at=now,
    )
    db.after_commit(wake.set)


def hurry(once_key: str) -> None:
    """The ready job of this key is due now, whatever pause it was to make; one that is being done stays as it is."""
    waiting = update(Job).where(Job.once_key == once_key, Job.state == "ready", Job.run_at > clock.now())
    db.session().execute(waiting.where(_is_free()).values(run_at=clock.now()))
    db.after_commit(wake.set)


def worker_name() -> str:
    """The name under which this thread holds leases."""
    return f"{socket.gethostname()}:{os.getpid()}:{threading.get_ident()}"[:80]


def claim(limit: int = 1) -> list[Job]:
    """Lease the jobs that have been due longest. Conditional updates, so that no job goes to two workers.

    A job that has been begun MOST_ATTEMPTS times and is free again killed its last worker too: it is dead.
    """
    free = and_(Job.state == "ready", _is_free())
    _bury_the_deadly(free)
    due = select(Job.id).where(free, Job.run_at <= clock.now()).order_by(Job.run_at, Job.id).limit(limit)
    claimed: list[Job] = []
    for job_id in db.session().scalars(due.with_for_update(skip_locked=True)).all():
        take = update(Job).where(Job.id == job_id, free)
        won = db.session().scalar(
            take.values(lease_until=_lease(), lease_by=worker_name(), attempts=Job.attempts + 1).returning(Job.id)
        )
        if won is not None:
            claimed.append(db.session().get_one(Job, job_id))
    return claimed


def _lease() -> datetime:
    """How long a worker is believed to live: in real time, also where the demo's clock goes ahead meanwhile."""
    return clock.real_now() + LEASE


def _is_free() -> ColumnElement[bool]:
    return or_(Job.lease_until.is_(None), Job.lease_until < clock.real_now())


def _bury_the_deadly(free: ColumnElement[bool]) -> None:
    """Only the due job that died with its worker gets here: a failure makes its job dead by itself."""
    deadly = update(Job).where(free, Job.run_at <= clock.now(), Job.attempts >= MOST_ATTEMPTS)
    buried = deadly.values(state="dead", last_error=WORKER_DIED, ended_at=clock.now(), lease_until=None)
    for job_id, kind in db.session().execute(buried.returning(Job.id, Job.kind)).all():
        log.error("job %s is dead: %s", job_id, WORKER_DIED, extra={"job": job_id, "kind": kind})


def renew(job_id: int, holder: str) -> bool:
    """Keep the lease of a job that takes long; False where it is lost."""
    mine = update(Job).where(
        Job.id == job_id, Job.state == "ready", Job.lease_by == holder, Job.lease_until.is_not(None)
    )
    return db.session().scalar(mine.values(lease_until=_lease()).returning(Job.id)) is not None


def finish(job_id: int) -> None:
    """The handler returned."""
    db.session().execute(
        update(Job).where(Job.id == job_id, Job.lease_by == worker_name()).values(
            state="done", ended_at=clock.now(), lease_until=None, last_error=None
        )
    )  # fmt: skip


def fail(job_id: int, error: str, *, for_good: bool = False, pause: timedelta | None = None) -> str:
    """The handler raised: again after a growing pause (10 s, doubling, at most 6 h), or dead after MOST_ATTEMPTS.

    `for_good` makes it dead at once. With `pause` it runs again after just that, uncounted, however often it failed:
    recurring work never dies of its failures. Returns the job's state; the job is left alone where the lease ran out
    and another worker has it.
    """
    job = db.session().get_one(Job, job_id, with_for_update=True)
    if job.lease_by != worker_name() or job.state != "ready":
        return job.state
    job.last_error = error[:4000]
    job.lease_until = None
    if for_good or (pause is None and job.attempts >= MOST_ATTEMPTS):
        job.state, job.ended_at = "dead", clock.now()
    else:
        growing = min(timedelta(seconds=10 * 2 ** min(job.attempts - 1, 12)), timedelta(hours=6))
        job.attempts = job.attempts if pause is None else 0
        job.run_at = clock.now() + (growing if pause is None else pause)
    return job.state


def postpone(job_id: int, pause: timedelta) -> None:
    """The handler said NotYet."""
    db.session().execute(
        update(Job).where(Job.id == job_id, Job.lease_by == worker_name()).values(
            run_at=clock.now() + pause, lease_until=None, attempts=Job.attempts - 1
        )
    )  # fmt: skip


def revive(job_id: int) -> None:
    """A person at the desk gives a dead job another round of attempts; harmless on any other job."""
    db.session().execute(
        update(Job).where(Job.id == job_id, Job.state == "dead").values(
            state="ready", attempts=0, run_at=clock.now(), ended_at=None
        )
    )  # fmt: skip


def dead(limit: int = 100) -> list[Job]:
    """The dead jobs, newest first."""
    return list(db.session().scalars(select(Job).where(Job.state == "dead").order_by(Job.id.desc()).limit(limit)))


def prune(before: datetime, limit: int = 1000) -> int:
    """Forget at most `limit` jobs that were done before the instant, and say how many; the dead wait for a person."""
    old = select(Job.id).where(Job.state == "done", Job.ended_at < before).order_by(Job.id).limit(limit)
    return len(db.session().scalars(delete(Job).where(Job.id.in_(old)).returning(Job.id)).all())
