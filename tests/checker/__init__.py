"""An auditor of money: it reads the portal's database and the processor's file, and imports no line of either program.

What the portal says of itself may be wrong in the same way as the test that asks it; this says the rules a second time.
`bin/test` and `bin/prove payments` call it after each step (`quiet=False`) and after all has calmed down
(`quiet=True`). `python -m tests.checker ADDRESS FILE` reads any portal that works with the sandbox.
"""

from pathlib import Path

from tests.checker import back_rules, card_rules, chain_rules, order_rules, own_rules, shared_rules, till
from tests.checker.books import Books, Connection, opened
from tests.checker.rules import RULES, broken

__all__ = [
    "RULES",
    "audit",
    "back_rules",
    "broken_rules",
    "card_rules",
    "chain_rules",
    "order_rules",
    "own_rules",
    "shared_rules",
]


def broken_rules(connection: Connection, store: Path, *, quiet: bool) -> list[str]:
    """What is wrong between a database, over a plain connection, and the processor's file."""
    return broken(Books(connection), till.read(store), quiet=quiet)


def audit(address: str, store: Path, *, quiet: bool) -> None:
    """Raises AssertionError with every rule that is broken."""
    with opened(address) as connection:
        found = broken_rules(connection, store, quiet=quiet)
    if found:
        raise AssertionError("\n".join(found))
