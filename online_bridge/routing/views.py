"""Go to Billing and Add Licenses: one decision each, then the page or the place that it names."""

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import Refusal
from billing_core.permissions import Realm, Viewer
from billing_core.web import identity
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.outside import outside
from billing_core.web.render import page, see, tell
from online_bridge.routing import queries, service
from online_bridge.routing.decision import Entry, Outcome, decide
from online_bridge.routing.forms import AskContact

routing = Blueprint("routing", __name__)


@routing.get("/my-account/billing")
@my_page()
def go_to_billing() -> str | Response:
    """My Account > Go to Billing (table 2a)."""
    return _lead(viewer(), Entry.GO_TO_BILLING)


@routing.get("/admin-center/licenses")
@my_page()
def add_licenses() -> str | Response:
    """Admin Center > Add Licenses (table 2b)."""
    return _lead(viewer(), Entry.ADD_LICENSES)


@routing.get("/admin-center/licenses/portal")
@my_page()
def add_licenses_in_portal() -> str | Response:
    """The same after a corporate contact has chosen the product; its code goes along to the portal."""
    return _lead(viewer(), Entry.ADD_LICENSES, product=request.args.get("product", ""))


@routing.get("/my-account/ask")
@my_page()
def ask() -> str:
    """The form behind "Email the billing admin"."""
    with db.reading():
        return _ask_page(viewer(), AskContact())


@routing.post("/my-account/ask")
@my_page()
def send_question() -> Response | tuple[str, int] | tuple[str, int, dict[str, str]]:
    """Mail the question, or show what is wrong with it."""
    form = AskContact()
    if form.validate_on_submit():
        try:
            db.perform(service.ask_contact, viewer(), form.message.data or "")
        except service.EnoughAsked as refusal:
            form.refuse(refusal)
            with db.reading():
                return _ask_page(viewer(), form), refusal.status, {"Retry-After": str(refusal.retry_after)}
        else:
            tell("success", "Your message was sent to your billing contact.")
            return see("my.index")
    with db.reading():
        return _ask_page(viewer(), form), 400


def _ask_page(who: Viewer, form: AskContact) -> str:
    return page("online_bridge/ask_contact_form.html", contact=queries.contact_to_write_to(who), form=form)


def _lead(who: Viewer, entry: Entry, *, product: str | None = None) -> str | Response:
    portal_viewer = identity.viewer_in(Realm.PORTAL)
    has_product, elsewhere = product is not None, bool(outside().checkout)
    with db.reading():
        situation = queries.situation(who, entry, portal_viewer, product_chosen=has_product, sells_outside=elsewhere)
        match outcome := decide(situation):
            case Outcome.BILLING_CENTER | Outcome.BILLING_CENTER_EXPIRED:
                return see("billing.subscriptions")
            case Outcome.OUTSIDE_CHECKOUT:
                return redirect(outside().checkout_of(queries.known_outside_as(who)), 303)
            case Outcome.PORTAL:
                return _into_portal(who, portal_viewer, product)
            case Outcome.PORTAL_SIGN_IN:
                wanted = url_for("quotes.index", product=product) if product else None
                account = who.current.account_public_id if who.current and len(who.standings) > 1 else None
                return see("auth.sign_in", again=1 if portal_viewer else None, account=account, next=wanted)
            case Outcome.ASK_CONTACT:
                return page("online_bridge/ask_contact.html", contact=queries.contact_to_ask(who), entry=entry)
            case Outcome.CHOOSE_PRODUCT:
                return page("online_bridge/choose_product.html", products=queries.products_in_use(who))
            case Outcome.CHOOSE_ACCOUNT:
                return page(
                    "online_bridge/choose_account.html", standings=who.standings, back=_address(entry), opens="billing"
                )
            case Outcome.REFUSED:
                raise NotAnAdmin
            case Outcome.NO_ACCOUNT | Outcome.ASK_SUPPORT:
                return page(f"online_bridge/{outcome.replace('-', '_')}.html")


def _into_portal(who: Viewer, portal_viewer: Viewer | None, product: str | None) -> str | Response:
    """Straight in, unless the portal shows another account of theirs: then a button, since a GET changes nothing."""
    shown = portal_viewer.current if portal_viewer else None
    if who.current and shown and shown.account_id != who.current.account_id:
        wanted = url_for("quotes.index", product=product or None)
        return page("online_bridge/switch_portal.html", account=who.current, wanted=wanted)
    return see("quotes.index", product=product or None)


def _address(entry: Entry) -> str:
    return url_for("routing.go_to_billing" if entry is Entry.GO_TO_BILLING else "routing.add_licenses")


class NotAnAdmin(Refusal):
    """Add Licenses is for admins of the account."""

    status = 403
    message = "Only an admin of your account can add licenses."
