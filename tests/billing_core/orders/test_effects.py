"""What ordered lines do: each on its own day, exactly once, and nothing at all where one of them cannot."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import date, timedelta
from threading import Barrier

import pytest
from sqlalchemy import select

from billing_core import clock, db, jobs
from billing_core.jobs import Job
from billing_core.orders.jobs import fulfil_on_day
from billing_core.orders.models import ServiceOrder
from billing_core.people import Membership
from billing_core.subscriptions.refusals import (
    NotTheirSubscription,
    TermNotMet,
    TermOver,
    TermRenewed,
    TooFewSeats,
)
from tests.billing_core.orders.placing import (
    about,
    audited,
    buyer,
    holders,
    it_is,
    line,
    order,
    reread,
    subscriptions,
    term,
)
from tests.factories import core

pytestmark = pytest.mark.usefixtures("database")

TODAY = date(2026, 3, 2)


@pytest.fixture(autouse=True)
def monday(monkeypatch: pytest.MonkeyPatch) -> None:
    it_is(monkeypatch, TODAY)


def waiting_jobs() -> list[Job]:
    with db.reading() as session:
        return list(session.scalars(select(Job).where(Job.kind == "order.fulfil").order_by(Job.run_at)))


def orders() -> list[ServiceOrder]:
    with db.reading() as session:
        return list(session.scalars(select(ServiceOrder)))


def test_seats_join_today(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    running = term(of, seats=5)
    placed = order(of, about(of, running, "add", 3))
    assert (reread(running).seats, placed.state, len(subscriptions())) == (8, "fulfilled", 1)
    assert audited("subscription.seats_added") == [running.public_id]


def test_lines_take_effect_each_on_its_own_day(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    running = term(of, seats=5)
    later, last = TODAY + timedelta(days=10), TODAY + timedelta(days=40)
    placed = order(
        of,
        about(of, running, "add", 1),
        about(of, running, "add", 2, term_start=later),
        about(of, running, "remove", 4, term_start=last, is_credited=True),
        line(of, seats=7, term_start=later),
    )
    assert (placed.state, reread(running).seats, len(subscriptions())) == ("pending", 6, 1)
    days = [clock.local(job.run_at, "Europe/Berlin") for job in waiting_jobs()]
    assert [(day.date(), day.hour) for day in days] == [(later, 0), (last, 0)]
    it_is(monkeypatch, later)
    fulfil_on_day(placed.public_id)
    assert (reread(running).seats, len(subscriptions()), reread(placed).state) == (8, 2, "pending")
    it_is(monkeypatch, last)
    fulfil_on_day(placed.public_id)
    fulfil_on_day(placed.public_id)
    assert (reread(running).seats, len(subscriptions()), reread(placed).state) == (4, 2, "fulfilled")


def test_a_worker_that_was_down_catches_up_with_all_days_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    running = term(of, seats=5)
    for_days = [about(of, running, "add", 1, term_start=TODAY + timedelta(days=n)) for n in (5, 9)]
    placed = order(of, *for_days)
    it_is(monkeypatch, TODAY + timedelta(days=400))
    fulfil_on_day(placed.public_id)
    fulfil_on_day(placed.public_id)
    assert (reread(running).seats, reread(placed).state) == (7, "fulfilled")


def test_a_job_that_comes_too_early_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    placed = order(of, line(of, term_start=TODAY + timedelta(days=2)))
    with pytest.raises(jobs.NotYet) as wait:
        fulfil_on_day(placed.public_id)
    assert wait.value.pause == timedelta(hours=38)


def test_two_jobs_at_once_do_it_once(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    running = term(of, seats=5)
    day = TODAY + timedelta(days=1)
    placed = order(of, about(of, running, "add", 3, term_start=day), line(of, term_start=day))
    it_is(monkeypatch, day)
    both = Barrier(2)

    def work() -> None:
        both.wait()
        fulfil_on_day(placed.public_id)

    with ThreadPoolExecutor(2) as workers:
        for done in [workers.submit(work) for _ in range(2)]:
            done.result()
    assert (reread(running).seats, len(subscriptions())) == (8, 2)
    assert len(audited("order.fulfilled")) == 2  # of the order that began the term, and of this one


def test_a_renewal_follows_on_the_term(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    former = term(of, seats=5)
    placed = order(of, about(of, former, "renew", 8, tier="Plus", frequency="monthly", unit_price=1100))
    former = reread(former)
    following = next(one for one in subscriptions() if one.id == former.renewed_by_id)
    assert (placed.state, following.status(TODAY)) == ("pending", "scheduled")
    assert (following.period_start, following.seats, following.tier, following.frequency) == (
        former.period_end, 8, "Plus", "monthly",
    )  # fmt: skip
    it_is(monkeypatch, former.period_end)
    fulfil_on_day(placed.public_id)
    fulfil_on_day(placed.public_id)
    assert reread(placed).state == "fulfilled"
    assert [one.status(former.period_end) for one in subscriptions()] == ["expired", "active"]


def test_a_renewal_in_the_grace_begins_where_the_term_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    former = term(of)
    it_is(monkeypatch, former.period_end + timedelta(days=29))
    assert former.status(former.period_end + timedelta(days=29)) == "grace"
    placed = order(of, about(of, former, "renew", 5))
    assert placed.state == "fulfilled"
    assert [one.status(former.period_end) for one in subscriptions()] == ["expired", "active"]


def test_what_cannot_be_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    former = term(of)
    with pytest.raises(TermNotMet):
        order(of, about(of, former, "renew", 5, term_start=former.period_end + timedelta(days=1)))
    order(of, about(of, former, "renew", 5))
    with pytest.raises(TermRenewed):
        order(of, about(of, former, "renew", 5))
    with pytest.raises(TermRenewed):
        order(of, about(of, former, "remove", 1, term_start=former.period_end))
    other = term(of)
    it_is(monkeypatch, other.period_end + timedelta(days=30))
    with pytest.raises(TermOver):
        order(of, about(of, other, "renew", 5))
    assert len(orders()) == 3


def test_seats_leave_at_the_end_of_the_term_without_credit() -> None:
    of = buyer()
    running = term(of, seats=5)
    placed = order(of, about(of, running, "remove", 2, term_start=running.period_end))
    assert (placed.state, waiting_jobs()) == ("fulfilled", [])
    assert (reread(running).seats, reread(running).removed_at_end) == (5, 2)
    with pytest.raises(TooFewSeats) as refused:
        order(of, about(of, running, "remove", 4, term_start=running.period_end))
    assert refused.value.params["seats"] == 3
    order(of, about(of, running, "remove", 3, term_start=running.period_end))
    assert reread(running).removed_at_end == 5


def test_credited_seats_leave_on_their_day_and_one_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    running = term(of, seats=5)
    order(of, about(of, running, "remove", 1, is_credited=True))
    assert reread(running).seats == 4
    day = TODAY + timedelta(days=3)
    first = order(of, about(of, running, "remove", 2, term_start=day, is_credited=True))
    with pytest.raises(TooFewSeats) as refused:
        order(of, about(of, running, "remove", 2, is_credited=True))
    assert refused.value.params["seats"] == 1
    assert "%(" not in refused.value.message % refused.value.params
    it_is(monkeypatch, day)
    fulfil_on_day(first.public_id)
    assert reread(running).seats == 2
    assert len(orders()) == 3


def test_what_is_over_or_belongs_to_others_is_refused_and_leaves_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    of, stranger = buyer(), buyer()
    running, foreign = term(of), term(stranger)
    with pytest.raises(NotTheirSubscription):
        order(of, line(of), about(of, foreign, "add", 1))
    with pytest.raises(NotTheirSubscription):
        order(of, replace(about(of, running, "add", 1), subscription_id=None))
    with pytest.raises(TermOver):
        order(of, line(of), about(of, running, "add", 1, term_start=running.period_end))
    it_is(monkeypatch, running.period_end)
    for effect in ("add", "remove"):
        with pytest.raises(TermOver) as over:
            order(of, line(of), about(of, running, effect, 1, term_start=TODAY, is_credited=effect == "remove"))
        assert over.value.params["day"] == "1 March 2027"
    assert (len(orders()), len(subscriptions()), waiting_jobs()) == (2, 2, [])


def test_an_effect_that_fails_on_its_day_leaves_the_order_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    running, day = term(of), TODAY + timedelta(days=1)
    placed = order(of, line(of, term_start=day), about(of, running, "add", 2, term_start=day))

    def broken(*_: object) -> None:
        raise RuntimeError("the disk is full")

    it_is(monkeypatch, day)
    with monkeypatch.context() as patched:
        patched.setattr("billing_core.subscriptions.service.add_seats", broken)
        with pytest.raises(RuntimeError):
            fulfil_on_day(placed.public_id)
    assert (len(subscriptions()), reread(running).seats, reread(placed).state) == (1, 5, "pending")
    fulfil_on_day(placed.public_id)
    assert (len(subscriptions()), reread(running).seats, reread(placed).state) == (2, 7, "fulfilled")


def test_the_admin_contact_becomes_admin_with_one_seat_of_each_product(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    running = term(of)
    admin = core.member(of.account)
    day = TODAY + timedelta(days=5)
    placed = order(
        of,
        line(of, seats=1, term_start=day),
        about(of, running, "add", 1, term_start=day),
        line(of, frequency="once", term_start=day, term_end=None, effect="free"),
        admin=admin,
    )

    def is_admin() -> bool:
        with db.reading() as session:
            return session.scalars(select(Membership).where(Membership.person_id == admin.id)).one().is_admin

    assert not is_admin()
    it_is(monkeypatch, day)
    fulfil_on_day(placed.public_id)
    assert is_admin()
    assert [holders(one) for one in subscriptions()] == [[admin.id], [admin.id]]
    assert len(audited("account.admin_appointed")) == 1
    assert len(audited("seat.assigned")) == 2
    order(of, about(of, running, "add", 1), admin=admin)
    assert len(audited("account.admin_appointed")) == 1


def test_seats_go_over_to_the_next_term_and_whoever_came_last_loses_one(monkeypatch: pytest.MonkeyPatch) -> None:
    of = buyer()
    people = [core.member(of.account) for _ in range(3)]
    running = term(of, seats=3)
    for person in people:
        order(of, about(of, running, "add", 1), admin=person)
    order(of, about(of, running, "remove", 4, is_credited=True))
    assert holders(running) == [people[0].id, people[1].id]
    placed = order(of, about(of, running, "renew", 1))
    it_is(monkeypatch, running.period_end)
    fulfil_on_day(placed.public_id)
    (following,) = [one for one in subscriptions() if one.id == reread(running).renewed_by_id]
    assert holders(following) == [people[0].id]
