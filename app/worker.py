"""The worker: takes due jobs one by one, does them, and writes down how it went. A process, or a thread beside the web.

It may be killed at any moment: a job counts as done only in the transaction that says so, and until then its lease runs
out and another worker takes it.
"""

import atexit
import logging
import signal
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from types import FrameType

from app.jobs import RECURRING, Handler, Recurring, handlers
from app.ports import Ports
from billing_core import clock, db, jobs, words
from billing_core.jobs import Job

log = logging.getLogger(__name__)

LOOK_EVERY = 1.0
"""Seconds between two looks for jobs that other processes have written; those of this process wake the worker."""
_AFTER_TROUBLE = 5.0
_ENSURE_EVERY = 600.0
_TO_LEAVE = 15.0
_LONGEST_JOB = timedelta(minutes=30)
"""After this a job that still runs loses its lease, so that a handler that hangs holds nothing up for ever."""


class Worker:
    """One loop over the job table. `run` returns after `stop`, when the job in hand is finished."""

    def __init__(self, ports: Ports, *, look_every: float = LOOK_EVERY) -> None:
        self._chores = ports.chores
        self._handlers: dict[str, Handler] = handlers(ports)
        self._recurring: dict[str, Recurring] = {recurring.once_key: recurring for recurring in RECURRING}
        self._look_every = look_every
        self._stopping = False
        self._ensure_at = self._chores_at = 0.0

    def run_until_signalled(self) -> None:
        """Run in the main thread of a process of its own until SIGTERM or SIGINT."""
        signal.signal(signal.SIGTERM, self._on_signal)
        signal.signal(signal.SIGINT, self._on_signal)
        self.run()

    def run(self) -> None:
        """Work until told to stop. Trouble with the database is waited out, never given up on."""
        if threading.current_thread() is not threading.main_thread():
            atexit.register(self._leave, threading.current_thread())
        log.info("worker started", extra={"worker": jobs.worker_name()})
        while not self._stopping:
            jobs.wake.clear()
            try:
                is_busy = self.work_once()
            except Exception:
                log.exception("the worker is in trouble and tries again soon")
                self._rest(_AFTER_TROUBLE)
                continue
            if not is_busy:
                self._rest(self._look_every)
        log.info("worker stopped", extra={"worker": jobs.worker_name()})

    def stop(self) -> None:
        """Take no further job. Safe in a signal handler: it sets a plain attribute and touches no lock."""
        self._stopping = True

    def work_once(self) -> bool:
        """Do the chores if it is time, then at most one job; whether there was one."""
        now = time.monotonic()
        if now >= self._ensure_at:
            db.perform(self._ensure_recurring)
            self._ensure_at = now + _ENSURE_EVERY
        if now >= self._chores_at:
            self._do_chores()
            self._chores_at = now + self._look_every
        claimed = db.perform(jobs.claim)
        for job in claimed:
            self._do(job)
        return bool(claimed)

    def work_off(self, most: int = 1000) -> int:
        """Do all jobs that are due now; how many there were. For the command line and for tests."""
        done = 0
        while done < most and self.work_once():
            done += 1
        return done

    def _do(self, job: Job) -> None:
        started = time.monotonic()
        outcome = "done"
        with _lease_kept(job):
            try:
                self._handler_of(job)(**job.arguments)
            except jobs.NotYet as wait:
                outcome = "postponed"
                db.perform(jobs.postpone, job.id, wait.pause)
            except jobs.Hopeless as reason:
                outcome = db.perform(jobs.fail, job.id, _told(reason), for_good=True)
                log.error("job %s is dead: %s", job.id, reason, extra=_about(job))
            except Exception as error:
                recurring = self._recurring.get(job.once_key or "")
                pause = None if recurring is None else recurring.every
                outcome = "failed, " + db.perform(jobs.fail, job.id, _told(error), pause=pause)
                log.exception("job %s failed", job.id, extra=_about(job))
            else:
                db.perform(self._finish, job)
            finally:
                words.set_locale("en")
        seconds = round(time.monotonic() - started, 3)
        log.info("job %s", outcome, extra={**_about(job), "outcome": outcome, "seconds": seconds})

    def _handler_of(self, job: Job) -> Handler:
        """A kind that is unknown here may be known to the next version: an error, to be tried again."""
        try:
            return self._handlers[job.kind]
        except KeyError:
            raise LookupError(f"no handler for jobs of the kind {job.kind!r}") from None

    def _finish(self, job: Job) -> None:
        jobs.finish(job.id)
        recurring = self._recurring.get(job.once_key or "")
        if recurring is not None:
            from_now = clock.now() + recurring.every
            jobs.enqueue(recurring.kind, run_at=from_now, once_key=recurring.once_key)

    def _ensure_recurring(self) -> None:
        for recurring in self._recurring.values():
            jobs.enqueue(recurring.kind, once_key=recurring.once_key)

    def _do_chores(self) -> None:
        for chore in self._chores:
            try:
                chore()
            except Exception:
                log.exception("a chore failed and will come again")

    def _rest(self, seconds: float) -> None:
        """Until a job is committed in this process, or the time is over; never longer than it may take to stop."""
        end = time.monotonic() + seconds
        while not self._stopping and (left := end - time.monotonic()) > 0:
            if jobs.wake.wait(min(left, 0.5)):
                return

    def _leave(self, thread: threading.Thread) -> None:
        """The process ends: let the worker's thread finish the job in hand, for a while."""
        self.stop()
        thread.join(_TO_LEAVE)

    def _on_signal(self, _signal: int, _frame: FrameType | None) -> None:
        self.stop()


@contextmanager
def _lease_kept(job: Job) -> Iterator[None]:
    """Renew the lease in time while the job runs."""
    holder, over = jobs.worker_name(), threading.Event()
    third = jobs.LEASE.total_seconds() / 3
    last = time.monotonic() + _LONGEST_JOB.total_seconds()

    def renew() -> None:
        while not over.wait(third) and time.monotonic() < last:
            try:
                if not db.perform(jobs.renew, job.id, holder):
                    return
            except Exception:
                log.exception("the lease of job %s could not be renewed", job.id)

    keeper = threading.Thread(target=renew, name=f"lease-{job.id}", daemon=True)
    keeper.start()
    try:
        yield
    finally:
        over.set()
        keeper.join()


def _told(error: Exception) -> str:
    return f"{type(error).__name__}: {error}"


def _about(job: Job) -> dict[str, object]:
    return {"job": job.id, "kind": job.kind, "attempts": job.attempts}
