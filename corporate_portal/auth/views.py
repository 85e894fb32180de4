"""Sign-in and sign-out of contacts and of staff, and the three steps to a new password.

A password link is opened by GET as often as anybody likes, mail scanners included: its token is exchanged for the hash
of it in the signed anonymous session, and the browser goes on to an address without the token. Only the POST with the
new password uses the link up.
"""

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.credentials import service
from billing_core.credentials.sessions import hash_of
from billing_core.errors import Refusal
from billing_core.permissions import Realm
from billing_core.web import doors
from billing_core.web.guards import public_page
from billing_core.web.render import page, see, tell
from billing_core.web.targets import sign_in_of
from billing_core.words import mark
from corporate_portal.auth.forms import NewPasswordForm, PasswordLinkForm

auth = Blueprint("auth", __name__)

Answer = str | tuple[str, int] | Response

_PORTAL_DOOR, _DESK_DOOR = "auth/sign_in.html", "auth/desk_sign_in.html"
_LINK, _REALM = "password-link", "password-realm"


@auth.get("/sign-in")
@public_page()
def sign_in() -> Answer:
    """The portal's door."""
    return doors.show(Realm.PORTAL, _PORTAL_DOOR)


@auth.post("/sign-in")
@public_page()
def check_sign_in() -> Answer:
    """Let a contact of a corporate account in."""
    return doors.enter(Realm.PORTAL, _PORTAL_DOOR)


@auth.get("/desk/sign-in")
@public_page()
def desk_sign_in() -> Answer:
    """The staff's own door."""
    return doors.show(Realm.DESK, _DESK_DOOR)


@auth.post("/desk/sign-in")
@public_page()
def check_desk_sign_in() -> Answer:
    """Let a member of the staff in."""
    return doors.enter(Realm.DESK, _DESK_DOOR)


@auth.post("/sign-out")
@public_page()
def sign_out() -> Response:
    """Leave the portal; harmless for someone who is not in it."""
    return doors.leave(Realm.PORTAL)


@auth.post("/desk/sign-out")
@public_page()
def desk_sign_out() -> Response:
    """Leave the desk."""
    return doors.leave(Realm.DESK)


@auth.get("/password/reset")
@public_page()
def password_reset() -> str:
    """Ask whose password it is."""
    return page("auth/password_reset.html", form=PasswordLinkForm(), realm=_wanted_realm())


@auth.post("/password/reset")
@public_page()
def request_password_link() -> Answer:
    """Have a link mailed, if there is anyone to mail it to. The reply does not tell."""
    form, realm = PasswordLinkForm(), _wanted_realm()
    if form.validate_on_submit():
        try:
            db.perform(service.request_password_link, form.user_id.data or "", realm, request.remote_addr or "")
        except Refusal as refusal:
            form.refuse(refusal)
            return page("auth/password_reset.html", form=form, realm=realm), refusal.status
        return see("auth.password_link_sent", realm=realm.value)
    return page("auth/password_reset.html", form=form, realm=realm), 400


@auth.get("/password/sent")
@public_page()
def password_link_sent() -> str:
    """What happens now, the same for everybody."""
    return page("auth/password_link_sent.html", realm=_wanted_realm())


@auth.get("/password/reset/<string:token>")
@public_page()
def open_password_link(token: str) -> Response:
    """Take the token out of the address. Whether it works is said there; nothing after this gives it away."""
    session[_LINK], session[_REALM] = hash_of(token), _wanted_realm().value
    onward = see("auth.new_password")
    onward.headers["Referrer-Policy"] = "no-referrer"
    return onward


@auth.get("/password/new")
@public_page()
def new_password() -> Answer:
    """Choose the new password."""
    return _show_new_password(NewPasswordForm(), 200)


@auth.post("/password/new")
@public_page()
def set_password() -> Answer:
    """Create or replace the password; the link is used up with it."""
    form, link, wanted = NewPasswordForm(), session.get(_LINK, ""), _realm(session.get(_REALM))
    if not form.validate_on_submit():
        return _show_new_password(form, 400)
    try:
        realm = service.set_password(link, form.password.data or "", wanted)
    except Refusal as refusal:
        form.refuse(refusal)
        return _show_new_password(form, refusal.status)
    session.pop(_LINK, None)
    session.pop(_REALM, None)
    tell("success", mark("Your new password is set. Sign in with it now."))
    return redirect(sign_in_of(realm), 303)


def _show_new_password(form: NewPasswordForm, status: int) -> Answer:
    with db.reading():
        try:
            owner = service.owner_of(session.get(_LINK, ""))
        except service.LinkExpired as refusal:
            return page("auth/link_expired.html", realm=_realm(session.get(_REALM))), refusal.status
        return page("auth/new_password.html", form=form, owner=owner), status


def _wanted_realm() -> Realm:
    return _realm(request.args.get("realm"))


def _realm(text: str | None) -> Realm:
    return Realm(text) if text in set(Realm) else Realm.PORTAL
