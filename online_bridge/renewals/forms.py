"""The form behind Pay the renewal."""

import re

from wtforms import HiddenField

from billing_core import db
from billing_core.errors import Invalid
from billing_core.payments.sharing import NEW_CARD, Means
from billing_core.web.forms import Form
from billing_core.words import mark

OUR_KEY = re.compile(r"form_\w{16}", re.ASCII)
DIGEST = re.compile(r"[0-9a-f]{64}", re.ASCII)


class RenewalForm(Form):
    """Which button was pressed: a card on file, by public id, or a new one. `seen` names the sums that were shown."""

    seen = HiddenField()
    form_key = HiddenField()
    card = HiddenField()

    def offer(self, seen: str) -> None:
        """Make it ready to be shown with those sums, and a key of its own."""
        self.seen.data, self.form_key.data = seen, db.public_id("form")

    @property
    def agreed(self) -> tuple[str, str]:
        """The sums and the key of a form that came back. Raises Invalid where they are not ours."""
        seen, key = self.seen.data or "", self.form_key.data or ""
        if not (DIGEST.fullmatch(seen) and OUR_KEY.fullmatch(key)):
            raise Invalid(mark("This page is not up to date any more. Please check the amounts and confirm again."))
        return seen, key

    @property
    def means(self) -> Means:
        """What is to be charged. Whether a card of this name may be, the verb says."""
        return NEW_CARD if self.card.data in (None, "", "new") else Means(self.card.data)
