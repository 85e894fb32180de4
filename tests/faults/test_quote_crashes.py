"""A crash before the statements of what is done with quotes: all is there or nothing, and doing it again helps.

`bin/prove crashes` dies before every statement of every deed, bin/test before every fourth one of the long deeds.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial

import pytest
import time_machine
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.errors import Refusal
from billing_core.ledger.models import Invoice
from billing_core.orders.models import ScheduledInvoice
from billing_core.payments.crashpoints import DIED_HERE
from corporate_portal.quotes import service
from corporate_portal.quotes.offer.content import LineWish
from tests.conftest import Database
from tests.corporate_portal.quotes import life_laws
from tests.factories import core, quotes, sql
from tests.faults.dying import die_of
from tests.faults.quote_deeds import AT_COMMIT, COMMIT, DEEDS, Case, Deed, dying_before

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
DEAR = 3000
MOST_STATEMENTS = 200
LONG = ("accept", "confirm", "record", "submit", "approve", "issue")


@dataclass(frozen=True)
class Before:
    """What must have happened before a deed, and how long before."""

    state: str = "sent"
    starts_in: int = 0
    wait: timedelta = timedelta()


BEFORE = {
    "submit": Before("draft"),
    "approve": Before("asked"),
    "give back": Before("asked"),
    "revise": Before(),
    "withdraw": Before("asked"),
    "accept": Before(),
    "accept first": Before("ruled"),
    "confirm": Before("accepted first"),
    "refuse": Before("accepted first"),
    "reject": Before(),
    "record": Before(),
    "ask change": Before(),
    "fulfil": Before("accepted", starts_in=5, wait=timedelta(days=5)),
    "issue": Before("accepted", wait=timedelta(days=32)),
    "expire": Before(wait=timedelta(days=8)),
    "remind": Before(wait=timedelta(days=6)),
}


def set_up(before: Before) -> Case:
    """A quote of monthly seats and something once, as far as it has to be."""
    above = 0 if before.state in ("ruled", "accepted first") else None
    deal, manager = quotes.deal(second_above=above), core.staff("rep_manager")
    second = core.contact(deal.account, core.person("Sam Second")) if above is not None else deal.contact
    code = deal.product.code
    off = DEAR if before.state == "asked" else 0
    lines = (LineWish(code, "", "monthly", 3, percent_off=off), LineWish(code, "", "once", 1, percent_off=off))
    quote = quotes.draft(deal, lines=lines, starts_on=quotes.in_days(before.starts_in))
    if before.state != "draft":
        db.perform(service.submit_quote, deal.desk, quote.public_id, quotes.seen(quote))
    if before.state in ("accepted", "accepted first"):
        db.perform(service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote))
    at = (NOON + before.wait).isoformat()
    return Case(quote.public_id, deal.rep.id, manager.id, deal.contact.id, second.id, at)


@contextmanager
def at_its_time(name: str) -> Iterator[Case]:
    """The case of a deed, with the clock where the deed is done."""
    with time_machine.travel(NOON, tick=False) as clocks:
        case = set_up(BEFORE[name])
        clocks.move_to(datetime.fromisoformat(case.at))
        yield case


class _Death(BaseException):
    """Stands for the end of the process within one process: nothing here catches it."""


def _die(statement: str) -> None:
    raise _Death(statement)


def laws_hold() -> None:
    with db.reading() as session:
        life_laws.check(session.connection())


@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", DEEDS)
def test_a_death_before_a_statement_leaves_nothing(name: str) -> None:
    die_all_along(name, 4 if name in LONG else 1)


@pytest.mark.prove
@pytest.mark.usefixtures("database")
@pytest.mark.parametrize("name", LONG)
def test_a_death_before_every_statement_leaves_nothing(name: str) -> None:
    die_all_along(name, 1)


def die_all_along(name: str, stride: int) -> None:
    """Die before the first statement, then before one further on, until the deed comes through."""
    with at_its_time(name) as case:
        deed, untouched = DEEDS[name](case), sql.rows()
        number, died = 1 - stride, True
        while died and number < MOST_STATEMENTS:
            number, died = number + stride, False
            with dying_before(number, _die) as reached:
                try:
                    deed()
                except _Death:
                    died = True
            if died:
                assert sql.rows() == untouched, reached[-1]
        assert len(reached) > 3, reached
        assert reached[-1] == COMMIT
        laws_hold()
        done = sql.rows()
        assert done != untouched
        with suppress(Refusal):
            deed()
        assert sql.rows() == done, "doing it twice made a difference"


def _until_the_commit(deed: Deed) -> None:
    with dying_before(AT_COMMIT, lambda _statement: os._exit(DIED_HERE)):
        deed()


KILLED = ("revise", "approve", "record", "fulfil", "issue")


@pytest.mark.parametrize("name", KILLED)
def test_a_process_that_dies_before_its_commit_leaves_nothing(database: Database, name: str) -> None:
    with at_its_time(name) as case:
        untouched = sql.rows()
        die_of(partial(_until_the_commit, DEEDS[name](case)), database)
        assert sql.rows() == untouched
        DEEDS[name](case)()
        assert sql.rows() != untouched
        laws_hold()


@pytest.mark.usefixtures("database")
def test_invoices_of_several_months_survive_a_death_anywhere() -> None:
    with time_machine.travel(NOON, tick=False) as clocks:
        for tried, number in enumerate(range(2, MOST_STATEMENTS, 15), start=1):
            clocks.move_to(NOON)
            case = set_up(BEFORE["issue"])
            clocks.move_to(NOON + timedelta(days=94))
            with suppress(_Death), dying_before(number, _die) as reached:
                DEEDS["issue"](case)()
            DEEDS["issue"](case)()
            laws_hold()
            with db.reading() as session:
                numbers = sorted(session.scalars(select(Invoice.number)))
                late = ScheduledInvoice.state == "waiting", ScheduledInvoice.issue_on <= clock.now().date()
                assert session.scalar(select(func.count()).select_from(ScheduledInvoice).where(*late)) == 0
            assert len(numbers) == 4 * tried, reached[-1]
            if len(reached) < number:
                return
    raise AssertionError("the deed has no end")
