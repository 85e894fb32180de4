"""All mail of the outbox, newest first. Registered in development only: it shows everybody's mail."""

from collections.abc import Sequence

from flask import Blueprint, Response, request, url_for
from sqlalchemy import select

from billing_core import db
from billing_core.documents import service as documents
from billing_core.errors import NotFound
from billing_core.mail.models import OutboxMail
from billing_core.mail.service import attachments_of
from billing_core.web.guards import public_page
from billing_core.web.render import page

mailbox = Blueprint("mailbox", __name__, url_prefix="/mailbox")

AT_ONCE = 30
LETTER_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'self'; "
    "sandbox allow-popups allow-popups-to-escape-sandbox allow-top-navigation-by-user-activation"
)
"""A mail carries its styles in itself and may lead somewhere when clicked; it may do nothing else."""


@mailbox.get("")
@public_page()
def index() -> str:
    """The mails, those before `before` (a mail's public id) where it is given."""
    with db.reading():
        mails, older = _mails(request.args.get("before", ""))
        return page("mailbox/index.html", mails=mails, older=older, is_first="before" not in request.args)


@mailbox.get("/<string:public_id>")
@public_page()
def detail(public_id: str) -> str:
    """One mail with its two bodies and its attachments."""
    with db.reading():
        mail = _mail(public_id)
        attached = [(kind, subject, documents.content(subject, kind)) for kind, subject in attachments_of(mail)]
        return page("mailbox/detail.html", mail=mail, attached=attached)


@mailbox.get("/<string:public_id>/html")
@public_page()
def letter(public_id: str) -> Response:
    """The HTML body, for the frame of the page: it runs nothing, fetches nothing and can be framed by us alone."""
    with db.reading():
        html = _mail(public_id).html_body
    opened_outside = html.replace("<head>", '<head><base target="_top">', 1)
    headers = {"Content-Security-Policy": LETTER_POLICY, "X-Frame-Options": "SAMEORIGIN"}
    return Response(opened_outside, mimetype="text/html", headers=headers)


@mailbox.get("/<string:public_id>/attachments/<int:position>")
@public_page()
def attachment(public_id: str, position: int) -> Response:
    """The attachment at the position, counted from 0. Raises NotFound while it has not been printed."""
    with db.reading():
        attached = attachments_of(_mail(public_id))
        if position >= len(attached):
            raise NotFound
        kind, subject = attached[position]
        content = documents.content(subject, kind)
    if content is None:
        raise NotFound
    response = Response(content.data, mimetype=content.media_type)
    response.headers.set("Content-Disposition", "attachment", filename=content.filename)
    return response


def _mails(before: str) -> tuple[Sequence[OutboxMail], str | None]:
    """A page of mails, and the address of the next one where there are more."""
    found = select(OutboxMail).order_by(OutboxMail.id.desc()).limit(AT_ONCE + 1)
    if before:
        found = found.where(OutboxMail.id < _mail(before).id)
    mails = db.session().scalars(found).all()
    has_more = len(mails) > AT_ONCE
    shown = mails[:AT_ONCE]
    return shown, url_for("mailbox.index", before=shown[-1].public_id) if has_more else None


def _mail(public_id: str) -> OutboxMail:
    mail = db.session().scalar(select(OutboxMail).where(OutboxMail.public_id == public_id))
    if mail is None:
        raise NotFound
    return mail
