"""What an API call is, and the two calls that every kind of object has: retrieve and list."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from stripe_sandbox.errors import Json, invalid
from stripe_sandbox.store import Unit

Answer = tuple[int, Json]
Run = Callable[[Unit, Json, Mapping[str, str]], Answer]

EXPANDABLE = frozenset({"charge", "customer", "latest_charge", "payment_intent", "payment_method", "setup_intent"})
EXPAND_DEPTH = 4
PAGING = frozenset({"limit", "starting_after", "ending_before", "expand", "created"})
FILTERS = {
    "customer": "customer = ?",
    "payment_intent": "payment_intent = ?",
    "charge": "charge = ?",
    "status": "status = ?",
    "type": "type = ?",
    "email": "email = ?",
}
BOUNDS = {"gt": "created > ?", "gte": "created >= ?", "lt": "created < ?", "lte": "created <= ?"}


@dataclass(frozen=True)
class Call:
    """One endpoint.

    `name` is the SDK's way of saying it (`checkout.sessions.create`), `shape` the SDK's TypedDict of its parameters,
    and `modelled` the parameters that the sandbox honours.
    """

    name: str
    method: str
    path: str
    shape: type
    modelled: frozenset[str]
    run: Run


def retrieving(name: str, kind: str, path: str, shape: type) -> Call:
    def run(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
        return 200, unit.get(args["id"], kind)

    return Call(name, "GET", f"{path}/<id>", shape, frozenset({"expand"}), run)


def listing(name: str, kind: str, path: str, shape: type, *filters: str) -> Call:
    def run(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
        conditions = [("kind = ?", kind), *((FILTERS[name], params[name]) for name in filters if name in params)]
        # A list below another object (/v1/customers/<customer>/...) is filtered by it.
        conditions += [(FILTERS[name], value) for name, value in args.items()]
        return 200, page(unit, params, "/v1" + path.replace("<customer>", args.get("customer", "")), conditions)

    return Call(name, "GET", path, shape, PAGING | frozenset(filters), run)


def page(unit: Unit, params: Json, url: str, conditions: list[tuple[str, object]]) -> Json:
    """One page of a list, newest first, by cursor as in https://docs.stripe.com/api/pagination."""
    limit = params.get("limit", 10)
    if not 1 <= limit <= 100:
        raise invalid("This value must be between 1 and 100.", "limit")
    created = params.get("created", {})
    if isinstance(created, int):
        conditions = [*conditions, ("created = ?", created)]
    else:
        conditions = [*conditions, *((BOUNDS[bound], value) for bound, value in created.items())]
    backwards = "ending_before" in params
    for name, fragment in (("starting_after", "seq < ?"), ("ending_before", "seq > ?")):
        if name in params:
            position = unit.position(params[name])
            if position is None:
                raise invalid(f"No such object: {params[name]!r}", name, "resource_missing")
            conditions = [*conditions, (fragment, position)]
    found = unit.bodies(conditions, newest_first=not backwards, limit=limit + 1)
    data = found[:limit]
    return {
        "object": "list",
        "url": url,
        "has_more": len(found) > limit,
        "data": data[::-1] if backwards else data,
    }


def expand(unit: Unit, body: Json, paths: list[str]) -> Json:
    """Ids replaced by their objects along dotted paths; a path into a list starts with `data`."""
    for path in paths:
        steps = path.split(".")
        if len(steps) > EXPAND_DEPTH:
            raise invalid(f"You cannot expand more than {EXPAND_DEPTH} levels of a property.", "expand")
        if body["object"] == "list":
            if steps[0] != "data":
                raise invalid(f"This property cannot be expanded ({path}); a list is expanded from data.", "expand")
            for item in body["data"]:
                _expand(unit, item, steps[1:], path)
        else:
            _expand(unit, body, steps, path)
    return body


def _expand(unit: Unit, body: Json, steps: list[str], path: str) -> None:
    if not steps:
        return
    name = steps[0]
    if name not in EXPANDABLE or name not in body:
        raise invalid(f"This property cannot be expanded ({path}).", "expand")
    if isinstance(body[name], str):
        body[name] = unit.find(body[name])
    if isinstance(body[name], dict):
        _expand(unit, body[name], steps[1:], path)
