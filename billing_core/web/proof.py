"""A fresh proof for what matters most: the page that asks, in the answer to the very form that needs it (ADR 43).

The form's fields come along in the page and are sent once more together with the proof, so nothing typed is lost, and
nothing is kept in between. The guard takes the proof before the view; the view never knows.
"""

from urllib.parse import urlsplit

from flask import make_response, request
from werkzeug.wrappers import Response
from wtforms import HiddenField, PasswordField

from billing_core import db
from billing_core.credentials import proving
from billing_core.credentials.factors import passkeys
from billing_core.errors import Refusal
from billing_core.permissions import ProofNeeded, Viewer
from billing_core.web import sessions
from billing_core.web.forms import Form, TextLine
from billing_core.web.identity import forget, viewer
from billing_core.web.render import page
from billing_core.web.sites import answer_of, here
from billing_core.web.targets import home_of, target_in
from billing_core.words import lazy

_OURS = ("proof_password", "proof_code", "proof_passkey")
_LEFT_OUT = {*_OURS, "csrf_token", "acting_for", "password"}
"""Not sent again: what the page has of its own, and passwords, which no page ever holds."""


class ProofForm(Form):
    """The password, a code, or what a passkey answered."""

    proof_password = PasswordField(lazy("Your password"))
    proof_code = TextLine(lazy("Code"), 40)
    proof_passkey = HiddenField()


class ProofRefused(ProofNeeded):
    """A proof was given and does not hold; `because` says why."""

    def __init__(self, because: Refusal) -> None:
        super().__init__()
        self.because = because
        self.status = because.status


def take(viewer: Viewer) -> None:
    """Where the form that was sent brings a proof, let it count. Raises ProofRefused."""
    if request.method != "POST" or not any(name in request.form for name in _OURS):
        return
    password, code = request.form.get("proof_password", ""), request.form.get("proof_code", "").strip()
    passkey = answer_of(request.form.get("proof_passkey"))
    try:
        proving.prove(viewer, password=password, code=code[:40], passkey=passkey)
    except Refusal as refusal:
        raise ProofRefused(refusal) from None
    sessions.renew(viewer)
    forget(viewer.realm)


def ask(refusal: ProofNeeded) -> Response:
    """The page that asks for the proof and carries the form along."""
    with db.reading():
        me, form, site = viewer(), ProofForm(formdata=None), here()
        if isinstance(refusal, ProofRefused):
            field = getattr(refusal.because, "field", None)
            refusal.because.field = f"proof_{field}" if field else None  # type: ignore[attr-defined]
            form.refuse(refusal.because)
        way = proving.way_of(me)
        is_factor = way is proving.Way.FACTOR
        options = passkeys.to_use(me.person_id, site, proving.challenge_of(me)) if is_factor and site else ""
        carried = [(name, text) for name, text in request.form.items(multi=True) if name not in _LEFT_OUT]
        shown = page(
            "security/prove.html", form=form, realm=me.realm.value, way=way.value, options=options, carried=carried,
            action=request.full_path.rstrip("?"), back=_back(me),
        )  # fmt: skip
    return make_response(shown, refusal.status)


def _back(me: Viewer) -> str:
    came = urlsplit(request.referrer or "")
    before = came.path + (f"?{came.query}" if came.query else "")
    return target_in(me.realm, before) or home_of(me.realm)
