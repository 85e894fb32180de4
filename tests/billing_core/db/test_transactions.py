"""The two ways into the database: what is kept, what is rolled back, what is tried again and what is refused."""

import sqlite3
import threading
from collections.abc import Callable

import pytest
from sqlalchemy import select, text, update
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from billing_core import db
from billing_core.numbering import NumberSeries
from tests.conftest import Database


class Broken(Exception):
    """What a verb raises in these tests."""


def add(code: str) -> None:
    db.session().add(NumberSeries(code=code, next=1))


def codes() -> set[str]:
    with db.reading() as session:
        return set(session.scalars(select(NumberSeries.code)))


@pytest.fixture
def pauses(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """The pauses that `perform` makes, which take no time here."""
    made: list[float] = []
    monkeypatch.setattr("billing_core.db.time.sleep", made.append)
    return made


def busy(kind: str, what: str) -> DBAPIError:
    """The database's own answer to a writer who was in another one's way."""
    if kind == "sqlite":
        cause: Exception = sqlite3.OperationalError(what)
    else:
        cause = type("Raced", (Exception,), {"sqlstate": what})()
    return OperationalError("UPDATE row", {}, cause)


RACES = {
    "sqlite": ["database is locked", "database table is locked", "database is busy"],
    "postgresql": ["40001", "40P01", "55P03"],
}
FAULTS = {"sqlite": ["no such table: row", "disk I/O error"], "postgresql": ["23505", "57014", "42P01"]}


def test_what_a_verb_did_is_kept_and_its_result_is_returned(database: Database) -> None:
    def verb(code: str, *, result: int) -> int:
        add(code)
        return result

    assert db.perform(verb, "A", result=7) == 7
    assert codes() == {"A"}


@pytest.mark.parametrize("error", [Broken, KeyboardInterrupt, SystemExit])
def test_what_a_verb_did_before_it_raised_is_undone(database: Database, error: type[BaseException]) -> None:
    def verb() -> None:
        add("A")
        db.session().flush()
        raise error

    with pytest.raises(error):
        db.perform(verb)
    assert codes() == set()
    assert not db.in_transaction()


def test_a_race_runs_the_verb_again_from_the_beginning(database: Database, pauses: list[float]) -> None:
    for n, race in enumerate(RACES[database.kind]):
        runs: list[int] = []

        def verb(code: str, what: str, runs: list[int]) -> int:
            add(code)
            db.session().flush()
            runs.append(1)
            if len(runs) < 3:
                raise busy(database.kind, what)
            return len(runs)

        assert db.perform(verb, f"A{n}", race, runs) == 3
    assert len(codes()) == len(RACES[database.kind])
    assert len(pauses) == 2 * len(RACES[database.kind])


def test_a_race_that_does_not_end_is_given_up(database: Database, pauses: list[float]) -> None:
    runs: list[int] = []

    def verb() -> None:
        add("A")
        runs.append(1)
        raise busy(database.kind, RACES[database.kind][0])

    with pytest.raises(OperationalError):
        db.perform(verb)
    assert len(runs) == db.RETRIES + 1
    assert codes() == set()
    assert len(pauses) == db.RETRIES
    assert max(pauses[:2]) < min(pauses[3:]), "the pauses grow"


def test_another_fault_is_raised_at_once(database: Database, pauses: list[float]) -> None:
    for fault in FAULTS[database.kind]:
        runs: list[int] = []

        def verb(what: str, runs: list[int]) -> None:
            runs.append(1)
            raise busy(database.kind, what)

        with pytest.raises(OperationalError):
            db.perform(verb, fault, runs)
        assert runs == [1], fault
    assert pauses == []


def test_a_broken_constraint_is_raised_at_once(database: Database, pauses: list[float]) -> None:
    db.perform(add, "A")
    with pytest.raises(IntegrityError):
        db.perform(add, "A")
    assert pauses == []


def test_a_real_deadlock_is_survived(database: Database) -> None:
    """Two verbs take two rows in opposite orders. SQLite lets one writer in at a time, PostgreSQL ends one of them."""
    for code in ("A", "B"):
        db.perform(add, code)
    both_hold_one, runs = threading.Barrier(2), []

    def verb(first: str, second: str) -> None:
        runs.append(first)
        raise_number(first)
        if database.kind == "postgresql" and runs.count(first) == 1:
            both_hold_one.wait(10)
        raise_number(second)

    def raise_number(code: str) -> None:
        row = update(NumberSeries).where(NumberSeries.code == code)
        db.session().execute(row.values(next=NumberSeries.next + 1))

    in_order(lambda: db.perform(verb, "A", "B"), lambda: db.perform(verb, "B", "A"))
    with db.reading() as session:
        assert session.scalars(select(NumberSeries.next)).all() == [3, 3]
    assert len(runs) == (2 if database.kind == "sqlite" else 3)


def in_order(*deeds: Callable[[], None]) -> None:
    """Run all in threads of their own and raise what any of them raised."""
    errors: list[BaseException] = []

    def run(deed: Callable[[], None]) -> None:
        try:
            deed()
        except BaseException as error:  # noqa: BLE001 - it is raised again below
            errors.append(error)

    threads = [threading.Thread(target=run, args=(deed,)) for deed in deeds]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    for error in errors:
        raise error


def test_nothing_can_be_written_while_reading(database: Database) -> None:
    db.perform(add, "A")
    for statement in (
        "INSERT INTO number_series (code, next) VALUES ('B', 1)",
        "UPDATE number_series SET next = 9",
        "DELETE FROM number_series",
        "CREATE TABLE intruder (id INTEGER)",
    ):
        with pytest.raises(DBAPIError), db.reading() as session:
            session.execute(text(statement))
    with db.reading() as session:
        add("B")
        with pytest.raises(DBAPIError):
            session.flush()
    assert codes() == {"A"}


def test_a_changed_row_is_not_written_when_reading_ends(database: Database) -> None:
    db.perform(add, "A")
    with db.reading() as session:
        session.scalars(select(NumberSeries)).one().next = 9
    with db.reading() as session:
        assert session.scalars(select(NumberSeries.next)).one() == 1


def test_the_connection_of_a_reader_can_write_again_afterwards(database: Database) -> None:
    for n in range(25):
        with pytest.raises(Broken), db.reading():
            raise Broken
        db.perform(add, f"A{n}")
    assert len(codes()) == 25


def test_reading_inside_reading_joins_it_and_inside_a_verb_sees_its_work(database: Database) -> None:
    with db.reading() as outer, db.reading() as inner:
        assert inner is outer

    def verb() -> set[str]:
        add("A")
        db.session().flush()
        with db.reading() as session:
            assert session is db.session()
            return set(session.scalars(select(NumberSeries.code)))

    assert db.perform(verb) == {"A"}


def test_perform_inside_a_transaction_is_refused(database: Database) -> None:
    with db.reading(), pytest.raises(db.NoTransaction):
        db.perform(add, "A")
    with pytest.raises(db.NoTransaction):
        db.perform(lambda: db.perform(add, "A"))
    assert codes() == set()


def test_outside_a_transaction_there_is_no_session(database: Database) -> None:
    assert not db.in_transaction()
    for use in (db.session, lambda: db.after_commit(lambda: None)):
        with pytest.raises(db.NoTransaction):
            use()
    with db.reading():
        assert db.in_transaction()
        with pytest.raises(db.NoTransaction):
            db.after_commit(lambda: None)


def test_an_effect_comes_after_the_commit(database: Database) -> None:
    seen: list[tuple[bool, set[str]]] = []

    def verb() -> None:
        add("A")
        db.after_commit(lambda: seen.append((db.in_transaction(), codes())))
        assert seen == []

    db.perform(verb)
    assert seen == [(False, {"A"})]


def test_an_effect_does_not_come_after_a_rollback(database: Database) -> None:
    seen: list[str] = []

    def verb() -> None:
        db.after_commit(lambda: seen.append("effect"))
        raise Broken

    with pytest.raises(Broken):
        db.perform(verb)
    db.perform(add, "A")
    assert seen == []


def test_an_effect_of_a_run_that_is_repeated_comes_once(database: Database, pauses: list[float]) -> None:
    seen: list[str] = []
    runs: list[int] = []

    def verb() -> None:
        runs.append(1)
        db.after_commit(lambda: seen.append("effect"))
        if len(runs) == 1:
            raise busy(database.kind, RACES[database.kind][0])

    db.perform(verb)
    assert len(runs) == 2
    assert seen == ["effect"]


def test_a_row_is_added_once_and_the_losing_teller_hears_it(database: Database) -> None:
    def verb(number: int) -> bool:
        return db.add_if_absent(NumberSeries, code="A", next=number)

    assert db.perform(verb, 1) is True
    assert db.perform(verb, 2) is False
    assert db.perform(lambda: [verb(3), verb(4)]) == [False, False]
    with db.reading() as session:
        assert session.scalars(select(NumberSeries.next)).one() == 1


def test_of_several_who_add_at_once_one_wins(database: Database) -> None:
    won: list[bool] = []
    together = threading.Barrier(4)

    def tell() -> None:
        together.wait(10)
        won.append(db.perform(db.add_if_absent, NumberSeries, code="A", next=1))

    in_order(*[tell] * 4)
    assert sorted(won) == [False, False, False, True]
