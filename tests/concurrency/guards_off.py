"""The program with one guard taken out: a race test that still passes with it would prove nothing.

`python -m tests.concurrency.guards_off NAME COMMAND` runs `portal COMMAND` without the guard NAME.
"""

import sys
import time
from collections.abc import Callable
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value

from app.cli import main
from billing_core import clock, db
from billing_core.ledger import service as ledger
from billing_core.payments import beginning, moves, refunding
from billing_core.payments import states as payment_states
from corporate_portal.quotes import queries, service, states, views
from corporate_portal.quotes.service import deciding

WINDOW = 0.05
"""Seconds between looking and acting, as a naive program has them."""


def without_second_look() -> None:
    """Quotes are looked at before the transaction and accepted in it without another look."""
    locked, refuse = deciding.locked_for_contact, deciding.refuse_unless_open

    class NaiveDatabase:
        """What the views of quotes take for `billing_core.db`."""

        reading = staticmethod(db.reading)

        @staticmethod
        def perform(verb: Callable[..., Any], *args: Any) -> Any:
            """Check, then act; in between anything may have happened."""
            if verb is service.accept_quote:
                with db.reading():
                    refuse(queries.current_version(*args[:2]), clock.now())
                time.sleep(WINDOW)
            return db.perform(verb, *args)

    def as_it_was(viewer: Any, public_id: str) -> Any:
        version, contact = locked(viewer, public_id)
        set_committed_value(version, "state", states.SENT)
        set_committed_value(version, "decision", None)
        return version, contact

    views.deciding.db = NaiveDatabase  # type: ignore[assignment]
    deciding.locked_for_contact = as_it_was
    deciding.refuse_unless_open = lambda _version, _now: None


def without_hold() -> None:
    """Open attempts hold nothing: whatever is not booked yet can be paid."""
    beginning.held_on_each = lambda invoice_ids: dict.fromkeys(invoice_ids, 0)


def without_rest() -> None:
    """What no invoice takes any more is not kept as credit."""
    ledger.leave_as_credit = lambda *_: None


def without_memory() -> None:
    """Whoever brings news of a payment books it, as if nobody had before."""
    locked = moves.locked

    def as_if_open(public_id: str) -> Any:
        payment, invoices = locked(public_id)
        set_committed_value(payment, "state", payment_states.OPEN)
        return payment, invoices

    moves.locked = as_if_open
    ledger.is_booked = lambda *_: False


def without_comparison() -> None:
    """Any refund begins, whatever was paid, disputed or sent back before."""
    refunding._check = lambda *_: None


GUARDS = {
    "second-look": without_second_look, "hold": without_hold, "rest": without_rest,
    "memory": without_memory, "comparison": without_comparison,
}  # fmt: skip

if __name__ == "__main__":
    GUARDS[sys.argv[1]]()
    main(sys.argv[2:])
