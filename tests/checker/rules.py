"""What a rule is, and what is told where one is broken."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.checker.books import Books
from tests.checker.till import Till

Finder = Callable[[Books, Till], Iterator[str]]


@dataclass(frozen=True)
class Rule:
    """A sentence that must be true, and who finds what speaks against it."""

    sentence: str
    find: Finder
    only_when_quiet: bool


RULES: list[Rule] = []
"""All rules, in the order in which their modules were read."""


def at_any_time(sentence: str) -> Callable[[Finder], Finder]:
    """The rule holds at each committed moment, whatever has just failed or died."""
    return _rule(sentence, only_when_quiet=False)


def when_quiet(sentence: str) -> Callable[[Finder], Finder]:
    """The rule holds once every message has come, every job is done and the reconciler has looked."""
    return _rule(sentence, only_when_quiet=True)


def _rule(sentence: str, *, only_when_quiet: bool) -> Callable[[Finder], Finder]:
    def put_down(find: Finder) -> Finder:
        RULES.append(Rule(sentence, find, only_when_quiet))
        return find

    return put_down


def broken(books: Books, till: Till, *, quiet: bool) -> list[str]:
    """Every rule that is broken, with what breaks it."""
    held = [rule for rule in RULES if quiet or not rule.only_when_quiet]
    return [f"{rule.sentence}: {found}" for rule in held for found in rule.find(books, till)]
