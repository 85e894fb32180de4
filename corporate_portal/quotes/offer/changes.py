"""What one version of a quote says differently from another, line by line, with the difference in money.

Lines are the same ones when product, tier, frequency, effect and subscription are; of several alike, the first of the
one belongs to the first of the other, and so on.
"""

from collections import defaultdict
from dataclasses import dataclass
from datetime import date

from corporate_portal.quotes.models import QuoteLine, QuoteVersion

Value = str | int | date | None

LINE_FIELDS = ("description", "quantity", "unit_price", "discount", "rebate", "once_off", "starts_on", "ends_on")
"""What a contact reads of a line; a price that differs for its tax alone is seen in the sums."""
HEAD_FIELDS = (
    "title", "starts_on", "term_months", "valid_until", "zone", "percent_off", "amount_off", "terms_version", "notes",
    "net", "tax", "total",
)  # fmt: skip


@dataclass(frozen=True)
class Difference:
    """One field before and after. Amounts are smallest units, shares basis points."""

    field: str
    before: Value
    after: Value


@dataclass(frozen=True)
class LineChange:
    """kind: added, removed, changed or same. `line` is the new one, or of a removed line the former one."""

    kind: str
    line: QuoteLine
    fields: tuple[Difference, ...]
    due: int
    """How much more, net, the acceptance bills for it now; below zero less."""
    period: int
    """How much more each further period costs, net; 0 for what is delivered once or never billed again."""

    @property
    def is_recurring(self) -> bool:
        """Whether `period` means anything."""
        return _each_period(self.line) != 0 or self.period != 0


@dataclass(frozen=True)
class Changes:
    """Everything that differs between two versions of one quote."""

    before: QuoteVersion
    after: QuoteVersion
    head: tuple[Difference, ...]
    lines: tuple[LineChange, ...]

    @property
    def changed_lines(self) -> tuple[LineChange, ...]:
        """The lines that differ."""
        return tuple(line for line in self.lines if line.kind != "same")

    @property
    def same_count(self) -> int:
        """How many lines stayed as they were."""
        return len(self.lines) - len(self.changed_lines)

    @property
    def due(self) -> int:
        """How much more, net, the acceptance bills at once."""
        return self.after.net - self.before.net

    @property
    def total(self) -> int:
        """The same with tax."""
        return self.after.total - self.before.total

    @property
    def periods(self) -> dict[str, int]:
        """How much more each further period costs, net, by frequency; only where it differs."""
        sums: dict[str, int] = defaultdict(int)
        for change in self.lines:
            sums[change.line.frequency] += change.period
        return {frequency: amount for frequency, amount in sums.items() if amount}

    @property
    def is_nothing(self) -> bool:
        """The two say the same."""
        return not self.head and not self.changed_lines


def changes_between(before: QuoteVersion, after: QuoteVersion) -> Changes:
    """What `after` says differently. Both are of one quote and come with their lines."""
    former = defaultdict(list)
    for line in before.lines:
        former[_name(line)].append(line)
    found = []
    for line in after.lines:
        alike = former[_name(line)]
        found.append(_compared(alike.pop(0), line) if alike else _added(line))
    gone = sorted((line for rest in former.values() for line in rest), key=lambda line: line.position)
    head = tuple(
        Difference(name, getattr(before, name), getattr(after, name))
        for name in HEAD_FIELDS
        if getattr(before, name) != getattr(after, name)
    )
    return Changes(before, after, head, (*found, *(_removed(line) for line in gone)))


def _name(line: QuoteLine) -> tuple[object, ...]:
    return line.product_id, line.tier, line.frequency, line.effect, line.subscription_id


def _added(line: QuoteLine) -> LineChange:
    return LineChange("added", line, (), line.due, _each_period(line))


def _removed(line: QuoteLine) -> LineChange:
    return LineChange("removed", line, (), -line.due, -_each_period(line))


def _compared(before: QuoteLine, after: QuoteLine) -> LineChange:
    fields = tuple(
        Difference(name, getattr(before, name), getattr(after, name))
        for name in LINE_FIELDS
        if getattr(before, name) != getattr(after, name)
    )
    due, period = after.due - before.due, _each_period(after) - _each_period(before)
    return LineChange("changed" if fields or due or period else "same", after, fields, due, period)


def _each_period(line: QuoteLine) -> int:
    """Lines that begin or go on are billed again each period; all others once."""
    return line.net if line.frequency != "once" and line.effect in ("start", "renew") else 0
