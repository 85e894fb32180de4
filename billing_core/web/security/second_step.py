"""The second step of a sign-in: a page for people who have taken the first one."""

from flask import redirect, request
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.credentials.refusals import SignInOver
from billing_core.errors import Invalid, Refusal
from billing_core.permissions import Realm
from billing_core.web import sessions
from billing_core.web.render import page, tell
from billing_core.web.security.forms import SecondStepForm
from billing_core.web.sites import answer_of
from billing_core.web.targets import home_of, sign_in_of, target_in
from billing_core.words import mark

Answer = str | tuple[str, int] | Response


def show() -> Answer:
    """Ask for the code; who has not taken the first step begins with that."""
    if not sessions.is_half_in():
        return redirect(sign_in_of(_realm()), 303)
    return _ask(SecondStepForm(formdata=None), request.args.get("next"), 200)


def take() -> Answer:
    """Let the person in, or ask again with one text for every failure of a code, and one for every of a passkey."""
    form, wanted = SecondStepForm(), request.form.get("next")
    if not form.validate_on_submit():
        return _ask(form, wanted, 400)
    if not form.code.data and not form.passkey.data:
        form.refuse(Invalid(mark("Enter the code."), field="code"))
        return _ask(form, wanted, 400)
    try:
        sessions.finish(_realm(), form.code.data or "", answer_of(form.passkey.data))
    except SignInOver as refusal:
        tell("warning", refusal.message)
        return redirect(sign_in_of(_realm()), 303)
    except Refusal as refusal:
        form.refuse(refusal)
        return _ask(form, wanted, refusal.status)
    return redirect(target_in(_realm(), wanted) or home_of(_realm()), 303)


def _realm() -> Realm:
    return Realm((request.blueprint or "").removesuffix("_security"))


def _ask(form: SecondStepForm, wanted: str | None, status: int) -> tuple[str, int]:
    target = target_in(_realm(), wanted)
    with db.reading():
        options = sessions.passkey_to_use(_realm())
        context = {"next": target, "door": sign_in_of(_realm()), "options": options}
        return page("security/second_step.html", form=form, **context), status
