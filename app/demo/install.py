"""Put the demo into a database, and make it current again: what an import brings, then some decisions by real verbs."""

import tempfile
from pathlib import Path

import click
from sqlalchemy import select

from app.demo import decisions
from app.demo.conversation import converse
from app.demo.decisions import SOURCE, person_of
from app.demo.logins import Login, demo_logins, table_of
from app.demo.refresh import write_current
from app.demo.shopping import shop
from app.imports.command import account_of
from app.imports.importing import import_directory
from app.imports.models import ImportSource
from app.settings import Settings
from billing_core import clock, db
from billing_core.credentials import hashing
from billing_core.credentials.models import Password
from billing_core.people import Person

DATA = Path(__file__).parent / "data"
DONE = "demo.installed"
"""The row of import_source that says so: from then on people may change the demo, and it is left alone."""


class DemoRefused(click.ClickException):
    """The demo cannot be installed or refreshed; the text says why."""


def install_demo(settings: Settings) -> tuple[Login, ...]:
    """Load the demo once and return who can sign in with what. Harmless when it is there. Raises DemoRefused."""
    _refuse_production(settings)
    if not is_installed():
        _import(DATA)
        _set_passwords()
        decisions.submit()
        decisions.decide()
        converse()
        shop()
        db.perform(db.add_if_absent, ImportSource, name=DONE, imported_at=clock.now())
    return demo_logins()


def refresh_demo(settings: Settings) -> None:
    """Add quotes that are open now, and bring VAT confirmations, periods and the catalogue up to date.

    Harmless when it was done today already. Raises DemoRefused.
    """
    _refuse_production(settings)
    if not is_installed():
        raise DemoRefused("There is no demo in this database yet. Run first: portal demo install")
    today = clock.today("UTC")
    with tempfile.TemporaryDirectory(prefix="portal-demo-") as folder:
        write_current(DATA, Path(folder), today, without=decisions.DECIDED)
        _import(Path(folder))
    decisions.submit(f"-{today}")


def is_installed() -> bool:
    """Whether this database holds the demo."""
    with db.reading() as session:
        return session.get(ImportSource, DONE) is not None


def banner(settings: Settings) -> str:
    """What the start prints: the address, and where the demo is installed whom to sign in as.

    In development the mailbox page shows everybody each mail, password links too: it warns where others can reach it.
    """
    lines = [f"The portal runs at {settings.base_url}"]
    if not settings.is_production and not settings.is_private:
        lines.append(
            f"Warning: PORTAL_HOST={settings.host} opens this development portal to the network, and "
            f"{settings.base_url}/mailbox shows its mails with their password links to everybody there."
        )
    if not settings.is_production and is_installed():
        lines += ["Try it as one of these (User ID, password, what for):", table_of(settings), ""]
        lines.append(f"Mail that the program sends: {settings.base_url}/mailbox")
        if settings.has_movable_clock:
            lines.append(f"Its clock, which can be moved on: {settings.base_url}/clock")
    return "\n".join(lines)


def _refuse_production(settings: Settings) -> None:
    if settings.is_production:
        raise DemoRefused("Demo data is for development only: its passwords are known to everybody.")


def _import(directory: Path) -> None:
    report = import_directory(directory, source=SOURCE)
    if not report.accepted:
        raise DemoRefused("\n".join(account_of(report)))


def _set_passwords() -> None:
    """A password for everybody who has none yet. Hashed outside any transaction, because that takes time."""
    with db.reading() as session:
        with_password = select(Person.external_id).join(Password, Password.person_id == Person.id)
        have = set(session.scalars(with_password.where(Person.source == SOURCE)))
    for login in demo_logins():
        if login.person not in have:
            db.perform(_put_password, login.person, hashing.hash_password(login.password))


def _put_password(person: str, hashed: str) -> None:
    db.add_if_absent(Password, person_id=person_of(person).id, hash=hashed, changed_at=clock.now())
