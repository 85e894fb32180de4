"""The forms on a contact's way. What travels from step to step in hidden fields is judged again by the verb."""

from wtforms import BooleanField, HiddenField, RadioField

from billing_core import words
from billing_core.web.forms import Form, Needed, TextBlock, TextLine
from billing_core.words import lazy, mark
from corporate_portal.quotes.models import LONGEST_MESSAGE
from corporate_portal.quotes.offer.content import LONGEST_PO, LONGEST_REASON, Acceptance, Rejection


class OrderDetailsForm(Form):
    """Purchase order number and way to pay; `reviewed` is the hash of the reviewed text."""

    reviewed = HiddenField()
    po_number = TextLine(lazy("Purchase order number"), LONGEST_PO)
    payment = RadioField(validate_choice=False)

    def offer(self, *, may_pay: bool) -> None:
        """The ways to pay that this contact has, in the reader's language."""
        self.payment.choices = [("terms", words.gettext("By invoice"))]
        if may_pay:
            self.payment.choices.append(("card", words.gettext("By card now")))


class ConfirmForm(Form):
    """The tick-box, and everything the acceptance carries."""

    reviewed = HiddenField()
    wording = HiddenField()
    language = HiddenField()
    po_number = HiddenField()
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
        )


class RejectForm(Form):
    """Why the quote is not wanted."""

    reviewed = HiddenField()
    reason = TextBlock(lazy("Reason"), LONGEST_REASON, needed=mark("Say in a few words why you reject this quote."))

    def rejection(self) -> Rejection:
        """What the verb is given."""
        return Rejection(self.reviewed.data or "", self.reason.data or "")


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
