"""What a person wants of a product, as the address of a page says it: nothing of it is written, the cart takes it.

The choices are not judged here: what is sold, how many seats there may be and what is a downgrade, the price says.
"""

from collections.abc import Mapping
from typing import Any

from werkzeug.datastructures import MultiDict
from wtforms import RadioField, SelectField

from billing_core.catalogue.offers import Offer
from billing_core.orders.online.wishes import Buy, Change, Try, Wish
from billing_core.subscriptions.models import Subscription
from billing_core.web.forms import Form, WholeNumber
from billing_core.words import lazy

BUY, TRY, CHANGE = "buy", "try", "change"
MOST_MORE_SEATS = 100
"""Seats that are added in one go by the list; more of them by editing the subscription."""


class WishForm(Form):
    """Tier, seats and billing period of one product: a GET form, so that the address says what is shown."""

    class Meta(Form.Meta):
        """It changes nothing; the button that does brings its own token."""

        csrf = False

    tier = RadioField(lazy("Plan"), validate_choice=False)
    seats = WholeNumber(lazy("Seats"), 1, 10**9 - 1)
    frequency = RadioField(lazy("Billing period"), validate_choice=False)

    def offer_tiers(self, names: list[str]) -> None:
        """The tiers to choose from; none where the product has none."""
        self.tier.choices = [(name, name) for name in names if name]
        if not self.tier.choices:
            del self.tier

    def offer_frequencies(self, labels: Mapping[str, str]) -> None:
        """How it can be billed, with what each is called."""
        self.frequency.choices = list(labels.items())

    @property
    def wanted_tier(self) -> str:
        """Empty where the product has none."""
        return (self.tier.data or "") if "tier" in self else ""

    def wish(self, kind: str, of: str) -> Wish:
        """To be called on a valid form. `of` is the product's code, or the subscription to change."""
        seats, frequency = self.seats.data or 0, self.frequency.data or ""
        if kind == TRY:
            return Try(of, self.wanted_tier, seats)
        named = Buy if kind == BUY else Change
        return named(of, self.wanted_tier, seats, frequency)


def form_of(sent: Any, offered: Offer, kind: str) -> WishForm:
    """For a new plan, filled with what was sent, else with the first tier, the fewest seats and the first period."""
    tiers = offered.tiers_to_try if kind == TRY else offered.tiers
    frequencies = [name for name in ("monthly", "yearly") if offered.least(name) is not None]
    first = {"tier": tiers[0].name if tiers else "", "seats": offered.least_seats, "frequency": frequencies[0]}
    if kind == TRY and not is_sent(sent):
        sent = MultiDict(
            {name: str(value) for name, value in first.items()}
        )  # chosen as it stands, because a trial has no second step
    form = WishForm(formdata=sent if is_sent(sent) else None, data=first)
    form.offer_tiers([tier.name for tier in tiers])
    return form


def form_of_change(sent: Any, present: Subscription, offered: Offer | None) -> WishForm:
    """For a change, filled with what was sent, else with what runs. The present tier can always be kept."""
    now = {"tier": present.tier, "seats": present.seats, "frequency": present.frequency}
    form = WishForm(formdata=sent if is_sent(sent) else None, data=now)
    sold = [tier.name for tier in offered.tiers] if offered else []
    form.offer_tiers(sold if present.tier in sold else [present.tier, *sold])
    return form


class MoreSeatsForm(Form):
    """How many seats come in addition. The list sends the number of all seats, which is what the cart takes."""

    class Meta(Form.Meta):
        """It changes nothing; the button that does brings its own token."""

        csrf = False

    seats = SelectField(validate_choice=False)

    def offer(self, labels: Mapping[int, str]) -> None:
        """The numbers of all seats, with what each is called; what is none of them is the first."""
        self.seats.choices = [(str(seats), label) for seats, label in labels.items()]
        if self.seats.data not in {str(seats) for seats in labels}:
            self.seats.data = str(next(iter(labels)))

    def wish(self, present: Subscription) -> Change:
        """Tier and billing period are kept."""
        return Change(present.public_id, present.tier, int(self.seats.data), present.frequency)


FIRST = "plan"
"""The step before the Order Summary, to which somebody comes back with a choice."""


def is_sent(sent: Any) -> bool:
    """Whether the address says what is wanted."""
    return "seats" in sent
