"""The second step of a sign-in, after the right password.

`finish_sign_in` calls `perform` itself: an attempt stays counted when it fails.
"""

from billing_core import db
from billing_core.credentials import sessions, throttles
from billing_core.credentials.entering import Browser, enter
from billing_core.credentials.factors import passkeys, rows
from billing_core.credentials.factors.ceremonies import Answer, Site
from billing_core.credentials.factors.models import PendingSignIn
from billing_core.credentials.links import void_links
from billing_core.credentials.proving import note_recovery
from billing_core.credentials.refusals import SignInOver, WrongCode, WrongPasskey
from billing_core.credentials.service import require_patience
from billing_core.people import Person
from billing_core.permissions import Realm, viewer_of


def passkey_to_use(realm: Realm, pending: str, site: Site) -> str:
    """What the browser needs to ask a passkey of whoever has taken the first step; empty where there is none."""
    waiting = rows.waiting(realm, pending)
    return passkeys.to_use(waiting.person_id, site, _signs(waiting)) if waiting is not None else ""


def finish_sign_in(
    realm: Realm,
    pending: str,
    code: str,
    *,
    passkey: Answer | None = None,
    ip: str = "",
    user_agent: str = "",
    replaces: str | None = None,
    device: str = "",
) -> str:
    """The second step: begin the session that the right password has earned, and return its token.

    Failures count where those of the first step do. Raises WrongCode, WrongPasskey, SignInOver, TooMany.
    """
    db.perform(_knock, realm, pending, ip)
    return db.perform(_finish, realm, pending, code, passkey, Browser(ip, user_agent, replaces, device))


def _knock(realm: Realm, pending: str, ip: str) -> None:
    waiting = rows.live_pending(realm, pending)
    if waiting is None:
        raise SignInOver
    require_patience(
        throttles.knock(throttles.SIGN_IN, waiting.throttled_as),
        throttles.knock(throttles.SIGN_IN_ADDRESS, throttles.network_of(ip)),
    )


def _finish(realm: Realm, pending: str, code: str, passkey: Answer | None, browser: Browser) -> str:
    waiting = rows.live_pending(realm, pending)
    person = db.session().get(Person, waiting.person_id) if waiting is not None else None
    if waiting is None or person is None or not person.is_active or not sessions.may_enter(viewer_of(person, realm)):
        raise SignInOver
    kind = _kind_of(waiting, code, passkey)
    throttles.forget(throttles.SIGN_IN, waiting.throttled_as)
    throttles.take_back(throttles.SIGN_IN_ADDRESS, throttles.network_of(browser.ip))
    db.session().delete(waiting)
    void_links(person.id)
    if kind == rows.RECOVERY:
        note_recovery(f"{realm}:{person.public_id}", person)
    return enter(realm, person, kind, browser)


def _kind_of(waiting: PendingSignIn, code: str, passkey: Answer | None) -> str:
    """What was shown. Raises WrongPasskey and WrongCode."""
    if passkey is not None:
        if not passkeys.use_passkey(waiting.person_id, passkey, _signs(waiting)):
            raise WrongPasskey
        return rows.PASSKEY
    kind = rows.use_factor(waiting.person_id, code)
    if kind is None:
        raise WrongCode(field="code")
    return kind


def _signs(waiting: PendingSignIn) -> bytes:
    """It belongs to this one sign-in, which ends when an answer was taken."""
    return passkeys.challenge("sign-in", waiting.token_hash)
