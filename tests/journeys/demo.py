"""The demo's people by their keys in people.csv, and what each signs in with."""

from dataclasses import dataclass

from app.demo.logins import Login


@dataclass(frozen=True)
class Demo:
    """What the demo has put into the database."""

    logins: tuple[Login, ...]

    def login(self, person: str) -> Login:
        """With what this person signs in."""
        return next(login for login in self.logins if login.person == person)
