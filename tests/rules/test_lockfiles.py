"""The lock files name versions and hashes, and nothing about the machine they were written on."""

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
RUNNING, TESTING = "requirements.lock", "requirements-test.lock"

PIN = re.compile(r"(?P<name>[a-z0-9-]+)(\[[a-z0-9,-]+\])?==(?P<version>[0-9][0-9a-z.+!]*)(?P<condition> ; [^\\]+)? \\")
HASH = re.compile(r"    --hash=sha256:[0-9a-f]{64}( \\)?")
COMMENT = re.compile(r"(    )?#.*")
# An address, an index or source of packages, or a path of the machine, wherever it stands, a comment included.
PLACE = re.compile(
    r"://|file:|\bgit\+|(^|\s)@|(^|[\s=])(/|~|\.\.?/)|--?(e|f|i|editable|[a-z-]*index[a-z-]*|find-links|trusted-host)\b"
)


def faults(lock: str) -> list[str]:
    """The lines that are none of pin, hash and comment or that name a place, and the pins without a hash."""
    found: list[str] = []
    waiting = ""
    for number, line in enumerate(lock.splitlines(), start=1):
        pin = PIN.fullmatch(line)
        if PLACE.search(line) or not (pin or HASH.fullmatch(line) or COMMENT.fullmatch(line)):
            found.append(f"{number}: {line}")
        if waiting and not HASH.fullmatch(line):
            found.append(f"{waiting}: no hash")
        waiting = f"{number}: {line}" if pin else ""
    return [*found, f"{waiting}: no hash"] if waiting else found


def pins(name: str) -> dict[str, set[str]]:
    """Each package with its versions: more than one where the version depends on the Python it is for."""
    found: dict[str, set[str]] = {}
    for line in (ROOT / name).read_text().splitlines():
        if pin := PIN.fullmatch(line):
            found.setdefault(pin["name"], set()).add(pin["version"])
    return found


def direct() -> tuple[set[str], set[str]]:
    """What pyproject.toml asks for: to build and run, and to test."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    groups = project["dependency-groups"]

    def names(wanted: list[str]) -> set[str]:
        return {re.split(r"[^A-Za-z0-9-]", one, maxsplit=1)[0].lower() for one in wanted}

    return names(project["project"]["dependencies"]) | names(groups["build"]), names(groups["test"])


@pytest.mark.parametrize("name", [RUNNING, TESTING])
def test_a_lock_file_holds_only_pins_with_hashes(name: str) -> None:
    assert faults((ROOT / name).read_text()) == []


@pytest.mark.parametrize(
    "line",
    [
        "--index-url https://packages.example/simple",
        "--extra-index-url=file:///srv/simple",
        "--find-links /srv/wheels",
        "-f wheels",
        "-e .",
        "flask",
        "flask>=3",
        "flask==3.1.3",
        "flask @ https://packages.example/flask.whl",
        "./flask-3.1.3.whl",
        "# uv pip compile -o /home/someone/requirements.lock",
        "    # from https://packages.example/simple",
        "    --hash=md5:d41d8cd98f00b204e9800998ecf8427e",
    ],
)
def test_the_rule_sees_a_line_that_does_not_belong(line: str) -> None:
    good = f"flask==3.1.3 \\\n    --hash=sha256:{'0' * 64}\n    # via something (pyproject.toml)\n"
    assert faults(good) == []
    assert faults(good + line) != []


def test_the_rule_sees_a_pin_without_a_hash() -> None:
    assert faults("flask==3.1.3 \\\n    # via something\n") == ["1: flask==3.1.3 \\: no hash"]
    assert faults("flask==3.1.3 \\") == ["1: flask==3.1.3 \\: no hash"]


def test_the_test_lock_holds_the_running_lock_unchanged() -> None:
    running, testing = pins(RUNNING), pins(TESTING)
    assert {name: testing.get(name) for name in running} == running


def test_what_the_project_asks_for_is_locked() -> None:
    running, testing = direct()
    assert running <= pins(RUNNING).keys()
    assert testing <= pins(TESTING).keys()


def test_every_direct_dependency_has_its_reason() -> None:
    page = (ROOT / "docs/adr/dependencies.md").read_text()
    explained = {name.lower() for name in re.findall(r"^\| `([^`]+)` \| .+ \|$", page, flags=re.MULTILINE)}
    running, testing = direct()
    assert explained == running | testing
