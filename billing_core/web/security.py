"""The page "Security" of each realm: where the person is signed in, how to end that, and the second factor.

The same pages with the same views in three rooms, because each realm has its own door and its own guard.
"""

from flask import Blueprint
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.credentials import own_sessions
from billing_core.credentials.factors import service as factors
from billing_core.permissions import Realm
from billing_core.web import factor_pages as pages
from billing_core.web.guards import desk_page, my_page, portal_page, public_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark

_DOORS = {
    Realm.PORTAL: ("/security", portal_page),
    Realm.MY: ("/my-account/security", my_page),
    Realm.DESK: ("/desk/security", desk_page),
}


def room(realm: Realm) -> Blueprint:
    """The room of the realm; its blueprint is called after it."""
    prefix, guard = _DOORS[realm]
    found = Blueprint(f"{realm}_security", __name__, url_prefix=prefix)
    found.add_url_rule("", "index", guard()(_index))
    found.add_url_rule("/sessions/<string:public_id>/end", "end", guard()(_end), methods=["POST"])
    found.add_url_rule("/sessions/end-others", "end_others", guard()(_end_others), methods=["POST"])
    found.add_url_rule("/authenticator", "set_up", guard()(pages.set_up))
    found.add_url_rule("/authenticator", "begin", guard()(pages.begin), methods=["POST"])
    found.add_url_rule("/authenticator/confirm", "scan", guard()(pages.scan))
    found.add_url_rule("/authenticator/confirm", "confirm", guard()(pages.confirm), methods=["POST"])
    found.add_url_rule("/authenticator/remove", "ask_removal", guard()(pages.ask_removal))
    found.add_url_rule("/authenticator/remove", "remove", guard()(pages.remove), methods=["POST"])
    found.add_url_rule("/second-step", "second_step", public_page()(pages.second_step))
    found.add_url_rule("/second-step", "take_second_step", public_page()(pages.take_second_step), methods=["POST"])
    return found


def _index() -> str:
    with db.reading():
        me = viewer()
        sessions, factor = own_sessions.own_sessions(me), factors.factor_of(me)
        return page("security/index.html", realm=me.realm.value, sessions=sessions, factor=factor)


def _end(public_id: str) -> Response:
    db.perform(own_sessions.end_own_session, viewer(), public_id)
    tell("success", mark("The session has ended."))
    return see(".index")


def _end_others() -> Response:
    db.perform(own_sessions.end_other_sessions, viewer())
    tell("success", mark("You are signed in only here now."))
    return see(".index")


portal_security, my_security, desk_security = room(Realm.PORTAL), room(Realm.MY), room(Realm.DESK)
