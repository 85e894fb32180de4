"""Requests to change who is a contact: verified by the account's representative, or by support for online accounts."""

from billing_core import db
from billing_core.contacts import queries, service, states
from billing_core.contacts.models import ContactChange
from billing_core.errors import Invalid, NotFound, Refusal
from billing_core.web.forms import Form, TextBlock
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import lazy, mark
from corporate_portal.desk.views.blueprint import Answer, desk

VERIFIERS = ("rep", "rep_manager", "support")


class NoteForm(Form):
    """How it was verified, or why it is rejected."""

    note = TextBlock(lazy("How did you make sure?"), service.LONGEST_TEXT)


@desk.get("/desk/contact-changes")
@desk_page(*VERIFIERS)
def contact_changes() -> Answer:
    """What waits to be verified, the oldest first."""
    with db.reading():
        return page("desk/contact-changes.html", changes=queries.waiting_at_desk(viewer()))


@desk.get("/desk/contact-changes/<string:public_id>")
@desk_page(*VERIFIERS)
def contact_change(public_id: str) -> Answer:
    """One request, and its two answers."""
    with db.reading():
        return _page(queries.change_at_desk(viewer(), public_id), NoteForm(formdata=None))


@desk.post("/desk/contact-changes/<string:public_id>/approve")
@desk_page(*VERIFIERS, proof=True)
def approve_change(public_id: str) -> Answer:
    """Carry it out."""
    form = NoteForm()
    if form.validate_on_submit():
        try:
            db.perform(service.approve_change, viewer(), public_id, form.note.data or "")
        except NotFound:
            raise
        except Invalid as refusal:
            form.refuse(refusal)
        except Refusal as refusal:
            tell("error", refusal.message, **refusal.params)
            return see("desk.contact_change", public_id=public_id)
        else:
            tell("success", mark("The change is carried out. Everybody whom it concerns has been told."))
            return see("desk.contact_changes")
    with db.reading():
        return _page(queries.change_at_desk(viewer(), public_id), form), 400


@desk.post("/desk/contact-changes/<string:public_id>/reject")
@desk_page(*VERIFIERS)
def reject_change(public_id: str) -> Answer:
    """Leave everything as it is; who asked gets the note."""
    form = NoteForm(prefix="reject")
    if form.validate_on_submit():
        try:
            db.perform(service.reject_change, viewer(), public_id, form.note.data or "")
        except NotFound:
            raise
        except Invalid as refusal:
            form.refuse(refusal)
        except Refusal as refusal:
            tell("error", refusal.message, **refusal.params)
            return see("desk.contact_change", public_id=public_id)
        else:
            tell("success", mark("The request is rejected. Who asked gets your reason by mail."))
            return see("desk.contact_changes")
    with db.reading():
        return _page(queries.change_at_desk(viewer(), public_id), rejecting=form), 400


def _page(change: ContactChange, approving: NoteForm | None = None, rejecting: NoteForm | None = None) -> str:
    return page(
        "desk/contact-change.html", change=change, approving=approving or NoteForm(formdata=None),
        rejecting=rejecting or NoteForm(formdata=None, prefix="reject"), is_open=change.state == states.ASKED,
        form=approving or rejecting,
    )  # fmt: skip
