"""Who is looking: the viewer of the realm that the page's guard demands, read anew for every request.

A guard calls `load(realm)`; pages then ask `viewer()`. Routing asks `viewer_in(realm)` whether someone is signed in
elsewhere too. Nothing about a person is kept between requests: a removed contact, a disabled person, a changed right
counts with the next click.
"""

import logging
from dataclasses import replace
from functools import partial

from flask import Flask, g, request
from flask_login import LoginManager, UserMixin
from sqlalchemy.exc import OperationalError

from billing_core import db, words
from billing_core.contacts import looking
from billing_core.credentials import sessions as rows
from billing_core.credentials.models import SignInSession
from billing_core.errors import NotFound
from billing_core.people import Person
from billing_core.permissions import Realm, SessionFacts, Viewer, viewer_of
from billing_core.web import sessions

_log = logging.getLogger(__name__)


class SignedIn(UserMixin):  # type: ignore[misc]
    """What Flask-Login's `current_user` is on a guarded page; its id is `realm:person`."""

    def __init__(self, viewer: Viewer) -> None:
        self.viewer = viewer

    def get_id(self) -> str:
        """The realm and the person's public id."""
        return self.viewer.actor


def install(app: Flask) -> None:
    """Make Flask-Login ask us: no user id in its own session, no remember cookie."""
    manager = LoginManager()
    manager.session_protection = None
    manager.request_loader(lambda _request: _current_user())
    manager.init_app(app)


def _current_user() -> SignedIn | None:
    realm: Realm | None = g.get("realm")
    found = viewer_in(realm) if realm is not None else None
    return SignedIn(found) if found is not None else None


def load(realm: Realm) -> Viewer | None:
    """For guards: the realm's viewer becomes the page's viewer and the page speaks their language; none if signed out.

    Marks the session as seen, at most once a minute: one of the few writes that a GET may cause. A page never fails or
    waits for it: while another writer holds the database the mark is left to the next request.
    """
    g.realm = realm
    found = viewer_in(realm)
    if found is None:
        return None
    words.set_locale(found.locale)
    touch: partial[None] | None = g.pop("touch", {}).get(realm)
    if touch is not None and not db.in_transaction():
        try:
            db.attempt(touch)
        except OperationalError as error:
            _log.warning("a session was not marked as seen: %s", error.orig)
        else:
            forget(realm)  # the session lives longer now
            return viewer_in(realm)
    return found


def viewer() -> Viewer:
    """The viewer of the guarded page. Raises RuntimeError on a page without a guard: a fault of the program."""
    realm: Realm | None = g.get("realm")
    found = viewer_in(realm) if realm is not None else None
    if found is None:
        raise RuntimeError("this page has no guard that demands a viewer")
    return found


def viewer_in(realm: Realm) -> Viewer | None:
    """Who is signed in to the realm in this browser, whatever page this is. Three statements, once a request."""
    if "viewers" not in g:
        g.viewers = {}
    known: dict[Realm, Viewer | None] = g.viewers
    if realm not in known:
        known[realm] = _read(realm)
    return known[realm]


def _read(realm: Realm) -> Viewer | None:
    looked = _looked_at(realm)
    if looked is not None:
        return looked
    token = sessions.token_of(realm)
    if token is None:
        return None
    with db.reading():
        session = rows.live_session(realm, token)
        if session is None or not session.person.is_active:
            return None
        found = _viewer_of(session.person, realm, session)
        if not rows.may_enter(found):
            return None
        if rows.needs_touch(session):
            g.setdefault("touch", {})[realm] = partial(rows.touch_session, session.id)
    return found


def _looked_at(realm: Realm) -> Viewer | None:
    """As whom somebody at the desk looks in this browser. Browsers that have never been at the desk cost nothing."""
    if realm is Realm.DESK or sessions.token_of(Realm.DESK) is None:
        return None
    desk = viewer_in(Realm.DESK)
    if desk is None:
        return None
    with db.reading():
        return looking.looked_at(desk, realm, desk.facts)


def _viewer_of(person: Person, realm: Realm, session: SignInSession) -> Viewer:
    """The address and the browser are those of this very request: they become evidence of what is decided in it."""
    ip, agent = rows.printable(request.remote_addr or "", 45), rows.printable(request.user_agent.string, 256)
    facts = SessionFacts(
        session.id, session.created_at, ip, agent, g.get("request_id", ""), rows.ends_at(session),
        rows.proof_until(session),
    )  # fmt: skip
    return viewer_of(person, realm, session.account_id, facts)


def forget(realm: Realm) -> None:
    """Something about the session has changed in this request: read it anew."""
    g.viewers.pop(realm, None)


def choose_account(realm: Realm, account_public_id: str) -> Viewer:
    """Make one of the viewer's accounts the current one of this session. Raises NotFound for any other account."""
    found = viewer_in(realm)
    standing = next((s for s in found.standings if s.account_public_id == account_public_id), None) if found else None
    if found is None or standing is None or found.facts.session_id is None or found.looking is not None:
        raise NotFound
    db.perform(rows.choose_account, found.facts.session_id, standing.account_id)
    chosen = replace(found, current=standing)
    g.viewers[realm] = chosen
    return chosen


def change_language(code: str) -> None:
    """The language of everyone who is signed in in this browser, kept with the person for mails and the next time."""
    everybody = [found for realm in Realm if (found := viewer_in(realm)) is not None]
    people = {found.person_id for found in everybody if found.looking is None}
    if people:
        db.perform(_keep_language, people, code)
        g.pop("viewers", None)


def _keep_language(people: set[int], code: str) -> None:
    for person_id in sorted(people):
        db.session().get_one(Person, person_id).locale = code
