"""The form of a wish: how a page says what is to be bought, tried or changed.

The pages that put something in the cart post these fields to `cart.add`: kind (buy, try or change), product (its code)
or subscription (of a change), tier, seats, frequency, and `then`.
"""

from wtforms import HiddenField, RadioField
from wtforms.validators import Length

from billing_core import words
from billing_core.catalogue.offers import Offer
from billing_core.orders.online.wishes import Buy, Change, Try, Wish
from billing_core.web.forms import Form, WholeNumber
from billing_core.words import lazy
from online_bridge.cart.models import BUY, CHANGE, TRY, CartLine
from online_bridge.cart.refusals import NotAWish

CART, CHECKOUT, START, LOOK = "cart", "checkout", "start", "look"
"""What follows: the cart, the checkout, (of a trial while the cart is empty) its start, or only what it comes to."""
MOST_SEATS = 999_999
FREQUENCIES = ("monthly", "yearly")


class LineForm(Form):
    """One wish. Whether it can be, the verbs say."""

    kind = HiddenField(default=BUY, validators=[Length(max=10)])
    product = HiddenField(default="", validators=[Length(max=40)])
    subscription = HiddenField(default="", validators=[Length(max=40)])
    tier = RadioField(lazy("Plan"), choices=[""], validate_choice=False, default="")  # type: ignore[list-item]
    seats = WholeNumber(lazy("Seats"), 1, MOST_SEATS)
    frequency = RadioField(lazy("Billed"), choices=FREQUENCIES, validate_choice=False, default="monthly")  # type: ignore[arg-type]
    then = HiddenField(default=CART)

    def offer_plans(self, offer: Offer | None, *, kept: tuple[str, str] | None = None) -> None:
        """Make it ready to be shown. `kept` are tier and frequency of what is changed: to keep them is always possible,
        and a lower tier is not offered (domain.md 6)."""
        tiers = [tier.name for tier in (offer.tiers_to_try if self.kind.data == TRY else offer.tiers)] if offer else []
        if kept is not None:
            tiers = [tier for tier in tiers if offer is not None and not offer.is_downgrade(kept[0], tier)]
            tiers = tiers if kept[0] in tiers else [kept[0], *tiers]
        self.tier.choices = [(tier, tier) for tier in tiers if tier]
        names = {"monthly": words.gettext("Monthly"), "yearly": words.gettext("Yearly")}
        sold = {one for tier in offer.tiers for one in tier.frequencies} if offer else set()
        sold |= {kept[1]} if kept else set()
        self.frequency.choices = [(one, names[one]) for one in FREQUENCIES if one in sold]
        if tiers and self.tier.data not in tiers:
            self.tier.data = tiers[0]
        if sold and self.frequency.data not in sold:
            self.frequency.data = self.frequency.choices[0][0]

    @classmethod
    def to_buy(cls, offer: Offer) -> "LineForm":
        """Ready to be shown: one seat of the lowest tier."""
        form = cls(formdata=None)
        form.product.data, form.seats.data = offer.code, offer.least_seats
        form.offer_plans(offer)
        return form

    def be_about(self, line: CartLine) -> None:
        """What is in the cart says what it is about."""
        self.kind.data, self.product.data = line.kind, line.product.code
        self.subscription.data = line.subscription.public_id if line.subscription else ""

    def show(self, line: CartLine) -> None:
        """Fill it from what is in the cart."""
        self.be_about(line)
        self.tier.data, self.seats.data, self.frequency.data = line.tier, line.seats, line.frequency

    @property
    def chosen(self) -> tuple[str, int, str]:
        """Tier, seats and frequency, of a form that is valid."""
        return self.tier.data or "", self.seats.data or 0, self.frequency.data or ""

    @property
    def wish(self) -> Wish:
        """What it says, of a form that is valid. Raises NotAWish."""
        tier, seats, frequency = self.chosen
        if self.kind.data == BUY:
            return Buy(self.product.data or "", tier, seats, frequency)
        if self.kind.data == TRY:
            return Try(self.product.data or "", tier, seats)
        if self.kind.data == CHANGE:
            return Change(self.subscription.data or "", tier, seats, frequency)
        raise NotAWish
