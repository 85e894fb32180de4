"""The lines of a quote as pages and paper show them: in groups, with what each means and what it comes to."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

from billing_core import templating, words
from billing_core.words import mark
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.explaining import Line, explanation

_GROUPS = {
    "yearly": (mark("Recurring, billed yearly"), mark("Sum per year")),
    "monthly": (mark("Recurring, billed monthly"), mark("Sum per month")),
    "add": (mark("Joins running subscriptions, until their terms end"), mark("Sum of added seats")),
    "remove": (mark("Leaves running subscriptions"), mark("Sum of removed seats")),
    "once": (mark("One-off"), mark("Sum of one-off charges")),
    "credit": (mark("Credited"), mark("Sum of credits")),
}


@dataclass(frozen=True)
class ShownLine:
    """One line. net is what it comes to before the amount off the whole quote: a first period, once, or prorated."""

    position: int
    description: str
    detail: str
    quantity: int
    unit: str
    unit_price: int
    discount: int
    """Off one period, with its share of the percentage off the whole quote; 0 where `detail` tells it."""
    percent_off: int
    """Basis points, where the discount is that share and nothing else."""
    tax_rate: int
    net: int


@dataclass(frozen=True)
class LineGroup:
    """The lines of one kind; net is what they come to with the acceptance, and for recurring ones each period."""

    kind: str
    heading: str
    sum_label: str
    lines: list[ShownLine]

    @property
    def net(self) -> int:
        """The sum of the group."""
        return sum(line.net for line in self.lines)


def groups_of(version: QuoteVersion) -> list[LineGroup]:
    """The lines of a version in the reader's language, recurring ones first."""
    return in_groups(version.lines, version.quote.currency)


def in_groups(lines: Iterable[Line], currency: str) -> list[LineGroup]:
    """Stored or just computed lines, numbered as they come."""
    by_kind: dict[str, list[ShownLine]] = {kind: [] for kind in _GROUPS}
    for position, line in enumerate(lines, start=1):
        by_kind[_kind(line)].append(_shown(line, position, currency))
    return [
        LineGroup(kind, words.gettext(heading), words.gettext(sum_label), by_kind[kind])
        for kind, (heading, sum_label) in _GROUPS.items()
        if by_kind[kind]
    ]


def _kind(line: Line) -> str:
    if line.effect in ("add", "remove"):
        return line.effect
    return "credit" if line.due < 0 else line.frequency


def _shown(line: Line, position: int, currency: str) -> ShownLine:
    is_prorated = line.whole_periods is not None
    return ShownLine(
        position=position,
        description=line.description,
        detail=", ".join(part for part in (explanation(line, currency), _time(line)) if part),
        quantity=line.quantity,
        unit=line.unit,
        unit_price=line.unit_price,
        discount=0 if is_prorated else line.discount + line.rebate,
        percent_off=0 if line.rebate else line.percent_off,
        tax_rate=line.tax_rate,
        net=line.due + line.once_off,
    )


def _time(line: Line) -> str:
    """From when until when, of what has a term."""
    if line.ends_on is None:
        return ""
    last_day = templating.day(line.ends_on - timedelta(days=1))
    return words.gettext("%(start)s to %(end)s", start=templating.day(line.starts_on), end=last_day)
