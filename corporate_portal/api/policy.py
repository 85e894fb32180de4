"""What a program may do: its token names scopes, and each operation asks for one of them."""

from collections.abc import Iterable
from enum import StrEnum


class Scope(StrEnum):
    """A part of the interface that a token can open."""

    ACCOUNTS_READ = "accounts:read"
    QUOTES_READ = "quotes:read"
    QUOTES_WRITE = "quotes:write"
    ORDERS_READ = "orders:read"
    INVOICES_READ = "invoices:read"
    PAYMENTS_READ = "payments:read"


def spelled(scopes: Iterable[Scope]) -> str:
    """The scopes as a token's row keeps them: words with spaces between, each once, in the order of their table."""
    wanted = set(scopes)
    return " ".join(scope for scope in Scope if scope in wanted)


def read(words: str) -> frozenset[Scope]:
    """The scopes of a token's row; a word that is none of ours opens nothing."""
    known = {scope.value: scope for scope in Scope}
    return frozenset(known[word] for word in words.split() if word in known)
