"""The command `portal reconcile`: the comparison of the processor with the ledger, now, in words."""

import sys
from collections.abc import Callable

import click

from app.settings import Settings
from billing_core.payments.reconciliation.models import Reconciliation

DIFFERS, NOT_POSSIBLE = 1, 2
"""Exit statuses; 0 is agreement."""


def command(ready: Callable[[], Settings]) -> click.Command:
    """The command, given what makes settings and database ready."""

    @click.command("reconcile")
    def reconcile() -> None:
        """Compare the card processor with the ledger: status 0 when both agree, 1 when not, 2 when not possible."""
        from app.ports import make_ports
        from billing_core.payments.gateway import Unclear
        from billing_core.payments.reconciliation import running

        make_ports(ready())
        try:
            report = running.run("command")
        except Unclear as error:
            click.echo(f"The card processor could not be asked: {error}", err=True)
            sys.exit(NOT_POSSIBLE)
        if report is None:
            click.echo("Another reconciliation is under way; its report will stand at the desk.", err=True)
            sys.exit(NOT_POSSIBLE)
        for line in lines_of(report):
            click.echo(line)
        sys.exit(DIFFERS if report.differences else 0)

    return reconcile


def lines_of(report: Reconciliation) -> list[str]:
    """The report as the command prints it, in English like all commands."""
    from billing_core.payments.reconciliation import wording

    lines = [
        f"{report.since:%Y-%m-%d %H:%M} to {report.until:%Y-%m-%d %H:%M} UTC",
        f"At the card processor: {_counted(report, 'there')}. Of others: {report.strangers}.",
        f"Here: {_counted(report, 'here')}.",
        f"Messages that had not been delivered: {report.events_taken_in}. Mended by a look: {report.mended}.",
        f"At the card processor and not here: {report.missing_here}.",
        f"Here and not at the card processor: {report.missing_there}.",
        f"Otherwise not alike: {report.otherwise}.",
    ]
    return lines + [
        f"{wording.name(one)} {' / '.join(filter(None, (one.ours, one.theirs)))}: {wording.sentence(one)}"
        for one in report.differences
    ]


def _counted(report: Reconciliation, side: str) -> str:
    return ", ".join(
        f"{getattr(report, f'{side}_{things}')} {things}" for things in ("payments", "refunds", "disputes")
    )
