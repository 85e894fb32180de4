"""The program with one guard taken out: a race test that still passes with it would prove nothing.

`python -m tests.concurrency.guards_off NAME COMMAND` runs `portal COMMAND` without the guard NAME.
"""

import sys
import time
from collections.abc import Callable
from dataclasses import replace
from threading import local
from typing import Any

from sqlalchemy.orm.attributes import set_committed_value

from app.cli import main
from billing_core import clock, db
from billing_core.catalogue.models import Product
from billing_core.credentials import hashing, throttles
from billing_core.ledger import service as ledger
from billing_core.orders.online import ending, placing
from billing_core.orders.online.refusals import PreviewStale
from billing_core.payments import beginning, moves, ordering, refunding
from billing_core.payments import states as payment_states
from billing_core.renewals import service as renewals
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


def without_another_price() -> None:
    """Place Order prices and looks for other orders before its transaction and in it no more, and knows no form again.
    Cancelling minds no payment that is under way."""
    price, place, refuse, kept = ordering._preview, ordering.place_order, placing.refuse_while_under_way, local()

    def place_naively(viewer: Any, account: str, wishes: Any, seen: str, form_key: str, **means: Any) -> Any:
        with db.reading():
            found = ordering.preview(viewer, account, wishes)
            refuse(next(one.account_id for one in viewer.standings), found.order)
        if found.digest != seen:
            raise PreviewStale
        time.sleep(WINDOW)
        kept.found = found
        try:
            return place(viewer, account, wishes, seen, form_key, **means)
        finally:
            kept.found = None

    def price_as_before(*args: Any, **options: Any) -> Any:
        found = getattr(kept, "found", None)
        if found is None:
            return price(*args, **options)
        products = [db.session().get_one(Product, line.product.id) for line in found.order.lines]
        pairs = zip(found.order.lines, products, strict=True)
        return replace(
            found, order=replace(found.order, lines=tuple(replace(line, product=one) for line, one in pairs))
        )

    ordering._preview, ordering.place_order = price_as_before, place_naively
    placing.made_by_form = lambda *_: None
    placing.refuse_while_under_way = lambda *_: None
    ending._refuse_while_under_way = lambda *_: None
    renewals._end_waiting = lambda *_: None


def without_throttles() -> None:
    """Every guess is looked at: only the bounds of hashing are left."""
    for rule in (throttles.Growing, throttles.Window):
        rule.count = lambda *_: None  # type: ignore[method-assign]


def without_bounds() -> None:
    """Every guess is looked at, and may wait on any thread of the server until it is."""
    without_throttles()
    hashing.leave_threads = lambda _: None


GUARDS = {
    "throttles": without_throttles, "bounds": without_bounds,
    "second-look": without_second_look, "hold": without_hold, "rest": without_rest,
    "memory": without_memory, "comparison": without_comparison, "another-price": without_another_price,
}  # fmt: skip

if __name__ == "__main__":
    GUARDS[sys.argv[1]]()
    main(sys.argv[2:])
