"""Which books, and of which days: GET forms, so that the address says what is shown."""

from collections.abc import Sequence
from datetime import date, timedelta

from wtforms import SelectField

from billing_core import clock
from billing_core.errors import Invalid, NotFound
from billing_core.sellers.models import Seller
from billing_core.web.forms import Day, Form
from billing_core.words import lazy, mark


class OfSeller(Form):
    """A seller by its code; the first one where none is chosen."""

    class Meta(Form.Meta):
        """It changes nothing, so it needs no token."""

        csrf = False

    seller = SelectField(lazy("Seller"), validate_choice=False)
    chosen: Seller

    def offer(self, sellers: Sequence[Seller]) -> bool:
        """Fill the choice; whether the chosen one exists. Raises NotFound where there is no seller at all."""
        self.seller.choices = [(one.code, f"{one.code} – {one.name}") for one in sellers]
        if not sellers:
            raise NotFound
        wanted = self.seller.data or sellers[0].code
        found = next((one for one in sellers if one.code == wanted), None)
        self.chosen = found or sellers[0]
        self.seller.data = self.chosen.code
        return found is not None

    def _refuse_seller(self) -> None:
        self.refuse(Invalid(mark("Choose a seller from the list."), field="seller"))

    @property
    def today(self) -> date:
        """On the chosen seller's calendar."""
        return clock.today(self.chosen.timezone)


class DayEndForm(OfSeller):
    """One day of a seller's books."""

    day = Day(lazy("Day"))

    def is_fine(self, sellers: Sequence[Seller]) -> bool:
        """Whether the books can be shown; the field is filled with the last day that is over where nothing is said."""
        knows, valid = self.offer(sellers), self.validate()
        if valid and self.day.data is None:
            self.day.data = self.today - timedelta(days=1)
        if not knows:
            self._refuse_seller()
        elif valid and self.day.data is not None and self.day.data > self.today:
            self.refuse(Invalid(mark("This day is still to come."), field="day"))
        return not self.errors

    @property
    def wanted(self) -> date:
        """The wished day, or the last one that is over where the wish makes no sense."""
        return self.day.data if self.day.data and not self.errors else self.today - timedelta(days=1)


class PeriodForm(OfSeller):
    """Some days of a seller's books, both included."""

    first = Day(lazy("First day"), needed=True)
    last = Day(lazy("Last day"), needed=True)

    def show(self, sellers: Sequence[Seller]) -> None:
        """Offer the last month that is over."""
        self.offer(sellers)
        self.last.data = self.today.replace(day=1) - timedelta(days=1)
        self.first.data = self.last.data.replace(day=1)

    @property
    def days(self) -> tuple[date, date]:
        """First and last; of a form that is valid both were entered."""
        return self.first.data or date.min, self.last.data or date.min

    def is_fine(self, sellers: Sequence[Seller]) -> bool:
        """Whether the days make a period that is not still to come; otherwise the fields say what is wrong."""
        knows, valid = self.offer(sellers), self.validate()
        if not knows:
            self._refuse_seller()
        first, last = self.days
        if valid and last > self.today:
            self.refuse(Invalid(mark("The last day must not be after today."), field="last"))
        elif valid and first > last:
            self.refuse(Invalid(mark("The first day must not be after the last."), field="first"))
        return not self.errors
