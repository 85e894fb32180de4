"""The command `portal audit verify`: what it prints, and how it ends."""

from click.testing import CliRunner, Result
from sqlalchemy import text

from app.auditing import commands
from billing_core import audit, db
from tests.conftest import Database
from tests.tampering import unguarded


def verify(*arguments: str) -> Result:
    return CliRunner().invoke(commands(lambda: None), ["verify", *arguments])


def test_it_says_how_many_entries_there_are_and_the_head(database: Database) -> None:
    for subject in "abc":
        db.perform(audit.record, "worker", "thing.changed", subject)
    done = verify()
    entries, head = done.stdout.splitlines()
    assert (done.exit_code, entries) == (0, "Entries: 3. None is altered, none is missing.")
    db.perform(audit.record, "worker", "thing.changed", "d")
    again = verify("--head", head.removeprefix("Head: "))
    assert (again.exit_code, len(again.stdout.splitlines())) == (0, 2)


def test_it_names_the_first_wrong_entry(database: Database) -> None:
    for subject in "abc":
        db.perform(audit.record, "worker", "thing.changed", subject)
    with unguarded() as connection:
        connection.execute(text("UPDATE audit_entry SET subject = 'x' WHERE id >= 2"))
    done = verify()
    assert (done.exit_code, done.stdout, done.stderr) == (1, "", "Entry 2 is not as it was written.\n")


def test_a_head_that_the_chain_never_had(database: Database) -> None:
    db.perform(audit.record, "worker", "thing.changed", "a")
    done = verify("--head", "0f" * 32)
    assert done.exit_code == 1
    assert "No entry has the noted head" in done.stderr
    assert verify("--head", "none").exit_code == 2
