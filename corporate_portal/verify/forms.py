"""A file or its fingerprint."""

from flask_wtf.file import FileField

from billing_core.web.forms import Form, TextLine
from billing_core.words import lazy


class VerifyForm(Form):
    """Either of them. The file is hashed while it is read, and kept nowhere."""

    file = FileField(lazy("Document"))
    fingerprint = TextLine(lazy("Or its fingerprint (SHA-256)"), 200)
