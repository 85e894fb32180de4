"""The command `portal audit verify`: whether the audit trail is as it was written."""

import re
import sys
from collections.abc import Callable

import click

WRONG = 1
"""Exit status; 0 means that nothing is wrong."""


def commands(ready: Callable[[], object]) -> click.Group:
    """The group; `ready` brings settings and database up before a command begins."""

    @click.group()
    def audit() -> None:
        """The audit trail (docs/operations.md)."""

    @audit.command()
    @click.option("--head", "noted", help="A head that was noted elsewhere: the chain must have passed it.")
    def verify(noted: str | None) -> None:
        """Compute the chain of all entries again: status 0 when it is whole, 1 with the first that is wrong."""
        from billing_core.audit.verifying import verify as walk

        if noted is not None and re.fullmatch(r"[0-9a-f]{64}", noted) is None:
            raise click.BadParameter("a head is 64 of 0-9 and a-f.", param_hint="--head")
        ready()
        verdict = walk(None if noted is None else bytes.fromhex(noted))
        if verdict.wrong is not None:
            click.echo(verdict.wrong, err=True)
            sys.exit(WRONG)
        click.echo(f"Entries: {verdict.entries}. None is altered, none is missing.")
        click.echo(f"Head: {verdict.head}")

    return audit
