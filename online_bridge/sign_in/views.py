"""My Account and the Admin Center: sign in, see your place in the account, and go on to billing."""

from flask import Blueprint, redirect, request
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import Refusal
from billing_core.permissions import Realm
from billing_core.web import sessions
from billing_core.web.guards import my_page, public_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see
from billing_core.web.targets import home_of, safe_target
from online_bridge.sign_in import queries
from online_bridge.sign_in.forms import SignIn

my = Blueprint("my", __name__)
admin = Blueprint("admin", __name__)


@my.get("/my-account/sign-in")
@public_page()
def sign_in() -> str:
    """The form; `next` leads back to where the visitor wanted to go."""
    return page("online_bridge/sign_in.html", form=SignIn(), next=safe_target(request.args.get("next")))


@my.post("/my-account/sign-in")
@public_page()
def check_sign_in() -> tuple[str, int] | Response:
    """Begin a session of My Account, or show the one text for every failure."""
    form, target = SignIn(), safe_target(request.form.get("next"))
    if form.validate_on_submit():
        try:
            sessions.sign_in(Realm.MY, form.user_id.data, form.password.data)
        except Refusal as refusal:
            form.refuse(refusal)
            return page("online_bridge/sign_in.html", form=form, next=target), refusal.status
        return redirect(target or home_of(Realm.MY), 303)
    return page("online_bridge/sign_in.html", form=form, next=target), 400


@my.post("/my-account/sign-out")
@public_page()
def sign_out() -> Response:
    """End the session; harmless without one."""
    sessions.end(Realm.MY)
    return see("my.sign_in")


@my.get("/my-account")
@my_page()
def index() -> str:
    """Who you are here, and the way to billing."""
    return page("online_bridge/my_account.html", me=viewer())


@admin.get("/admin-center", endpoint="index")
@my_page()
def index_of_admins() -> str | tuple[str, int]:
    """The people of the account and Add Licenses; for its admins only."""
    current = viewer().current
    if current is None or not current.is_admin:
        return page("online_bridge/not_an_admin.html"), 403
    with db.reading():
        return page("online_bridge/admin_center.html", account=current, members=queries.members(viewer()))
