"""What a reader may choose on any page: the language, and the account that the pages are about."""

from flask import Blueprint, redirect, request, session
from werkzeug.wrappers import Response

from billing_core import words
from billing_core.errors import Invalid
from billing_core.permissions import Realm
from billing_core.web import identity
from billing_core.web.guards import my_page, portal_page, public_page
from billing_core.web.targets import home_of, safe_target, target_in
from billing_core.words import mark

web = Blueprint("web", __name__)


@web.post("/language")
@public_page()
def language() -> Response:
    """Read on in another language, on the same page."""
    code = request.form.get("language", "")
    if code not in words.LANGUAGES:
        raise Invalid(mark("This language is not available."), field="language")
    session["language"] = code
    identity.change_language(code)
    return redirect(safe_target(request.form.get("next")) or "/", 303)


@web.post("/account")
@portal_page()
def choose_account() -> Response:
    """Another account in the portal."""
    return _choose(Realm.PORTAL)


@web.post("/my-account/account")
@my_page()
def choose_my_account() -> Response:
    """Another account in My Account."""
    return _choose(Realm.MY)


def _choose(realm: Realm) -> Response:
    identity.choose_account(realm, request.form.get("account", ""))
    return redirect(target_in(realm, request.form.get("next")) or home_of(realm), 303)
