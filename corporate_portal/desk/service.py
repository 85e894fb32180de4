"""The desk's own verbs. Quotes are written by the verbs of corporate_portal.quotes."""

from sqlalchemy import select

from billing_core import audit, db, jobs
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.jobs import Job
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.desk import queries

MAY_RETRY = ("rep_manager", "finance", "support")
"""Who sees the jobs that gave up, and may give them another round."""


class SameWorkWaiting(Refusal):
    """A later job does the same work, so this one is not needed any more."""

    message = mark("The same work is already waiting in a newer job. Nothing was changed.")


def retry_job(viewer: Viewer, job_id: int) -> None:
    """Give a job that gave up another round of attempts. Harmless on any other job. Raises SameWorkWaiting."""
    if not viewer.is_staff(*MAY_RETRY):
        raise NotAllowed
    job = db.session().get(Job, job_id, with_for_update=True)
    if job is None:
        raise NotFound
    if job.state != "dead":
        return
    if job.once_key is not None and db.session().scalar(
        select(Job.id).where(Job.once_key == job.once_key, Job.state == "ready").limit(1)
    ):
        raise SameWorkWaiting
    jobs.revive(job_id)
    audit.record(viewer.actor, "job.revived", f"job:{job_id}", kind=job.kind)
    db.after_commit(jobs.wake.set)


def look_as_customer(viewer: Viewer, public_id: str) -> None:
    """Write down that the viewer is about to look at the customer's page of a quote. Raises NotFound."""
    version = queries.shown_version(viewer, public_id)
    audit.record(viewer.actor, queries.LOOKED, public_id, version.account_id, version=version.version)
