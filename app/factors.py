"""`portal factors`: for people who have lost their second factor and cannot sign in any more."""

from collections.abc import Callable

import click

ACTOR = "command"
"""As the audit trail names whoever works at the command line."""


def commands(ready: Callable[[], object]) -> click.Group:
    """The group; `ready` brings settings and database up before a command begins."""

    @click.group()
    def factors() -> None:
        """Second factors of people (docs/operations.md)."""

    @factors.command()
    @click.argument("user_id")
    def remove(user_id: str) -> None:
        """Remove the second factor of USER_ID, whose password is void then, and tell the person by mail."""
        ready()
        click.echo(_remove(user_id))

    return factors


def _remove(user_id: str) -> str:
    from billing_core import db
    from billing_core.credentials.factors import service
    from billing_core.errors import NotFound

    try:
        person = db.perform(service.take_factor_away, ACTOR, user_id)
    except NotFound:
        raise click.ClickException(f"Nobody with the User ID {user_id} has a second factor.") from None
    return f"{person.name}: the second factor is removed, the password is void, and a mail says so."
