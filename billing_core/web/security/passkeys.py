"""Adding and removing passkeys: views that rooms.py hangs up. The browser makes them, so adding takes a script."""

from werkzeug.wrappers import Response

from billing_core import db
from billing_core.credentials import browsers
from billing_core.credentials.factors import service
from billing_core.credentials.factors.ceremonies import Site
from billing_core.credentials.refusals import EnrolmentOver, LastFactor, TooManyPasskeys, WrongPasskey
from billing_core.errors import NotFound, Refusal
from billing_core.web import sessions
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.web.security import codes
from billing_core.web.security.forms import PasskeyForm
from billing_core.web.sites import answer_of, here
from billing_core.words import mark

Answer = str | tuple[str, int] | Response


def begin_passkey() -> Response:
    """On to the page where the browser makes it."""
    _site()
    try:
        db.perform(service.begin_passkey, viewer())
    except TooManyPasskeys as refusal:
        tell("warning", refusal.message, **refusal.params)
        return see(".index")
    return see(".new_passkey")


def new_passkey() -> Answer:
    """A name, and the button that makes it."""
    known = browsers.system_in(viewer().facts.user_agent)
    return _show(PasskeyForm(formdata=None, data={"name": known}), 200)


def keep_passkey() -> Answer:
    """Keep what the browser has made; with the first factor come the recovery codes."""
    form = PasskeyForm()
    answer = answer_of(form.passkey.data)
    if not form.validate_on_submit():
        return _show(form, 400)
    try:
        if answer is None:
            raise WrongPasskey
        made = db.perform(service.confirm_passkey, viewer(), answer, form.name.data or "")
    except EnrolmentOver as refusal:
        return _begin_again(refusal)
    except (WrongPasskey, TooManyPasskeys) as refusal:
        form.refuse(refusal)
        return _show(form, refusal.status)
    sessions.renew(viewer())
    if made:
        return codes.show(made, is_first=True)
    tell("success", mark("The passkey is added. You are signed in only here now."))
    return see(".index")


def drop_passkey(public_id: str) -> Response:
    """Remove one."""
    try:
        db.perform(service.drop_passkey, viewer(), public_id)
    except LastFactor as refusal:
        tell("warning", refusal.message)
        return see(".ask_removal")
    sessions.renew(viewer())
    tell("success", mark("The passkey is removed. You are signed in only here now."))
    return see(".index")


def _show(form: PasskeyForm, status: int) -> Answer:
    with db.reading():
        try:
            options = service.passkey_to_create(viewer(), _site())
        except EnrolmentOver as refusal:
            return _begin_again(refusal)
        return page("security/new_passkey.html", form=form, realm=viewer().realm.value, options=options), status


def _begin_again(refusal: Refusal) -> Response:
    tell("warning", refusal.message)
    return see(".index")


def _site() -> Site:
    site = here()
    if site is None:
        raise NotFound
    return site
