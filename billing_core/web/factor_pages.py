"""Setting up an authenticator app, removing it, and the second step of a sign-in: the views that security.py hangs up.

A code or a password that is refused shows the form again. The recovery codes stand in the answer to the form that
confirms the app and nowhere else: a redirect would have to keep them somewhere until the next page.
"""

import segno
from flask import redirect, request
from werkzeug.wrappers import Response
from wtforms import PasswordField

from billing_core import db
from billing_core.credentials.factors import service
from billing_core.credentials.strength import SHORTEST_WITH_FACTOR
from billing_core.errors import Invalid, Refusal
from billing_core.permissions import Realm
from billing_core.web import sessions
from billing_core.web.forms import Form, Needed, TextLine
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.web.targets import home_of, sign_in_of, target_in
from billing_core.words import lazy, mark

Answer = str | tuple[str, int] | Response
_LONGEST_CODE = 40


class PasswordForm(Form):
    """The password once more."""

    password = PasswordField(lazy("Your password"), [Needed(mark("Enter your password."))])


class CodeForm(Form):
    """A code of the app, or a recovery code."""

    code = TextLine(lazy("Code"), _LONGEST_CODE, needed=mark("Enter the code."))


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
    """Take the app into use, and show the recovery codes this once."""
    form = CodeForm()
    if not form.validate_on_submit():
        return _show_key(form, 400)
    try:
        codes = db.perform(service.confirm_enrolment, viewer(), form.code.data or "")
    except Invalid as refusal:
        form.refuse(refusal)
        return _show_key(form, refusal.status)
    except service.EnrolmentOver as refusal:
        return _begin_again(refusal)
    context = {"codes": codes, "least": SHORTEST_WITH_FACTOR}
    return page("security/recovery_codes.html", realm=viewer().realm.value, **context)


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
        tell("success", mark("Two-step sign-in is removed. You are signed in only here now."))
        return see(".index")
    return _show("security/remove.html", form, 400)


def second_step() -> Answer:
    """Ask for the code; who has not taken the first step begins with that."""
    if not sessions.is_half_in():
        return redirect(sign_in_of(_realm()), 303)
    return _ask_code(CodeForm(), request.args.get("next"), 200)


def take_second_step() -> Answer:
    """Let the person in, or ask again with the one text for every failure."""
    form, wanted = CodeForm(), request.form.get("next")
    if not form.validate_on_submit():
        return _ask_code(form, wanted, 400)
    try:
        sessions.finish(_realm(), form.code.data or "")
    except service.SignInOver as refusal:
        tell("warning", refusal.message)
        return redirect(sign_in_of(_realm()), 303)
    except Refusal as refusal:
        form.refuse(refusal)
        return _ask_code(form, wanted, refusal.status)
    return redirect(target_in(_realm(), wanted) or home_of(_realm()), 303)


def _realm() -> Realm:
    return Realm((request.blueprint or "").removesuffix("_security"))


def _show(template: str, form: PasswordForm, status: int) -> tuple[str, int]:
    with db.reading():
        return page(template, form=form, realm=viewer().realm.value), status


def _show_key(form: CodeForm, status: int) -> Answer:
    with db.reading():
        try:
            key = service.key_of(viewer())
        except service.EnrolmentOver as refusal:
            return _begin_again(refusal)
        drawn = segno.make(key.address, error="m").svg_data_uri(scale=4, border=4, dark="#000", light="#fff")
        return page("security/scan.html", form=form, realm=viewer().realm.value, key=key, drawn=drawn), status


def _begin_again(refusal: Refusal) -> Response:
    tell("warning", refusal.message)
    return see(".set_up")


def _ask_code(form: CodeForm, wanted: str | None, status: int) -> tuple[str, int]:
    target = target_in(_realm(), wanted)
    return page("security/second_step.html", form=form, next=target, door=sign_in_of(_realm())), status
