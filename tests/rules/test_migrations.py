"""The migrations reach exactly the schema of the models, have one head and go down again, on both databases."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import create_engine, inspect, make_url, text

from app import schema, tables
from billing_core import db


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """A database without anything in it."""
    if request.param == "sqlite":
        db.configure(db.sqlite_url(tmp_path / "empty.sqlite"))
        yield request.param
        db.engine().dispose()
        return
    given = os.environ.get("PORTAL_TEST_POSTGRES_URL")
    assert given, "use bin/test or bin/with-postgres"
    name = f"migrations_{os.getpid()}"
    server = create_engine(given, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    db.configure(make_url(given).set(database=name).render_as_string(hide_password=False))
    yield request.param
    db.engine().dispose()
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name}"))
    server.dispose()


def test_there_is_one_head() -> None:
    assert len(ScriptDirectory.from_config(schema._config()).get_heads()) == 1


def test_up_gives_the_models_schema_and_down_gives_nothing(empty: str) -> None:
    assert not schema.is_current()
    schema.migrate()
    assert schema.is_current()
    with db.engine().connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        assert compare_metadata(context, tables.metadata) == []
        names = {table.name: {index["name"] for index in inspect(connection).get_indexes(table.name)} for table in
                 tables.metadata.sorted_tables}  # fmt: skip
    for table in tables.metadata.sorted_tables:
        assert {index.name for index in table.indexes} <= names[table.name]
    schema.migrate()
    command.downgrade(schema._config(), "base")
    with db.engine().connect() as connection:
        assert inspect(connection).get_table_names() in ([], ["alembic_version"])
