"""Where to go next, as told by a browser: only a page of this very site is ever believed."""

from urllib.parse import unquote, urlsplit

from flask import current_app, url_for
from werkzeug.exceptions import HTTPException

from billing_core.permissions import Realm

_LONGEST = 1000


def target_in(realm: Realm, text: str | None) -> str | None:
    """The text if it is the address of a page that is behind this realm's door; otherwise none.

    So nobody is led from a sign-in to a page of another realm, to a public page that does something (a password link),
    to what only takes POST, or to nothing.
    """
    target = safe_target(text)
    if target is None:
        return None
    try:
        endpoint, _ = current_app.url_map.bind("").match(unquote(urlsplit(target).path), method="GET")
    except HTTPException:
        return None
    guard = getattr(current_app.view_functions[endpoint], "guard", None)
    return target if guard is not None and guard.realm is realm else None


def safe_target(text: str | None) -> str | None:
    """The text if it is a path with an optional query on this site, and nothing else; otherwise none.

    Refused: other schemes and hosts (`//`, and `\\` which browsers read as `/`), `@`, spaces and control characters
    (some of which browsers drop before they look), anything outside ASCII, percent-coded slashes, backslashes and
    control characters in the path, and dot segments.
    """
    if not text or len(text) > _LONGEST or not text.startswith("/") or text.startswith("//"):
        return None
    if not text.isascii() or any(c <= " " or c in "\\@#\x7f" for c in text):
        return None
    try:
        parts = urlsplit(text)
    except ValueError:
        return None
    if parts.scheme or parts.netloc or not parts.path.startswith("/"):
        return None
    return None if _is_disguised(parts.path) else text


def _is_disguised(path: str) -> bool:
    folded = path.lower()
    segments = folded.replace("%2e", ".").split("/")
    coded = ("%2f", "%5c", "%40", "%7f", *(f"%{code:02x}" for code in range(0x20)))
    return "//" in folded or any(s in (".", "..") for s in segments) or any(c in folded for c in coded)


def home_of(realm: Realm) -> str:
    """The address where the realm begins; the roof names the endpoint in the setting HOME."""
    return url_for(current_app.config["HOME"][realm])


def sign_in_of(realm: Realm) -> str:
    """The address of the realm's sign-in; the roof names the endpoint in the setting SIGN_IN."""
    return url_for(current_app.config["SIGN_IN"][realm])
