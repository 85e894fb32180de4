"""What the worker does for the interface."""

from billing_core import clock, db
from corporate_portal.api.service import KEPT_FOR, forget_answers

PRUNE = "api.prune"
"""The job kind of `prune_answers`, once a day."""


def prune_answers() -> None:
    """Handler of `api.prune`: forget the answers whose keys nobody will send again."""
    before = clock.now() - KEPT_FOR
    while db.perform(forget_answers, before):
        pass
