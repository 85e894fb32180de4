"""A representative records a decision that came by mail or phone, and everybody at the desk finds its certificate."""

from flask import request

from billing_core import clock, db
from billing_core.documents import service as documents
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.people import contacts_of
from billing_core.web import downloads
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.desk import queries
from corporate_portal.desk.views.blueprint import Answer, desk
from corporate_portal.profile.queries import purchase_orders
from corporate_portal.quotes import policy
from corporate_portal.quotes import queries as decided
from corporate_portal.quotes import service as quotes
from corporate_portal.quotes.forms import RecordForm
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.document import parties_of
from corporate_portal.quotes.offer.recurring import recurring_of


@desk.get("/desk/quotes/<string:public_id>/record-decision")
@desk_page("rep")
def record_decision(public_id: str) -> Answer:
    """Ask whose decision it was, how it came, and where its proof is."""
    with db.reading():
        version = _open(public_id, request.args.get("reviewed", ""))
        return _record_page(version, RecordForm(formdata=None, data={"reviewed": version.sha256}))


@desk.post("/desk/quotes/<string:public_id>/record-decision")
@desk_page("rep")
def keep_record(public_id: str) -> Answer:
    """Record it: the quote is accepted or rejected in the contact's name."""
    form = RecordForm()
    if form.validate_on_submit():
        try:
            db.perform(quotes.record_decision, viewer(), public_id, form.record())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("The decision is recorded. The contact is told by mail."))
            return see("desk.quote", public_id=public_id)
    with db.reading():
        version = _open(public_id, form.reviewed.data or "")
        return _record_page(version, form), 400


def _open(public_id: str, reviewed: str) -> QuoteVersion:
    """The version to be decided. Refuses at once what the verb would refuse in the end."""
    version = queries.current_version(viewer(), public_id)
    if not policy.may_write_for(viewer(), version.quote.account):
        raise NotAllowed
    quotes.refuse_unless_open(version, clock.now())
    quotes.refuse_unless_reviewed(version, reviewed)
    return version


def _record_page(version: QuoteVersion, form: RecordForm) -> str:
    account = version.quote.account
    contacts = [contact.person for contact in contacts_of(account.id) if contact.may_accept]
    kept = [order for order in purchase_orders(account) if order.is_usable]
    form.offer(contacts, quotes.members_of(account.id), kept)
    return page(
        "desk/record-decision.html", form=form, kept=kept, version=version, quote=version.quote, account=account,
        parties=parties_of(version), recurring=recurring_of(version),
    )  # fmt: skip


@desk.get("/desk/quotes/<string:public_id>/certificate")
@desk_page()
def certificate(public_id: str) -> Answer:
    """The certificate of an acceptance as it was printed."""
    with db.reading():
        found = decided.receipt_of(queries.current_version(viewer(), public_id))
        if not found.decision.has_certificate:
            raise NotFound
        content = documents.content(found.version.public_id, quotes.CERTIFICATE)
        return downloads.document(content, "desk/certificate-pending.html", quote=found.version.quote)
