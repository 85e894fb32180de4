"""The form behind Place Order."""

from collections.abc import Sequence

from wtforms import HiddenField

from billing_core import db
from billing_core.payments.cards.models import SavedCard
from billing_core.web.card_choice import CardChoice
from billing_core.web.forms import is_form_key
from online_bridge.checkout.refusals import StaleCheckout

DIGEST_LENGTH = 64


class PlaceForm(CardChoice):
    """With which card. `seen` names the sums that the page showed; `form_key` makes a second submit the same order."""

    seen = HiddenField()
    form_key = HiddenField()

    def offer(self, seen: str, cards: Sequence[SavedCard]) -> None:
        """Make it ready to be shown with those sums, and a key of its own."""
        self.seen.data, self.form_key.data = seen, db.public_id("form")
        self.offer_cards(cards)

    @property
    def key(self) -> str:
        """Of a form that came back. Raises StaleCheckout where it, or the name of the sums, is not ours."""
        digest, key = self.seen.data or "", self.form_key.data or ""
        if not is_form_key(key) or len(digest) != DIGEST_LENGTH or not digest.isalnum():
            raise StaleCheckout
        return key
