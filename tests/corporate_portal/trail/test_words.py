"""Every action that the program records has words: the code is searched for them."""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from billing_core.payments import states
from corporate_portal.trail.queries import FOR_CUSTOMERS
from corporate_portal.trail.showing import ACTIONS

ROOT = Path(__file__).parent.parent.parent.parent
KNOWN = {action for actions in ACTIONS.values() for action in actions}
TELLERS = {"_note", "_note_seat", "_tell_audit"}
"""What hands an action on to `audit.record`."""
IMPORTED = (
    "seller", "product", "tax_rate", "tier", "feature", "feature_value", "price", "person", "account", "subscription",
)  # fmt: skip
VARIABLE = {
    "f'payment.{payment.state}'": {f"payment.{state}" for state in states.PAYMENT.states} - {
        "payment.creating", "payment.open", "payment.unknown", "payment.needs_review",
    },  # these are noted in words of their own: opened, doubted, set_aside
    "f'dispute.{dispute.state}'": {f"dispute.{state}" for state in states.DISPUTE.states} - {"dispute.inquiry"},
    "f'card.setup_{setup.state}'": {"card.setup_succeeded", "card.setup_failed", "card.setup_expired"},
    "f'bank_entry.{deed}'": {
        f"bank_entry.{deed}" for deed in ("booked", "linked", "returned", "dismissed", "restored")
    },
    "f'{what}.imported'": {f"{what}.imported" for what in IMPORTED},
    "f'{what}.changed'": {f"{what}.changed" for what in IMPORTED},
    "queries.LOOKED": {"quote.looked_at"},
}  # fmt: skip
"""Actions that are put together, and what can come of them."""


def calls() -> Iterator[tuple[Path, ast.Call]]:
    for folder in ("app", "billing_core", "corporate_portal", "online_bridge"):
        for path in sorted((ROOT / folder).rglob("*.py")):
            source = path.read_text()
            if "audit" in source:
                yield from ((path, node) for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call))


def recorded() -> Iterator[tuple[str, ast.expr]]:
    """Where an action is recorded, and the expression that names it."""
    for path, call in calls():
        place = f"{path.relative_to(ROOT)}:{call.lineno}"
        if any(ast.unparse(one) == "audit.record" for one in call.args):
            yield place, call.args[2]  # perform(audit.record, actor, action, ...)
        elif ast.unparse(call.func) == "audit.record" or (
            getattr(call.func, "id", "") in TELLERS and len(call.args) > 1 and isinstance(call.args[1], ast.Constant)
        ):
            yield place, call.args[1]


def actions_of(place: str, named: ast.expr, tree: dict[str, set[str]]) -> set[str]:
    if isinstance(named, ast.Constant):
        return {str(named.value)}
    spelled = ast.unparse(named)
    if spelled == "action":  # a parameter or a choice of this file: its constants
        return tree[place.partition(":")[0]]
    return VARIABLE[spelled]


@pytest.fixture(scope="module")
def choices() -> dict[str, set[str]]:
    """By file, the constants that are put into a variable `action`."""
    found: dict[str, set[str]] = {}
    for folder in ("app", "billing_core", "corporate_portal", "online_bridge"):
        for path in (ROOT / folder).rglob("*.py"):
            values: set[str] = set()
            for node in ast.walk(ast.parse(path.read_text())):
                if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "action":
                    values |= {str(one.value) for one in ast.walk(node.value) if isinstance(one, ast.Constant)}
            found[str(path.relative_to(ROOT))] = values
    return found


def test_every_action_has_words(choices: dict[str, set[str]]) -> None:
    seen = {action: place for place, named in recorded() for action in actions_of(place, named, choices)}
    assert not {action: place for action, place in seen.items() if action not in KNOWN}
    assert not KNOWN - set(seen), "words for what nobody records"
    assert len(seen) > 100
    assert set(seen) >= FOR_CUSTOMERS
