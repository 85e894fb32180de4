"""The form above a statement: which days."""

from datetime import date

from billing_core.errors import Invalid
from billing_core.web.forms import Day, Form
from billing_core.words import lazy, mark
from corporate_portal.statement.books.entries import Period


class StatementForm(Form):
    """Which days a printed statement is to cover; what is left out is as on the page."""

    first = Day(lazy("First day"))
    last = Day(lazy("Last day"))
    today = date.max

    def period(self) -> Period:
        """The wished period; ninety days where nothing is said. Of a form that is valid."""
        last = self.last.data or self.today
        return Period(self.first.data or min(Period.ending(self.today).first, last), last)

    def is_fine(self, today: date) -> bool:
        """Whether the days make a period that is not still to come; otherwise the fields say what is wrong."""
        self.today = today
        if not self.validate():
            return False
        wished = self.period()
        if wished.last > today:
            self.refuse(Invalid(mark("The statement cannot end after today."), field="last"))
        elif wished.first > wished.last:
            self.refuse(Invalid(mark("The first day must not be after the last."), field="first"))
        return not self.errors

    def show(self, period: Period) -> None:
        """Fill in what the page shows."""
        self.first.data, self.last.data = self.first.data or period.first, self.last.data or period.last


class PeriodForm(StatementForm):
    """The same as a GET form, so that the address says what is shown."""

    class Meta(Form.Meta):
        """It changes nothing, so it needs no token."""

        csrf = False
