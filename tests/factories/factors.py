"""Authenticator apps of people, with the codes that they show."""

from datetime import timedelta

from sqlalchemy import delete, select

from billing_core import clock, db
from billing_core.credentials.factors import recovery, seals, totp
from billing_core.credentials.factors.models import AppEnrolment, AuthenticatorApp
from billing_core.people import Person
from tests.factories import core

SEED = b"12345678901234567890"


def app_of(who: Person) -> list[str]:
    """Give the person an app with SEED; its recovery codes."""
    sealed = seals.seal(SEED, who.id)
    core.add(AuthenticatorApp(person_id=who.id, sealed=sealed, last_step=0, added_at=clock.now()))
    return db.perform(recovery.make_codes, who.id)


def without_app(who: Person) -> None:
    """The person has none any more."""
    mine = delete(AuthenticatorApp).where(AuthenticatorApp.person_id == who.id)
    db.perform(lambda: db.session().execute(mine))


def code(steps: int = 0) -> str:
    """What the app shows now, or so many steps from now."""
    return totp.code_at(SEED, clock.real_now() + timedelta(seconds=steps * totp.STEP))


def code_to_confirm() -> str:
    """What the app shows of the key that was put there last, and is to be confirmed."""
    with db.reading() as session:
        begun = session.scalars(select(AppEnrolment).order_by(AppEnrolment.expires_at.desc())).first()
    seed = seals.unseal(begun.sealed, begun.person_id) if begun is not None else None
    assert seed is not None
    return totp.code_at(seed, clock.real_now())


def wrong_code() -> str:
    """Six digits that are none of those that count now."""
    counting = {code(step) for step in (-1, 0, 1)}
    return next(text for text in ("000000", "111111", "222222", "333333") if text not in counting)
