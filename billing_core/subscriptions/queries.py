"""What the desk and the forms of quotes ask about subscriptions. Whose they are the caller has to have decided."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import ColumnElement, Select, false, or_, select
from sqlalchemy.orm import contains_eager, joinedload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.subscriptions.models import GRACE, Subscription

BANDS = (30, 60, 90)
"""Within so many days of its end a term is on the desk's list (domain.md 4)."""

NEAREST_END_FIRST = Key((Subscription.period_end, Subscription.id))


@dataclass(frozen=True)
class EndingTerm:
    """A corporate term that ends soon, or has ended, and that nothing follows yet; with its account and product."""

    subscription: Subscription
    today: date
    """On the account's calendar."""

    @property
    def days_left(self) -> int:
        """Days of use until the term's end; zero and below in the grace after it."""
        return (self.subscription.period_end - self.today).days

    @property
    def is_in_grace(self) -> bool:
        """The term is over; use goes on, unbilled, until `subscription.grace_end`."""
        return self.days_left <= 0

    @property
    def band(self) -> int:
        """30, 60 or 90: within how many days it ends; 0 in the grace."""
        return 0 if self.is_in_grace else next(days for days in BANDS if self.days_left <= days)


def ending(accounts: ColumnElement[bool], within: int = BANDS[-1], limit: int = 500) -> list[EndingTerm]:
    """The corporate terms that end within so many days and are not renewed, and those in their grace; soonest first.

    `accounts` is a condition on Account: whose terms are wanted. Two statements, however many there are.
    """
    terms, today_in = _ending(accounts, -GRACE.days + 1, within)
    rows = db.session().scalars(terms.order_by(*NEAREST_END_FIRST.columns).limit(limit))
    return [EndingTerm(term, today_in[term.account.timezone]) for term in rows]


def ending_page(
    accounts: ColumnElement[bool], band: int | None, after: str = "", before: str = ""
) -> Slice[EndingTerm]:
    """One page of the same terms: those of a band (of BANDS; 0 the grace), or all. Two statements."""
    least, most = -GRACE.days + 1, BANDS[-1]
    if band is not None:
        least, most = (least, 0) if band == 0 else (band - BANDS[0] + 1, band)
    terms, today_in = _ending(accounts, least, most)
    found = page_of(terms, NEAREST_END_FIRST, after, before)
    return Slice(
        [EndingTerm(term, today_in[term.account.timezone]) for term in found.rows], found.previous, found.following
    )


def _ending(accounts: ColumnElement[bool], least: int, most: int) -> tuple[Select[Subscription], dict[str, date]]:
    """The terms with that many days left on their accounts' calendars, and today in each zone."""
    zones = db.session().scalars(select(Account.timezone).where(accounts).distinct()).all()
    today_in = {zone: clock.today(zone) for zone in zones}
    near = [
        (Account.timezone == zone) & Subscription.period_end.between(today + timedelta(least), today + timedelta(most))
        for zone, today in today_in.items()
    ]
    terms = (
        select(Subscription)
        .join(Subscription.account)
        .where(accounts, Account.kind == "corporate", Account.closed_on.is_(None), or_(false(), *near))
        .where(Subscription.renewed_by_id.is_(None), Subscription.is_trial.is_(False))
        .options(contains_eager(Subscription.account), joinedload(Subscription.product))
    )
    return terms, today_in


def are_all_over(account: Account) -> bool:
    """Whether the account had subscriptions or trials and none of them runs, nor will by itself (domain.md 2a).

    Such an account can only subscribe again. One that is pending cancellation runs until its period's end, and one
    whose renewal is open or overdue until that is over.
    """
    own = db.session().scalars(select(Subscription).where(Subscription.account_id == account.id)).all()
    today = clock.today(account.timezone)
    return bool(own) and all(one.period_end <= today and not one.renews for one in own)


def of_account(account_id: int) -> Sequence[Subscription]:
    """The account's subscriptions, with products, that a quote can still change or renew: running, to come, in grace.

    By product; one that was renewed and is over is gone. Two statements.
    """
    zone = db.session().scalars(select(Account.timezone).where(Account.id == account_id)).one()
    today = clock.today(zone)
    own = select(Subscription).where(Subscription.account_id == account_id).options(joinedload(Subscription.product))
    recent = own.where(Subscription.period_end > today - GRACE)
    found = db.session().scalars(recent.order_by(Subscription.product_id, Subscription.period_start, Subscription.id))
    return [subscription for subscription in found if subscription.status(today) != "expired"]
