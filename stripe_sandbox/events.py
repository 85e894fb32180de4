"""Events: written in the transaction of what happened, together with their place in the webhook outbox."""

from collections.abc import Mapping
from copy import deepcopy

import stripe
from stripe.params import EventListParams, EventRetrieveParams

from stripe_sandbox.calls import PAGING, Answer, Call, page, retrieving
from stripe_sandbox.errors import Json, invalid
from stripe_sandbox.faults import webhook_fault
from stripe_sandbox.store import Unit, new_id

# An event is delivered once each of its deliveries is.
DELIVERED = "NOT EXISTS (SELECT 1 FROM delivery WHERE delivery.event = object.id AND delivered_at IS NULL) = ?"


def emit(unit: Unit, kind: str, subject: Json) -> None:
    """Records that `kind` happened to `subject`, with a snapshot of it as it is now."""
    event = unit.add(
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": stripe.api_version,
            "created": unit.now,
            "data": {"object": deepcopy(subject)},
            "livemode": False,
            "pending_webhooks": 1,
            "request": {"id": unit.request_id, "idempotency_key": unit.idempotency_key},
            "type": kind,
        }
    )
    fault = webhook_fault(unit, kind)
    for _ in range(fault.copies):
        unit.sql.execute(
            "INSERT INTO delivery (event, due_at) VALUES (?, ?)", (event["id"], unit.moment + fault.delay_seconds)
        )


def _list(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    conditions: list[tuple[str, object]] = [("kind = ?", "event")]
    if "type" in params and "types" in params:
        raise invalid("You may only specify one of these parameters: type, types.", "types")
    if "type" in params:
        # `invoice.*` is Stripe's way to ask for a family of events.
        conditions.append(("type GLOB ?", params["type"]))
    if "types" in params:
        conditions.append(("instr(?, ',' || type || ',') > 0", f",{','.join(params['types'])},"))
    if "delivery_success" in params:
        conditions.append((DELIVERED, int(params["delivery_success"])))
    return 200, page(unit, params, "/v1/events", conditions)


CALLS = (
    retrieving("events.retrieve", "event", "/events", EventRetrieveParams),
    Call("events.list", "GET", "/events", EventListParams, PAGING | {"type", "types", "delivery_success"}, _list),
)
