"""Real worker processes on both databases: killed in the middle, told to stop, working side by side."""

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from sqlalchemy import select

from billing_core import db, jobs
from billing_core.jobs import Job
from tests.conftest import Database

ROOT = Path(__file__).parents[2]
Start = Callable[[float], "subprocess.Popen[bytes]"]


@pytest.fixture
def start(database: Database, tmp_path: Path) -> Iterator[Start]:
    """Start a worker process whose leases last so many seconds."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(lease: float) -> "subprocess.Popen[bytes]":
        command = [sys.executable, "-m", "tests.app.working", database.url, str(tmp_path), str(lease)]
        process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.PIPE)
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def diary(folder: Path) -> list[tuple[str, int]]:
    path = folder / "diary"
    lines = path.read_text().splitlines() if path.exists() else []
    return [(words, int(pid)) for words, pid in (line.split() for line in lines)]


def wait_for(truth: Callable[[], bool], what: str, seconds: float = 60) -> None:
    deadline = time.monotonic() + seconds
    while not truth():
        assert time.monotonic() < deadline, f"{what} did not happen"
        time.sleep(0.05)


def job() -> Job:
    with db.reading() as session:
        return session.scalars(select(Job).where(Job.kind == "probe").order_by(Job.id)).first() or pytest.fail("no job")


def all_done() -> bool:
    with db.reading() as session:
        return {each.state for each in session.scalars(select(Job))} == {"done"}


def test_a_killed_workers_job_is_finished_by_another_after_the_lease(
    database: Database, start: Start, tmp_path: Path
) -> None:
    db.perform(jobs.enqueue, "probe", seconds=3.0)
    first = start(2.0)
    wait_for(lambda: ("start", first.pid) in diary(tmp_path), "the first start")
    first.kill()
    first.wait()
    assert job().state == "ready"
    second = start(2.0)
    wait_for(all_done, "the end of the job")
    assert diary(tmp_path) == [("start", first.pid), ("start", second.pid), ("end", second.pid)]
    assert job().attempts == 2


def test_a_long_job_keeps_its_lease_beside_another_worker(database: Database, start: Start, tmp_path: Path) -> None:
    db.perform(jobs.enqueue, "probe", seconds=5.0)
    start(1.5)
    wait_for(lambda: len(diary(tmp_path)) == 1, "the start")
    start(1.5)
    wait_for(all_done, "the end of the job")
    assert [words for words, _ in diary(tmp_path)] == ["start", "end"]
    assert job().attempts == 1


def test_told_to_stop_it_finishes_the_job_in_hand_and_takes_no_other(
    database: Database, start: Start, tmp_path: Path
) -> None:
    for _ in range(2):
        db.perform(jobs.enqueue, "probe", seconds=1.5)
    process = start(60.0)
    wait_for(lambda: len(diary(tmp_path)) == 1, "the start")
    process.send_signal(signal.SIGTERM)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 0
    assert [words for words, _ in diary(tmp_path)] == ["start", "end"]
    with db.reading() as session:
        assert sorted(each.state for each in session.scalars(select(Job))) == ["done", "ready"]
    lines = [json.loads(line) for line in errors.splitlines()]
    assert [line["message"] for line in lines] == ["worker started", "job done", "worker stopped"]
    assert lines[1]["kind"] == "probe"
    assert lines[1]["seconds"] >= 1.5


def test_two_workers_do_each_job_once(database: Database, start: Start, tmp_path: Path) -> None:
    count = 30
    for _ in range(count):
        db.perform(jobs.enqueue, "probe", seconds=0.01)
    workers = [start(60.0), start(60.0)]
    wait_for(all_done, "the end of all jobs")
    starts = [pid for words, pid in diary(tmp_path) if words == "start"]
    assert len(starts) == count
    assert set(starts) <= {worker.pid for worker in workers}
