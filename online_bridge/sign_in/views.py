"""My Account and the Admin Center: sign in, see your place in the account, and go on to billing."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import NotFound
from billing_core.permissions import Realm
from billing_core.web import doors
from billing_core.web.guards import my_page, public_page
from billing_core.web.identity import viewer, viewer_in
from billing_core.web.outside import origin_of, outside
from billing_core.web.render import page
from billing_core.web.targets import home_of, target_in
from online_bridge.sign_in import queries

my = Blueprint("my", __name__)
admin = Blueprint("admin", __name__)


@my.get("/my-account/sign-in")
@public_page()
def sign_in() -> doors.Answer:
    """The door of My Account, for every member of an account; where that is another site, the way there.

    It never leads there by itself: who has just signed out would come straight back.
    """
    site, target = outside(), target_in(Realm.MY, request.args.get("next"))
    if site.trust is None:
        return doors.show(Realm.MY, "online_bridge/sign_in.html")
    if viewer_in(Realm.MY) is not None:
        return redirect(target or home_of(Realm.MY), 303)
    host = origin_of(site.my_account).partition("://")[2]
    return page("online_bridge/sign_in_outside.html", address=site.door(target), host=host)


@my.post("/my-account/sign-in")
@public_page()
def check_sign_in() -> doors.Answer:
    """Let a member in, unless another site signs people in: then no password opens My Account here."""
    if outside().trust is not None:
        raise NotFound
    return doors.enter(Realm.MY, "online_bridge/sign_in.html")


@my.post("/my-account/sign-out")
@public_page()
def sign_out() -> Response:
    """Leave My Account and the Admin Center."""
    return doors.leave(Realm.MY)


@my.get("/my-account")
@my_page()
def index() -> str:
    """Who you are here, and the way to billing."""
    return page("online_bridge/my_account.html", me=viewer())


@admin.get("/admin-center", endpoint="index")
@my_page()
def index_of_admins() -> str | tuple[str, int]:
    """The people of the account and Add Licenses; for its admins only. Who has several accounts chooses one first."""
    current = viewer().current
    mine = viewer().administers
    if current is None and mine:
        return page(
            "online_bridge/choose_account.html", standings=mine, back=url_for("admin.index"), opens="admin-center"
        )
    if current is None or not current.is_admin:
        return page("online_bridge/not_an_admin.html"), 403
    with db.reading():
        return page("online_bridge/admin_center.html", account=current, members=queries.members(viewer()))
