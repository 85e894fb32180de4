"""The page "Billing contacts" of the portal and of the Admin Center: who is one, and requests to change that.

The same views in two rooms, because each realm has its own door; both are about the chosen account.
"""

from flask import Blueprint, request
from werkzeug.wrappers import Response
from wtforms import BooleanField, HiddenField, RadioField, SelectField

from billing_core import db, words
from billing_core.contacts import queries, service, states
from billing_core.contacts.recipients import add_recipient, recipients_of, remove_recipient
from billing_core.contacts.service import LONGEST_TEXT, Wish
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Realm, Right, Standing
from billing_core.web.forms import Form, TextBlock, TextLine, key_or_new
from billing_core.web.guards import my_page, portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import lazy, mark

Answer = str | tuple[str, int] | Response
_DOORS = {Realm.PORTAL: ("/profile/contacts", portal_page), Realm.MY: ("/admin-center/contacts", my_page)}
_KINDS = {
    states.ADD: mark("Add a billing contact"),
    states.REPLACE: mark("Replace a billing contact by somebody else"),
    states.REMOVE: mark("Remove a billing contact"),
    states.CHANGE: mark("Change the e-mail address, the position or the rights of a billing contact"),
}


class ChangeForm(Form):
    """What should change. Fields that do not belong to the kind of change are left out of account."""

    kind = RadioField(lazy("What should change?"), validate_choice=False)
    contact = SelectField(lazy("Whom it is about"), validate_choice=False)
    name = TextLine(lazy("Name of the new contact"), 120)
    email = TextLine(lazy("E-mail address"), 254)
    function = TextLine(lazy("Position"), 80)
    may_accept = BooleanField(lazy("Accept quotes"))
    may_pay = BooleanField(lazy("Pay invoices"))
    may_manage = BooleanField(lazy("Change billing details"))
    reason = TextBlock(lazy("Reason"), LONGEST_TEXT)
    form_key = HiddenField()

    def offer(self, contacts: list[BillingContact]) -> None:
        """Make it ready to be shown: the contacts to choose from, and a key of its own."""
        self.kind.choices = [(kind, words.gettext(label)) for kind, label in _KINDS.items()]
        nobody = [("", words.gettext("Please choose"))]
        self.contact.choices = nobody + [(one.person.public_id, one.person.name) for one in contacts]
        self.form_key.data = key_or_new(None)

    def wish(self) -> Wish:
        """What is asked for."""
        adds = self.kind.data == states.ADD
        comes = self.kind.data in (states.ADD, states.REPLACE)
        return Wish(
            kind=self.kind.data or "",
            reason=self.reason.data or "",
            contact="" if adds else self.contact.data or "",
            name=(self.name.data or "") if comes else "",
            email="" if self.kind.data == states.REMOVE else self.email.data or "",
            function=self.function.data or "",
            may_accept=bool(self.may_accept.data),
            may_pay=bool(self.may_pay.data),
            may_manage=bool(self.may_manage.data),
        )


class InviteForm(Form):
    """Who is to see quotes and invoices."""

    name = TextLine(lazy("Name"), 120, needed=mark("Enter the name."))
    email = TextLine(lazy("E-mail address"), 254, needed=mark("Enter the e-mail address."))


class RecipientForm(Form):
    """A further mailbox for invoices."""

    email = TextLine(lazy("E-mail address"), 254, needed=mark("Enter the e-mail address."))


def room(realm: Realm) -> Blueprint:
    """The room of the realm; its blueprint is called after it."""
    prefix, guard = _DOORS[realm]
    found = Blueprint(f"{realm}_contacts", __name__, url_prefix=prefix)
    found.add_url_rule("", "index", guard()(_index))
    found.add_url_rule("/change", "change", guard()(_change))
    found.add_url_rule("/change", "ask", guard(proof=True)(_ask), methods=["POST"])
    found.add_url_rule("/changes/<string:public_id>/withdraw", "withdraw", guard()(_withdraw), methods=["POST"])
    found.add_url_rule("/invite", "invite", guard(proof=True)(_invite), methods=["POST"])
    if realm is Realm.PORTAL:
        found.add_url_rule("/recipients", "add_recipient", guard(proof=True)(_add_recipient), methods=["POST"])
        found.add_url_rule(
            "/recipients/<string:public_id>/remove", "remove_recipient", guard()(_remove_recipient), methods=["POST"]
        )
    return found


def _index() -> str:
    return _page()


def _page(invitation: InviteForm | None = None, recipient: RecipientForm | None = None) -> str:
    with db.reading():
        place = _place()
        return page(
            "contacts/index.html", realm=viewer().realm.value, account=place, contacts=contacts_of(place.account_id),
            changes=queries.changes_of(place.account_id), me=viewer(), recipients=recipients_of(place.account_id),
            may_manage=viewer().may(Right.MANAGE, place.account_id), form=invitation or recipient,
            invitation=invitation or InviteForm(formdata=None, prefix="invite"),
            recipient_form=recipient or RecipientForm(formdata=None, prefix="recipient"),
        )  # fmt: skip


def _invite() -> Answer:
    form = InviteForm(prefix="invite")
    if not form.validate_on_submit():
        return _page(invitation=form), 400
    try:
        place = _place().account_public_id
        db.perform(service.invite, viewer(), place, form.name.data or "", form.email.data or "")
    except (NotAllowed, NotFound):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(invitation=form), refusal.status
    tell("success", mark("Your colleague is invited, and gets a mail."))
    return see(".index")


def _add_recipient() -> Answer:
    form = RecipientForm(prefix="recipient")
    if not form.validate_on_submit():
        return _page(recipient=form), 400
    try:
        db.perform(add_recipient, viewer(), _place().account_public_id, form.email.data or "")
    except (NotAllowed, NotFound):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return _page(recipient=form), refusal.status
    tell("success", mark("Invoices are mailed to this address too from now on."))
    return see(".index")


def _remove_recipient(public_id: str) -> Response:
    db.perform(remove_recipient, viewer(), _place().account_public_id, public_id)
    tell("success", mark("No more invoices are mailed to this address."))
    return see(".index")


def _change() -> Answer:
    kind, named = request.args.get("kind", ""), request.args.get("contact", "")[:40]
    filled: dict[str, object] = {"kind": kind if kind in _KINDS else states.ADD, "contact": named}
    with db.reading():
        contact = next((one for one in contacts_of(_place().account_id) if one.person.public_id == named), None)
        if contact is not None and kind == states.CHANGE:
            kept = ("function", "may_accept", "may_pay", "may_manage")
            filled |= {name: getattr(contact, name) for name in kept}
    return _show(ChangeForm(formdata=None, data=filled), 200)


def _ask() -> Answer:
    form = ChangeForm()
    if not form.validate_on_submit():
        return _show(form, 400)
    try:
        key = key_or_new(form.form_key.data)
        db.perform(service.ask_for_change, viewer(), _place().account_public_id, form.wish(), key)
    except (NotAllowed, NotFound):
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return _show(form, refusal.status)
    tell("success", mark("Your request is on its way. We make sure that it is right before anything changes."))
    return see(".index")


def _withdraw(public_id: str) -> Response:
    try:
        db.perform(service.withdraw_change, viewer(), public_id)
    except Invalid as refusal:
        tell("error", refusal.message)
    else:
        tell("success", mark("The request is withdrawn."))
    return see(".index")


def _show(form: ChangeForm, status: int) -> tuple[str, int]:
    with db.reading():
        place = _place()
        form.offer(contacts_of(place.account_id))
        return page("contacts/change.html", realm=viewer().realm.value, account=place, form=form), status


def _place() -> Standing:
    """The chosen account, for those who may ask there. Raises NotFound and NotAllowed."""
    current = viewer().current
    if current is None:
        raise NotFound
    if not queries.files_for(viewer(), current):
        raise NotAllowed
    return current


portal_contacts, my_contacts = room(Realm.PORTAL), room(Realm.MY)
