"""What a test sees of sign-in from outside: the statements that ran, and the mails that would reach a person."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from sqlalchemy import event, select

from billing_core import db
from billing_core.credentials import service
from billing_core.jobs import Job
from billing_core.mail.models import OutboxMail

_LINK = re.compile(r"/password/reset/([\w-]+)\?realm=(\w+)")


@contextmanager
def statements() -> Iterator[list[str]]:
    """Collects every statement that runs inside."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        seen.append(statement)

    event.listen(db.engine(), "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(db.engine(), "before_cursor_execute", note)


def run_link_jobs() -> None:
    """What the worker would do."""
    with db.reading() as session:
        ready = session.scalars(select(Job).where(Job.kind == service.SEND_LINK, Job.state == "ready"))
        waiting = {job.id: job.arguments for job in ready}
    for arguments in waiting.values():
        service.send_password_link(**arguments)
    db.perform(_drop, list(waiting))


def _drop(ids: list[int]) -> None:
    for job_id in ids:
        db.session().get_one(Job, job_id).state = "done"


def mails(kind: str = "password-link") -> list[OutboxMail]:
    """The mails of a kind, oldest first."""
    with db.reading() as session:
        found = list(session.scalars(select(OutboxMail).where(OutboxMail.kind == kind).order_by(OutboxMail.id)))
        session.expunge_all()
    return found


def token_in(mail: OutboxMail) -> str:
    """The token that the mail's link carries."""
    found = _LINK.search(mail.text_body)
    assert found is not None, mail.text_body
    return found[1]


def realm_in(mail: OutboxMail) -> str:
    """The realm that the mail's link leads to."""
    found = _LINK.search(mail.text_body)
    assert found is not None, mail.text_body
    return found[2]


def ask_for_link(user_id: str, **kwargs: Any) -> str:
    """Ask, let the worker run, and read the token out of the newest mail."""
    db.perform(service.request_password_link, user_id, **kwargs)
    run_link_jobs()
    return token_in(mails()[-1])
