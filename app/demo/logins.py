"""The demo's people: with what they sign in, where, and what each is good for. The list is logins.csv."""

import csv
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from app.settings import Settings

PLACES = {"portal": ("Portal", "/sign-in"), "my": ("My Account", "/my-account"), "desk": ("Desk", "/desk")}
"""Name and address of each place to sign in."""


@dataclass(frozen=True)
class Login:
    """One of them. `person` is the key in people.csv; `purpose` is empty for those that the start does not list."""

    person: str
    user_id: str
    password: str
    place: str
    purpose: str


@cache
def demo_logins() -> tuple[Login, ...]:
    """Everybody who can sign in, contacts of corporate accounts first."""
    with (Path(__file__).parent / "logins.csv").open(encoding="utf-8", newline="") as stream:
        return tuple(Login(**row) for row in csv.DictReader(stream))


def table_of(settings: Settings) -> str:
    """The logins worth trying, as the terminal shows them at the start."""
    shown = [login for login in demo_logins() if login.purpose]
    wide = max(len(login.user_id) for login in shown), max(len(login.password) for login in shown)
    lines = []
    for place, (name, path) in PLACES.items():
        lines += ["", f"{name}: {settings.base_url}{path}"]
        lines += [
            f"  {login.user_id:{wide[0]}}  {login.password:{wide[1]}}  {login.purpose}"
            for login in shown
            if login.place == place
        ]
    return "\n".join(lines)
