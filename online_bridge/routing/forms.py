"""The form behind "Email the billing admin"."""

from billing_core.web.forms import Form, TextBlock
from billing_core.words import lazy, mark


class AskContact(Form):
    """What the member needs, in the member's own words."""

    message = TextBlock(lazy("Your message"), 2000, needed=mark("Write what you need, so that your contact can help."))
