"""Entries of the audit trail: chained without a gap whatever fails or races, and never changed."""

import hashlib
import json
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError

from billing_core import audit, db, numbering
from billing_core.accounts import Account
from billing_core.audit import AuditEntry, AuditHead, recording
from billing_core.audit.verifying import verify
from tests.billing_core.db.test_transactions import RACES, busy, in_order
from tests.conftest import Database
from tests.factories import core
from tests.factories.sql import statements, writes

ROOT = Path(__file__).parent.parent.parent.parent


class Broken(Exception):
    """What a verb raises in these tests."""


def note(*subjects: str) -> None:
    for subject in subjects:
        audit.record("worker", "thing.changed", subject, 7, before={"name": "Ä\n"})


def entries() -> list[AuditEntry]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry).order_by(AuditEntry.id)))


def test_every_entry_covers_the_one_before_it(database: Database) -> None:
    db.perform(note, "a", "b")
    db.perform(note, "c")
    previous = "00" * 32
    for number, (entry, subject) in enumerate(zip(entries(), "abc", strict=True), start=1):
        body = '{"before":{"name":"Ä\\n"}}'.encode()
        assert (entry.id, entry.subject, entry.detail, entry.previous_seal.hex()) == (number, subject, body, previous)
        said = {
            "account": 7, "action": "thing.changed", "actor": "worker", "at": f"{entry.at:%Y-%m-%dT%H:%M:%S.%fZ}",
            "detail": hashlib.sha256(body).hexdigest(), "form": 1, "id": number, "previous": previous,
            "subject": subject,
        }  # fmt: skip
        previous = hashlib.sha256(json.dumps(said, separators=(",", ":")).encode()).hexdigest()
        assert entry.seal.hex() == previous
    with db.reading() as session:
        head = session.scalars(select(AuditHead)).one()
    assert (head.entries, head.seal.hex()) == (3, previous)
    assert verify().head == previous


def test_what_is_rolled_back_leaves_no_gap(database: Database) -> None:
    def fail() -> None:
        note("lost")
        raise Broken

    db.perform(note, "a")
    with pytest.raises(Broken):
        db.perform(fail)
    db.perform(note, "b")
    assert [(entry.id, entry.subject) for entry in entries()] == [(1, "a"), (2, "b")]


def test_a_verb_that_runs_again_is_noted_once(database: Database) -> None:
    runs: list[int] = []

    def verb() -> None:
        note("a")
        runs.append(1)
        if len(runs) < 3:
            raise busy(database.kind, RACES[database.kind][0])

    db.perform(verb)
    assert [entry.subject for entry in entries()] == ["a"]


def test_a_savepoint_takes_its_entries_along(database: Database) -> None:
    def tried() -> None:
        with db.savepoint():
            note("lost")
            with db.savepoint():
                note("lost too")
            core.account()
            raise Broken

    def verb() -> None:
        note("a")
        with pytest.raises(Broken):
            tried()
        with db.savepoint():
            note("b")
        note("c")

    db.perform(verb)
    assert [entry.subject for entry in entries()] == ["a", "b", "c"]
    with db.reading() as session:
        assert session.scalars(select(Account)).all() == []
    assert verify().wrong is None


def test_savepoints_are_made_in_one_place_only() -> None:
    """Elsewhere a rollback would leave the entries of what it undid."""
    folders = ("app", "billing_core", "corporate_portal", "online_bridge")
    sources = [path for folder in folders for path in (ROOT / folder).rglob("*.py")]
    named = [str(path.relative_to(ROOT)) for path in sources if "begin_nested" in path.read_text()]
    assert named == ["billing_core/db/__init__.py"]


def test_nothing_is_noted_outside_a_verb(database: Database) -> None:
    with pytest.raises(db.NoTransaction):
        note("a")
    with db.reading(), pytest.raises(db.NoTransaction):
        note("a")
    with pytest.raises(db.NoTransaction), db.savepoint():
        pass


def test_the_head_is_taken_last_and_nothing_else_is_asked_under_it(database: Database) -> None:
    def verb() -> None:
        note("a")
        core.account()
        numbering.take("A")
        note("b")

    with statements() as seen:
        db.perform(verb)
    tables = [one.split()[2 if one.startswith("INSERT") else 1] for one in writes(seen)]
    assert tables[-4:] == ["number_series", "audit_head", "audit_entry", "audit_head"]
    assert seen[-3:] == writes(seen)[-3:]


def test_many_entries_of_one_verb(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(recording, "_AT_ONCE", 10)
    db.perform(note, *map(str, range(25)))
    assert [entry.subject for entry in entries()] == [str(number) for number in range(25)]
    assert verify().wrong is None


@pytest.mark.parametrize("change", [
    "UPDATE audit_entry SET action = 'thing.kept' WHERE id = 1",
    "UPDATE audit_entry SET seal = seal",
    "DELETE FROM audit_entry WHERE id = 2",
    "DELETE FROM audit_entry",
    "TRUNCATE audit_entry",
    "INSERT OR REPLACE INTO audit_entry SELECT * FROM audit_entry WHERE id = 1",
])  # fmt: skip
def test_the_database_lets_no_entry_change_or_go(database: Database, change: str) -> None:
    other = "postgresql" if "REPLACE" in change else "sqlite" if "TRUNCATE" in change else None
    if database.kind == other:
        return
    db.perform(note, "a", "b")
    with pytest.raises(DBAPIError, match="append-only"), db.engine().begin() as connection:
        connection.execute(text(change))
    assert len(entries()) == 2
    assert verify().wrong is None


def test_parallel_verbs_make_one_chain(database: Database) -> None:
    """Each locks an account and a number series and is about another account, which somebody else has locked."""
    accounts = [core.account().id for _ in range(3)]
    threads, rounds, began = 6, 8, time.monotonic()

    def verb(own: int, other: int, run: int) -> None:
        account = db.session().get_one(Account, own, with_for_update=True)
        audit.record("worker", "account.changed", "own", account.id, run=run)
        if run % 4 == 3:
            raise Broken
        try:
            with db.savepoint():
                audit.record("worker", "account.tried", "lost", other)
                raise Broken
        except Broken:
            audit.record("worker", "account.changed", "other", other)
        numbering.take("A")

    def work(number: int) -> Callable[[], None]:
        def deeds() -> None:
            for run in range(rounds):
                own, other = (accounts[(number + run + step) % len(accounts)] for step in (0, 1))
                try:
                    db.perform(verb, own, other, run)
                except Broken:
                    assert run % 4 == 3

        return deeds

    in_order(*(work(number) for number in range(threads)))
    written = threads * rounds * 3 // 4 * 2
    found = entries()
    assert [entry.id for entry in found] == list(range(1, written + 1))
    assert {entry.subject for entry in found} == {"own", "other"}
    assert (verify().entries, verify().wrong) == (written, None)
    assert time.monotonic() - began < 30


@pytest.mark.parametrize("database", ["postgresql"], indirect=True)
def test_the_control_without_the_lock_of_the_head_forks(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two would follow the same entry; the key lets one of them fail. SQLite lets one writer in at a time anyway."""
    db.perform(note, "a")
    both_looked = threading.Barrier(2)

    def look(_further: int) -> tuple[int, bytes]:
        entries, seal = db.session().execute(select(AuditHead.entries, AuditHead.seal)).one()
        both_looked.wait(10)
        return entries, seal

    monkeypatch.setattr(recording, "_take_head", look)
    with pytest.raises(IntegrityError):
        in_order(*[lambda: db.perform(note, "b")] * 2)
