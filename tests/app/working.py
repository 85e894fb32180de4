"""A worker process for the tests: `python -m tests.app.working URL FOLDER LEASE_SECONDS`.

It knows one kind of job, `probe`, which writes `start PID` and, after `seconds`, `end PID` to FOLDER/diary.
"""

import os
import sys
import time
from datetime import timedelta
from pathlib import Path

from app import logs, tables, worker
from app.ports import Ports
from billing_core import db, jobs


def note(folder: Path, words: str) -> None:
    """One line, whole, whoever else writes."""
    with (folder / "diary").open("a") as diary:
        diary.write(f"{words} {os.getpid()}\n")


def main() -> None:
    """Work until told to stop."""
    url, folder, lease = sys.argv[1], Path(sys.argv[2]), float(sys.argv[3])
    assert tables.metadata.tables

    def probe(seconds: float) -> None:
        note(folder, "start")
        time.sleep(seconds)
        note(folder, "end")

    jobs.LEASE = timedelta(seconds=lease)
    worker.handlers = lambda ports: {"probe": probe}  # type: ignore[assignment]
    worker.RECURRING = ()
    db.configure(url)
    logs.start()
    ports = Ports(gateway=None, transport=None, printer=None, vat_register=None)  # type: ignore[arg-type]
    worker.Worker(ports, look_every=0.1).run_until_signalled()


if __name__ == "__main__":
    main()
