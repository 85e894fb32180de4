"""Named places between the steps of a payment at which a test lets the process die; otherwise nothing happens there.

The names, in the order of the steps: payment.begun, processor.created, payment.opened, event.noted, processor.asked,
payment.booked (inside the settling transaction), payment.settled, processor.expired, payment.cancelled. Those of a
refund: refund.begun, processor.refunded, refund.learned, processor.asked_back. With a card on file a payment passes
processor.charged too, and processor.confronted and payment.confronted. Adding a card: setup.begun,
processor.knows_customer, processor.made_setup, setup.opened, processor.asked_of_setup, setup.settled; removing one:
processor.detached. Those of a review: review.looked, review.decided. Those of a reconciliation: reconciliation.begun,
reconciliation.compared, reconciliation.mended. A renewal passes payment.begun and those of a card on file, and then
renewal.charged.
"""

import os
from collections.abc import Callable

DIED_HERE = 86
"""The exit status of a process that a crash point ended."""

_hook: Callable[[str], None] | None = None


def crashpoint(name: str) -> None:
    """A place where everything may stop."""
    if _hook is not None:
        _hook(name)


def watch(hook: Callable[[str], None] | None) -> None:
    """Let a test be told at each point; None takes it away."""
    global _hook
    _hook = hook


def die_at(wanted: str) -> None:
    """End this process at the named point as a power cut would: nothing is flushed, nothing is rolled back by us."""

    def die(name: str) -> None:
        if name == wanted:
            os._exit(DIED_HERE)

    watch(die)
