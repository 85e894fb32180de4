"""With which card to pay: the choice on every page that charges one. Its markup: templates/cards/parts.html."""

from collections.abc import Sequence

from wtforms import BooleanField, HiddenField, RadioField

from billing_core import db, words
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.sharing import Means
from billing_core.web.forms import Form, Needed, key_or_new
from billing_core.words import lazy, mark

NEW = "new"
"""The choice of a card that is not on file."""
CHOSEN = Needed(mark("Choose the card that you want to pay with."))


class CardChoice(Form):
    """With which card to pay: one on file, or one that is entered for this payment and kept where the box is ticked."""

    card = RadioField(lazy("Card"), choices=[NEW], validate_choice=False, validators=[CHOSEN])  # type: ignore[list-item]
    keep = BooleanField(lazy("Keep this card for later payments"))

    def offer_cards(self, cards: Sequence[SavedCard]) -> None:
        """Make it ready to be shown: the cards on file that can pay, the default one chosen, and a new one."""
        choices = {card.public_id: card.name for card in cards} | {NEW: words.gettext("A new card")}
        self.card.choices = list(choices.items())
        self.card.data = self.card.data if self.card.data in choices else next(iter(choices))
        self.has_cards = bool(cards)
        valid = words.gettext("valid until %(expiry)s")
        self.notes = {card.public_id: valid % {"expiry": f"{card.exp_month:02}/{card.exp_year}"} for card in cards}

    @property
    def means(self) -> Means:
        """What is to be charged. Whether a card of this name may be, the verb says."""
        chosen = self.card.data or NEW
        return Means(keep=bool(self.keep.data)) if chosen == NEW else Means(chosen)


class AddForm(Form):
    """The form that begins to add a card. `form_key` makes a second submit the same attempt."""

    form_key = HiddenField()

    def offer(self) -> None:
        """A key of its own."""
        self.form_key.data = db.public_id("form")

    @property
    def key(self) -> str:
        """The form's key, of a form that came back; another one where it is not ours."""
        return key_or_new(self.form_key.data)
