"""A process that does one deed of a payment and dies at a named point: `python -m tests.faults.dying ORDER`, in JSON.

It is another process so that its death is a real one: no rollback, no close, no word to anyone.
"""

import json
import sys
from collections.abc import Callable
from pathlib import Path

from billing_core import db
from billing_core.payments import crashpoints, service
from billing_core.people import Person
from billing_core.permissions import Realm, viewer_of
from tests.factories.till import CardTill


def main(order: dict[str, str]) -> None:
    """Do the deed and die."""
    from app import tables

    assert tables.metadata.tables
    db.configure(order["database"])
    till = CardTill(Path(order["sandbox"]))
    with db.reading() as session:
        viewer = viewer_of(session.get_one(Person, int(order["person"])), Realm.PORTAL)
    deeds: dict[str, Callable[[], object]] = {
        "pay": lambda: service.pay_invoice(viewer, order["invoice"], None),
        "come back": lambda: service.come_back(viewer, order["payment"]),
        "webhook": till.deliver,
        "reconcile": service.reconcile_due,
        "cancel": lambda: service.cancel_payment(viewer, order["payment"]),
    }
    crashpoints.die_at(order["point"])
    deeds[order["deed"]]()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
