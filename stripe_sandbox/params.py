"""Request parameters: Stripe's bracket form decoded and checked against the SDK's own TypedDicts.

The SDK's types are the only description of Stripe's wire that is at hand offline. A name that Stripe does not know is
refused as Stripe refuses it; a name that Stripe knows and the sandbox does not model is refused too, in plain words: it
must never look as if it had worked.
"""

import re
import types
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from functools import cache
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints

from stripe import RequestOptions

from stripe_sandbox.errors import Json, invalid

KEY = re.compile(r"^([^\[\]]+)((?:\[[^\[\]]*\])*)$")
NONE = type(None)
METADATA_KEYS, METADATA_KEY_LENGTH, METADATA_VALUE_LENGTH = 50, 40, 500


def decode(pairs: Iterable[tuple[str, str]]) -> Json:
    """`a[b][0]=c` becomes `{"a": {"b": ["c"]}}`; the SDK sends every array with indices."""
    tree: Json = {}
    for key, value in pairs:
        match = KEY.match(key)
        if match is None:
            raise invalid(f"Received a malformed parameter name: {key}", key)
        steps = [match[1], *re.findall(r"\[([^\[\]]*)\]", match[2])]
        node = tree
        for step in steps[:-1]:
            node = node.setdefault(step or str(len(node)), {})
            if not isinstance(node, dict):
                raise invalid(f"Invalid parameter: {key}", key)
        node[steps[-1] or str(len(node))] = value
    return tree


@cache
def fields(shape: type) -> Mapping[str, Any]:
    """The parameters of an SDK TypedDict, without the options of the client call that it inherits."""
    # These two names are imported by the SDK for type checkers only.
    hints = get_type_hints(shape, localns={"StripeContext": object, "Mapping": Mapping}, include_extras=True)
    options = RequestOptions.__annotations__.keys() if "stripe_version" in hints else frozenset[str]()
    return {name: hint for name, hint in hints.items() if name not in options}


def check(tree: Json, shape: type, modelled: frozenset[str], path: str = "", dotted: str = "") -> Json:
    """The typed values of `tree`. `modelled` names what the sandbox honours, dotted, without list positions; a name
    stands for everything below it too."""
    known = fields(shape)
    checked: Json = {}
    for name, value in tree.items():
        shown = f"{path}[{name}]" if path else name
        if name not in known:
            raise invalid(f"Received unknown parameter: {shown}", shown, "parameter_unknown")
        place = f"{dotted}.{name}" if dotted else name
        if not any(
            entry == place or entry.startswith(f"{place}.") or place.startswith(f"{entry}.") for entry in modelled
        ):
            raise invalid(f"The sandbox does not model this parameter: {shown}", shown)
        checked[name] = _typed(value, known[name], shown, place, modelled)
    for name, hint in known.items():
        if get_origin(hint) is not NotRequired and name not in checked:
            shown = f"{path}[{name}]" if path else name
            raise invalid(f"Missing required param: {shown}.", shown, "parameter_missing")
    return checked


def _typed(value: Any, hint: Any, shown: str, dotted: str, modelled: frozenset[str]) -> Any:
    origin = get_origin(hint)
    if origin in (NotRequired, Required):
        return _typed(value, get_args(hint)[0], shown, dotted, modelled)
    if origin in (Union, types.UnionType):
        return _one_of(value, get_args(hint), shown, dotted, modelled)
    if origin is Literal:
        if value in get_args(hint):
            return value
        raise invalid(f"Invalid {shown}: must be one of {', '.join(map(str, get_args(hint)))}", shown)
    if origin is list:
        return _list(value, get_args(hint)[0], shown, dotted, modelled)
    if origin is dict:
        return _metadata(value, shown)
    if hasattr(hint, "__total__"):
        if not isinstance(value, dict):
            raise invalid(f"Invalid object: {shown}", shown)
        return check(value, hint, modelled, shown, dotted)
    return _scalar(value, hint, shown)


def _one_of(value: Any, choices: tuple[Any, ...], shown: str, dotted: str, modelled: frozenset[str]) -> Any:
    literals = [choice for choice in choices if get_origin(choice) is Literal]
    allowed = [item for choice in literals for item in get_args(choice)]
    others = [choice for choice in choices if get_origin(choice) is not Literal and choice is not NONE]
    objects = [choice for choice in others if get_origin(choice) is dict or hasattr(choice, "__total__")]
    if value == "" and "" in allowed:
        return {} if any(get_origin(choice) is dict for choice in objects) else None
    if isinstance(value, str) and value in allowed:
        return value
    if bool in choices and value in ("true", "false"):
        return value == "true"
    # `Literal[...] | str` is how the SDK writes an open list; the wire refuses what is not on it. An empty string alone
    # ("unset this") is no list, so the other choices count.
    if literals and str in choices and allowed != [""]:
        raise invalid(f"Invalid {shown}: must be one of {', '.join(map(str, allowed))}", shown)
    plain = [choice for choice in others if choice in (bool, int, str, Decimal)]
    if objects and (isinstance(value, dict) or not plain):
        return _typed(value, objects[0], shown, dotted, modelled)
    return _scalar(value, plain[0] if plain else str, shown)


def _list(value: Any, item: Any, shown: str, dotted: str, modelled: frozenset[str]) -> list[Any]:
    if not isinstance(value, dict) or not all(key.isdecimal() for key in value):
        raise invalid(f"Invalid array: {shown}", shown)
    ordered = sorted(value, key=int)
    return [_typed(value[key], item, f"{shown}[{key}]", dotted, modelled) for key in ordered]


def _metadata(value: Any, shown: str) -> dict[str, str]:
    if not isinstance(value, dict) or not all(isinstance(item, str) for item in value.values()):
        raise invalid(f"Invalid object: {shown} takes keys and string values", shown)
    if len(value) > METADATA_KEYS:
        raise invalid(f"{shown} can have at most {METADATA_KEYS} keys", shown)
    for key, item in value.items():
        if len(key) > METADATA_KEY_LENGTH or len(item) > METADATA_VALUE_LENGTH:
            raise invalid(
                f"{shown} keys take at most {METADATA_KEY_LENGTH} characters and values {METADATA_VALUE_LENGTH}", shown
            )
    return {key: item for key, item in value.items() if item != ""}


def _scalar(value: Any, hint: Any, shown: str) -> Any:
    if not isinstance(value, str):
        raise invalid(f"Invalid value for {shown}", shown)
    if hint is bool:
        if value not in ("true", "false"):
            raise invalid(f"Invalid boolean: {value}", shown)
        return value == "true"
    if hint is int:
        if not re.fullmatch(r"-?[0-9]{1,18}", value):
            raise invalid(f"Invalid integer: {value}", shown, "parameter_invalid_integer")
        return int(value)
    if hint is Decimal:
        try:
            return Decimal(value)
        except InvalidOperation:
            raise invalid(f"Invalid decimal: {value}", shown) from None
    if len(value) > 5000:
        raise invalid(f"Invalid string: {shown} takes at most 5000 characters", shown)
    if value == "":
        raise invalid(f"You passed an empty string for '{shown}'.", shown, "parameter_invalid_empty")
    return value
