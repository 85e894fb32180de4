"""The form that begins to add a card."""

from wtforms import HiddenField

from billing_core import db
from billing_core.web.forms import Form

LONGEST_KEY = 30


class AddForm(Form):
    """`form_key` makes a second submit the same attempt."""

    form_key = HiddenField()

    def offer(self) -> None:
        """A key of its own."""
        self.form_key.data = db.public_id("form")

    @property
    def key(self) -> str:
        """The form's key, of a form that came back; another one where it is not ours."""
        sent: str = self.form_key.data or ""
        is_ours = 0 < len(sent) <= LONGEST_KEY and sent.isascii() and sent.replace("_", "").isalnum()
        return sent if is_ours else db.public_id("form")
