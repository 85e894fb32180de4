"""The command `portal`."""

import logging
import os
import sys
from pathlib import Path

import click

from app import auditing, factors, logs, reconciling, schema, tokens
from app import settings as configuration
from app.demo_clock import command as clock_command
from app.explaining.command import explain_change
from app.settings import BadSettings, Settings
from billing_core import db


def _settings() -> Settings:
    """The settings, or every problem with them on the error stream and exit status 2."""
    try:
        return configuration.read()
    except BadSettings as bad:
        for problem in bad.problems:
            click.echo(problem, err=True)
        sys.exit(2)


def _ready() -> Settings:
    """Settings and a database at the newest schema; the application's verbs can be called then."""
    from app.demo.install import is_installed as holds_demo
    from app.factory import brand_of
    from billing_core import templating
    from corporate_portal.receivables.states import use_reminder_days

    found = _settings()
    logs.start(logging.WARNING)
    _prepare(found)
    _go_by_the_clock(found)
    templating.set_brand(brand_of(found))
    use_reminder_days(found.reminder_days)
    if not schema.is_current():
        click.echo("The database has not this version's schema. Run first: portal migrate", err=True)
        sys.exit(1)
    if found.is_production and holds_demo():
        click.echo("This database holds the demo, whose passwords are public: it cannot serve production.", err=True)
        sys.exit(1)
    return found


def _go_by_the_clock(found: Settings) -> None:
    from app.demo_clock.lead import ClockRefused, use_clock

    try:
        use_clock(found)
    except ClockRefused as refused:
        click.echo(str(refused), err=True)
        sys.exit(1)


def _prepare(found: Settings) -> None:
    """The data folder and what is written there are for this user alone: it holds hashes, mails and keys."""
    os.umask(0o077)
    found.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    db.configure(found.database)


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
def main() -> None:
    """The Corporate Billing Portal. Settings come from the environment: see the table in README.md."""


@main.command()
def migrate() -> None:
    """Create the database or bring its schema up to date."""
    _prepare(_settings())
    schema.migrate()


@main.command("import")
@click.argument("directory", type=click.Path(exists=True, file_okay=False, path_type=Path))
@click.option("--source", default="import", show_default=True, help="The system that the rows come from.")
def import_(directory: Path, source: str) -> None:
    """Read sellers, accounts, people, catalogue, quotes and invoices from CSV files (docs/import.md)."""
    from app.imports.command import run

    _ready()
    sys.exit(run(directory, source))


@main.group()
def demo() -> None:
    """Demo data, for development only."""


@demo.command("install")
def demo_install() -> None:
    """Load the demo data once; harmless when it is there."""
    from app.demo import install

    install.install_demo(_ready())


@demo.command("refresh")
def demo_refresh() -> None:
    """Add current quotes to the demo data."""
    from app.demo import install

    install.refresh_demo(_ready())


@main.command()
def run() -> None:
    """Start web and worker; PORTAL_WEB_PROCESSES above 1 makes them separate processes."""
    from app import server
    from app.demo import install

    found = _ready()
    try:
        server.require_free_port(found)
    except server.CannotListen as refused:
        click.echo(str(refused), err=True)
        sys.exit(1)
    click.echo(install.banner(found))
    if found.web_processes > 1:
        sys.exit(server.supervise())
    server.serve(found, with_worker=True)


@main.command()
def web() -> None:
    """Start the web processes alone."""
    from app import server

    server.serve(_ready(), with_worker=False)


@main.command()
def worker() -> None:
    """Start a worker alone."""
    from app.ports import make_ports
    from app.worker import Worker

    found = _ready()
    Worker(make_ports(found)).run_until_signalled()


@main.command()
def states() -> None:
    """Print docs/states.md, drawn from the tables of moves."""
    from app.states import document

    click.echo(document(), nl=False)


demo.add_command(clock_command.command(_ready))
main.add_command(tokens.commands(_ready))
main.add_command(auditing.commands(_ready))
main.add_command(factors.commands(_ready))
main.add_command(reconciling.command(_ready))
main.add_command(explain_change)

if __name__ == "__main__":
    main()
