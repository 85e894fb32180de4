"""The form in which finance decides about a payment that was set aside."""

from collections.abc import Collection

from wtforms import HiddenField, RadioField

from billing_core import words
from billing_core.payments.review.deciding import LONGEST_NOTE
from billing_core.payments.review.finding import CLOSE, GIVE_BACK, TAKE_IN
from billing_core.web.forms import Form, Needed, TextBlock
from billing_core.words import lazy, mark

DECISIONS = {
    TAKE_IN: mark("Take in what came"),
    GIVE_BACK: mark("Give all of it back to the card"),
    CLOSE: mark("Close it without money"),
}


class DecisionForm(Form):
    """What is to become of it, and why. `seen` names what the page showed."""

    seen = HiddenField()
    decision = RadioField(
        lazy("Decision"), [Needed(mark("Choose what is to become of the money."))], validate_choice=False
    )
    note = TextBlock(lazy("Reason"), LONGEST_NOTE, needed=True)

    def offer(self, possible: Collection[str], fingerprint: str) -> None:
        """Only what is possible; `seen` stays what it was where the form comes back."""
        self.decision.choices = [(name, words.gettext(DECISIONS[name])) for name in DECISIONS if name in possible]
        self.seen.data = fingerprint
