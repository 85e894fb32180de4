"""Databases, the application and signed-in clients for every test.

A test that touches data takes `database` (directly or through `app`) and runs once on SQLite and once on PostgreSQL;
with `--turn` on one of them (turns.py).
Without PostgreSQL it fails, it is never skipped: `bin/test` and `bin/with-postgres` start a private one.
"""

import gc
import os
import shutil
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from jinja2 import FileSystemBytecodeCache
from sqlalchemy import URL, create_engine, event, make_url, text
from xdist.remote import Producer
from xdist.scheduler import LoadScopeScheduling, Scheduling

from app import schema, tables
from app.settings import Settings
from billing_core import db, templating, words
from billing_core.credentials import hashing
from tests import invariants, trailing, turns
from tests.applications import Applications
from tests.client import Client
from tests.copies import Copies
from tests.tampering import unguarded

LONG = tuple(
    Path(__file__).parent / place
    for place in (
        "concurrency", "rules/test_hostile_input.py", "corporate_portal/quotes/test_life.py", "money/test_life.py",
        "app/imports/test_memory.py", "app/test_worker_processes.py", "corporate_portal/api/test_against_document.py",
    )
)  # fmt: skip
SECRET = "only-for-tests-0123456789-abcdefghijklmnop"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Half of the tests at a time."""
    turns.add_option(parser)


def pytest_configure(config: pytest.Config) -> None:
    """Hashes cost next to nothing here; the timing tests ask for the real ones themselves."""
    hashing.use_cheap_parameters()
    trailing.watch()


def pytest_collection_finish(session: pytest.Session) -> None:
    """What is loaded stays until the end: to look through it for garbage again and again takes a tenth of the time."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """The longest first, so that no process has to wait for one in the end. Then all on SQLite, then on PostgreSQL: so
    one engine serves many tests, with what it has compiled."""
    left_out = set(items).difference(chosen := turns.of_turn(items, config.getoption("turn")))
    config.hook.pytest_deselected(items=list(left_out))
    items[:] = sorted(chosen, key=lambda item: (not _is_long(item), turns.database_of(item) == "postgresql"))


def _is_long(item: pytest.Item) -> bool:
    return any(item.path.is_relative_to(place) for place in LONG)


class OneLaneForJourneys(LoadScopeScheduling):
    """All journeys in one test process and from the start: one Chromium runs, and the longest part begins first."""

    def _split_scope(self, nodeid: str) -> str:
        return "journeys" if nodeid.startswith("tests/journeys/") else nodeid


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Scheduling:
    """Our own lanes: with pytest 9.2 the groups of xdist 3.8 do nothing (its issue 1386)."""
    return OneLaneForJourneys(config, log)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The lines that race tests kept: properties of a report reach this process also from those of xdist."""
    passed = terminalreporter.getreports("passed")
    lines = {str(line) for report in passed for name, line in report.user_properties if name == "race"}
    if lines:
        terminalreporter.section("races")
        for line in sorted(lines):
            terminalreporter.write_line(line)


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated file, copied for each test."""
    path = tmp_path_factory.mktemp("template") / "portal.sqlite"
    db.configure(db.sqlite_url(path))
    schema.migrate()
    db.engine().dispose()
    return path


@pytest.fixture(scope="session")
def postgres_url() -> Iterator[URL]:
    """A migrated PostgreSQL database of this test process."""
    given = os.environ.get("PORTAL_TEST_POSTGRES_URL")
    if not given:
        pytest.fail("PORTAL_TEST_POSTGRES_URL is not set: use bin/test or bin/with-postgres", pytrace=False)
    name = f"portal_{os.environ.get('PYTEST_XDIST_WORKER', 'main')}_{os.getpid()}"
    server = create_engine(given, isolation_level="AUTOCOMMIT")
    with server.connect() as connection:
        connection.execute(text(f"CREATE DATABASE {name}"))
    url = make_url(given).set(database=name)
    db.configure(url.render_as_string(hide_password=False))
    schema.migrate()
    db.engine().dispose()
    yield url
    with server.connect() as connection:
        connection.execute(text(f"DROP DATABASE {name} WITH (FORCE)"))
    server.dispose()


@pytest.fixture(scope="session")
def copies(request: pytest.FixtureRequest) -> Iterator[Copies]:
    """Filled databases that many tests of this process begin with."""
    request.getfixturevalue("postgres_url")  # so that its end comes after ours
    kept = Copies()
    yield kept
    kept.drop()


@dataclass(frozen=True)
class Database:
    """The database that the present test runs on."""

    kind: str
    url: str


@pytest.fixture(params=["sqlite", "postgresql"])
def database(request: pytest.FixtureRequest) -> Iterator[Database]:
    """An empty database of each kind; when the test is over, the laws of the books and of the trail must hold."""
    if request.param == "sqlite":
        template = request.getfixturevalue("sqlite_template")
        path = template.with_name("test.sqlite")  # always the same place, so that the engine keeps what it compiled
        for left in (path, *path.parent.glob("test.sqlite-*")):
            left.unlink(missing_ok=True)  # and a new file, which no forgotten connection has locked
        shutil.copy(template, path)
        url = db.sqlite_url(path)
    else:
        url = request.getfixturevalue("postgres_url").render_as_string(hide_password=False)
    db.configure(url)
    _prepare_for_tests()
    yield Database(request.param, url)
    db.configure(url)
    with db.reading() as session:
        invariants.check(session.connection())
    trailing.check()
    if request.param == "postgresql":
        empty()
    else:
        db.engine().dispose()  # the file is replaced before the next test


def _prepare_for_tests() -> None:
    if db.engine().dialect.name == "sqlite" and not event.contains(db.engine(), "connect", _hurry_and_mix_up):
        event.listen(db.engine(), "connect", _hurry_and_mix_up)


def _hurry_and_mix_up(connection: sqlite3.Connection, _record: object) -> None:
    """No durability, for speed. And whoever names no order gets the rows from behind: else it comes out rarely, and
    on PostgreSQL only, that something counts on an order that nobody has promised."""
    connection.execute("PRAGMA synchronous = OFF")
    connection.execute("PRAGMA journal_mode = MEMORY")
    connection.execute("PRAGMA reverse_unordered_selects = ON")


def empty() -> None:
    """Deleting few rows is much faster than truncating many tables. Ids go on counting; no test may know one."""
    names = [table.name for table in reversed(tables.metadata.sorted_tables)]
    used = " UNION ALL ".join(f"SELECT '{name}' WHERE EXISTS (SELECT 1 FROM {name})" for name in names)  # noqa: S608
    with unguarded() as connection:
        filled = set(connection.scalars(text(used)))
        for name in names:
            if name in filled:
                connection.execute(text(f"DELETE FROM {name}"))  # noqa: S608


@pytest.fixture(scope="session")
def data_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Where every test of this process has its data folder, so that its settings are those of the last one."""
    return tmp_path_factory.mktemp("data")


@pytest.fixture
def settings(database: Database, data_folder: Path) -> Settings:
    """Development settings on the test's database, with an empty data folder."""
    shutil.rmtree(data_folder)
    data_folder.mkdir()
    return Settings(data_dir=data_folder, database_url=database.url, secret_key=SECRET, public_url="http://localhost")


@pytest.fixture(scope="session")
def applications(tmp_path_factory: pytest.TempPathFactory) -> Applications:
    """The applications of this process, with templates that are compiled once."""
    compiled = FileSystemBytecodeCache(str(tmp_path_factory.mktemp("templates")))

    def furnish(app: Flask) -> None:
        app.jinja_env.bytecode_cache = compiled
        app.config["TESTING"] = True
        app.config["PROPAGATE_EXCEPTIONS"] = True

    return Applications(furnish)


@pytest.fixture
def app(settings: Settings, applications: Applications) -> Flask:
    """The whole application."""
    application = applications.of(settings)
    _prepare_for_tests()
    return application


@pytest.fixture
def client(app: Flask) -> Client:
    """A browser that nobody has signed in with, and that checks the house rules on each page."""
    return Client(app)


@pytest.fixture(autouse=True)
def anew() -> None:
    """Every test begins in English and without a brand, whatever the last one did."""
    words.set_locale("en")
    templating.set_brand(templating.UNBRANDED)
