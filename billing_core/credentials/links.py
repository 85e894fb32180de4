"""The rows of mailed password links: single use, the newest only, and only for a while."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import delete, select, update

from billing_core import clock, db
from billing_core.credentials.models import PasswordLink
from billing_core.credentials.sessions import hash_of, new_token


def make_link(person_id: int, lives: timedelta) -> str:
    """A new link's token; all older links of the person are void from now on."""
    void_links(person_id)
    token, now = new_token(), clock.now()
    row = PasswordLink(token_hash=hash_of(token), person_id=person_id, expires_at=now + lives, created_at=now)
    db.session().add(row)
    db.session().flush()
    return token


def void_links(person_id: int) -> None:
    """No link that was sent before works any more."""
    unused = update(PasswordLink).where(
        PasswordLink.person_id == person_id, PasswordLink.used_at.is_(None), PasswordLink.voided_at.is_(None)
    )
    db.session().execute(unused.values(voided_at=clock.now()))


def live_link(token_hash: str) -> PasswordLink | None:
    """The link if it still works."""
    return db.session().scalar(select(PasswordLink).where(PasswordLink.token_hash == token_hash, *_is_live()))


def use_link(token_hash: str) -> int | None:
    """Use the link up and return its person; none if it did not work any more. Of two at once one gets the person."""
    unused = update(PasswordLink).where(PasswordLink.token_hash == token_hash, *_is_live())
    person_id: int | None = db.session().scalar(unused.values(used_at=clock.now()).returning(PasswordLink.person_id))
    return person_id


def forget_old_links(before: datetime) -> None:
    """Delete the rows of links that ran out before the instant."""
    db.session().execute(delete(PasswordLink).where(PasswordLink.expires_at < before))


def _is_live() -> tuple[Any, ...]:
    return (PasswordLink.used_at.is_(None), PasswordLink.voided_at.is_(None), PasswordLink.expires_at > clock.now())
