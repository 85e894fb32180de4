"""What becomes of a job: done, tried again, given up, postponed; and what comes again by itself."""

import re
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from importlib import import_module
from pathlib import Path

import pytest
import time_machine
from sqlalchemy import select

import app.worker
from app.jobs import KEPT_FOR, RECURRING, Recurring, handlers, prune_jobs
from app.ports import Ports
from app.worker import Worker
from billing_core import clock, db, jobs
from billing_core.jobs import MOST_ATTEMPTS, Job
from tests.conftest import Database

ROOT = Path(__file__).parents[2]
NO_PORTS = Ports(gateway=None, transport=None, printer=None, vat_register=None)  # type: ignore[arg-type]


def worker_for(
    monkeypatch: pytest.MonkeyPatch, handler: Callable[..., object], recurring: tuple[Recurring, ...] = ()
) -> Worker:
    """A worker that knows the kind `probe`."""
    monkeypatch.setattr(app.worker, "handlers", lambda ports: {"probe": handler})
    monkeypatch.setattr(app.worker, "RECURRING", recurring)
    return Worker(NO_PORTS, look_every=0.05)


def jobs_now(kind: str = "probe") -> list[Job]:
    with db.reading() as session:
        return list(session.scalars(select(Job).where(Job.kind == kind).order_by(Job.id)))


def test_a_handler_gets_its_arguments_outside_any_transaction(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    seen: list[object] = []

    def handler(name: str, amount: int) -> None:
        assert not db.in_transaction()
        seen.append((name, amount))

    db.perform(jobs.enqueue, "probe", name="Ä", amount=3)
    assert worker_for(monkeypatch, handler).work_off() == 1
    assert seen == [("Ä", 3)]
    (job,) = jobs_now()
    assert (job.state, job.attempts, job.last_error) == ("done", 1, None)
    assert job.ended_at is not None


def test_a_failure_is_tried_again_with_growing_pauses_and_ends_as_a_dead_letter(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    def handler() -> None:
        raise ValueError("the printer is on fire")

    db.perform(jobs.enqueue, "probe")
    worker = worker_for(monkeypatch, handler)
    pauses = []
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for _ in range(MOST_ATTEMPTS - 1):
            assert worker.work_off() == 1
            (job,) = jobs_now()
            assert job.state == "ready"
            pauses.append((job.run_at - clock.now()).total_seconds())
            assert worker.work_off() == 0
            traveller.shift(timedelta(seconds=pauses[-1] + 1))
        assert worker.work_off() == 1
    assert pauses[:4] == [10, 20, 40, 80]
    assert pauses == sorted(pauses)
    (job,) = jobs_now()
    assert (job.state, job.attempts) == ("dead", MOST_ATTEMPTS)
    assert job.last_error == "ValueError: the printer is on fire"


def test_what_can_never_succeed_is_dead_at_once_and_can_be_revived(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes = [jobs.Hopeless("nobody of that name"), None]

    def handler() -> None:
        outcome = outcomes.pop(0)
        if outcome is not None:
            raise outcome

    db.perform(jobs.enqueue, "probe")
    worker = worker_for(monkeypatch, handler)
    worker.work_off()
    with db.reading():
        (dead,) = jobs.dead()
    assert dead.attempts == 1
    db.perform(jobs.revive, dead.id)
    worker.work_off()
    assert jobs_now()[0].state == "done"


def test_what_is_not_possible_yet_waits_uncounted(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def handler() -> None:
        raise jobs.NotYet(timedelta(minutes=5))

    db.perform(jobs.enqueue, "probe")
    worker = worker_for(monkeypatch, handler)
    with time_machine.travel(clock.now(), tick=False):
        worker.work_off()
        (job,) = jobs_now()
        assert (job.state, job.attempts, job.run_at - clock.now()) == ("ready", 0, timedelta(minutes=5))


def test_an_unknown_kind_waits_for_a_version_that_knows_it(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    db.perform(jobs.enqueue, "unheard-of")
    worker_for(monkeypatch, lambda: None).work_off()
    (job,) = jobs_now("unheard-of")
    assert job.state == "ready"
    assert "unheard-of" in (job.last_error or "")


def test_one_bad_job_does_not_hold_up_the_others(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    def handler(good: bool) -> None:
        if not good:
            raise RuntimeError

    for good in (False, True, False, True):
        db.perform(jobs.enqueue, "probe", good=good)
    assert worker_for(monkeypatch, handler).work_off() == 4
    assert [job.state for job in jobs_now()] == ["ready", "done", "ready", "done"]


def test_a_handlers_language_does_not_leak(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from billing_core import words

    db.perform(jobs.enqueue, "probe")
    worker_for(monkeypatch, lambda: words.set_locale("de")).work_off()
    assert words.locale() == "en"


def test_recurring_work_comes_again_from_one_row_and_never_dies(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs: list[int] = []

    def handler() -> None:
        runs.append(1)
        if len(runs) % 2:
            raise RuntimeError("the processor does not answer")

    every = Recurring("probe", timedelta(minutes=1))
    workers = [worker_for(monkeypatch, handler, (every,)) for _ in range(2)]
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for minute in range(2 * MOST_ATTEMPTS + 2):
            for worker in workers:
                worker.work_off()
            assert len(runs) == minute + 1
            waiting = [job for job in jobs_now() if job.state == "ready"]
            assert len(waiting) == 1
            assert waiting[0].run_at == clock.now() + timedelta(minutes=1)
            traveller.shift(timedelta(minutes=1))
    assert not [job for job in jobs_now() if job.state == "dead"]


def test_chores_are_done_and_a_failing_one_harms_nothing(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    done: list[str] = []

    def bad() -> None:
        done.append("bad")
        raise RuntimeError

    monkeypatch.setattr(app.worker, "handlers", lambda ports: {})
    monkeypatch.setattr(app.worker, "RECURRING", ())
    ports = Ports(
        gateway=None, transport=None, printer=None, vat_register=None, chores=(bad, lambda: done.append("good"))
    )  # type: ignore[arg-type]
    Worker(ports).work_once()
    assert done == ["bad", "good"]


def test_a_worker_thread_is_woken_by_a_commit_and_stops_when_told(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = threading.Event()
    monkeypatch.setattr(app.worker, "handlers", lambda ports: {"probe": done.set})
    monkeypatch.setattr(app.worker, "RECURRING", ())
    worker = Worker(NO_PORTS, look_every=30)
    thread = threading.Thread(target=worker.run)
    thread.start()
    time.sleep(0.3)
    db.perform(jobs.enqueue, "probe")
    assert done.wait(10), "the commit did not wake the worker"
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_trouble_with_the_database_is_waited_out(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    done = threading.Event()
    worker = worker_for(monkeypatch, done.set)
    monkeypatch.setattr(app.worker, "_AFTER_TROUBLE", 0.05)
    real, calls = jobs.claim, []

    def broken(limit: int = 1) -> list[Job]:
        calls.append(1)
        if len(calls) < 3:
            raise OSError("the database is away")
        return real(limit)

    monkeypatch.setattr(jobs, "claim", broken)
    db.perform(jobs.enqueue, "probe")
    thread = threading.Thread(target=worker.run)
    thread.start()
    assert done.wait(10)
    worker.stop()
    thread.join(10)
    assert not thread.is_alive()


def test_old_jobs_are_forgotten_but_never_dead_or_waiting_ones(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    outcomes: dict[str, Exception | None] = {"done": None, "dead": jobs.Hopeless(), "ready": ValueError()}

    def handler(outcome: str) -> None:
        error = outcomes[outcome]
        if error is not None:
            raise error

    worker = worker_for(monkeypatch, handler)
    with time_machine.travel(clock.now() - KEPT_FOR - timedelta(days=1), tick=True):
        for outcome in outcomes:
            db.perform(jobs.enqueue, "probe", outcome=outcome)
        worker.work_off()
    db.perform(jobs.enqueue, "probe", outcome="done")
    prune_jobs()
    assert [job.state for job in jobs_now()] == ["dead", "ready", "ready"]


KIND = re.compile(r"jobs\.enqueue\(\s*(\"[a-z.]+\"|[A-Z_]+)")


def test_every_kind_that_is_enqueued_has_its_handler() -> None:
    known = handlers(NO_PORTS)
    found: dict[str, str] = {}
    for folder in ("billing_core", "corporate_portal", "online_bridge"):
        for path in (ROOT / folder).rglob("*.py"):
            for name in KIND.findall(path.read_text()):
                module = ".".join(path.relative_to(ROOT).with_suffix("").parts)
                found[name.strip('"') if name.startswith('"') else getattr(import_module(module), name)] = module
    assert found
    assert set(found) <= set(known), {kind: module for kind, module in found.items() if kind not in known}
    assert {recurring.kind for recurring in RECURRING} <= set(known)
