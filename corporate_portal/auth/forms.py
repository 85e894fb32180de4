"""What is typed at the door."""

from wtforms import PasswordField
from wtforms.validators import EqualTo

from billing_core.web.doors import LONGEST_USER_ID
from billing_core.web.forms import Form, Needed, TextLine
from billing_core.words import lazy, mark


class PasswordLinkForm(Form):
    """Whose password is to be created or reset."""

    user_id = TextLine(lazy("User ID (username or e-mail)"), LONGEST_USER_ID, needed=mark("Enter your User ID."))


class NewPasswordForm(Form):
    """The new password, twice, since it cannot be seen while typing."""

    password = PasswordField(lazy("New password"), [Needed(mark("Enter a new password."))])
    again = PasswordField(
        lazy("New password again"),
        [
            Needed(mark("Enter the new password a second time.")),
            EqualTo("password", lazy("The two passwords are not the same.")),
        ],
    )
