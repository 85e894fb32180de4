"""The form that holds the reminders of an account back."""

from billing_core.web.forms import Day, Form, TextBlock
from billing_core.words import lazy
from corporate_portal.receivables.service import LONGEST_NOTE


class PauseForm(Form):
    """Until which day, and why."""

    until = Day(lazy("No reminders until"), needed=True)
    note = TextBlock(lazy("Note for the desk"), LONGEST_NOTE, needed=True)
