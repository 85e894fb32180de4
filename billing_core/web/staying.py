"""How long a session still lives, asked by the script that warns before it ends (static/js/session-end.js).

Asking prolongs nothing; staying is what any other page of the realm does. Both bring the form token that counts now, so
that a page which outlived its session can still send what was typed, once the same person has signed in again.
"""

from typing import Any

from flask import Blueprint, abort
from flask_wtf.csrf import generate_csrf

from billing_core import clock
from billing_core.permissions import Realm, Viewer
from billing_core.web import identity
from billing_core.web.guards import public_page

staying = Blueprint("staying", __name__, url_prefix="/session")


@staying.get("/<string:realm>/rest")
@public_page()
def rest(realm: str) -> dict[str, Any]:
    """Seconds until the realm's session ends, and whose it is; 0 where there is none."""
    return _told(identity.viewer_in(_named(realm)))


@staying.post("/<string:realm>/stay")
@public_page()
def stay(realm: str) -> dict[str, Any]:
    """Use the session, and say how long it lives then. Its absolute limit stays where it is."""
    return _told(identity.load(_named(realm)))


def seconds_left(viewer: Viewer) -> int:
    """Until the viewer's session ends by itself."""
    ends_at = viewer.facts.ends_at
    return max(int((ends_at - clock.real_now()).total_seconds()), 0) if ends_at is not None else 0


def _named(realm: str) -> Realm:
    try:
        return Realm(realm)
    except ValueError:
        abort(404)


def _told(viewer: Viewer | None) -> dict[str, Any]:
    if viewer is None:
        return {"seconds": 0, "person": "", "token": ""}
    return {"seconds": seconds_left(viewer), "person": viewer.public_id, "token": generate_csrf()}
