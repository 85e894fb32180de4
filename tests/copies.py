"""What many tests begin with is written once in each test process and copied from then on."""

import os
import shutil
from collections.abc import Callable
from pathlib import Path

from sqlalchemy import create_engine, make_url, text

from billing_core import db


class Copies:
    """Copies of filled databases: files beside the test's own on SQLite, template databases on PostgreSQL."""

    def __init__(self) -> None:
        self.kept: set[str] = set()

    def begin_with(self, name: str, write: Callable[[], object]) -> None:
        """Let the test's database hold what `write` puts into an empty one. Nobody else may be connected to it."""
        url = make_url(db.engine().url)
        copy = f"{url.database}_{name}"
        db.engine().dispose()
        if copy not in self.kept:
            write()
            db.engine().dispose()
        source, target = (copy, url.database) if copy in self.kept else (url.database, copy)
        if url.get_backend_name() == "sqlite":
            shutil.copy(str(source), str(target))
        else:
            replace = (f"DROP DATABASE IF EXISTS {target} WITH (FORCE)", f"CREATE DATABASE {target} TEMPLATE {source}")
            self._on_server(*replace)
        self.kept.add(copy)

    def drop(self) -> None:
        """Take the template databases away; files go with their folder."""
        for copy in self.kept:
            if not Path(copy).is_absolute():
                self._on_server(f"DROP DATABASE {copy}")
        self.kept.clear()

    def _on_server(self, *statements: str) -> None:
        server = create_engine(os.environ["PORTAL_TEST_POSTGRES_URL"], isolation_level="AUTOCOMMIT")
        with server.connect() as connection:
            for statement in statements:
                connection.execute(text(statement))
        server.dispose()
