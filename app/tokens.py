"""`portal token`: keys for other programs. A token is shown once, when it is issued."""

from collections.abc import Callable
from datetime import UTC, datetime

import click

ACTOR = "command"
"""As the audit trail names whoever works at the command line."""


def commands(ready: Callable[[], object]) -> click.Group:
    """The group; `ready` brings settings and database up before a command begins."""

    @click.group()
    def token() -> None:
        """Keys for other programs (docs/api.md)."""

    @token.command()
    @click.argument("name")
    @click.option(
        "--scope", "scopes", multiple=True, required=True, help="For example quotes:write; several are possible."
    )
    @click.option("--until", type=click.DateTime(["%Y-%m-%d"]), help="The day (UTC) from which on it opens nothing.")
    def issue(name: str, scopes: tuple[str, ...], until: datetime | None) -> None:
        """Make a token for the program NAME and print it. It is not kept: only its hash is."""
        ready()
        click.echo(_issue(name, scopes, until))

    @token.command("list")
    def list_() -> None:
        """Every token: id, state, scopes, last use, name."""
        ready()
        for line in _lines():
            click.echo(line)

    @token.command()
    @click.argument("token_id", metavar="ID")
    def revoke(token_id: str) -> None:
        """Let the token ID open nothing any more."""
        ready()
        click.echo(_revoke(token_id))

    return token


def _issue(name: str, scopes: tuple[str, ...], until: datetime | None) -> str:
    from billing_core import db, words
    from billing_core.errors import Refusal
    from corporate_portal.api import service
    from corporate_portal.api.policy import Scope

    unknown = sorted(set(scopes) - set(Scope))
    if unknown:
        raise click.BadParameter(f"{', '.join(unknown)}: known are {', '.join(Scope)}.", param_hint="--scope")
    wanted = [Scope(scope) for scope in scopes]
    try:
        _, secret = db.perform(service.issue_token, ACTOR, name, wanted, until and until.replace(tzinfo=UTC))
    except Refusal as refusal:
        raise click.ClickException(words.sentence(refusal)) from None
    return secret


def _lines() -> list[str]:
    from billing_core import clock, db
    from corporate_portal.api import queries

    with db.reading():
        rows = queries.tokens()
    now = clock.now()
    return [
        f"{row.public_id}  {row.state(now):<8}  {row.scopes}  "
        f"{row.last_used_at.strftime('%Y-%m-%d %H:%M') if row.last_used_at else 'never used'}  {row.name}"
        for row in rows
    ]


def _revoke(public_id: str) -> str:
    from billing_core import db
    from billing_core.errors import NotFound
    from corporate_portal.api import service

    try:
        token = db.perform(service.revoke_token, ACTOR, public_id)
    except NotFound:
        raise click.ClickException(f"There is no token {public_id}.") from None
    return f"{token.public_id} ({token.name}) is revoked."
