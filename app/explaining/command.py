"""The command: reads what runs and what is wanted, and prints lines, sums, next period and words as JSON."""

import json
import sys
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any

import click

from app.explaining import reading
from app.explaining.reading import BadField, Section
from billing_core import clock, money, words
from billing_core.errors import Invalid, Refusal
from billing_core.ledger.calculation import AmountTooLarge
from billing_core.subscriptions import proration
from billing_core.subscriptions.due import TaxedNet, due
from billing_core.subscriptions.proration import MONTHS_OF, Running, Wanted
from billing_core.subscriptions.refusals import ChangeOutsidePeriod
from billing_core.words import mark

REFUSED = 2
"""Exit status of an input that cannot be explained."""

MOST_SEATS, MOST_BASIS_POINTS = 100_000, 10_000


@dataclass(frozen=True)
class Question:
    """What the file asks. `credit` is in smallest units, `tax_rate` in basis points."""

    currency: str
    credit: int
    seat_kind: str
    running: Running
    wanted: Wanted
    on: date
    tax_rate: int


@click.command("explain-change")
@click.option("--json", "file", required=True, metavar="FILE", help="What runs and what is wanted; - is stdin.")
@click.option("--locale", type=click.Choice(list(words.LANGUAGES)), default="en", show_default=True)
def explain_change(file: str, locale: str) -> None:
    """Say what a change of an online subscription costs and why (docs/operations.md). Reads no database."""
    with words.in_language(locale):
        try:
            answer = answer_to(read_question(reading.parse(_content(file))))
        except Refusal as refusal:
            click.echo(words.sentence(refusal), err=True)
            sys.exit(REFUSED)
    click.echo((json.dumps(answer, ensure_ascii=False, indent=2) + "\n").encode(), nl=False)


def _content(file: str) -> bytes:
    """At most one byte more than may be read. Raises Invalid."""
    try:
        if file == "-":
            return sys.stdin.buffer.read(reading.MOST_BYTES + 1)
        with Path(file).open("rb") as opened:
            return opened.read(reading.MOST_BYTES + 1)
    except (OSError, ValueError):
        raise Invalid("The file %(file)s cannot be read.", file=file[:200]) from None


def read_question(content: Any) -> Question:
    """The file's content as the rule takes it. Raises BadField."""
    whole = Section(content, ("account", "subscription", "change", "tax_rate"))
    account = whole.section("account", ("timezone", "currency", "credit"))
    runs = whole.section(
        "subscription",
        ("tier", "seats", "seat_kind", "frequency", "unit_price", "period_start", "period_end", "paid"),
    )
    change = whole.section("change", ("on", "tier", "seats", "frequency", "unit_price"))
    zone = account.zone("timezone")
    start, end = runs.day("period_start"), runs.day("period_end")
    if start >= end:
        raise BadField(mark("%(name)s has to be later than subscription.period_start."), "subscription.period_end")
    running = Running(
        runs.text("tier", ""), runs.whole("seats", 1, MOST_SEATS), runs.choice("frequency", MONTHS_OF),
        runs.whole("unit_price", 0, money.LARGEST), start, end, proration.anchor_of(start, end), runs.flag("paid"),
    )  # fmt: skip
    return Question(
        account.currency("currency"), account.whole("credit", 0, money.LARGEST, 0), runs.text("seat_kind", ""),
        running, _wanted(change, running), change.day("on", clock.today(zone)),
        whole.whole("tax_rate", 0, MOST_BASIS_POINTS),
    )  # fmt: skip


def _wanted(change: Section, running: Running) -> Wanted:
    """What is not named stays as it is; but another tier or frequency has a price of its own."""
    tier = change.text("tier", running.tier)
    seats = change.whole("seats", 1, MOST_SEATS, running.seats)
    frequency = change.choice("frequency", MONTHS_OF, running.frequency)
    if (tier, frequency) != (running.tier, running.frequency) and not change.has("unit_price"):
        raise BadField(mark("%(name)s is missing: another tier or frequency has its own price."), "change.unit_price")
    return Wanted(tier, seats, frequency, change.whole("unit_price", 0, money.LARGEST, running.unit_price))


def answer_to(question: Question) -> dict[str, Any]:
    """The answer as the command prints it, its words in the present language. Raises BadField."""
    try:
        change = proration.change(question.running, question.wanted, question.on)
        sums = due([TaxedNet(charge.amount, question.tax_rate) for charge in change.charges], question.credit)
    except ChangeOutsidePeriod as refusal:
        raise BadField(mark("%(name)s cannot be used: %(why)s"), "change.on", why=words.sentence(refusal)) from None
    except AmountTooLarge:
        message = mark("%(name)s is too large: no sum of it may exceed %(most)s.")
        names = "account.credit, subscription.unit_price or change.unit_price"
        raise BadField(message, names, most=money.LARGEST) from None
    lines = [
        {
            "kind": charge.kind,
            "days": charge.days,
            "of_days": charge.of_days,
            "amount": charge.amount,
            "words": proration.words_of(charge, question.currency, seat_kind=question.seat_kind),
        }
        for charge in change.charges
    ]
    period = {"period_start": change.period_start.isoformat(), "period_end": change.period_end.isoformat()}
    return {"lines": lines, **asdict(sums), **period}
