"""What waits for an outcome at the processor is looked at again and again, each time by one process alone."""

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from sqlalchemy import select, update

from billing_core import db
from billing_core.payments.gateway import Unclear

log = logging.getLogger(__name__)

PAUSES = (timedelta(minutes=5), timedelta(hours=1), timedelta(days=1))
"""When the reconciler looks again; the last pause repeats."""


@dataclass(frozen=True)
class Planned:
    """A row to look at, by its public id, and the instant for which the look was planned."""

    public_id: str
    check_at: datetime


T = TypeVar("T", bound=Planned)


def pause(looks: int) -> timedelta:
    """How long to wait after so many looks."""
    return PAUSES[min(looks, len(PAUSES) - 1)]


def claim(kind: type[Any], public_id: str, planned: datetime, following: Callable[[Any], datetime]) -> bool:
    """Take a planned look at a row for this process and plan the next one; False where another was quicker."""
    row = db.session().scalar(select(kind).where(kind.public_id == public_id))
    if row is None or row.check_at != planned:
        return False
    taken = update(kind).where(kind.id == row.id, kind.check_at == planned)
    values = {"checks": kind.checks + 1, "check_at": following(row)}
    return db.session().scalar(taken.values(**values).returning(kind.id)) is not None


def look_at_each(due: Sequence[T], claim_look: Callable[[str, datetime], bool], look: Callable[[T], object]) -> int:
    """One round of a reconciler; how many were looked at.

    A look is claimed right before it is taken, so that one that fails holds up nobody else's.
    """
    taken = 0
    for one in due:
        if not db.perform(claim_look, one.public_id, one.check_at):
            continue
        taken += 1
        try:
            look(one)
        except Unclear:
            log.warning("%s still has no outcome: the processor could not be asked", one.public_id)
    return taken
