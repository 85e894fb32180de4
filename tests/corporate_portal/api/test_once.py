"""The same key is the same deed: one effect and one answer, to the byte, however often and at whatever moment."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from flask import Flask
from sqlalchemy import func, select
from werkzeug.test import TestResponse

from app.jobs import RECURRING, handlers
from app.ports import make_ports
from app.settings import Settings
from billing_core import clock, db
from billing_core.mail.models import OutboxMail
from corporate_portal.api import service
from corporate_portal.api.jobs import PRUNE, prune_answers
from corporate_portal.api.models import ApiAnswer
from corporate_portal.quotes.models import Quote, QuoteVersion
from tests.concurrency.server import at_once
from tests.corporate_portal.api.programs import Program, new, problem, wish
from tests.factories import quotes as make
from tests.factories.quotes import Deal

OURS = ("Content-Type", "ETag", "Location")


@pytest.fixture
def deal(app: object) -> Deal:
    return make.deal()


def same(first: TestResponse, second: TestResponse) -> bool:
    """Status, body and the headers that the operation gave."""
    headers = [[answer.headers.get(name) for name in OURS] for answer in (first, second)]
    return (first.status_code, first.data) == (second.status_code, second.data) and headers[0] == headers[1]


def count(table: type[Any]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_the_same_request_again_gives_the_same_answer_and_makes_nothing(crm: Program, deal: Deal) -> None:
    content = new(deal)
    first = crm.post("/quotes", content, key="k-1")
    path = first.headers["Location"].removeprefix("/api/v1")
    crm.put(path, wish(deal, title="Changed since"), first.headers["ETag"])
    assert same(first, crm.post("/quotes", content, key="k-1"))
    assert count(Quote) == 1


def test_a_move_is_repeated_although_what_was_seen_is_stale_by_then(crm: Program, deal: Deal) -> None:
    quote = make.draft(deal)
    seen, path = crm.seen(quote), f"/quotes/{quote.public_id}"
    first = crm.post(f"{path}/submit", key="k-1", seen=seen)
    mails = count(OutboxMail)
    assert (first.status_code, mails > 0) == (200, True)
    assert same(first, crm.post(f"{path}/submit", key="k-1", seen=seen))
    assert count(OutboxMail) == mails
    revised = crm.post(f"{path}/revise", key="k-2", seen=first.headers["ETag"])
    assert same(revised, crm.post(f"{path}/revise", key="k-2", seen=first.headers["ETag"]))
    assert count(QuoteVersion) == 2


def test_a_key_belongs_to_one_request(crm: Program, deal: Deal) -> None:
    quote = make.draft(deal)
    seen, path = crm.seen(quote), f"/quotes/{quote.public_id}"
    assert crm.post("/quotes", new(deal), key="k-1").status_code == 201
    made = count(Quote)
    for again in (
        crm.post("/quotes", new(deal, title="Another"), key="k-1"),
        crm.post(f"{path}/submit", key="k-1", seen=seen),
    ):
        assert problem(again) == (409, "key-reused")
    assert crm.post(f"{path}/submit", key="k-2", seen=seen).status_code == 200
    assert problem(crm.post(f"{path}/submit", key="k-2", seen='"another"')) == (409, "key-reused")
    assert count(Quote) == made


def test_two_programs_may_use_the_same_key(app: Flask, deal: Deal) -> None:
    crm, erp = Program(app), Program(app)
    first, second = (one.post("/quotes", new(deal), key="1") for one in (crm, erp))
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.headers["Location"] != second.headers["Location"]


def test_a_refusal_leaves_the_key_free(crm: Program, deal: Deal) -> None:
    assert crm.post("/quotes", new(deal, zone="Mars/Base"), key="k-1").status_code == 400
    assert crm.post("/quotes", new(deal, account="acc_unknown"), key="k-1").status_code == 404
    assert count(ApiAnswer) == 0
    assert crm.post("/quotes", new(deal), key="k-1").status_code == 201


def test_a_post_without_a_usable_key_does_nothing(crm: Program, deal: Deal) -> None:
    quote = make.draft(deal)
    seen = crm.seen(quote)
    for headers in ({}, {"Idempotency-Key": ""}, {"Idempotency-Key": "a b"}, {"Idempotency-Key": "x" * 121}):
        bare = crm.send("POST", "/quotes", json=new(deal), headers=headers)
        assert problem(bare) == (400, "key-missing"), headers
        moved = crm.send("POST", f"/quotes/{quote.public_id}/submit", headers={**headers, "If-Match": seen})
        assert problem(moved) == (400, "key-missing"), headers
    assert (count(Quote), make.version(quote).state) == (1, "draft")


def parallel(app: Flask, crm: Program, requests: list[Callable[[Program], TestResponse]]) -> list[TestResponse]:
    """Each request from a thread and a connection of its own, all at once, with the same token."""

    def sending(request: Callable[[Program], TestResponse]) -> Callable[[], TestResponse]:
        own = Program.__new__(Program)
        own.browser, own.token, own.secret = app.test_client(), crm.token, crm.secret
        return lambda: request(own)

    return at_once([sending(request) for request in requests])


def test_the_same_post_from_many_threads_at_once_has_one_effect(app: Flask, crm: Program, deal: Deal) -> None:
    for round_ in range(4):
        content, key, before = new(deal, title=f"Round {round_}"), f"round-{round_}", count(Quote)
        answers = parallel(app, crm, [lambda own, c=content, k=key: own.post("/quotes", c, key=k)] * 6)  # type: ignore[misc]
        assert {answer.status_code for answer in answers} == {201}
        assert all(same(answers[0], answer) for answer in answers)
        assert count(Quote) == before + 1


def test_the_same_move_from_many_threads_at_once_has_one_effect(app: Flask, crm: Program, deal: Deal) -> None:
    quote = make.sent(deal)
    seen, path = crm.seen(quote), f"/quotes/{quote.public_id}/revise"
    answers = parallel(app, crm, [lambda own: own.post(path, key="once", seen=seen)] * 6)
    assert {answer.status_code for answer in answers} == {200}
    assert all(same(answers[0], answer) for answer in answers)
    assert count(QuoteVersion) == 2


def test_of_many_changes_at_once_one_wins_and_the_others_are_told(app: Flask, crm: Program, deal: Deal) -> None:
    quote = make.draft(deal)
    seen, path = crm.seen(quote), f"/quotes/{quote.public_id}"
    changes = [
        lambda own, title=f"Writer {n}": own.put(path, wish(deal, title=title), seen)  # type: ignore[misc]
        for n in range(6)
    ]
    answers = parallel(app, crm, changes)
    assert sorted(answer.status_code for answer in answers) == [200, 412, 412, 412, 412, 412]
    (winner,) = [answer for answer in answers if answer.status_code == 200]
    assert make.version(quote).title == (winner.json or {})["title"]


def test_of_different_moves_at_once_one_wins(app: Flask, crm: Program, deal: Deal) -> None:
    quote = make.sent(deal)
    seen, path = crm.seen(quote), f"/quotes/{quote.public_id}"
    moves = [lambda own, verb=verb: own.post(f"{path}/{verb}", seen=seen) for verb in ("revise", "withdraw") * 3]  # type: ignore[misc]
    statuses = sorted(answer.status_code for answer in parallel(app, crm, moves))
    assert statuses == [200, 412, 412, 412, 412, 412]


def test_answers_are_kept_for_thirty_days(crm: Program, deal: Deal, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(service, "AT_A_TIME", 2)
    start, content = clock.now(), new(deal)
    old = [crm.post("/quotes", content, key=f"old-{n}") for n in range(5)]
    with time_machine.travel(start + timedelta(days=20)):
        assert crm.post("/quotes", new(deal), key="young").status_code == 201
    with time_machine.travel(start + timedelta(days=29)):
        prune_answers()
        assert count(ApiAnswer) == 6
        assert same(old[0], crm.post("/quotes", content, key="old-0"))
    with time_machine.travel(start + timedelta(days=30, hours=1)):
        prune_answers()
    with db.reading() as session:
        assert session.scalars(select(ApiAnswer.key)).all() == ["young"]


def test_the_worker_forgets_old_answers_every_day(settings: Settings) -> None:
    assert handlers(make_ports(settings))[PRUNE] is prune_answers
    (recurring,) = [one for one in RECURRING if one.kind == PRUNE]
    assert recurring.every == timedelta(days=1)
