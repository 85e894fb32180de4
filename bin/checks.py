"""Every check in order, each with one line and its time, then the tests; with arguments, only pytest with these.

bin/test starts this program once the environment stands.
"""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

AIM, LIMIT = 900, 1200  # seconds: longer than the first is said, longer than the second is a failure of its own
TOOLS = Path(sys.executable).parent

CHECKS: dict[str, tuple[str, ...]] = {
    "ruff check": ("ruff", "check", "--quiet", "."),
    "ruff format": ("ruff", "format", "--quiet", "--check", "."),
    "mypy": ("mypy", "--no-error-summary"),
    "djlint": ("djlint", "--lint", "templates"),
    "deptry": ("deptry", "."),
    "import contracts": ("lint-imports",),
}


def run(name: str, command: tuple[str, ...]) -> bool:
    """Whether the command succeeded; what a check prints is shown only where it failed."""
    started = time.monotonic()
    tests = command[0] == "pytest"
    around = (sys.executable, "bin/with-postgres") if tests else ()
    output = None if tests else subprocess.PIPE
    process = subprocess.Popen(
        (*around, TOOLS / command[0], *command[1:]), stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
    )
    ended_by: list[int] = []

    def end(number: int, _frame: object) -> None:
        # The step ends itself and what it started. Ctrl-C reaches it from the terminal, the others only through us.
        ended_by.append(number)
        if number != signal.SIGINT:
            process.send_signal(number)

    for ending in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, end)
    printed, _ = process.communicate()
    if ended_by:
        sys.exit(128 + ended_by[0])
    passed = process.returncode == 0
    if printed and not passed:
        sys.stdout.buffer.write(printed)
    print(f"{'ok    ' if passed else 'FAILED'} {name:<18}{time.monotonic() - started:7.1f} s", flush=True)
    return passed


def main() -> int:
    """0 where everything passed in time."""
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)  # some two hundred processes load the same modules: once compiled
    if sys.argv[1:]:
        return os.EX_OK if run("pytest", ("pytest", *sys.argv[1:])) else 1
    started = time.monotonic()
    failed = [name for name, command in CHECKS.items() if not run(name, command)]
    if failed:
        print("bin/test: the tests were not run, because a check before them failed")
        return 1
    passed = run("pytest", ("pytest", "-n", "3", "--turn", "first", "--durations=20"))
    took = time.monotonic() - started
    if took > AIM:
        print(f"bin/test: took {took:.0f} s, more than the {AIM} s that it may: make the slowest tests above faster")
    return os.EX_OK if passed and took <= LIMIT else 1


if __name__ == "__main__":
    sys.exit(main())
