"""The command `portal demo clock`."""

import sys
from collections.abc import Callable
from datetime import date

import click

from app.demo_clock.lead import Lead
from app.demo_clock.moving import STEPS, move_clock
from app.settings import Settings
from billing_core import clock, words
from billing_core.errors import Refusal


def command(ready: Callable[[], Settings]) -> click.Command:
    """The command; `ready` gives the settings and a database at the newest schema."""

    @click.command("clock")
    @click.argument("to", metavar="[day|week|month|YYYY-MM-DD]", required=False)
    def demo_clock(to: str | None) -> None:
        """Show the demo's clock, or move it on by a day, a week or a month, or to a date. It never goes back."""
        wanted = None if to is None else _wanted(to)
        settings = ready()
        if not settings.has_movable_clock:
            click.echo("PORTAL_CLOCK: these settings go by the real clock, which cannot be moved.", err=True)
            sys.exit(1)
        lead = Lead(settings.data_dir)
        if wanted is not None:
            try:
                move_clock(lead, wanted, "command")
            except Refusal as refusal:
                click.echo(words.sentence(refusal), err=True)
                sys.exit(1)
        click.echo(f"It is {clock.now():%Y-%m-%d %H:%M} (UTC), {lead().days} days ahead of the real clock.")

    return demo_clock


def _wanted(text: str) -> str | date:
    if text in STEPS:
        return text
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise click.BadParameter("Say day, week, month, or a date such as 2027-03-31.") from None
