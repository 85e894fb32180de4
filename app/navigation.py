"""What the shells show around each page: brand, account, language, and the tabs of the realm."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from flask import Flask, g, get_flashed_messages, request, url_for

from app.static_files import static_url
from billing_core import templating, words
from billing_core.permissions import Realm, Viewer
from billing_core.web import identity
from billing_core.web.guards import acting_for
from billing_core.web.staying import seconds_left
from billing_core.web.targets import sign_in_of, target_in
from billing_core.words import mark
from corporate_portal.desk.service import MAY_RETRY
from corporate_portal.quotes import queries as quotes
from corporate_portal.trail.queries import MAY_SEARCH


@dataclass(frozen=True)
class Tab:
    """A tab of a realm as the shell shows it."""

    label: str
    href: str
    current: bool
    count: int | None = None


@dataclass(frozen=True)
class Choice:
    """An account in the chooser."""

    id: str
    name: str
    current: bool


@dataclass(frozen=True)
class Visitor:
    """The signed-in person as the shells show one."""

    display_name: str
    email: str
    account: str
    accounts: list[Choice]


@dataclass(frozen=True)
class SessionEnd:
    """What the page needs to warn before its session ends: in how many seconds, whose it is, and the way back in."""

    seconds: int
    person: str
    realm: str
    door: str


TABS: dict[Realm, tuple[tuple[str, str], ...]] = {
    Realm.PORTAL: (
        (mark("Quotes"), "quotes.index"),
        (mark("Invoices"), "invoices.index"),
        (mark("Profile"), "profile.index"),
    ),
    Realm.MY: ((mark("My Account"), "my.index"), (mark("Admin Center"), "admin.index")),
    Realm.DESK: (
        (mark("Work list"), "desk.index"),
        (mark("Money"), "finance.index"),
        (mark("Online accounts"), "support.index"),
        (mark("Audit trail"), "trail.index"),
        (mark("Jobs"), "desk.jobs"),
    ),
}

BELONGS_TO = {
    "requests": "quotes", "payments": "invoices", "paying": "invoices", "proposals": "invoices",
    "credit_notes": "invoices", "routing": "my",
    "billing": "my", "cart": "my", "checkout": "my", "history": "my", "payment_methods": "my", "renewals": "my",
    "statement": "invoices", "receivables": "finance",
    "cards": "profile", "quote_history": "quotes", "invoice_history": "invoices", "portal_security": "profile",
    "portal_contacts": "profile", "my_contacts": "admin",
    "my_security": "my",
}  # fmt: skip
"""Rooms without a tab of their own, and whose tab stands for them."""

SIGN_OUT = {Realm.PORTAL: "auth.sign_out", Realm.MY: "my.sign_out", Realm.DESK: "auth.desk_sign_out"}
CHOOSE_ACCOUNT = {Realm.PORTAL: "web.choose_account", Realm.MY: "web.choose_my_account"}
SECURITY = {realm: f"{realm}_security.index" for realm in Realm}
HOME = {Realm.PORTAL: "quotes.index", Realm.MY: "my.index", Realm.DESK: "desk.index"}


def install(app: Flask) -> None:
    """Give every page the context of the shells."""
    app.context_processor(_surroundings)
    app.add_template_global(acting_for)


def _surroundings() -> dict[str, Any]:
    realm: Realm | None = g.get("realm")
    viewer = identity.viewer_in(realm) if realm is not None else None
    return {
        "brand": templating.brand(),
        "locale": words.locale(),
        "languages": list(words.LANGUAGES.items()),
        "static_url": static_url,
        "flashes": get_flashed_messages(with_categories=True),
        "viewer": _visitor(viewer) if viewer else None,
        "nav": _tabs(viewer) if viewer else [],
        "home_url": url_for(HOME[viewer.realm]) if viewer else "/",
        "sign_out_url": url_for(SIGN_OUT[viewer.realm]) if viewer else "",
        "security_url": url_for(SECURITY[viewer.realm]) if viewer else "",
        "language_next": _readable_address(viewer) if viewer else request.full_path,
        "account_url": url_for(CHOOSE_ACCOUNT[viewer.realm]) if viewer and viewer.realm in CHOOSE_ACCOUNT else "",
        "session_end": _session_end(viewer) if viewer else None,
        "looking": viewer.looking if viewer else None,
    }


def _readable_address(viewer: Viewer) -> str:
    """Where the page can be read again in another language: an answer to a form may stand at an address of its own."""
    came_from = urlsplit(request.referrer or "")
    form = came_from.path + (f"?{came_from.query}" if came_from.query else "")
    return target_in(viewer.realm, request.full_path) or target_in(viewer.realm, form) or url_for(HOME[viewer.realm])


def _session_end(viewer: Viewer) -> SessionEnd:
    realm = viewer.realm
    return SessionEnd(seconds_left(viewer), viewer.public_id, realm.value, sign_in_of(realm))


def _visitor(viewer: Viewer) -> Visitor:
    current = viewer.current
    choices = [Choice(s.account_public_id, s.account_name, s == current) for s in viewer.standings]
    return Visitor(viewer.display_name, viewer.email, current.account_name if current else "", choices)


def _tabs(viewer: Viewer) -> list[Tab]:
    here = request.endpoint or ""
    blueprint = here.partition(".")[0]
    blueprint = BELONGS_TO.get(blueprint, blueprint)
    counts = {"quotes.index": quotes.outstanding_count(viewer)} if viewer.realm is Realm.PORTAL else {}
    return [
        Tab(
            words.gettext(label),
            url_for(endpoint),
            here == endpoint or (endpoint.endswith(".index") and _within(blueprint, here, endpoint, viewer.realm)),
            counts.get(endpoint),
        )
        for label, endpoint in TABS[viewer.realm]
        if _is_open_to(viewer, endpoint)
    ]


def _is_open_to(viewer: Viewer, endpoint: str) -> bool:
    """Whether the tab is there for this viewer: nobody is offered what the page behind it refuses."""
    if endpoint == "desk.jobs":
        return viewer.is_staff(*MAY_RETRY)
    if endpoint == "finance.index":
        return viewer.is_staff("finance")
    if endpoint == "trail.index":
        return viewer.is_staff(*MAY_SEARCH)
    if endpoint == "support.index":
        return viewer.is_staff("support")
    if endpoint == "admin.index":
        return viewer.current.is_admin if viewer.current else bool(viewer.administers)
    return True


def _within(blueprint: str, here: str, endpoint: str, realm: Realm) -> bool:
    others = {name for _, name in TABS[realm]}
    return endpoint.partition(".")[0] == blueprint and here not in others
