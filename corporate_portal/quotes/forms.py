"""The forms on a contact's way. What travels from step to step in hidden fields is judged again by the verb."""

from collections.abc import Sequence
from datetime import date

from wtforms import BooleanField, FieldList, FormField, HiddenField, RadioField, SelectField

from billing_core import words
from billing_core.people import Person
from billing_core.web.forms import Day, Form, FormOfRows, Needed, TextBlock, TextLine
from billing_core.words import lazy, mark
from corporate_portal.profile.queries import KeptOrder
from corporate_portal.quotes.offer.content import (
    LONGEST_MESSAGE,
    LONGEST_PO,
    LONGEST_REASON,
    LONGEST_REFERENCE,
    PAYMENTS,
    Acceptance,
    AdminContact,
    Confirmation,
    Record,
    Rejection,
)
from corporate_portal.quotes.service.ordering import LONGEST_EMAIL, LONGEST_NAME

CARRIED = ("reviewed", "po_number", "po_expires_on", "admin_member", "admin_name", "admin_email", "payment")
"""What goes from the order details to the confirmation."""


MOST_AT_ONCE = 10
"""Quotes that are accepted in one go: their details travel in one address."""


def payment_choices(*, may_pay: bool) -> list[tuple[str, str]]:
    """The ways to pay, in the reader's language."""
    card = [("card", words.gettext("By card now"))] if may_pay else []
    return [("terms", words.gettext("By invoice")), *card]


class AdminFields(FormOfRows):
    """Who is going to administer what is ordered: somebody from the list, or a new person, or nobody yet."""

    admin_member = SelectField(lazy("Account administrator"), validate_choice=False)
    admin_name = TextLine(lazy("Name of a new person"), LONGEST_NAME)
    admin_email = TextLine(lazy("E-mail of the new person"), LONGEST_EMAIL)

    def offer_members(self, members: Sequence[Person]) -> None:
        """The people of the account as choices."""
        people = [(person.public_id, f"{person.name} ({person.email})") for person in members]
        self.admin_member.choices = [("", words.gettext("Nobody for now")), *people]

    @property
    def admin(self) -> AdminContact:
        """As the verbs take it."""
        return AdminContact(self.admin_member.data or "", self.admin_name.data or "", self.admin_email.data or "")


class OrderDetailsForm(AdminFields):
    """Purchase order, administrator and way to pay; `reviewed` is the hash of the reviewed text."""

    reviewed = HiddenField()
    po_number = TextLine(lazy("Purchase order number"), LONGEST_PO)
    po_expires_on = Day(lazy("It expires on"))
    payment = RadioField(validate_choice=False)

    def offer(self, *, may_pay: bool, members: Sequence[Person], kept: Sequence[KeptOrder]) -> None:
        """The choices that this contact has, in the reader's language."""
        self.offer_members(members)
        self.payment.choices = payment_choices(may_pay=may_pay)
        if self.payment.data not in PAYMENTS:
            self.payment.data = "terms"
        if kept:
            self.po_number.render_kw = {"list": "kept-orders"}

    @property
    def carried(self) -> dict[str, str]:
        """What the next step is given; empty parts left out."""
        day = self.po_expires_on.data
        entered = {name: str(self[name].data or "") for name in CARRIED}
        entered["po_expires_on"] = day.isoformat() if day else ""
        return {name: value for name, value in entered.items() if value}


class ConfirmForm(Form):
    """The tick-box, and everything the acceptance carries."""

    reviewed = HiddenField()
    wording = HiddenField()
    language = HiddenField()
    po_number = HiddenField()
    po_expires_on = Day(lazy("It expires on"))
    admin_member = HiddenField()
    admin_name = HiddenField()
    admin_email = HiddenField()
    payment = HiddenField()
    agreed = BooleanField(validators=[Needed(mark("Tick the box to confirm that you want to place this order."))])

    def acceptance(self) -> Acceptance:
        """What the verb is given."""
        return Acceptance(
            reviewed_sha256=self.reviewed.data or "",
            wording_sha256=self.wording.data or "",
            locale=self.language.data or "",
            po_number=self.po_number.data or "",
            payment=self.payment.data or "",
            po_expires_on=self.po_expires_on.data,
            admin=AdminContact(self.admin_member.data or "", self.admin_name.data or "", self.admin_email.data or ""),
        )


class OrderRow(Form):
    """One of several quotes; its own purchase order where it is not the one for all."""

    class Meta(Form.Meta):
        """The token stands once, in the form around it."""

        csrf = False

    quote = HiddenField()
    reviewed = HiddenField()
    wording = HiddenField()
    po_number = TextLine(lazy("Purchase order number of this quote"), LONGEST_PO)
    po_expires_on = Day(lazy("It expires on"))


class SeveralForm(AdminFields):
    """Several quotes in one go: what holds for all, and a row for each."""

    po_number = TextLine(lazy("Purchase order number for all"), LONGEST_PO)
    po_expires_on = Day(lazy("It expires on"))
    payment = RadioField(validate_choice=False)
    rows = FieldList(FormField(OrderRow), max_entries=MOST_AT_ONCE)

    def offer(self, *, may_pay: bool, members: Sequence[Person], kept: Sequence[KeptOrder]) -> None:
        """The choices that this contact has, in the reader's language."""
        self.offer_members(members)
        self.payment.choices = payment_choices(may_pay=may_pay)
        if self.payment.data not in PAYMENTS:
            self.payment.data = "terms"
        for field in (self.po_number, *(row.form.po_number for row in self.rows)):
            field.render_kw = {"list": "kept-orders"} if kept else {}

    @property
    def carried(self) -> dict[str, str]:
        """Everything that was entered, by the name of its field; empty parts left out."""
        common = ("po_number", "po_expires_on", "admin_member", "admin_name", "admin_email", "payment")
        of_row = ("quote", "reviewed", "po_number", "po_expires_on")
        fields = [self[name] for name in common] + [row.form[name] for row in self.rows for name in of_row]
        return {field.name: str(field.data) for field in fields if field.data}

    def order_of(self, row: OrderRow) -> tuple[str, date | None]:
        """Number and last day that a row is ordered under: its own, or those for all."""
        own, common = row.po_number.data or "", self.po_number.data or ""
        return (own, row.po_expires_on.data) if own else (common, row.po_expires_on.data or self.po_expires_on.data)


class ConfirmSeveralForm(SeveralForm):
    """The one tick-box for all of them."""

    language = HiddenField()
    agreed = BooleanField(validators=[Needed(mark("Tick the box to confirm that you want to place these orders."))])

    def acceptance(self, row: OrderRow) -> Acceptance:
        """What the verb is given for one of them."""
        number, expires_on = self.order_of(row)
        return Acceptance(
            reviewed_sha256=row.reviewed.data or "",
            wording_sha256=row.wording.data or "",
            locale=self.language.data or "",
            po_number=number,
            payment=self.payment.data or "",
            po_expires_on=expires_on,
            admin=self.admin,
        )


class RejectForm(Form):
    """Why the quote is not wanted."""

    reviewed = HiddenField()
    reason = TextBlock(lazy("Reason"), LONGEST_REASON, needed=mark("Say in a few words why you reject this quote."))

    def rejection(self) -> Rejection:
        """What the verb is given."""
        return Rejection(self.reviewed.data or "", self.reason.data or "")


class ConfirmationForm(Form):
    """A second contact's tick-box; `first` names the acceptance that was on the page."""

    first = HiddenField()
    wording = HiddenField()
    language = HiddenField()
    agreed = BooleanField(validators=[Needed(mark("Tick the box to confirm that you want to place this order."))])

    def confirmation(self) -> Confirmation:
        """What the verb is given."""
        return Confirmation(self.first.data or "", self.wording.data or "", self.language.data or "")


class RefusalForm(Form):
    """Why a second contact does not confirm."""

    first = HiddenField()
    reason = TextBlock(lazy("Reason"), LONGEST_REASON, needed=mark("Say in a few words why you do not confirm it."))


class ChangeForm(Form):
    """What should be different in another version."""

    reviewed = HiddenField()
    text = TextBlock(lazy("What should change?"), LONGEST_MESSAGE, needed=mark("Write a few words first."))


class MessageForm(Form):
    """A word to the other side."""

    text = TextBlock(lazy("Your message"), LONGEST_MESSAGE, needed=mark("Write a few words first."))


class RevivalForm(Form):
    """Asking for an expired quote again, with or without words."""

    text = TextBlock(lazy("Message to your representative"), LONGEST_MESSAGE)


class RecordForm(AdminFields):
    """A representative writes down what a contact decided by mail or phone."""

    reviewed = HiddenField()
    verdict = RadioField(lazy("What was decided?"), validate_choice=False)
    contact = SelectField(lazy("Who decided?"), validate_choice=False)
    channel = RadioField(lazy("How did it reach you?"), validate_choice=False)
    reference = TextLine(lazy("Reference of the proof"), LONGEST_REFERENCE)
    reason = TextBlock(lazy("Reason"), LONGEST_REASON)
    po_number = TextLine(lazy("Purchase order number"), LONGEST_PO)
    po_expires_on = Day(lazy("It expires on"))
    agreed = BooleanField(validators=[Needed(mark("Tick the box to confirm that the contact decided this."))])

    def offer(self, contacts: Sequence[Person], members: Sequence[Person], kept: Sequence[KeptOrder]) -> None:
        """The choices, in the reader's language."""
        self.offer_members(members)
        chosen = [(person.public_id, f"{person.name} ({person.email})") for person in contacts]
        self.contact.choices = [("", words.gettext("Choose a contact")), *chosen]
        self.verdict.choices = [("accepted", words.gettext("Accepted")), ("rejected", words.gettext("Rejected"))]
        self.channel.choices = [("mail", words.gettext("By mail")), ("phone", words.gettext("By phone"))]
        if kept:
            self.po_number.render_kw = {"list": "kept-orders"}

    def record(self) -> Record:
        """What the verb is given."""
        return Record(
            verdict=self.verdict.data or "",
            reviewed_sha256=self.reviewed.data or "",
            contact=self.contact.data or "",
            channel=self.channel.data or "",
            reference=self.reference.data or "",
            locale=words.locale(),
            reason=self.reason.data or "",
            po_number=self.po_number.data or "",
            po_expires_on=self.po_expires_on.data,
            admin=self.admin,
        )


class ReturnForm(Form):
    """Why a manager gives a quote back."""

    note = TextBlock(
        lazy("Note to the representative"), LONGEST_REASON, needed=mark("Say in a few words what has to change.")
    )
