"""CSRF protection for every unsafe request, but for signed machine traffic named by the roof."""

from flask import Blueprint, Flask
from flask_wtf.csrf import CSRFProtect

_protection = CSRFProtect()


def protect(app: Flask, exempt: tuple[Blueprint, ...]) -> None:
    """Check the token of every POST; `exempt` rooms verify signatures of their own."""
    _protection.init_app(app)
    for room in exempt:
        _protection.exempt(room)
