"""All that happens by itself: the processor delivers, the worker does its jobs about payments, the reconciler looks."""

from app.jobs import Handler, handlers
from app.ports import Ports
from billing_core import db, jobs
from tests.factories.till import CardTill

# Of the worker's own table, so that a new kind of job is done here too.
WORKER = handlers(Ports(gateway=None, transport=None, printer=None, vat_register=None))  # type: ignore[arg-type]
HANDLERS: dict[str, Handler] = {
    kind: do for kind, do in WORKER.items() if kind.startswith(("payment.", "refund.", "card.", "renewal."))
}
RECONCILERS: list[Handler] = [do for kind, do in WORKER.items() if kind.endswith(".reconcile")]


def work_off() -> int:
    """The worker's round: every job that is due, with its failures put down; how many were about payments.

    Mails and documents are left alone: their jobs are taken and count as done.
    """
    done = 0
    while claimed := db.perform(jobs.claim, 50):
        for job in claimed:
            handler = HANDLERS.get(job.kind)
            try:
                if handler is not None:
                    done += 1
                    handler(**job.arguments)
            except jobs.NotYet as wait:
                db.perform(jobs.postpone, job.id, wait.pause)
            except Exception as error:  # noqa: BLE001 (as the worker does)
                db.perform(jobs.fail, job.id, repr(error))
            else:
                db.perform(jobs.finish, job.id)
    return done


def settle_down(till: CardTill) -> None:
    """One round of everything, in the order in which the worker does it."""
    till.deliver()
    work_off()
    for look in RECONCILERS:
        look()
