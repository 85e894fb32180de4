"""User IDs as they are typed and as they are shown. Sign-in and password links resolve them in the same way."""

from sqlalchemy import select

from billing_core import db
from billing_core.people import LoginIdentifier, Person, canonical_identifier

_LONGEST = 254


def typed(text: str) -> str:
    """The canonical form of what was typed, or an empty text, which nobody has, for what cannot be a User ID."""
    usable = len(text) <= _LONGEST and text.isprintable()
    return canonical_identifier(text) if usable else ""


def person_of(canonical: str) -> Person | None:
    """Whose User ID this is. One statement."""
    mine = select(Person).join(LoginIdentifier).where(LoginIdentifier.canonical == canonical)
    return db.session().scalar(mine)


def identifiers_of(person_id: int) -> list[LoginIdentifier]:
    """All User IDs of the person, usernames before e-mail addresses."""
    mine = db.session().scalars(select(LoginIdentifier).where(LoginIdentifier.person_id == person_id))
    return sorted(mine, key=lambda identifier: ("@" in identifier.canonical, identifier.canonical))


def shown_user_id(person_id: int) -> str:
    """A User ID of the person as it is written; a username before an e-mail address."""
    return next((identifier.shown for identifier in identifiers_of(person_id)), "")
