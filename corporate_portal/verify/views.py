"""The page on which anybody can check a document of ours."""

from collections.abc import Iterator
from dataclasses import asdict
from typing import IO

from flask import Blueprint, request, session
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.errors import Invalid, TooMany
from billing_core.web.guards import public_page
from billing_core.web.render import page, see
from billing_core.words import mark
from corporate_portal.verify import service
from corporate_portal.verify.forms import VerifyForm
from corporate_portal.verify.service import Verdict

verify = Blueprint("verify", __name__)

PIECE = 65_536
"""Bytes of an upload that are read at a time."""


@verify.get("/verify")
@public_page()
def index() -> str:
    """The form, and the answer to the question that was just asked: shown once."""
    told = session.pop("verified", None)
    return page("verify/index.html", form=VerifyForm(formdata=None), verdict=Verdict(**told) if told else None)


@verify.post("/verify")
@public_page()
def check() -> Response | tuple[str, int]:
    """Answer for a file or a fingerprint."""
    form = VerifyForm()
    if form.validate_on_submit():
        try:
            db.perform(service.count_question, request.remote_addr or "")
            sha256 = _asked(form)
        except (Invalid, TooMany) as refusal:
            form.refuse(refusal)
            return page("verify/index.html", form=form, verdict=None), refusal.status
        with db.reading():
            session["verified"] = asdict(service.verify(sha256))
        return see("verify.index")
    return page("verify/index.html", form=form, verdict=None), 400


def _asked(form: VerifyForm) -> str:
    """The hash that is asked for. Raises Invalid where nothing, or both, was sent."""
    file, text = form.file.data, form.fingerprint.data or ""
    if file and text:
        raise Invalid(mark("Choose a file or paste a fingerprint, not both."), field="fingerprint")
    if file:
        return service.fingerprint_of(_pieces(file.stream))
    if not text:
        raise Invalid(mark("Choose a file or paste its fingerprint."), field="file")
    return service.read_fingerprint(text)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    while piece := stream.read(PIECE):
        yield piece
