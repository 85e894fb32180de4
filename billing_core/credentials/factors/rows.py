"""Whether a person has a second factor, whether a code of it is right, and sign-ins that wait for one."""

from datetime import timedelta

from sqlalchemy import Select, delete, or_, select

from billing_core import clock, db
from billing_core.credentials.factors import recovery, seals, totp
from billing_core.credentials.factors.models import (
    AppEnrolment,
    AuthenticatorApp,
    Passkey,
    PasskeyEnrolment,
    PendingSignIn,
)
from billing_core.credentials.sessions import hash_of, new_token
from billing_core.permissions import Realm

PENDING_LIVES = timedelta(minutes=5)
APP, PASSKEY, RECOVERY = "app", "passkey", "recovery code"


def has_factor(person_id: int) -> bool:
    """Whether a sign-in of the person takes a second step. One statement."""
    app = select(AuthenticatorApp.person_id).where(AuthenticatorApp.person_id == person_id)
    passkey = select(Passkey.id).where(Passkey.person_id == person_id)
    return bool(db.session().scalar(select(or_(app.exists(), passkey.exists()))))


def has_app(person_id: int) -> bool:
    """Whether the person has an authenticator app."""
    return db.session().get(AuthenticatorApp, person_id) is not None


def use_factor(person_id: int, code: str) -> str | None:
    """Use the code up and say what it was, APP or RECOVERY; none where it is not right or was used before.

    Without an app only recovery codes can be right, and without any factor there are none.

    The app's row is locked, so that of two sign-ins with one code at the same moment only one is right.
    """
    app = db.session().scalar(
        select(AuthenticatorApp).where(AuthenticatorApp.person_id == person_id).with_for_update(),
        execution_options={"populate_existing": True},
    )
    seed = seals.unseal(app.sealed, person_id) if app is not None else None
    if app is not None and seed is not None:
        step = totp.matching_step(seed, code, clock.real_now(), app.last_step)
        if step is not None:
            app.last_step = step
            return APP
    return RECOVERY if recovery.use_code(person_id, code) else None


def forget_factor(person_id: int) -> None:
    """App, passkeys, codes, and whatever waits for one of them: that first, as a sign-in locks in this order."""
    void_pending(person_id)
    for row in (AuthenticatorApp, AppEnrolment, Passkey, PasskeyEnrolment):
        db.session().execute(delete(row).where(row.person_id == person_id))
    recovery.forget_codes(person_id)


def make_pending(realm: Realm, person_id: int, throttled_as: str) -> str:
    """The token of a sign-in that waits for its second factor."""
    token, ends = new_token(), clock.real_now() + PENDING_LIVES
    row = PendingSignIn(
        token_hash=hash_of(token), realm=realm.value, person_id=person_id, throttled_as=throttled_as, expires_at=ends
    )
    db.session().add(row)
    db.session().flush()
    return token


def live_pending(realm: Realm, token: str) -> PendingSignIn | None:
    """The sign-in that the token belongs to, if it still waits; locked."""
    return db.session().scalar(_waiting(realm, token).with_for_update())


def waiting(realm: Realm, token: str) -> PendingSignIn | None:
    """The same to look at."""
    return db.session().scalar(_waiting(realm, token))


def _waiting(realm: Realm, token: str) -> Select[PendingSignIn]:
    return select(PendingSignIn).where(
        PendingSignIn.token_hash == hash_of(token),
        PendingSignIn.realm == realm.value,
        PendingSignIn.expires_at > clock.real_now(),
    )


def void_pending(person_id: int) -> None:
    """No sign-in of the person that waits can be finished."""
    db.session().execute(delete(PendingSignIn).where(PendingSignIn.person_id == person_id))


def forget_old() -> None:
    """Delete what ran out before it was finished."""
    for row in (PendingSignIn, AppEnrolment, PasskeyEnrolment):
        db.session().execute(delete(row).where(row.expires_at <= clock.real_now()))
