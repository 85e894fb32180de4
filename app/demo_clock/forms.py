"""How far the clock is to go."""

from datetime import date
from typing import Any

from wtforms import HiddenField

from app.demo_clock.moving import STEPS
from billing_core.errors import Invalid
from billing_core.web.forms import Day, Form, WholeNumber
from billing_core.words import lazy, mark


class MoveForm(Form):
    """A step, which is the name of the button, or a day. `seen` is how many days ahead the page showed the clock."""

    seen = WholeNumber("", 0, 100_000)
    by = HiddenField()
    to = Day(lazy("To the day"))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.to.flags.optional = False  # where it is shown: the buttons are another form

    @property
    def wanted(self) -> str | date:
        """Raises Invalid where neither a step nor a day was sent."""
        if self.by.data:
            if self.by.data not in STEPS:
                raise Invalid
            return str(self.by.data)
        if not isinstance(self.to.data, date):
            raise Invalid(mark("Choose a day."), field="to")
        return self.to.data
