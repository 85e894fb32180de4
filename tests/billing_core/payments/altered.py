"""A processor that says something else than was asked for: its file, changed by hand."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.factories.till import CardTill


def alter(till: CardTill, kind: str, which: str, **changes: Any) -> None:
    """Let each object of the kind whose JSON holds `which` say something else."""
    alter_file(till.path, kind, which, **changes)


def alter_file(store: Path, kind: str, which: str, **changes: Any) -> None:
    """The same for the file of a processor that another process runs."""
    with closing(sqlite3.connect(store, timeout=20)) as file:
        for seq, body in file.execute("SELECT seq, body FROM object WHERE kind = ?", (kind,)).fetchall():
            if which in body:
                file.execute("UPDATE object SET body = ? WHERE seq = ?", (json.dumps(json.loads(body) | changes), seq))
        file.commit()


def forget(till: CardTill, kind: str, which: str) -> None:
    """Let the processor never have had it."""
    with closing(sqlite3.connect(till.path)) as file:
        file.execute("DELETE FROM object WHERE kind = ? AND body LIKE ?", (kind, f"%{which}%"))
        file.commit()
