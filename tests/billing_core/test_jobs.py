"""The job table by itself: what becomes of a job whose workers never come back."""

from datetime import timedelta

import pytest
import time_machine
from sqlalchemy import select

from billing_core import clock, db, jobs
from billing_core.jobs import LEASE, MOST_ATTEMPTS, WORKER_DIED, Job

pytestmark = pytest.mark.usefixtures("database")


def job() -> Job:
    with db.reading() as session:
        return session.scalars(select(Job).where(Job.kind == "deadly")).one()


def test_a_job_that_kills_its_worker_every_time_is_dead_in_the_end() -> None:
    db.perform(jobs.enqueue, "deadly")
    with time_machine.travel(clock.now(), tick=False) as traveller:
        for attempt in range(1, MOST_ATTEMPTS + 1):
            (claimed,) = db.perform(jobs.claim)
            assert claimed.attempts == attempt
            assert db.perform(jobs.claim) == []
            assert job().state == "ready"
            traveller.shift(LEASE + timedelta(seconds=1))
        assert db.perform(jobs.claim) == []
    assert (job().state, job().attempts, job().last_error) == ("dead", MOST_ATTEMPTS, WORKER_DIED)
    assert job().ended_at is not None


def test_a_job_buried_so_holds_up_no_other_and_can_be_revived() -> None:
    db.perform(jobs.enqueue, "deadly")
    db.perform(jobs.enqueue, "harmless")
    with db.reading():
        spent = job().id
    db.perform(lambda: setattr(db.session().get_one(Job, spent), "attempts", MOST_ATTEMPTS))
    (claimed,) = db.perform(jobs.claim)
    assert claimed.kind == "harmless"
    db.perform(jobs.revive, spent)
    (claimed,) = db.perform(jobs.claim)
    assert (claimed.kind, claimed.attempts) == ("deadly", 1)
