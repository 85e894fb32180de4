"""What waits to be decided, and what finance reads about statements and their entries."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import aliased, joinedload

from billing_core import db
from billing_core.bank.models import BOOKED, UNMATCHED, BankEntry, BankStatement
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.errors import NotFound
from billing_core.ledger.models import IncomingPayment, IncomingReturn
from billing_core.permissions import Viewer, demand_staff

ENTRIES_A_PAGE = 50
OLDEST_FIRST = Key((BankEntry.booked_on, BankEntry.id))
IN_ORDER = Key((BankEntry.place, BankEntry.id))
NEWEST_STATEMENT = Key((BankStatement.closed_on, BankStatement.id), descending=True)


def waits() -> ColumnElement[bool]:
    """Nobody has decided the entry; or its booking was undone, and not because the bank took the money back."""
    return or_(BankEntry.state == UNMATCHED, and_(BankEntry.state == BOOKED, _is_undone()))


def _is_undone() -> ColumnElement[bool]:
    debit = aliased(BankEntry)
    by_bank = select(debit.id).where(debit.return_id == IncomingReturn.id).exists()
    return select(IncomingReturn.id).where(IncomingReturn.incoming_id == BankEntry.incoming_id, ~by_bank).exists()


@dataclass(frozen=True)
class Waiting:
    """What waits in one currency: how many entries since when, what came in and (below zero) what went out."""

    currency: str
    number: int
    since: date
    came: int
    went: int


def waiting_sums(viewer: Viewer) -> list[Waiting]:
    """By currency. One statement."""
    demand_staff(viewer, "finance")
    came = func.sum(case((BankEntry.amount > 0, BankEntry.amount), else_=0))
    went = func.sum(case((BankEntry.amount < 0, BankEntry.amount), else_=0))
    rows = select(BankEntry.currency, func.count(), func.min(BankEntry.booked_on), came, went).where(waits())
    found = db.session().execute(rows.group_by(BankEntry.currency).order_by(BankEntry.currency))
    return [Waiting(currency, number, since, int(inn), int(out)) for currency, number, since, inn, out in found]


def waiting_page(viewer: Viewer, after: str, before: str) -> Slice[BankEntry]:
    """What waits, of all statements, the oldest first."""
    demand_staff(viewer, "finance")
    return page_of(_whole().where(waits()), OLDEST_FIRST, after, before, ENTRIES_A_PAGE)


def statements_page(viewer: Viewer, after: str, before: str) -> Slice[BankStatement]:
    """The newest first."""
    demand_staff(viewer, "finance")
    rows = select(BankStatement).options(joinedload(BankStatement.clerk))
    return page_of(rows, NEWEST_STATEMENT, after, before)


def waiting_in(statement_ids: Sequence[int]) -> dict[int, int]:
    """How many entries of each statement wait. One statement."""
    rows = select(BankEntry.statement_id, func.count()).where(BankEntry.statement_id.in_(statement_ids), waits())
    return {place: int(number) for place, number in db.session().execute(rows.group_by(BankEntry.statement_id))}


def statement_named(viewer: Viewer, public_id: str) -> BankStatement:
    """Any statement, for finance alone. Raises NotAllowed and NotFound."""
    demand_staff(viewer, "finance")
    named = select(BankStatement).where(BankStatement.public_id == public_id)
    found = db.session().scalar(named.options(joinedload(BankStatement.clerk)))
    if found is None:
        raise NotFound
    return found


def entries_page(statement: BankStatement, show: str, after: str, before: str) -> Slice[BankEntry]:
    """The statement's entries in their order: those that wait, or by state, or all."""
    rows = _whole().where(BankEntry.statement_id == statement.id)
    if show == "waiting":
        rows = rows.where(waits())
    elif show != "all":
        rows = rows.where(BankEntry.state == show)
    return page_of(rows, IN_ORDER, after, before, ENTRIES_A_PAGE)


def numbers_by_state(statement: BankStatement) -> dict[str, int]:
    """How many entries are in each state, and under `waiting` how many wait. Two statements."""
    rows = select(BankEntry.state, func.count()).where(BankEntry.statement_id == statement.id)
    found = {state: int(number) for state, number in db.session().execute(rows.group_by(BankEntry.state))}
    return found | {"all": sum(found.values()), "waiting": waiting_in([statement.id]).get(statement.id, 0)}


def statement_before(statement: BankStatement) -> BankStatement | None:
    """The one that ended last before this one began, of the same bank account. One statement."""
    earlier = select(BankStatement).where(
        BankStatement.iban == statement.iban, BankStatement.currency == statement.currency,
        BankStatement.id != statement.id, BankStatement.closed_on <= statement.opened_on,
        BankStatement.opened_on < statement.closed_on,
    )  # fmt: skip
    latest = earlier.order_by(BankStatement.closed_on.desc(), BankStatement.id.desc())
    return db.session().scalar(latest.limit(1))


def entry_named(viewer: Viewer, public_id: str) -> BankEntry:
    """Any entry with its statement and what became of it, for finance alone. Raises NotAllowed and NotFound."""
    demand_staff(viewer, "finance")
    found = db.session().scalar(_whole().where(BankEntry.public_id == public_id))
    if found is None:
        raise NotFound
    return found


def is_taken_back_by_bank(entry: BankEntry) -> bool:
    """Whether a later debit of the bank undid the booking of this entry. One statement."""
    if entry.incoming is None or entry.incoming.returned is None:
        return False
    debit = select(BankEntry.id).where(BankEntry.return_id == entry.incoming.returned.id)
    return db.session().scalar(debit) is not None


def _whole() -> Select[BankEntry]:
    incoming, undone = joinedload(BankEntry.incoming), joinedload(BankEntry.returned)
    return select(BankEntry).options(
        joinedload(BankEntry.statement), joinedload(BankEntry.clerk), incoming.joinedload(IncomingPayment.account),
        incoming.joinedload(IncomingPayment.returned),
        undone.joinedload(IncomingReturn.incoming).joinedload(IncomingPayment.account),
    )  # fmt: skip
