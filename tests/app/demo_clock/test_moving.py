"""The demo's clock: it goes on and never back, for all processes, in a demo only; sign-ins and leases outlast it."""

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask

from app.demo.install import DONE
from app.demo_clock import command
from app.demo_clock.lead import ClockRefused, Lead, use_clock
from app.demo_clock.moving import MovedMeanwhile, OnlyInTheDemo, move_clock
from app.factory import create_app
from app.imports.models import ImportSource
from app.settings import Settings
from billing_core import clock, db, jobs
from billing_core.audit import AuditEntry
from billing_core.credentials import sessions
from billing_core.errors import Invalid
from billing_core.jobs import Job
from billing_core.permissions import Realm
from tests.client import Client
from tests.factories import core

TODAY = date(2026, 11, 23)
NOW = datetime(2026, 11, 23, 9, 30, tzinfo=UTC)


@pytest.fixture
def lead(settings: Settings) -> Iterator[Lead]:
    """The clock of a demo, not moved yet."""
    found = Lead(settings.data_dir)
    use_clock(settings)
    core.add(ImportSource(name=DONE, imported_at=clock.now()))
    with time_machine.travel(NOW, tick=False):
        yield found
    clock.run_ahead(None)


@pytest.fixture
def demo(app: Flask, lead: Lead) -> Client:
    """Somebody at the demo."""
    return Client(app)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("wanted", "day"),
    [
        ("day", date(2026, 11, 24)),
        ("week", date(2026, 11, 30)),
        ("month", date(2026, 12, 23)),
        (date(2027, 11, 24), date(2027, 11, 24)),
    ],
    ids=["day", "week", "month", "date"],
)
def test_the_clock_goes_on_at_the_same_time_of_day(lead: Lead, wanted: str | date, day: date) -> None:
    assert move_clock(lead, wanted, "test") == clock.now() == datetime.combine(day, NOW.timetz())
    assert clock.real_now() == NOW


def test_moves_add_up_and_stand_in_the_audit_trail(lead: Lead) -> None:
    for step in ("week", "day"):
        move_clock(lead, step, "test")
    assert lead() == timedelta(days=8)
    with db.reading() as session:
        entries = session.query(AuditEntry).filter_by(action="clock.moved").order_by(AuditEntry.id).all()
        assert [entry.detail for entry in entries] == [b'{"ahead":7,"days":7}', b'{"ahead":8,"days":1}']


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("ahead", [0, -1, 367, 20 * 366], ids=str)
def test_it_goes_neither_back_nor_too_far(lead: Lead, ahead: int) -> None:
    with pytest.raises(Invalid):
        move_clock(lead, TODAY + timedelta(days=ahead), "test")
    assert lead() == timedelta()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_second_of_two_clicks_moves_nothing(lead: Lead) -> None:
    move_clock(lead, "week", "test", seen=0)
    with pytest.raises(MovedMeanwhile):
        move_clock(lead, "week", "test", seen=0)
    assert lead() == timedelta(days=7)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_only_a_demo_has_a_clock_to_move(settings: Settings) -> None:
    with pytest.raises(OnlyInTheDemo):
        move_clock(Lead(settings.data_dir), "day", "test")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_other_processes_have_a_move_at_once_and_after_a_restart(lead: Lead, settings: Settings) -> None:
    script = (
        "import sys; from pathlib import Path; from app.demo_clock.lead import Lead; from billing_core import clock\n"
        "clock.run_ahead(Lead(Path(sys.argv[1])))\n"
        "for _ in sys.stdin: print((clock.now() - clock.real_now()).days + 1, flush=True)"
    )
    argv = [sys.executable, "-c", script, str(settings.data_dir)]
    with subprocess.Popen(argv, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdin
        assert other.stdout
        seen = []
        for step in ("day", "week"):
            move_clock(lead, step, "test")
            other.stdin.write("\n")
            other.stdin.flush()
            seen.append(int(other.stdout.readline()))
    assert seen == [1, 8]
    clock.run_ahead(None)
    use_clock(settings)
    assert clock.now() == NOW + timedelta(days=8)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_no_other_settings_run_on_a_moved_clock(lead: Lead, settings: Settings) -> None:
    others = [
        replace(settings, clock="real"),
        replace(settings, smtp_host="mail.example"),
        replace(settings, stripe_secret_key="sk_test_1"),
        replace(settings, environment="production"),
    ]
    for other in others:
        use_clock(other)
        assert clock.now() == clock.real_now()
    move_clock(lead, "day", "test")
    for other in others:
        with pytest.raises(ClockRefused, match="moved 1 days"):
            use_clock(other)


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("text", ["", "x", "-1", "9" * 30], ids=["empty", "word", "negative", "huge"])
def test_a_file_that_is_not_ours_is_named(settings: Settings, text: str) -> None:
    lead = Lead(settings.data_dir)
    lead.path.write_text(text)
    with pytest.raises(ClockRefused, match="days-ahead must hold"):
        use_clock(settings)


def test_whoever_is_signed_in_stays_so(demo: Client, lead: Lead) -> None:
    person = core.contact(core.account(kind="online"))
    demo.sign_in(person, Realm.MY)
    move_clock(lead, "month", "test")
    assert demo.get("/my-account").status == 200
    with time_machine.travel(NOW + sessions.LIMITS[Realm.MY].idle, tick=False):
        assert demo.get("/my-account").status == 303


def test_what_is_due_then_is_due_now_but_a_worker_keeps_its_lease(lead: Lead) -> None:
    db.perform(jobs.enqueue, "held")
    (held,) = db.perform(jobs.claim)
    db.perform(jobs.enqueue, "later", run_at=clock.now() + timedelta(days=5))
    assert db.perform(jobs.claim) == []
    move_clock(lead, "week", "test")
    assert [job.kind for job in db.perform(jobs.claim)] == ["later"]
    with time_machine.travel(NOW + jobs.LEASE + timedelta(seconds=1), tick=False):
        assert {job.kind for job in db.perform(jobs.claim, 5)} == {"held", "later"}
    with db.reading() as session:
        assert session.get_one(Job, held.id).attempts == 2


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_processor_goes_by_the_same_clock(demo: Client, lead: Lead, settings: Settings) -> None:
    move_clock(lead, "month", "test")
    customer = demo.app.extensions["ports"].gateway.create_customer("test")
    with closing(sqlite3.connect(settings.data_dir / "sandbox.sqlite")) as store:
        (created,) = store.execute("SELECT created FROM object WHERE id = ?", (customer,)).fetchone()
    assert created == int(clock.now().timestamp())


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_page_moves_the_clock_and_every_page_says_so(demo: Client) -> None:
    page = demo.get("/clock")
    assert "23 November 2026, 09:30 (UTC)" in page.words
    assert not page.html.select(".moved-clock")
    fields = page.form("/clock/move") | {"by": "week"}
    answer = demo.post("/clock/move", fields)
    assert answer.status == 303
    shown = demo.follow(answer)
    assert "It is now 30 November 2026, 09:30 (UTC)." in shown.words
    assert "The clock of this demo is moved" in demo.get("/sign-in").words
    twice = demo.post("/clock/move", fields)
    assert (twice.status, "moved meanwhile" in twice.words) == (409, True)
    german = demo.get("/clock", headers={"Accept-Language": "de"})
    assert "Die Uhr dieser Demo ist vorgestellt: Es ist 30. November 2026, 09:30 Uhr (UTC)." in german.words
    assert "7 Tage" in german.words


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    "sent",
    [
        {},
        {"by": "year"},
        {"by": "day\x00"},
        {"to": "2026-11-23"},
        {"to": "yesterday"},
        {"to": "2028-01-01"},
        {"to": "x" * 10_000},
        {"by": "day", "seen": "-1"},
        {"by": "day", "seen": "9" * 30},
        {"by": "day", "seen": ""},
    ],
    ids=["nothing", "no step", "nul", "today", "word", "too far", "too long", "negative", "huge", "unseen"],
)
def test_what_cannot_be_is_said_beside_the_field(demo: Client, lead: Lead, sent: dict[str, str]) -> None:
    fields = demo.get("/clock").form("/clock/move") | sent
    answer = demo.post("/clock/move", fields)
    assert answer.status == 400
    assert answer.html.select(".error-summary li")
    assert lead() == timedelta()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_without_a_demo_the_page_shows_no_form(client: Client) -> None:
    page = client.get("/clock")
    assert "there is no demo in this database" in page.words
    assert not page.html.select("main form")
    token = client.token(page)
    refused = client.post("/clock/move", {"csrf_token": token, "by": "day", "seen": "0"})
    assert refused.status == 409


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_there_is_none_where_the_clock_is_real(settings: Settings) -> None:
    application = create_app(replace(settings, clock="real"))
    assert not [rule for rule in application.url_map.iter_rules() if "clock" in rule.rule]


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_the_command_shows_and_moves_it(lead: Lead, settings: Settings) -> None:
    def run(*words: str, by: Settings = settings) -> tuple[int, str]:
        found = CliRunner().invoke(command.command(lambda: by), words)
        return found.exit_code, found.output

    assert run() == (0, "It is 2026-11-23 09:30 (UTC), 0 days ahead of the real clock.\n")
    assert run("month") == (0, "It is 2026-12-23 09:30 (UTC), 30 days ahead of the real clock.\n")
    assert run("2027-01-01") == (0, "It is 2027-01-01 09:30 (UTC), 39 days ahead of the real clock.\n")
    assert run("2026-12-31") == (1, "Choose a later day: the clock never goes back.\n")
    assert run("year")[0] == 2
    assert run("day", by=replace(settings, clock="real"))[0] == 1
    assert lead() == timedelta(days=39)
    assert Path(settings.data_dir / "days-ahead").read_text() == "39"
