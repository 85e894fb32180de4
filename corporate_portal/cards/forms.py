"""The form that begins to add a card."""

from wtforms import HiddenField

from billing_core import db
from billing_core.web.forms import Form, key_or_new


class AddForm(Form):
    """`form_key` makes a second submit the same attempt."""

    form_key = HiddenField()

    def offer(self) -> None:
        """A key of its own."""
        self.form_key.data = db.public_id("form")

    @property
    def key(self) -> str:
        """The form's key, of a form that came back; another one where it is not ours."""
        return key_or_new(self.form_key.data)
