"""Open items by how late they are, as sums, by account, and one by one. Days past due are counted by each seller's day.

Every function says how many statements it costs; none depends on how many invoices there are.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, case, func, literal, or_, select, true, tuple_
from sqlalchemy.orm import joinedload, load_only

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.errors import NotFound
from billing_core.ledger.models import AccountBalance, Invoice
from billing_core.payments.queries import disputed_among, held_on_each
from billing_core.permissions import Viewer, demand_staff
from billing_core.sellers.models import Seller
from corporate_portal.receivables.queries.reminders import Step, last_steps

BUCKETS = ("not-due", "to-30", "to-60", "to-90", "over-90")
"""How many days past due: none, 1 to 30, 31 to 60, 61 to 90, more."""
_LIMITS = (0, 30, 60, 90)
SORTS = ("oldest", "amount")
ACCOUNTS_AT_A_TIME = 50
OLDEST_FIRST = Key((Invoice.due_on, Invoice.id))


@dataclass(frozen=True)
class Calendar:
    """The sellers, and which day each has now."""

    sellers: Mapping[int, Seller]
    today: Mapping[int, date]

    @property
    def zones(self) -> dict[int, str]:
        """The zone of each seller."""
        return {seller.id: seller.timezone for seller in self.sellers.values()}

    def days_past_due(self, invoice: Invoice) -> int:
        """0 while it is not past due."""
        return max((self.today[invoice.seller_id] - invoice.due_on).days, 0)

    def bucket(self, invoice: Invoice) -> str:
        """Where it stands in BUCKETS."""
        return BUCKETS[sum(1 for limit in _LIMITS if self.days_past_due(invoice) > limit)]

    def in_bucket(self) -> ColumnElement[str]:
        """The same as an expression over invoices."""
        found: ColumnElement[str] = case(
            *((self._due_since(limit), name) for limit, name in zip(_LIMITS, BUCKETS, strict=False)), else_=BUCKETS[-1]
        )
        return found

    def is_late(self) -> ColumnElement[bool]:
        """Whether an invoice is past due."""
        return ~self._due_since(0)

    def _due_since(self, days: int) -> ColumnElement[bool]:
        """Due at most so many days ago."""
        if not self.today:
            return true()
        limits = [(Invoice.seller_id == seller, today - timedelta(days=days)) for seller, today in self.today.items()]
        since = case(*((of, literal(day, Invoice.due_on.type)) for of, day in limits), else_=literal(date.min))
        return Invoice.due_on >= since


def calendar() -> Calendar:
    """One statement."""
    sellers = {seller.id: seller for seller in db.session().scalars(select(Seller).order_by(Seller.code))}
    return Calendar(sellers, {of: clock.today(seller.timezone) for of, seller in sellers.items()})


@dataclass(frozen=True)
class Filter:
    """What the page is about: one currency, perhaps one seller, perhaps accounts or numbers that are searched for."""

    currency: str
    seller_id: int | None = None
    search: str = ""

    def conditions(self) -> list[ColumnElement[bool]]:
        """Of open invoices."""
        found = [Invoice.balance > 0, Invoice.currency == self.currency]
        if self.seller_id is not None:
            found.append(Invoice.seller_id == self.seller_id)
        if self.search:
            found.append(Invoice.account_id.in_(_accounts_found(self.search)))
        return found


def _accounts_found(search: str) -> Select[Any]:
    """Accounts by name or customer number, and those of an open invoice with this in its number."""
    named = or_(
        Account.name_folded.contains(db.searchable(search), autoescape=True),
        Account.number == search.strip().upper(),
    )
    found = select(Account.id).where(named)
    if not any(sign.isdigit() for sign in search):
        return found
    numbered = select(Invoice.account_id).where(
        Invoice.balance > 0, Invoice.number.icontains(search.strip(), autoescape=True)
    )
    return select(found.union(numbered).subquery().c[0])


@dataclass(frozen=True)
class Age:
    """What is open in one of BUCKETS."""

    bucket: str
    count: int
    amount: int
    part: int
    """How long its bar is, of 100; the longest is 100."""


@dataclass(frozen=True)
class Ageing:
    """What is open in one currency, by age. Amounts are smallest units."""

    ages: Sequence[Age]
    credit: int
    """Account credit that no invoice has used."""

    @property
    def open(self) -> int:
        """Everything that is owed."""
        return sum(age.amount for age in self.ages)

    @property
    def count(self) -> int:
        """How many invoices."""
        return sum(age.count for age in self.ages)

    @property
    def past_due(self) -> int:
        """What is owed although it was due."""
        return sum(age.amount for age in self.ages[1:])


def ageing(wanted: Filter, days: Calendar) -> Ageing:
    """Sums by age, and the credit beside them. Two statements."""
    bucket = days.in_bucket().label("bucket")
    rows = select(bucket, func.count(), func.sum(Invoice.balance)).where(*wanted.conditions()).group_by("bucket")
    left = select(func.coalesce(func.sum(AccountBalance.credit), 0)).where(AccountBalance.currency == wanted.currency)
    if wanted.seller_id is not None:
        left = left.join(Account).where(Account.seller_id == wanted.seller_id)
    if wanted.search:
        left = left.where(AccountBalance.account_id.in_(_accounts_found(wanted.search)))
    return _aged(rows, int(db.session().scalar(left) or 0))


def _aged(rows: Select[Any, Any, Any], credit: int) -> Ageing:
    found = {name: (int(count), int(amount)) for name, count, amount in db.session().execute(rows)}
    most = max((amount for _count, amount in found.values()), default=0)
    ages = [Age(name, *found.get(name, (0, 0)), _part(found.get(name, (0, 0))[1], most)) for name in BUCKETS]
    return Ageing(ages, credit)


def _part(amount: int, most: int) -> int:
    """At least 1 where anything is there, so that it can be seen."""
    return max(1, amount * 100 // most) if amount else 0


def currencies() -> list[str]:
    """In which anything is open or left over, those of most accounts first. One statement."""
    kept = select(AccountBalance.currency).where(or_(AccountBalance.open > 0, AccountBalance.credit > 0))
    by_size = kept.group_by(AccountBalance.currency).order_by(func.count().desc(), AccountBalance.currency)
    return list(db.session().scalars(by_size))


def currencies_found(search: str) -> set[str]:
    """In which what is searched for has open items. One statement."""
    owed = select(Invoice.currency).where(Invoice.balance > 0, Invoice.account_id.in_(_accounts_found(search)))
    return set(db.session().scalars(owed.distinct()))


@dataclass(frozen=True)
class Debtor:
    """An account with what it owes, and since when."""

    account: Account
    oldest: date
    """The due date of its oldest open invoice."""
    count: int
    open: int
    past_due: int
    credit: int

    def cursor(self, sort: str) -> str:
        """Its place in the list, for an address."""
        return f"{self.past_due if sort == 'amount' else self.oldest.isoformat()}~{self.account.id}"


def debtors(wanted: Filter, days: Calendar, sort: str, after: str) -> tuple[list[Debtor], str | None]:
    """A page of accounts, those that owe for the longest time first or those that are late with most. One statement."""
    late = func.sum(case((days.is_late(), Invoice.balance), else_=0))
    sums = (
        select(
            Invoice.account_id, func.min(Invoice.due_on).label("oldest"), func.count().label("count"),
            func.sum(Invoice.balance).label("open"), late.label("late"),
        )
        .where(*wanted.conditions())
        .group_by(Invoice.account_id)
        .subquery()
    )  # fmt: skip
    place = (sums.c.late, sums.c.account_id) if sort == "amount" else (sums.c.oldest, sums.c.account_id)
    credit = select(AccountBalance.credit).where(
        AccountBalance.account_id == sums.c.account_id, AccountBalance.currency == wanted.currency
    )
    rows: Any = select(Account, *list(sums.c)[1:], credit.scalar_subquery()).join(sums, sums.c.account_id == Account.id)
    behind = _place(after, sort)
    if behind is not None:
        values = tuple_(literal(behind[0], Invoice.due_on.type if sort == "oldest" else None), literal(behind[1]))
        rows = rows.where(tuple_(*place) < values if sort == "amount" else tuple_(*place) > values)
    order = [column.desc() if sort == "amount" else column.asc() for column in place]
    got = [
        Debtor(account, oldest, int(count), int(owed), int(overdue), int(left or 0))
        for account, oldest, count, owed, overdue, left in db.session().execute(
            rows.order_by(*order).limit(ACCOUNTS_AT_A_TIME + 1)
        )
    ]
    shown = got[:ACCOUNTS_AT_A_TIME]
    return shown, shown[-1].cursor(sort) if len(got) > ACCOUNTS_AT_A_TIME else None


def _place(cursor: str, sort: str) -> tuple[Any, int] | None:
    """The place that a cursor names; none where it makes no sense, which is the first page."""
    value, _, account = cursor.partition("~")
    if not (account.isascii() and account.isdigit() and len(account) <= 18):
        return None
    try:
        if sort == "oldest":
            return date.fromisoformat(value), int(account)
        return (int(value), int(account)) if value.isascii() and value.isdigit() and len(value) <= 18 else None
    except ValueError:
        return None


@dataclass(frozen=True)
class Item:
    """An open invoice, and what hinders or pursues its payment."""

    invoice: Invoice
    days: int
    bucket: str
    is_disputed: bool
    is_held: bool
    """A card payment is under way, or its outcome is not known."""
    step: Step | None
    """The last reminder that named it."""


_NAMED = load_only(
    Invoice.number, Invoice.public_id, Invoice.account_id, Invoice.seller_id, Invoice.issued_on, Invoice.due_on,
    Invoice.currency, Invoice.total, Invoice.balance, Invoice.credited, Invoice.po_number, Invoice.title,
)  # fmt: skip
"""Not its address and letterhead."""


def items(wanted: Filter, days: Calendar, account_id: int, after: str, before: str) -> Slice[Item]:
    """A page of an account's open invoices, the oldest due first. Four statements."""
    rows = select(Invoice).where(*wanted.conditions(), Invoice.account_id == account_id).options(_NAMED)
    found = page_of(rows, OLDEST_FIRST, after, before)
    return Slice(flagged(found.rows, days), found.previous, found.following)


def standing_of(account_id: int, wanted: Filter, days: Calendar) -> tuple[Ageing, list[str]]:
    """One account's sums by age with its credit, and the currencies in which it has books. Two statements.

    Raises NotFound for a currency that it never had.
    """
    kept = select(AccountBalance).where(AccountBalance.account_id == account_id).order_by(AccountBalance.currency)
    balances = {kept.currency: kept for kept in db.session().scalars(kept)}
    if balances and wanted.currency not in balances:
        raise NotFound
    bucket = days.in_bucket().label("bucket")
    rows = select(bucket, func.count(), func.sum(Invoice.balance)).group_by("bucket")
    own = rows.where(*wanted.conditions(), Invoice.account_id == account_id)
    found = balances.get(wanted.currency)
    return _aged(own, found.credit if found else 0), list(balances)


def flagged(invoices: Sequence[Invoice], days: Calendar) -> list[Item]:
    """The same invoices with their flags. Three statements."""
    ids = [invoice.id for invoice in invoices]
    held, disputed, steps = held_on_each(ids), disputed_among(ids), last_steps(ids, days.zones)
    return [
        Item(one, days.days_past_due(one), days.bucket(one), one.id in disputed, bool(held[one.id]), steps.get(one.id))
        for one in invoices
    ]


def items_after(wanted: Filter, days: Calendar, last: Invoice | None, most: int) -> list[Item]:
    """Open invoices of all accounts behind one of them, with their accounts; for long downloads. Four statements."""
    rows = select(Invoice).where(*wanted.conditions()).options(_NAMED, joinedload(Invoice.account))
    if last is not None:
        place = tuple_(literal(last.due_on, Invoice.due_on.type), literal(last.id))
        rows = rows.where(tuple_(Invoice.due_on, Invoice.id) > place)
    return flagged(list(db.session().scalars(rows.order_by(Invoice.due_on, Invoice.id).limit(most))), days)


def demand_finance(viewer: Viewer) -> None:
    """Raise NotAllowed for everybody else."""
    demand_staff(viewer, "finance")
