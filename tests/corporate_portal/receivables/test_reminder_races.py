"""A customer pays while reminders are written, two workers write them, and one dies: nobody is asked for paid money."""

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy.exc import IntegrityError

from billing_core import db
from billing_core.payments.crashpoints import DIED_HERE
from corporate_portal.receivables import jobs, mails, service
from corporate_portal.receivables.jobs import NotAllReminded, remind_due
from corporate_portal.receivables.models import Dunning
from tests.conftest import Database
from tests.corporate_portal.receivables.conftest import customer, late, paid, rows, sent
from tests.corporate_portal.receivables.conftest import mails as outbox
from tests.faults.dying import die_of


def test_what_is_paid_between_selection_and_lock_is_not_asked_for(
    database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    account = customer()
    late(account, 40)
    young = late(account, 8, 500)
    lock = service.lock_account
    pending = [10000]

    def pay_first(verb: Any, *args: Any) -> Any:
        if verb is service.remind_account and pending:
            paid(account, pending.pop())
        return perform(verb, *args)

    perform = db.perform
    monkeypatch.setattr(jobs.db, "perform", pay_first)
    remind_due()
    assert lock is service.lock_account
    assert not pending
    (reminder,) = sent()
    assert (reminder.step, reminder.total, [item.invoice_id for item in reminder.items]) == (1, 500, [young.id])


def test_paid_wholly_in_between_nothing_is_sent(database: object) -> None:
    account = customer()
    late(account, 40)
    (place,) = jobs._late(None)
    paid(account, 10000)
    assert db.perform(service.remind_account, *place, "worker") is None
    assert sent() == []
    assert outbox() == []


def test_two_workers_send_one_reminder(database: object) -> None:
    accounts = [customer(f"Customer {number}") for number in range(4)]
    for account in accounts:
        late(account, 22)
    barrier = Barrier(3)

    def work() -> None:
        barrier.wait()
        remind_due()

    with ThreadPoolExecutor(3) as pool:
        list(pool.map(lambda _n: work(), range(3)))
    assert sorted(one.dunning.account_id for one in sent()) == [account.id for account in accounts]
    assert len(outbox()) == 4


def test_a_payment_at_the_same_moment_is_either_before_or_after(database: object) -> None:
    for _ in range(5):
        account = customer()
        late(account, 22)
        before, barrier = len(sent()), Barrier(2)

        def pay(account: Any = account, barrier: Barrier = barrier) -> None:
            barrier.wait()
            paid(account, 10000)

        def work(barrier: Barrier = barrier) -> None:
            barrier.wait()
            remind_due()

        with ThreadPoolExecutor(2) as pool:
            for done in [pool.submit(pay), pool.submit(work)]:
                done.result()
        assert len(sent()) - before in (0, 1)
        remind_due()
        assert len(sent()) - before in (0, 1)
    assert all(row.ended_at for row in rows())


def test_without_the_look_at_earlier_steps_the_database_still_refuses(
    database: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: behind the look stands a unique index."""
    account = customer()
    invoice = late(account, 22)
    place = (account.id, invoice.seller_id, "EUR")
    db.perform(service.remind_account, *place, "worker")
    with monkeypatch.context() as patch:
        patch.setattr(service, "_sent_until", lambda _row: 0)
        with pytest.raises(IntegrityError):
            db.perform(service.remind_account, *place, "worker")
        patch.setattr(service, "_open_row", lambda *_place: None)
        with pytest.raises(IntegrityError):
            db.perform(service.remind_account, *place, "worker")
    assert len(sent()) == len(outbox()) == 1


def test_one_that_fails_holds_up_no_other_and_is_tried_again(database: object, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second, third = (customer(f"Customer {number}") for number in range(3))
    for account in (first, second, third):
        late(account, 8)
    remind = mails.remind

    def fail_for_second(reminder: Any, account: Any, *rest: Any) -> str:
        if account.id == second.id:
            raise RuntimeError("the template is broken")
        return remind(reminder, account, *rest)

    with monkeypatch.context() as patch:
        patch.setattr(mails, "remind", fail_for_second)
        with pytest.raises(NotAllReminded):
            remind_due()
    assert [one.dunning.account_id for one in sent()] == [first.id, third.id]
    assert {row.account_id for row in rows()} == {first.id, third.id}, "nothing of the failed one was kept"
    remind_due()
    assert [one.dunning.account_id for one in sent()] == [first.id, third.id, second.id]
    assert len(outbox()) == 3


def test_a_worker_that_dies_leaves_nothing_half(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(3):
        late(customer(f"Customer {number}"), 8)
    remind = mails.remind
    written = []

    def die_at_the_second(*args: Any) -> str:
        found = remind(*args)
        written.append(found)
        if len(written) == 2:
            os._exit(DIED_HERE)
        return found

    with monkeypatch.context() as patch:
        patch.setattr(mails, "remind", die_at_the_second)
        die_of(remind_due, database)
    assert len(sent()) == len(outbox()) == len(rows()) == 1
    remind_due()
    assert len(sent()) == len(outbox()) == 3
    with db.reading() as session:
        assert session.query(Dunning).count() == 3
