"""The page "Security" of each realm: where the person is signed in, how to end that, and the second factors.

The same pages with the same views in three rooms, because each realm has its own door and its own guard.
"""

from flask import Blueprint, request
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.contacts.looking import looks_at
from billing_core.credentials import own_sessions
from billing_core.credentials.factors import duty
from billing_core.credentials.factors import service as factors
from billing_core.permissions import Realm, Right
from billing_core.web.guards import desk_page, my_page, portal_page, public_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.web.security import apps, codes, passkeys, second_step
from billing_core.web.sites import here
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
    shown = (
        ("", "index", _index),
        ("/authenticator", "set_up", apps.set_up),
        ("/authenticator/confirm", "scan", apps.scan),
        ("/authenticator/remove", "ask_removal", apps.ask_removal),
        ("/passkeys/new", "new_passkey", passkeys.new_passkey),
    )
    for path, endpoint, view in shown:
        found.add_url_rule(path, endpoint, guard()(view))
    sent = (
        ("/sessions/<string:public_id>/end", "end", _end),
        ("/sessions/end-others", "end_others", _end_others),
        ("/authenticator", "begin", apps.begin),
        ("/authenticator/confirm", "confirm", apps.confirm),
        ("/authenticator/remove", "remove", apps.remove),
        ("/passkeys/new", "keep_passkey", passkeys.keep_passkey),
    )
    for path, endpoint, form in sent:
        found.add_url_rule(path, endpoint, guard()(form), methods=["POST"])
    proven = (
        ("/authenticator/drop", "drop_app", apps.drop_app),
        ("/passkeys", "begin_passkey", passkeys.begin_passkey),
        ("/passkeys/<string:public_id>/remove", "drop_passkey", passkeys.drop_passkey),
        ("/recovery-codes", "renew_codes", codes.renew_codes),
        *((("/policy", "set_policy", _set_policy),) if realm is not Realm.DESK else ()),
    )
    for path, endpoint, deed in proven:
        found.add_url_rule(path, endpoint, guard(proof=True)(deed), methods=["POST"])
    found.add_url_rule("/second-step", "second_step", public_page()(second_step.show))
    found.add_url_rule("/second-step", "take_second_step", public_page()(second_step.take), methods=["POST"])
    return found


def _index() -> str:
    with db.reading():
        me = viewer()
        return page(
            "security/index.html", realm=me.realm.value, sessions=own_sessions.own_sessions(me),
            factors=factors.factors_of(me), is_obliged=duty.is_obliged(me), has_passkeys=here() is not None,
            looks=looks_at(me) if me.realm is not Realm.DESK else (),
            account=me.current if me.current and me.may(Right.MANAGE, me.current.account_id) else None,
        )  # fmt: skip


def _end(public_id: str) -> Response:
    db.perform(own_sessions.end_own_session, viewer(), public_id)
    tell("success", mark("The session has ended."))
    return see(".index")


def _end_others() -> Response:
    db.perform(own_sessions.end_other_sessions, viewer())
    tell("success", mark("You are signed in only here now."))
    return see(".index")


def _set_policy() -> Response:
    required = request.form.get("required") == "yes"
    db.perform(duty.set_policy, viewer(), request.form.get("company", "")[:32], required)
    tell("success", mark("The rule is saved. All billing contacts have been told."))
    return see(".index")


portal_security, my_security, desk_security = room(Realm.PORTAL), room(Realm.MY), room(Realm.DESK)
