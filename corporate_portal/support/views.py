"""Support's pages: find an online account, look at its subscriptions, lower the tier of one."""

from flask import Blueprint, request
from werkzeug.datastructures import MultiDict
from werkzeug.wrappers import Response

from billing_core import db, templating, words
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.orders.online.downgrading import When
from billing_core.subscriptions.models import Subscription
from billing_core.web.forms import key_or_new
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.support import queries, service
from corporate_portal.support.forms import ApplyForm, ChoiceForm, when_of

support = Blueprint("support", __name__)

Answer = str | Response | tuple[str | Response, int]

DONE = {
    When.AT_ONCE: mark("%(product)s is now %(tier)s. We have told the contacts by mail."),
    When.AT_END: mark("%(product)s changes to %(tier)s on %(day)s. We have told the contacts by mail."),
}


@support.get("/desk/online-accounts")
@desk_page(queries.SUPPORT)
def index() -> Answer:
    """Online accounts by name; by a search also those of a contact."""
    search = request.args.get("search", "")[:100]
    with db.reading():
        found, has_more = queries.accounts(viewer(), search)
        return page("support/accounts.html", accounts=found, has_more=has_more, search=search)


@support.get("/desk/online-accounts/<string:public_id>")
@desk_page(queries.SUPPORT)
def account(public_id: str) -> Answer:
    """Contacts and subscriptions of one, and what support can do with them."""
    with db.reading():
        return page("support/account.html", found=queries.account(viewer(), public_id))


@support.get("/desk/subscriptions/<string:public_id>/downgrade")
@desk_page(queries.SUPPORT)
def choose(public_id: str) -> Answer:
    """Which lower tier, and when; with both in the address, what that does and costs."""
    return _show(public_id, ChoiceForm(request.args or None), is_chosen="tier" in request.args)


@support.post("/desk/subscriptions/<string:public_id>/downgrade")
@desk_page(queries.SUPPORT)
def apply(public_id: str) -> Answer:
    """Apply it as it was shown."""
    sent = ApplyForm()
    tier, when, seen = sent.tier.data or "", when_of(sent.when.data), sent.seen.data or ""
    choice = ChoiceForm(MultiDict({"tier": tier, "when": sent.when.data or ""}))
    if when is None or not sent.validate_on_submit():
        return _show(public_id, choice, is_chosen=True, status=400)
    try:
        done = db.perform(
            service.apply_downgrade, viewer(), public_id, tier, when, seen, key_or_new(sent.key.data)
        )  # fmt: skip
    except (NotFound, NotAllowed):
        raise
    except Refusal as refusal:
        return _show(public_id, choice, is_chosen=True, refusal=refusal, status=refusal.status)
    tell("success", DONE[when], product=done.product.name, tier=tier, day=templating.day(done.period_end))
    return _back(done)


@support.post("/desk/subscriptions/<string:public_id>/downgrade/take-back")
@desk_page(queries.SUPPORT)
def take_back(public_id: str) -> Answer:
    """What was planned for the period's end does not take place."""
    try:
        done = db.perform(service.take_back_downgrade, viewer(), public_id)
    except (NotFound, NotAllowed):
        raise
    except Refusal as refusal:
        return _no_longer(public_id, refusal)
    tell("success", mark("%(product)s stays as it is."), product=f"{done.product.name} {done.tier}")
    return _back(done)


def _show(
    public_id: str, form: ChoiceForm, *, is_chosen: bool, refusal: Refusal | None = None, status: int = 200
) -> Answer:
    """The choice, with what it comes to where one was made; refused, it says why and what it comes to by now."""
    shown = None
    try:
        with db.reading():
            found = queries.choice(viewer(), public_id)
            form.offer(found.tiers, _moments(found.subscription))
            when = when_of(form.when.data)
            if refusal is not None:
                form.refuse(refusal)
            if is_chosen and when is None:
                form.refuse(Invalid(mark("Choose when the lower plan begins."), field="when"))
            elif is_chosen and when is not None and form.tier.data:
                try:
                    shown = queries.downgrade(viewer(), public_id, form.tier.data, when)
                except Refusal as why:
                    if refusal is None:
                        form.refuse(why)
            status = 400 if form.errors and status == 200 else status
            key = key_or_new(None)
            return page("support/downgrade.html", found=found, form=form, shown=shown, key=key), status
    except (NotFound, NotAllowed):
        raise
    except Refusal as why:
        return _no_longer(public_id, why)


def _moments(subscription: Subscription) -> dict[str, str]:
    day = templating.day(subscription.period_end)
    return {
        When.AT_ONCE.value: words.gettext("At once"),
        When.AT_END.value: words.gettext("At the end of the billing period, on %(day)s", day=day),
    }


def _no_longer(public_id: str, refusal: Refusal) -> Response:
    """The account's page says how it stands, and the message why not."""
    tell("error", refusal.message, **refusal.params)
    with db.reading():
        *_, owner = queries.place_of(viewer(), public_id)
    return see("support.account", public_id=owner)


def _back(subscription: Subscription) -> Response:
    with db.reading():
        *_, owner = queries.place_of(viewer(), subscription.public_id)
    return see("support.account", public_id=owner)
