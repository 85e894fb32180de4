"""The room's routes, and the describer that draws the document from them."""

from typing import Any

from flask import Blueprint
from spectree import SecurityScheme, SpecTree
from spectree.models import SecureType, SecuritySchemeData

from corporate_portal.api.schemas.told import Problem

ROOT = "/api/v1"
TOKEN = "token"  # noqa: S105 - the name of a scheme


class _Room(Blueprint):
    """Routes that answer to their own address and methods alone: no redirect, and nothing that a view did not say."""

    def add_url_rule(self, rule: str, *args: Any, **options: Any) -> None:
        """As Flask's."""
        super().add_url_rule(rule, *args, **{"provide_automatic_options": False, "merge_slashes": False, **options})


api = _Room("api", __name__, url_prefix=ROOT)

ABOUT = """\
The same verbs as the pages, for programs of the vendor. Every request carries a token (`portal token issue`).

Amounts are integers of the currency's smallest unit. Shares and rates are basis points. Instants are UTC; days are
calendar days; a period ends on the first day after it. What a program does not know in an answer it ignores.
"""

describer = SpecTree(
    "flask",
    title="Corporate Billing Portal",
    description=ABOUT,
    version="1",
    mode="strict",
    annotations=False,
    validation_error_status=400,
    validation_error_model=Problem,
    naming_strategy=lambda model: model.__name__.replace("[", "Of").rstrip("]"),
    nested_naming_strategy=lambda _parent, child: child,
    security_schemes=[SecurityScheme(name=TOKEN, data=SecuritySchemeData(type=SecureType.HTTP, scheme="bearer"))],
    page_templates={},
)
"""Requests are read by asking.py, more strictly than the describer would: it only draws."""
