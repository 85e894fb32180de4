"""What one of many may do at the same moment: use a reset link, and take an identifier. Each with its control."""

import threading
from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import func, select

from billing_core import db
from billing_core.credentials import hashing, links, service, sessions
from billing_core.credentials.models import PasswordLink
from billing_core.people import LoginIdentifier, canonical_identifier
from billing_core.permissions import Realm
from tests.billing_core.credentials.observing import ask_for_link, mails
from tests.concurrency.server import at_once
from tests.conftest import Database
from tests.factories import core as make

NEW = "seven new words for her"
MANY = 100


@pytest.fixture
def patient() -> Iterator[None]:
    """Hashing whose queue takes all of them: none is turned away before it reaches the link."""
    hashing.use(hashing.Hashing(memory_kib=8, passes=1, queue=MANY))
    yield
    hashing.use_cheap_parameters()


def uses(digest: str, before: Callable[[], object] = lambda: None) -> list[int]:
    """Which of a hundred, each with a password of its own, could use the link."""

    def use(number: int) -> int:
        before()
        try:
            service.set_password(digest, f"{NEW} number {number}")
        except service.LinkExpired:
            return -1
        return number

    return [number for number in at_once([lambda n=n: use(n) for n in range(MANY)]) if number >= 0]


def test_one_of_a_hundred_uses_of_a_link_succeeds(database: Database, patient: None) -> None:
    make.contact(make.account(), make.person("Anna Schmidt", "anna.schmidt"))
    (winner,) = uses(sessions.hash_of(ask_for_link("anna.schmidt")))
    service.sign_in(Realm.PORTAL, "anna.schmidt", f"{NEW} number {winner}")
    assert len(mails("password-changed")) == 1


def test_control_a_link_that_is_looked_at_and_then_used_serves_several(
    database: Database, patient: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The naive way: whether it works is read first, by all of them before the first has used it."""
    make.contact(make.account(), make.person("Anna Schmidt", "anna.schmidt"))
    digest = sessions.hash_of(ask_for_link("anna.schmidt"))
    looked = threading.Barrier(MANY)
    with db.reading() as session:
        person_id = session.scalars(select(PasswordLink.person_id)).one()
    monkeypatch.setattr(links, "_is_live", lambda: ())
    monkeypatch.setattr(service, "use_link", lambda _digest: person_id)
    assert len(uses(digest, looked.wait)) > 1


@pytest.fixture
def spellings() -> list[str]:
    """One identifier in forms that a reader takes for others."""
    forms = ["ANNA.SCHMIDT", "anna.schmidt", "\uff41\uff4e\uff4e\uff41.schmidt", "anna.\u017fchmidt"]
    assert len({canonical_identifier(form) for form in forms}) == 1
    return forms


def winners(spellings: list[str], form: Callable[[str], str]) -> int:
    """How many of 24 people get the identifier at the same moment; `form` is what its uniqueness rests on."""
    people = [make.person() for _ in range(24)]

    def take(person_id: int, shown: str) -> bool:
        return db.perform(db.add_if_absent, LoginIdentifier, canonical=form(shown), shown=shown, person_id=person_id)

    return sum(at_once([lambda n=n, who=who: take(who.id, spellings[n % 4]) for n, who in enumerate(people)]))


def test_of_many_who_take_one_identifier_at_once_one_wins(database: Database, spellings: list[str]) -> None:
    assert winners(spellings, canonical_identifier) == 1
    with db.reading() as session:
        assert session.scalar(select(func.count()).where(LoginIdentifier.canonical == "anna.schmidt")) == 1


def test_control_identifiers_compared_as_they_were_typed_have_several_owners(
    database: Database, spellings: list[str]
) -> None:
    assert winners(spellings, str.strip) == len(spellings)
