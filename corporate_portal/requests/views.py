"""A contact's pages of requests: what was asked for and what became of it, and the form."""

from flask import Blueprint, request, url_for
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import Invalid
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.requests import queries, service
from corporate_portal.requests.forms import AskForm, new_key
from corporate_portal.requests.queries import Choices

requests = Blueprint("requests", __name__)

Answer = str | Response | tuple[str, int]


@requests.get("/requests")
@portal_page()
def index() -> Answer:
    """What the account's contacts asked for, and what became of it."""
    with db.reading():
        found = queries.own_requests(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        newer = url_for("requests.index", before=found.previous) if found.previous else None
        older = url_for("requests.index", after=found.following) if found.following else None
        sent, zone = queries.quotes_sent(found.rows), queries.current_account(viewer()).timezone
        return page("requests/index.html", requests=found.rows, sent=sent, zone=zone, newer=newer, older=older)


@requests.get("/requests/new")
@portal_page()
def ask() -> Answer:
    """The form; `product` or `subscription` in the address chooses what the way here was about."""
    with db.reading():
        choices = queries.choices(queries.current_account(viewer()))
        form = AskForm(formdata=None, data={"key": new_key(), "seats": None, "wish": _named(choices)})
        return _form_page(form, choices)


def _named(choices: Choices) -> str:
    code, public_id = request.args.get("product", ""), request.args.get("subscription", "")
    running = [one for one in choices.running if public_id == one.public_id or (code and code == one.product.code)]
    if running:
        return f"add|{running[0].public_id}"
    return next((f"start|{s.product.code}|{s.tier}" for s in choices.sold if s.product.code == code), "")


@requests.post("/requests/new")
@portal_page()
def send() -> Answer:
    """Ask the representative."""
    form = AskForm()
    if form.validate_on_submit():
        try:
            db.perform(service.ask_for_quote, viewer(), form.asked(), form.key.data or "")
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("Your representative has your request. The quote appears here as soon as it is sent."))
            return see("requests.index")
    with db.reading():
        return _form_page(form, queries.choices(queries.current_account(viewer()))), 400


def _form_page(form: AskForm, choices: Choices) -> str:
    form.offer(choices)
    return page("requests/ask.html", form=form)
