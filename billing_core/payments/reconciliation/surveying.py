"""The way through both sides: list, compare, look at what differs, compare again. No transaction is open at a call."""

from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from functools import partial

from billing_core import db
from billing_core.payments import events, giving_back
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.listing import Listing, Period
from billing_core.payments.reconciliation import comparing, rows
from billing_core.payments.reconciliation.comparing import (
    DISPUTE,
    OUR_REFERENCE,
    PAYMENT,
    REFUND,
    Difference,
    Here,
    There,
    differences,
)
from billing_core.payments.reconciliation.rows import Owner, Rows


@dataclass(frozen=True)
class Suspect:
    """Something to be looked at: the ids on both sides as far as known, and the payment that a look is for."""

    about: str
    theirs: str
    ours: str
    payment: str


@dataclass
class Findings:
    """What a reconciliation has found so far, by kind of thing."""

    there: dict[str, int] = field(default_factory=lambda: dict.fromkeys((PAYMENT, REFUND, DISPUTE), 0))
    here: dict[str, int] = field(default_factory=lambda: dict.fromkeys((PAYMENT, REFUND, DISPUTE), 0))
    strangers: int = 0
    events_taken_in: int = 0
    mended: int = 0
    differences: list[Difference] = field(default_factory=list)


@dataclass(frozen=True)
class Side:
    """How one kind of thing is read on both sides."""

    about: str
    pages: Callable[[Period], Iterable[Sequence[There]]]
    one: Callable[[str], There | None]
    rows_for: Callable[[Collection[There]], Rows]
    rows_of: Callable[[Period], Rows]
    rows_named: Callable[[Collection[str]], Rows]


def survey(listing: Listing, period: Period, earlier: Collection[Suspect], beat: Callable[[], None]) -> Findings:
    """Everything of the period on both sides, and what an earlier report had left. `beat` is called all the time.

    Raises Unclear where the processor cannot be asked.
    """
    found = Findings()
    _take_in_events(listing, period, found, beat)
    for side in _sides(listing):
        carried = [one for one in earlier if one.about == side.about]
        suspects = _suspects(side, period, carried, found, beat)
        crashpoint("reconciliation.compared")
        for payment in sorted({one.payment for one in suspects if one.payment}):
            beat()
            giving_back.look(payment)
        crashpoint("reconciliation.mended")
        _judge(side, suspects, found, beat)
    return found


def _take_in_events(listing: Listing, period: Period, found: Findings, beat: Callable[[], None]) -> None:
    """What was never delivered is taken in as if it had been; the oldest of a page first."""
    for page in listing.events(period):
        beat()
        with db.reading():
            unknown = rows.unknown_events([one.event.event_id for one in page])
        for one in reversed(page):
            if one.event.event_id in unknown:
                beat()
                events.take_in(one.event, one.body)
                found.events_taken_in += 1


def _suspects(
    side: Side, period: Period, carried: Collection[Suspect], found: Findings, beat: Callable[[], None]
) -> list[Suspect]:
    """What differs at the first look."""
    suspects: dict[tuple[str, str], Suspect] = {}
    seen_there: set[str] = set()
    seen_here: set[str] = set()
    for page in side.pages(period):
        beat()
        for there, here, owner in _matched(side, page):
            if owner is None:
                found.strangers += 1
                continue
            seen_there.add(there.theirs)
            found.there[side.about] += 1
            if here is not None:
                seen_here.add(here.public_id)
            if not owner.is_closed and differences(here, there):
                suspects[there.theirs, ""] = _suspect(side, here, there, owner)
    for here in _lonely(side, period, seen_here):
        beat()
        seen_here.add(here.public_id)
        there_one = side.one(here.theirs) if here.theirs else None
        if differences(here, there_one):
            suspects[here.theirs or "", here.public_id] = Suspect(
                side.about, here.theirs or "", here.public_id, here.payment
            )
    found.here[side.about] += len(seen_here)
    again = [one for one in carried if one.theirs not in seen_there and one.ours not in seen_here]
    return [*suspects.values(), *again]


def _suspect(side: Side, here: Here | None, there: There, owner: Owner) -> Suspect:
    return Suspect(side.about, there.theirs, here.public_id if here is not None else "", owner.public_id)


def _lonely(side: Side, period: Period, seen: Collection[str]) -> list[Here]:
    """Rows of the period that the processor's list did not name: it may still have them from another time."""
    with db.reading():
        return [here for here in side.rows_of(period) if here.public_id not in seen]


def _matched(side: Side, page: Sequence[There]) -> Iterator[tuple[There, Here | None, Owner | None]]:
    """Each thing of a page with its row, and with the payment of ours that it belongs to; without one it is others'."""
    with db.reading():
        known = side.rows_for(page)
        whose = rows.owners(one.intent for one in page) if side.about != PAYMENT else {}
    by_theirs = {here.theirs: here for here in known if here.theirs is not None}
    by_name = {here.public_id: here for here in known}
    for there in page:
        here = by_theirs.get(there.theirs) or by_name.get(there.reference)
        yield there, here, _owner(here, there, whose)


def _owner(here: Here | None, there: There, whose: dict[str, Owner]) -> Owner | None:
    if here is not None:
        return Owner(here.payment, is_closed=False)
    if there.intent in whose:
        return whose[there.intent]
    named = there.reference if there.about == PAYMENT else there.payment
    return Owner("", is_closed=False) if OUR_REFERENCE.fullmatch(named) else None


def _judge(side: Side, suspects: Collection[Suspect], found: Findings, beat: Callable[[], None]) -> None:
    """What is still not alike after the look."""
    for suspect in suspects:
        beat()
        there = side.one(suspect.theirs) if suspect.theirs else None
        here = _row(side, suspect, there)
        remaining = [replace(one, payment=one.payment or suspect.payment) for one in differences(here, there)]
        found.differences += remaining
        found.mended += not remaining


def _row(side: Side, suspect: Suspect, there: There | None) -> Here | None:
    if suspect.ours:
        with db.reading():
            return next(iter(side.rows_named([suspect.ours])), None)
    return next((here for _, here, _ in _matched(side, [there])), None) if there is not None else None


def _sides(listing: Listing) -> tuple[Side, ...]:
    """Payments first: refunds and disputes are found by the intents that they have left."""
    return (
        Side(
            PAYMENT, lambda period: ([comparing.of_payment(one) for one in page] for page in listing.payments(period)),
            partial(_found, listing.payment, comparing.of_payment), rows.payments_for, rows.payments_of,
            rows.payments_named,
        ),
        Side(
            REFUND, lambda period: ([comparing.of_refund(one) for one in page] for page in listing.refunds(period)),
            partial(_found, listing.refund, comparing.of_refund), rows.refunds_for, rows.refunds_of, rows.refunds_named,
        ),
        Side(
            DISPUTE, lambda period: ([comparing.of_dispute(one) for one in page] for page in listing.disputes(period)),
            partial(_found, listing.dispute, comparing.of_dispute), rows.disputes_for, rows.disputes_of,
            rows.disputes_named,
        ),
    )  # fmt: skip


def _found(ask: Callable[[str], object], translate: Callable[..., There], theirs: str) -> There | None:
    one = ask(theirs)
    return translate(one) if one is not None else None
