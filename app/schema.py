"""The database's schema, brought up to date by the migrations and only by them."""

from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory

from billing_core import db

ROOT = Path(__file__).parent.parent


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    return config


def migrate(revision: str = "head") -> None:
    """Bring the configured database to a revision. Safe to run again; on PostgreSQL a second runner waits."""
    command.upgrade(_config(), revision)


def is_current() -> bool:
    """Whether the database is at the newest revision."""
    with db.engine().connect() as connection:
        found = MigrationContext.configure(connection).get_current_revision()
    return found == ScriptDirectory.from_config(_config()).get_current_head()
