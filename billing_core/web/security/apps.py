"""Setting an authenticator app up, and removing it or two-step sign-in as a whole: views that rooms.py hangs up."""

import segno
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.credentials.factors import service
from billing_core.credentials.refusals import EnrolmentOver, LastFactor
from billing_core.errors import Invalid, Refusal
from billing_core.web import sessions
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.web.security import codes
from billing_core.web.security.forms import CodeForm, PasswordForm
from billing_core.words import mark

Answer = str | tuple[str, int] | Response


def set_up() -> str:
    """Ask for the password first."""
    return _show("security/set_up.html", PasswordForm(), 200)[0]


def begin() -> Answer:
    """Make a key for the app."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            service.begin_enrolment(viewer(), form.password.data or "")
        except Refusal as refusal:
            form.refuse(refusal)
            return _show("security/set_up.html", form, refusal.status)
        return see(".scan")
    return _show("security/set_up.html", form, 400)


def scan() -> Answer:
    """Show the key, to be scanned or typed."""
    return _show_key(CodeForm(), 200)


def confirm() -> Answer:
    """Take the app into use; with the first factor come the recovery codes."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _show_key(form, 400)
    try:
        made = db.perform(service.confirm_enrolment, viewer(), form.code.data or "")
    except Invalid as refusal:
        form.refuse(refusal)
        return _show_key(form, refusal.status)
    except EnrolmentOver as refusal:
        return _begin_again(refusal)
    sessions.renew(viewer())
    if made:
        return codes.show(made, is_first=True)
    tell("success", mark("The authenticator app is set up. You are signed in only here now."))
    return see(".index")


def drop_app() -> Response:
    """Remove the app alone."""
    try:
        db.perform(service.drop_app, viewer())
    except LastFactor as refusal:
        tell("warning", refusal.message)
        return see(".ask_removal")
    sessions.renew(viewer())
    tell("success", mark("The authenticator app is removed. You are signed in only here now."))
    return see(".index")


def ask_removal() -> str:
    """Ask for the password first."""
    return _show("security/remove.html", PasswordForm(), 200)[0]


def remove() -> Answer:
    """Sign in with the password alone from now on."""
    form = PasswordForm()
    if form.validate_on_submit():
        try:
            service.remove_factor(viewer(), form.password.data or "")
        except Refusal as refusal:
            form.refuse(refusal)
            return _show("security/remove.html", form, refusal.status)
        sessions.renew(viewer())
        tell("success", mark("Two-step sign-in is removed. You are signed in only here now."))
        return see(".index")
    return _show("security/remove.html", form, 400)


def _show(template: str, form: PasswordForm, status: int) -> tuple[str, int]:
    with db.reading():
        return page(template, form=form, realm=viewer().realm.value), status


def _show_key(form: CodeForm, status: int) -> Answer:
    with db.reading():
        try:
            key = service.key_of(viewer())
        except EnrolmentOver as refusal:
            return _begin_again(refusal)
        drawn = segno.make(key.address, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
        return page("security/scan.html", form=form, realm=viewer().realm.value, key=key, drawn=drawn), status


def _begin_again(refusal: Refusal) -> Response:
    tell("warning", refusal.message)
    return see(".set_up")
