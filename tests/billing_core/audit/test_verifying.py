"""Whoever changes the audit trail behind the program's back is found, whatever the change is."""

import hashlib
from pathlib import Path

import pytest
from sqlalchemy import text

from billing_core import audit, db
from billing_core.audit import verifying
from billing_core.audit.chain import START, seal_of
from billing_core.audit.verifying import verify
from tests.conftest import Database
from tests.tampering import unguarded

LAST = 6


@pytest.fixture(params=[2, 1000])
def _pages(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Pages that are shorter and longer than the chain."""
    monkeypatch.setattr(verifying, "PAGE", request.param)


@pytest.fixture
def written(database: Database) -> str:
    """A chain of six entries; its head."""
    for number in range(1, LAST + 1):
        db.perform(audit.record, "worker", "thing.changed", f"thing {number}", number % 2 or None, number=number)
    verdict = verify()
    assert (verdict.entries, verdict.wrong) == (LAST, None)
    return verdict.head


def tamper(*changes: str) -> None:
    with unguarded() as connection:
        for change in changes:
            connection.execute(text(change))


def put(column: str, value: str, number: int) -> None:
    tamper(f"UPDATE audit_entry SET {column} = {value} WHERE id = {number}")  # noqa: S608 (constants)


def found() -> str | None:
    return verify().wrong


FLIPS = {
    "at": "'2026-01-01T00:00:00.000000Z'", "actor": "'import'", "action": "'thing.kept'", "subject": "'thing'",
    "account_id": "8", "detail": "$bytes", "previous_seal": "$bytes", "seal": "$bytes",
}  # fmt: skip
COPY = (
    "INSERT INTO audit_entry (id, at, actor, action, subject, account_id, detail, previous_seal, seal)"
    " SELECT {id}, at, actor, action, subject, account_id, detail, {previous}, {seal} FROM audit_entry WHERE id = 6"
)
BYTES = {"sqlite": "X'00'", "postgresql": r"'\x00'::bytea"}


@pytest.mark.usefixtures("_pages", "written")
class TestOneRow:
    """A row that was changed, taken away, put in or moved."""

    @pytest.mark.parametrize("column", FLIPS)
    @pytest.mark.parametrize("number", [1, 3, LAST])
    def test_a_flipped_column(self, database: Database, column: str, number: int) -> None:
        value = FLIPS[column].replace("$bytes", BYTES[database.kind])
        put(column, value, number)
        how = "does not follow the one before it" if column == "previous_seal" else "is not as it was written"
        assert found() == f"Entry {number} {how}."

    def test_an_account_that_is_left_out(self) -> None:
        tamper("UPDATE audit_entry SET account_id = NULL WHERE id = 3")
        assert found() == "Entry 3 is not as it was written."

    def test_another_number(self) -> None:
        tamper("UPDATE audit_entry SET id = 9 WHERE id = 3")
        assert found() == "Entry 3 is missing."

    @pytest.mark.parametrize("number", [1, 3, LAST])
    def test_a_removed_row(self, number: int) -> None:
        tamper(f"DELETE FROM audit_entry WHERE id = {number}")  # noqa: S608 (constants)
        assert found() == f"Entry {number} is missing."

    def test_a_removed_row_and_the_others_moved_up(self) -> None:
        tamper("DELETE FROM audit_entry WHERE id = 3")
        for number in range(4, LAST + 1):
            put("id", str(number - 1), number)
        assert found() == "Entry 3 does not follow the one before it."

    def test_swapped_rows(self) -> None:
        for new, old in ((-1, 3), (3, 4), (4, -1)):
            put("id", str(new), old)
        assert found() == "Entry 3 does not follow the one before it."

    @pytest.mark.parametrize("number", [-4, 0])
    def test_a_row_ahead_of_all(self, number: int) -> None:
        tamper(COPY.format(id=number, previous="previous_seal", seal="seal"))
        assert found() == f"Entry {number} does not belong to the chain, which begins with 1."

    def test_an_appended_row(self) -> None:
        tamper(COPY.format(id=LAST + 1, previous="seal", seal="seal"))
        assert found() == "Entry 7 or a later one was put behind the end of the chain."

    def test_an_appended_row_that_the_head_counts(self) -> None:
        tamper(COPY.format(id=LAST + 1, previous="seal", seal="seal"), "UPDATE audit_head SET entries = 7")
        assert found() == "Entry 7 is not as it was written."


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize(("change", "wrong"), [
    ("UPDATE audit_head SET entries = 5", "Entry 5 is not the one with which the chain ended."),
    ("UPDATE audit_head SET entries = 7", "Entry 7 is missing."),
    ("UPDATE audit_head SET seal = $bytes", "Entry 6 is not the one with which the chain ended."),
    ("DELETE FROM audit_head", "Entry 1 or a later one was put behind the end of the chain."),
    ("DELETE FROM audit_entry", "Entry 1 is missing."),
])  # fmt: skip
def test_another_head(database: Database, change: str, wrong: str) -> None:
    tamper(change.replace("$bytes", BYTES[database.kind]))
    assert found() == wrong


@pytest.mark.usefixtures("written")
def test_an_account_with_a_number_beyond_all(database: Database) -> None:
    put("account_id", str(2**60), 3)
    assert found() == "Entry 3 is not as it was written."


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_column_that_was_made_optional_and_emptied(database: Database) -> None:
    names = "id, at, actor, action, subject, account_id, detail, previous_seal, seal"
    with unguarded() as connection:
        connection.execute(text(f"CREATE TABLE bare AS SELECT {names} FROM audit_entry"))  # noqa: S608 (constant)
        connection.execute(text("UPDATE bare SET actor = NULL WHERE id = 3"))
        connection.execute(text("DROP TABLE audit_entry"))
        connection.execute(text("ALTER TABLE bare RENAME TO audit_entry"))
    assert found() == "Entry 3 is not as it was written."


@pytest.mark.usefixtures("written")
@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["CAST(X'FF' AS TEXT)", "1.5", "'x'", "X'61'"])
@pytest.mark.parametrize("column", [*FLIPS])
def test_what_no_column_could_hold(database: Database, column: str, value: str) -> None:
    put(column, value, 3)
    assert (found() or "").startswith("Entry 3 ")


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_one_flipped_byte_in_the_file(database: Database, written: str) -> None:
    db.engine().dispose()
    path = Path(database.url.removeprefix("sqlite:///"))
    content = path.read_bytes()
    assert content.count(b'{"number":4}') == 1
    path.write_bytes(content.replace(b'{"number":4}', b'{"number":5}'))
    assert found() == "Entry 4 is not as it was written."


def test_a_noted_head_is_passed_by_the_chain(written: str) -> None:
    db.perform(audit.record, "worker", "thing.changed", "later")
    assert verify(bytes.fromhex(written)).wrong is None
    assert verify(START).wrong is None
    assert "noted head" in (verify(hashlib.sha256(b"another").digest()).wrong or "")


def test_a_chain_that_was_written_anew_has_not_the_noted_head(written: str) -> None:
    with unguarded() as connection:
        seal = START
        for row in connection.execute(text("SELECT * FROM audit_entry ORDER BY id")).mappings().all():
            said = (row["at"], "import", row["action"], row["subject"], row["account_id"], row["detail"])
            previous, seal = seal, seal_of(row["id"], *said, seal)
            change = "UPDATE audit_entry SET actor = 'import', previous_seal = :previous, seal = :seal WHERE id = :id"
            connection.execute(text(change), {"id": row["id"], "previous": previous, "seal": seal})
        connection.execute(text("UPDATE audit_head SET seal = :seal"), {"seal": seal})
    assert found() is None
    wrong = verify(bytes.fromhex(written)).wrong
    assert wrong == "No entry has the noted head: the chain was written anew or cut since."


def test_a_chain_that_was_cut_has_not_the_noted_head(written: str) -> None:
    end = "UPDATE audit_head SET entries = 5, seal = (SELECT seal FROM audit_entry WHERE id = 5)"
    tamper("DELETE FROM audit_entry WHERE id = 6", end)
    assert found() is None
    assert "noted head" in (verify(bytes.fromhex(written)).wrong or "")


def test_an_empty_chain_is_whole(database: Database) -> None:
    assert verify() == verifying.Verdict(0, START.hex(), None)
