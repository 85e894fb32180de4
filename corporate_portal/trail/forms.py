"""What is searched for: a GET form, so that the address says what is shown."""

from wtforms import SelectField

from billing_core import words
from billing_core.errors import Invalid
from billing_core.web.forms import Day, Form, TextLine
from billing_core.words import lazy, mark
from corporate_portal.trail.queries import Wanted

LONGEST = 100


class SearchForm(Form):
    """Everything is optional; what is filled in holds together."""

    class Meta(Form.Meta):
        """It changes nothing, so it needs no token."""

        csrf = False

    account = TextLine(lazy("Customer number or name"), LONGEST)
    document = TextLine(lazy("Number of a document"), LONGEST)
    person = TextLine(lazy("User ID or name of a person"), LONGEST)
    action = SelectField(lazy("What was done"), validate_choice=False)
    first = Day(lazy("From day"))
    last = Day(lazy("To day"))

    def is_fine(self, actions: list[tuple[str, str]]) -> bool:
        """Offer the actions; whether the search makes sense, otherwise the fields say what is wrong."""
        self.action.choices = [("", words.gettext("Everything")), *actions]
        if self.action.data is None:
            self.action.data = ""
        valid = self.validate()
        if self.action.data and self.action.data not in {name for name, _ in actions}:
            self.refuse(Invalid(mark("Choose an entry from the list."), field="action"))
        elif valid and self.first.data and self.last.data and self.first.data > self.last.data:
            self.refuse(Invalid(mark("The first day must not be after the last."), field="first"))
        return not self.errors

    @property
    def wanted(self) -> Wanted:
        """Of a form that is fine."""
        account, document, person = (field.data or "" for field in (self.account, self.document, self.person))
        return Wanted(account, document, person, self.action.data or "", self.first.data, self.last.data)
