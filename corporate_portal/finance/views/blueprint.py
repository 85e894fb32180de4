"""The room of finance on the web, and the key that makes a form sent twice the same form."""

import re
import secrets

from flask import Blueprint
from werkzeug.wrappers import Response

finance = Blueprint("finance", __name__)

Answer = str | Response | tuple[str, int]


def new_key() -> str:
    """The random key of a form that is about to be shown."""
    return secrets.token_hex(16)


def key_of(sent: str | None) -> str:
    """The random key of the form; one that is not ours protects from nothing, so it becomes a new one."""
    return sent if sent and re.fullmatch("[0-9a-f]{32}", sent) else new_key()
