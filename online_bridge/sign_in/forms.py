"""Sign-in to My Account."""

from wtforms import PasswordField

from billing_core.web.forms import Form, Needed, TextLine
from billing_core.words import lazy, mark


class SignIn(Form):
    """User ID and password, as at the portal."""

    user_id = TextLine(lazy("User ID (username or e-mail)"), 254, needed=mark("Enter your User ID."))
    password = PasswordField(lazy("Password"), [Needed(mark("Enter your password."))])
