"""create_app: one Flask application out of the two wings, with everything that every page shares."""

import secrets
from urllib.parse import urlsplit

from flask import Flask, abort, g, redirect, request, session, url_for
from werkzeug.middleware.dispatcher import DispatcherMiddleware
from werkzeug.middleware.proxy_fix import ProxyFix
from werkzeug.wrappers import Response

from app import error_pages, headers, navigation, outside_sites
from app.demo_clock.lead import Lead, use_clock
from app.demo_clock.views import demo_clock
from app.health import health
from app.mailbox.views import mailbox
from app.ports import Ports, make_ports
from app.settings import Settings
from app.static_files import static_files
from billing_core import db, templating, words
from billing_core.bank.guarded_xml import LARGEST_FILE
from billing_core.credentials.factors import duty, seals
from billing_core.payments import limits
from billing_core.permissions import Realm
from billing_core.web import csrf, identity
from billing_core.web.choices import web
from billing_core.web.contacts import my_contacts, portal_contacts
from billing_core.web.guards import public_page
from billing_core.web.security.rooms import desk_security, my_security, portal_security
from billing_core.web.staying import staying
from billing_core.web.uploads import MemoryRequest
from corporate_portal.api.views import api
from corporate_portal.api.views.problems import is_ours as is_for_programs
from corporate_portal.auth.views import auth
from corporate_portal.cards.views import cards
from corporate_portal.desk.views import desk
from corporate_portal.finance.views import finance
from corporate_portal.invoices.views import credit_notes, invoices, payments, webhooks
from corporate_portal.paying.views.proposals import proposals
from corporate_portal.paying.views.several import paying
from corporate_portal.profile.views import profile
from corporate_portal.quotes.views import quotes
from corporate_portal.receivables.states import use_reminder_days
from corporate_portal.receivables.views import receivables
from corporate_portal.requests.views import requests
from corporate_portal.statement.views import statement
from corporate_portal.support.views import support
from corporate_portal.trail.views import invoice_history, quote_history, trail
from corporate_portal.verify.views import verify
from online_bridge.cart.views import cart
from online_bridge.checkout.views import checkout
from online_bridge.hand_off.views import hand_off
from online_bridge.history.views import history
from online_bridge.payment_methods.views import payment_methods
from online_bridge.renewals.views import renewals
from online_bridge.routing.views import routing
from online_bridge.sign_in.views import admin, my
from online_bridge.vat_number.views import billing

ROOMS = (
    auth, quotes, requests, invoices, credit_notes, paying, proposals, payments, webhooks, profile, cards, desk,
    finance, my, admin, routing, billing, cart, checkout, history, payment_methods, renewals, statement, health,
    static_files, web, staying, api, verify, receivables, hand_off, support, trail, quote_history, invoice_history,
    portal_security, my_security, desk_security, portal_contacts, my_contacts,
)  # fmt: skip

SIGN_IN = {Realm.PORTAL: "auth.sign_in", Realm.MY: "my.sign_in", Realm.DESK: "auth.desk_sign_in"}


def create_app(settings: Settings, ports: Ports | None = None) -> Flask:
    """The whole application, bound to its database. `ports` are given by tests that watch an adapter."""
    db.configure(settings.database)
    use_clock(settings)
    ports = ports or make_ports(settings)
    templating.set_brand(brand_of(settings))
    seals.use_secret(settings.secret_key)
    duty.require_of_staff(settings.requires_staff_factor)
    limits.prove_above(settings.step_up_above)
    use_reminder_days(settings.reminder_days)
    app = Flask("app", static_folder=None, template_folder=str(templating.TEMPLATES))
    app.request_class = MemoryRequest
    app.config.update(
        SECRET_KEY=settings.secret_key,
        SESSION_COOKIE_NAME="__Host-visitor" if settings.is_secure else "visitor",
        SESSION_COOKIE_SECURE=settings.is_secure,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        WTF_CSRF_TIME_LIMIT=12 * 3600,
        MAX_CONTENT_LENGTH=1_000_000,
        LARGE_UPLOADS={"finance.import_statements": LARGEST_FILE + 10_000},
        TRUSTED_HOSTS=_trusted_hosts(settings),
        SIGN_IN=SIGN_IN,
        HOME=navigation.HOME,
        OUTSIDE=outside_sites.outside_of(settings),
    )
    app.extensions["ports"] = ports
    templating.furnish(app.jinja_env)
    csrf.protect(app, exempt=(webhooks, api, hand_off))
    identity.install(app)
    navigation.install(app)
    error_pages.install(app)
    headers.protect(app, (*ports.form_targets, *outside_sites.form_targets(settings)), secure=settings.is_secure)
    for room in ROOMS:
        app.register_blueprint(room)
    if not settings.is_production and not settings.smtp_host:
        app.register_blueprint(mailbox)
    if settings.has_movable_clock:
        app.extensions["demo_clock"] = Lead(settings.data_dir)
        app.register_blueprint(demo_clock)
    app.before_request(_begin)
    app.add_url_rule("/", "front_door", _front_door)
    if ports.mounts:
        app.wsgi_app = DispatcherMiddleware(app.wsgi_app, ports.mounts)  # type: ignore[method-assign]
    if settings.trusted_proxies:
        hops = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=hops, x_proto=hops, x_host=0)  # type: ignore[method-assign]
    return app


def brand_of(settings: Settings) -> templating.Brand:
    """The configured brand."""
    return templating.Brand(
        settings.brand_name,
        settings.support_email,
        settings.support_phone,
        settings.support_url,
        settings.base_url,
        settings.brand_colour,
        f"/static/brand/{settings.brand_colour[1:].lower()}.css",
    )


def _trusted_hosts(settings: Settings) -> list[str]:
    own = urlsplit(settings.base_url).hostname or ""
    return [own] if settings.is_production else [own, settings.host, "127.0.0.1", "localhost"]


def _begin() -> None:
    """Each request has an id for logs and error pages, and a language before anyone is known.

    Programs have no cookies that count, and the interface reads parameters by its own rules.
    """
    g.request_id = secrets.token_hex(8)
    from_program = is_for_programs(request.path)
    chosen = None if from_program else session.get("language")
    words.set_locale(chosen or request.accept_languages.best_match(list(words.LANGUAGES)) or "en")
    values = () if from_program else request.args.values()
    if "\x00" in request.path or any("\x00" in value for value in values):
        abort(404)  # no name has it, and PostgreSQL takes no text with it


@public_page()
def _front_door() -> Response:
    """The bare address leads to the portal, whose guard sends strangers to the sign-in."""
    return redirect(url_for("quotes.index"), 303)
