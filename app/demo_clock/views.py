"""The page that moves the demo's clock. Registered where the settings allow it: never in production."""

from flask import Blueprint, current_app
from werkzeug.wrappers import Response

from app.demo.install import is_installed
from app.demo_clock.forms import MoveForm
from app.demo_clock.lead import Lead
from app.demo_clock.moving import move_clock
from billing_core import clock, templating
from billing_core.errors import Refusal
from billing_core.web.guards import public_page
from billing_core.web.render import page, see, tell
from billing_core.words import mark

demo_clock = Blueprint("demo_clock", __name__, url_prefix="/clock")


@demo_clock.app_context_processor
def _what_every_page_says() -> dict[str, object]:
    """The time as the demo has it, where it is not the real one."""
    return {"moved_clock": clock.now() if _lead()() else None}


@demo_clock.get("")
@public_page()
def index() -> str:
    """What time it is, and the ways on."""
    return _page(MoveForm(formdata=None))


@demo_clock.post("/move")
@public_page()
def move() -> Response | tuple[str, int]:
    """Move it on."""
    form = MoveForm()
    if not form.validate_on_submit():
        return _page(form), 400
    try:
        now = move_clock(_lead(), form.wanted, "visitor", form.seen.data)
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(form), refusal.status
    tell("success", mark("It is now %(moment)s."), moment=templating.moment(now))
    return see("demo_clock.index")


def _page(form: MoveForm) -> str:
    return page("demo_clock/index.html", form=form, now=clock.now(), ahead=_lead()().days, has_demo=is_installed())


def _lead() -> Lead:
    lead: Lead = current_app.extensions["demo_clock"]
    return lead
