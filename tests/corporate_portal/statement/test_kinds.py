"""Every kind of row that the ledger can have is called something, in both languages."""

import ast
import importlib
import inspect
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from billing_core import words
from corporate_portal.statement.books.entries import CREDIT_FREED, OTHER, WORDS, Row, drawn_together, name_of

ROOT = Path(__file__).parents[3]
KNOWN = {"card", "incoming", "credit", "credit_note", "imported", "overpayment", "used"}


def modules(package: str) -> Iterator[ModuleType]:
    for path in sorted((ROOT / package).rglob("*.py")):
        yield importlib.import_module(".".join(path.relative_to(ROOT).with_suffix("").parts))


def takers() -> dict[str, int]:
    """The functions of the ledger that are told a kind, and as which argument. Its rows are told it by name."""
    found = {"Allocation": -1, "CreditEntry": -1}
    for module in modules("billing_core/ledger"):
        for name, function in inspect.getmembers(module, inspect.isfunction):
            parameters = list(inspect.signature(function).parameters)
            if "kind" in parameters:
                found[name] = parameters.index("kind")
    return found


def kinds() -> set[str]:
    """Every kind that is written down anywhere in the program as such an argument."""
    told, found = takers(), set()
    for package in ("billing_core/ledger", "billing_core/payments", "corporate_portal", "online_bridge"):
        for module in modules(package):
            for node in ast.walk(ast.parse(Path(str(module.__file__)).read_text())):
                if isinstance(node, ast.Call):
                    found |= _named(_argument(node, told), module)
                elif isinstance(node, ast.Dict) and "ledger" in module.__name__:
                    pairs = zip(node.keys, node.values, strict=True)
                    values = [v for k, v in pairs if isinstance(k, ast.Constant) and k.value == "kind"]
                    found |= {kind for value in values for kind in _named(value, module)}
    return found


def _argument(call: ast.Call, told: dict[str, int]) -> ast.expr | None:
    name = getattr(call.func, "id", getattr(call.func, "attr", ""))
    if name not in told:
        return None
    by_name = next((keyword.value for keyword in call.keywords if keyword.arg == "kind"), None)
    return by_name or (call.args[told[name]] if 0 <= told[name] < len(call.args) else None)


def _named(argument: ast.expr | None, module: ModuleType) -> set[str]:
    """The kind, unless it is a parameter that is only passed on."""
    if argument is None:
        return set()
    try:
        value = eval(compile(ast.Expression(argument), "kind", "eval"), dict(vars(module)))  # noqa: S307
    except NameError:
        return set()
    return {value} if isinstance(value, str) else set()


def test_every_kind_has_a_name() -> None:
    found = kinds()
    assert found >= KNOWN, "the search finds what is known to be there"
    assert not found - WORDS.keys(), "each new kind of row needs its words in the statement"


@pytest.mark.parametrize("kind", [*WORDS, "of_tomorrow"])
def test_every_kind_is_told_in_both_languages(kind: str) -> None:
    with words.in_language("de"):
        german = name_of(kind)
    assert german != name_of(kind)
    assert (name_of(kind) == OTHER) == (kind not in WORDS)


def row(kind: str, reference: str, amount: int, place: int = 1, **others: Any) -> Row:
    return Row(date(2026, 1, 1), datetime(2026, 1, 1, tzinfo=UTC), place, 1, kind, reference, amount, **others)


def test_a_kind_that_nobody_has_named_moves_the_balance_all_the_same() -> None:
    (entry,) = drawn_together([row("of_tomorrow", "x", 500)], 100)
    assert (entry.name, entry.amount, entry.balance, entry.about) == (OTHER, 500, 600, "")


def test_what_follows_upon_the_same_reference_is_an_entry_of_its_own() -> None:
    rows = [row("dispute", "dp_1", 500), row("dispute_won", "dp_1", -500)]
    assert [entry.kind for entry in drawn_together(rows, 0)] == ["dispute", "dispute_won"]


def test_money_that_comes_back_takes_what_was_too_much_with_it() -> None:
    """The invoice was paid meanwhile: the rest is account credit, and no second payment."""
    rows = [row("refund_failed", "re_1", -300), row("overpayment", "re_1/inv_1", -200, 2)]
    (entry,) = drawn_together(rows, 500)
    assert (entry.kind, entry.amount, entry.balance) == ("refund_failed", -500, 0)


def test_credit_that_has_to_be_given_up_is_told_beside_what_took_it() -> None:
    rows = [
        row("returned", "inc_1", 100),
        row("credit", "inc_1/u", 50),
        row("used", "inc_1/u/inv_1", -50, 2),
        row("returned", "inc_1", 50, 2),
    ]
    back, freed = drawn_together(rows, 0)
    assert (back.kind, back.amount, back.balance) == ("returned", 150, 150)
    assert (freed.name, freed.amount, freed.moved, freed.balance) == (CREDIT_FREED, 0, 50, 150)
