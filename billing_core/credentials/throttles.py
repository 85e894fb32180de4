"""Throttles in the database, so that they hold for all processes together. Every one of them ends by itself.

A knock is counted before the door is tried: many attempts at the same moment are counted one by one, and only a success
takes its knock back. The keys hold hashes, because people type passwords into the wrong field.
"""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import IPv6Address, ip_address, ip_network

from sqlalchemy import delete, update

from billing_core import clock, db
from billing_core.credentials.models import Throttle


@dataclass(frozen=True)
class Growing:
    """From the `free`-th failure in a row on, each one closes the door for twice as long as the one before."""

    name: str
    free: int
    first: timedelta
    longest: timedelta
    forget_after: timedelta

    def count(self, row: Throttle, now: datetime) -> None:
        """One more failure; `window_start` is the time of the last one."""
        row.count = 1 if now >= row.window_start + self.forget_after else row.count + 1
        row.window_start = now
        if row.count >= self.free:
            row.blocked_until = now + min(self.first * 2 ** min(row.count - self.free, 20), self.longest)


@dataclass(frozen=True)
class Window:
    """At most `most` knocks in each `span`, counted from the first one."""

    name: str
    most: int
    span: timedelta

    def count(self, row: Throttle, now: datetime) -> None:
        """One more knock in the window, or the first of a new one."""
        if now >= row.window_start + self.span:
            row.count, row.window_start = 0, now
        row.count += 1
        row.blocked_until = row.window_start + self.span if row.count >= self.most else None


SIGN_IN = Growing("sign-in", 5, timedelta(seconds=30), timedelta(hours=1), timedelta(hours=24))
SIGN_IN_ADDRESS = Window("sign-in-address", 20, timedelta(minutes=10))
SIGN_IN_ANYWHERE = Window("sign-in-anywhere", 300, timedelta(minutes=1))
"""Of all browsers that no person of ours has signed in with: guesses from very many addresses meet this one."""
LINK = Window("password-link", 3, timedelta(hours=1))
LINK_DAY = Window("password-link-day", 10, timedelta(hours=24))
LINK_ADDRESS = Window("password-link-address", 20, timedelta(hours=1))
INVITATION = Window("invitation", 20, timedelta(hours=24))
HAND_OFF_ADDRESS = Window("hand-off-address", 20, timedelta(minutes=10))


def key_of(rule: Growing | Window, subject: str) -> str:
    """The row's key; the subject itself is not kept."""
    return f"{rule.name}:{hashlib.sha256(subject.encode('utf-8', 'replace')).hexdigest()}"


def network_of(address: str) -> str:
    """Whom an address stands for: itself, or for IPv6 the /64 that one customer is given."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return "unknown"
    if isinstance(parsed, IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ip_network((parsed, 64), strict=False))
    return str(parsed)


def knock(rule: Growing | Window, subject: str) -> timedelta:
    """Count one attempt; zero: go on. Otherwise the time to wait, and the attempt is not counted.

    The same statements whatever the subject is.
    """
    key, now = key_of(rule, subject), clock.now()
    begun = db.upsert(Throttle).values(key=key, count=0, window_start=now)
    locked = begun.on_conflict_do_update(index_elements=["key"], set_={"count": Throttle.count}).returning(Throttle)
    row = db.session().scalars(locked, execution_options={"populate_existing": True}).one()
    if row.blocked_until is not None and now < row.blocked_until:
        return row.blocked_until - now
    rule.count(row, now)
    return timedelta()


def forget(rule: Growing | Window, *subjects: str) -> None:
    """Begin anew for these subjects."""
    db.session().execute(delete(Throttle).where(Throttle.key.in_([key_of(rule, subject) for subject in subjects])))


def take_back(rule: Window, subject: str) -> None:
    """The last knock was no failure after all."""
    counted = update(Throttle).where(Throttle.key == key_of(rule, subject), Throttle.count > 0)
    db.session().execute(counted.values(count=Throttle.count - 1, blocked_until=None))


def forget_old(before: datetime) -> None:
    """Delete the rows that nothing has counted on since the instant."""
    db.session().execute(delete(Throttle).where(Throttle.window_start < before))
