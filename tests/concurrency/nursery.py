"""A process that has loaded the program and forks a server whenever it is asked: loading takes longer than starting.

It reads orders from its input, one in a line, and answers each in a line. A server that it forks is what
`python -m MODULE ARGUMENT...` would be, with the environment and the log file of the order.
"""

import atexit
import json
import os
import runpy
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from tempfile import mkdtemp
from typing import Any

import jinja2

ROOT = Path(__file__).parent.parent.parent


class Child:
    """A server that the nursery forked, to be handled as a process of ours."""

    def __init__(self, program: Sequence[str], environment: dict[str, str], log: Path) -> None:
        self.pid = int(_ask(start=list(program), environment=environment, log=str(log)))

    def poll(self) -> int | None:
        """How it ended, or None while it runs."""
        ended: int | None = _ask(poll=self.pid)
        return ended

    def send_signal(self, number: int) -> None:
        """Nothing happens where it has ended."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def wait(self, seconds: float) -> bool:
        """Whether it ended in time."""
        deadline = time.monotonic() + seconds
        while self.poll() is None:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.02)
        return True


@cache
def _nursery(_of: int) -> "subprocess.Popen[str]":
    """One for each test process; it ends when its input does, with that process."""
    command = [sys.executable, "-m", "tests.concurrency.nursery"]
    return subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def _ask(**order: Any) -> Any:
    nursery = _nursery(os.getpid())
    assert nursery.stdin
    assert nursery.stdout
    nursery.stdin.write(json.dumps(order) + "\n")
    nursery.stdin.flush()
    return json.loads(nursery.stdout.readline())


def keep_compiled_templates() -> None:
    """What one child compiles, the next ones load; each kind of environment has its own."""
    folder, make = mkdtemp(prefix="templates-"), jinja2.Environment.__init__

    def furnished(self: jinja2.Environment, *args: Any, **options: Any) -> None:
        make(self, *args, **options)
        kept = Path(folder) / type(self).__module__
        kept.mkdir(exist_ok=True)
        self.bytecode_cache = self.bytecode_cache or jinja2.FileSystemBytecodeCache(str(kept))

    jinja2.Environment.__init__ = furnished  # type: ignore[method-assign]
    atexit.register(shutil.rmtree, folder, ignore_errors=True)


def main() -> None:
    """Load, then do as ordered until the input ends."""
    import app.server  # noqa: F401 - so that every child has it

    keep_compiled_templates()
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the tests: they end the servers
    ended: dict[int, int] = {}
    for line in sys.stdin:
        order = json.loads(line)
        if "start" in order:
            pid = os.fork()
            if pid == 0:
                _be(**order)
            answer: int | None = pid
        else:
            pid = order["poll"]
            if pid not in ended:
                reaped, status = os.waitpid(pid, os.WNOHANG)
                if reaped:
                    ended[pid] = os.waitstatus_to_exitcode(status)
            answer = ended.get(pid)
        print(json.dumps(answer), flush=True)


def _be(start: list[str], environment: dict[str, str], log: str) -> None:
    """The child: become the program. Never returns."""
    signal.signal(signal.SIGINT, signal.default_int_handler)
    nothing, kept = os.open(os.devnull, os.O_RDONLY), os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.dup2(nothing, 0)
    os.dup2(kept, 1)
    os.dup2(kept, 2)
    os.environ.clear()
    os.environ.update(environment)
    module, *sys.argv[1:] = start
    status: object = 1
    try:
        runpy.run_module(module, run_name="__main__", alter_sys=True)
        status = 0
    except SystemExit as end:
        status = end.code
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status if isinstance(status, int) else 1)


if __name__ == "__main__":
    main()
