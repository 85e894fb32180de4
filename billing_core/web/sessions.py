"""The browser's side of signed-in sessions: one cookie a realm, holding nothing but a random token.

Three realms have three cookies, so that one browser can be in the portal and in My Account at the same time, and so
that routing sees a live portal session. The anonymous session (Flask's signed cookie: CSRF token, language, a reset
under way) is emptied whenever someone signs in or out: nothing planted before survives, and the CSRF token changes.
"""

from datetime import timedelta

from flask import Response, after_this_request, current_app, g, request, session

from billing_core import db
from billing_core.credentials import service as credentials
from billing_core.credentials import sessions as rows
from billing_core.credentials.factors import second_step
from billing_core.credentials.factors.ceremonies import Answer
from billing_core.credentials.refusals import SignInOver
from billing_core.permissions import Realm, Viewer
from billing_core.web.sites import here

_KEPT = ("language",)
_PENDING = "pending-sign-in"
_WANTED = "wanted-account"
_DEVICE_IS_KNOWN = timedelta(days=90)


def cookie_name(realm: Realm) -> str:
    """The name of the realm's cookie; where cookies are Secure it has the prefix that pins it to this very host."""
    return _cookie(f"{realm.value}-session")


def token_of(realm: Realm) -> str | None:
    """The token that the browser sent, or that this answer brings it. What cannot be one counts as none."""
    if realm in g.get("brought", {}):
        brought: str = g.brought[realm]
        return brought
    token = request.cookies.get(cookie_name(realm), "")
    return token if 0 < len(token) <= 64 and token.isascii() else None


def sign_in(realm: Realm, user_id: str, password: str, account: str = "") -> None:
    """Try User ID and password, and on success let this browser hold the new session.

    It begins in the account of that public id, if it is one of the person's. Raises SignInFailed, the same for every
    cause, and TooMany; and FactorNeeded, when this browser may take the second step.
    """
    try:
        token = credentials.sign_in(
            realm,
            user_id,
            password,
            ip=request.remote_addr or "",
            user_agent=request.user_agent.string,
            replaces=token_of(realm),
            device=_device(),
        )
    except credentials.FactorNeeded as waiting:
        _forget_anonymous_session()
        session[_PENDING], session[_WANTED] = waiting.token, account
        raise
    _open(realm, token, account)


def is_half_in() -> bool:
    """Whether this browser has taken the first of two steps."""
    return bool(session.get(_PENDING))


def passkey_to_use(realm: Realm) -> str:
    """What the browser needs to ask a passkey of whoever has taken the first step; empty where there is none."""
    site = here()
    return second_step.passkey_to_use(realm, session.get(_PENDING, ""), site) if site is not None else ""


def finish(realm: Realm, code: str, passkey: Answer | None = None) -> None:
    """Take the second step, and on success let this browser hold the new session.

    Raises WrongCode, WrongPasskey, TooMany and SignInOver; after that one the first step has to be taken again.
    """
    try:
        token = second_step.finish_sign_in(
            realm,
            session.get(_PENDING, ""),
            code,
            passkey=passkey,
            ip=request.remote_addr or "",
            user_agent=request.user_agent.string,
            replaces=token_of(realm),
            device=_device(),
        )
    except SignInOver:
        session.pop(_PENDING, None)
        raise
    _open(realm, token, session.get(_WANTED, ""))


def _open(realm: Realm, token: str, account: str) -> None:
    """`account` is the public id of the one that was chosen before, elsewhere; empty for none."""
    if account:
        db.perform(rows.prefer_account, realm, token, account)
    carry(realm, token)


def carry(realm: Realm, token: str) -> None:
    """Let the answer to this request bring the browser the realm's new token, and the mark of a browser known to us."""
    _forget_anonymous_session()
    g.pop("viewers", None)
    _bring(realm, token)


def _bring(realm: Realm, token: str) -> None:
    g.setdefault("brought", {})[realm] = token
    _answer_with(cookie_name(realm), token, None)
    _answer_with(_cookie("device"), rows.hash_of(token), _DEVICE_IS_KNOWN)


def renew(viewer: Viewer) -> None:
    """After a proof, and where a factor comes or goes: whoever has copied the cookie is out from now on."""
    token = db.perform(rows.renew_token, viewer.facts.session_id)
    if token is not None:
        _bring(viewer.realm, token)


def end(realm: Realm) -> None:
    """Sign out of the realm: the row ends, the cookie goes. Harmless without a session."""
    token = token_of(realm)
    if token:
        db.perform(rows.end_session, token)
    _forget_anonymous_session()
    g.pop("viewers", None)
    g.pop("brought", None)
    _answer_with(cookie_name(realm), "", timedelta())


def _cookie(name: str) -> str:
    return f"{'__Host-' if current_app.config['SESSION_COOKIE_SECURE'] else ''}{name}"


def _device() -> str:
    mark = request.cookies.get(_cookie("device"), "")
    return mark if len(mark) == 64 and mark.isalnum() and mark.isascii() else ""


def _answer_with(name: str, value: str, lifetime: timedelta | None) -> None:
    secure = bool(current_app.config["SESSION_COOKIE_SECURE"])

    @after_this_request
    def set_cookie(response: Response) -> Response:
        response.set_cookie(name, value, max_age=lifetime, path="/", secure=secure, httponly=True, samesite="Lax")
        return response


def _forget_anonymous_session() -> None:
    kept = {key: session[key] for key in _KEPT if key in session}
    session.clear()
    session.update(kept)
    g.pop("csrf_token", None)
