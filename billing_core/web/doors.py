"""Signing in and out, the same at each realm's door; the door's own page is named by the view."""

from flask import redirect, request, session, url_for
from werkzeug.wrappers import Response
from wtforms import PasswordField

from billing_core import words
from billing_core.credentials.service import FactorNeeded
from billing_core.errors import Refusal
from billing_core.permissions import Realm
from billing_core.web import sessions
from billing_core.web.forms import Form, Needed, TextLine
from billing_core.web.identity import viewer_in
from billing_core.web.render import page, tell
from billing_core.web.targets import home_of, sign_in_of, target_in
from billing_core.words import lazy, mark

Answer = str | tuple[str, int] | Response

LONGEST_USER_ID = 254
"""Characters of a username or an e-mail address."""


class SignInForm(Form):
    """User ID and password. A password is taken as it is: nothing is trimmed, nothing forbidden."""

    user_id = TextLine(lazy("User ID (username or e-mail)"), LONGEST_USER_ID, needed=mark("Enter your User ID."))
    password = PasswordField(lazy("Password"), [Needed(mark("Enter your password."))])


def show(realm: Realm, template: str) -> Answer:
    """The form, or the way on for someone who is in already. `next` leads back to where the visitor wanted to go.

    With `again` the form is shown to them too: they may be in as somebody else than the one meant (domain.md 2a).
    """
    target = target_in(realm, request.args.get("next"))
    if viewer_in(realm) is not None and not request.args.get("again"):
        return redirect(target or home_of(realm), 303)
    return _door(realm, template, SignInForm(), target)


def enter(realm: Realm, template: str) -> Answer:
    """Begin a session, or show the form again with the one text for every failure."""
    form, target, status = SignInForm(), target_in(realm, request.form.get("next")), 400
    if form.validate_on_submit():
        try:
            sessions.sign_in(realm, form.user_id.data or "", form.password.data or "", _account())
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
        except FactorNeeded:
            return redirect(url_for(f"{realm}_security.second_step", next=target), 303)
        else:
            return redirect(target or home_of(realm), 303)
    return _door(realm, template, form, target), status


def _account() -> str:
    """The public id of the account that the visitor chose before, elsewhere; whose it is only a sign-in tells."""
    return request.values.get("account", "")[:32]


def _door(realm: Realm, template: str, form: SignInForm, target: str | None) -> str:
    """`present` is who is signed in here at the moment, and `onward` where that person can go on without signing in."""
    return page(
        template, form=form, next=target, account=_account(), present=viewer_in(realm),
        onward=target or home_of(realm),
    )  # fmt: skip


def leave(realm: Realm) -> Response:
    """End the session of the realm; harmless without one. The door goes on in the language of the person who left."""
    found = viewer_in(realm)
    sessions.end(realm)
    if found is not None:
        session["language"] = found.locale
        words.set_locale(found.locale)
    tell("success", mark("You are signed out."))
    return redirect(sign_in_of(realm), 303)
