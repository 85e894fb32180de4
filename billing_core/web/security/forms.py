"""What the pages about second factors ask for."""

from wtforms import HiddenField, PasswordField

from billing_core.web.forms import Form, Needed, TextLine
from billing_core.words import lazy, mark

_LONGEST_CODE = 40
LONGEST_NAME = 60


class PasswordForm(Form):
    """The password once more."""

    password = PasswordField(lazy("Your password"), [Needed(mark("Enter your password."))])


class CodeForm(Form):
    """A code of the app, or a recovery code."""

    code = TextLine(lazy("Code"), _LONGEST_CODE, needed=mark("Enter the code."))


class SecondStepForm(Form):
    """A code, or what a passkey answered; the script fills that in."""

    code = TextLine(lazy("Code"), _LONGEST_CODE)
    passkey = HiddenField()


class PasskeyForm(Form):
    """A name for the new passkey, and what the browser made; the script fills that in."""

    name = TextLine(lazy("Name"), LONGEST_NAME, needed=mark("Enter a name, so that you can tell it from others."))
    passkey = HiddenField()
