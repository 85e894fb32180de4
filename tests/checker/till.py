"""The processor's own file as an auditor reads it: its tables by sqlite3, its objects by json, and none of its code."""

import json
import sqlite3
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

Thing = dict[str, Any]

TOOK_MONEY = "succeeded"
"""The status of a payment intent, and of a charge, that took money."""


@dataclass(frozen=True)
class Delivery:
    """A webhook in the processor's outbox."""

    event_id: str
    kind: str
    is_confirmed: bool
    """We answered that we have it."""


@dataclass(frozen=True)
class Till:
    """All that the processor has, by kind."""

    things: dict[str, list[Thing]]
    deliveries: Sequence[Delivery]

    @property
    def sessions(self) -> list[Thing]:
        """Hosted pages that take money; one that only keeps a card is none."""
        return [thing for thing in self.things.get("checkout.session", []) if thing["mode"] == "payment"]

    @property
    def intents(self) -> list[Thing]:
        """Attempts to take money."""
        return self.things.get("payment_intent", [])

    @property
    def taken(self) -> list[Thing]:
        """Attempts that took money."""
        return [intent for intent in self.intents if intent["status"] == TOOK_MONEY]

    @property
    def charges(self) -> list[Thing]:
        """Charges that took money."""
        return [charge for charge in self.things.get("charge", []) if charge["status"] == TOOK_MONEY]

    @property
    def refunds(self) -> list[Thing]:
        """Money that goes back to a card."""
        return self.things.get("refund", [])

    @property
    def disputes(self) -> list[Thing]:
        """Money that a cardholder's bank asks about."""
        return self.things.get("dispute", [])

    @property
    def events(self) -> dict[str, Thing]:
        """All that ever happened, by id."""
        return {event["id"]: event for event in self.things.get("event", [])}


def reference(thing: Thing) -> str | None:
    """The payment that a session or an intent says it is for."""
    found: str | None = thing.get("client_reference_id") or thing.get("metadata", {}).get("payment")
    return found


def read(path: Path) -> Till:
    """Everything in the file, as of one moment. Its writers are not held up."""
    with closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True, timeout=20)) as file:
        file.execute("BEGIN")
        things: dict[str, list[Thing]] = {}
        for kind, body in file.execute("SELECT kind, body FROM object ORDER BY seq"):
            things.setdefault(kind, []).append(json.loads(body))
        outbox = file.execute(
            "SELECT object.id, object.type, delivered_at IS NOT NULL FROM delivery"
            " JOIN object ON object.id = delivery.event ORDER BY delivery.seq"
        )
        return Till(things, [Delivery(event, kind, bool(confirmed)) for event, kind, confirmed in outbox])
