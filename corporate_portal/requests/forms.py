"""The forms of requests: what a contact asks for, and a representative's answer."""

import secrets

from wtforms import HiddenField, SelectField

from billing_core import templating, words
from billing_core.web.forms import Day, Form, TextBlock, WholeNumber
from billing_core.words import lazy, mark
from corporate_portal.quotes.offer.content import LONGEST_REASON, MOST_UNITS
from corporate_portal.requests.queries import Choices
from corporate_portal.requests.service import Wish


class AskForm(Form):
    """One select names what is wanted: `add|subscription`, `remove|subscription` or `start|product code|tier`."""

    key = HiddenField()
    wish = SelectField(lazy("What would you like?"), validate_choice=False)
    seats = WholeNumber(lazy("How many seats"), 1, MOST_UNITS)
    wanted_on = Day(lazy("Wished from"))
    text = TextBlock(lazy("What else we should know"), LONGEST_REASON)

    def offer(self, choices: Choices) -> None:
        """What can be asked for, in the reader's language."""
        options = [("", words.gettext("Please choose"))]
        for sentence, effect in (
            (mark("More seats for %(product)s"), "add"),
            (mark("Fewer seats for %(product)s"), "remove"),
        ):
            for one in choices.running:
                named = words.gettext(sentence, product=" ".join(filter(None, (one.product.name, one.tier))))
                until = words.gettext(
                    "%(seats)s seats, until %(day)s", seats=one.seats, day=templating.short_day(one.last_day)
                )
                options.append((f"{effect}|{one.public_id}", f"{named} ({until})"))
        for sold in choices.sold:
            named = " ".join(filter(None, (sold.product.name, sold.tier)))
            options.append((f"start|{sold.product.code}|{sold.tier}", words.gettext("New: %(product)s", product=named)))
        self.wish.choices = options

    def asked(self) -> Wish:
        """What the verb is given; nonsense in the select becomes a wish that the verb refuses."""
        effect, _, rest = (self.wish.data or "").partition("|")
        code, _, tier = rest.partition("|")
        about = {"product_code": code, "tier": tier} if effect == "start" else {"subscription": rest}
        return Wish(
            effect=effect, seats=self.seats.data or 0, wanted_on=self.wanted_on.data, text=self.text.data or "", **about
        )


class AnswerForm(Form):
    """Why no quote is made."""

    answer = TextBlock(lazy("Your answer"), LONGEST_REASON, needed=mark("Say in a few words why there is no quote."))


def new_key() -> str:
    """The random name of one form."""
    return secrets.token_hex(12)
