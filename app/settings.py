"""Settings, from the environment only (prefix PORTAL_), checked at start: every error is said at once.

The table in README.md is compared with this class by a test.
"""

import os
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, fields
from ipaddress import ip_address
from pathlib import Path
from typing import Any

from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError

from app import colours, outside_sites
from app.addresses import is_site, is_web_address
from corporate_portal.receivables.states import are_reminder_days

PREFIX = "PORTAL_"


class BadSettings(Exception):
    """One or more settings cannot be used; `problems` has a line for each."""

    def __init__(self, problems: list[str]) -> None:
        super().__init__("\n".join(problems))
        self.problems = problems


@dataclass(frozen=True)
class Settings:
    """The program's configuration. Field x is read from PORTAL_X."""

    environment: str = "development"
    """development or production."""
    data_dir: Path = Path("var")
    """Where the SQLite file, the sandbox's store and generated secrets live."""
    database_url: str = ""
    """Empty: SQLite in data_dir. Otherwise postgresql+psycopg://…"""
    host: str = "127.0.0.1"
    port: int = 8000
    public_url: str = ""
    """The address under which people reach the program; empty: http://host:port."""
    secret_key: str = ""
    """Signs anonymous cookies and encrypts the seeds of second factors. At least 32 characters; development makes its
    own in data_dir."""
    staff_factor: str = ""
    """required or optional: whether staff must sign in in two steps; empty: required in production."""
    step_up_above: int = 5000
    """Card payments of more than so many euros, dollars or pounds (a hundred times as many of a currency without cents)
    take a fresh proof of who pays."""
    web_processes: int = 1
    """1: one process with the worker as a thread. More: that many web processes and one worker process."""
    web_threads: int = 8
    trusted_proxies: int = 0
    """How many proxies in front set X-Forwarded-For."""
    brand_name: str = "Northgate"
    brand_colour: str = "#2b4a9b"
    """For buttons, links and the mark; white text on it must reach a contrast of 4.5 to 1."""
    support_email: str = "support@northgate.example"
    support_phone: str = ""
    support_url: str = ""
    stripe_secret_key: str = ""
    """Empty: the built-in sandbox, in development only."""
    stripe_webhook_secret: str = ""
    smtp_host: str = ""
    """Empty: mail lands in the mailbox page, in development only."""
    smtp_port: int = 587
    smtp_security: str = "starttls"
    """starttls, tls or none."""
    smtp_user: str = ""
    smtp_password: str = ""
    mail_from: str = "billing@northgate.example"
    reminder_days: str = "7,21,35"
    """After how many days past due each reminder goes out, in their order; off: none is ever sent."""
    my_account_url: str = ""
    """Where people sign in to the vendor's own My Account and are handed over to us; empty: at our own door."""
    admin_center_url: str = ""
    """The same for its Admin Center, where that is another site."""
    hand_off_keys: str = ""
    """With which those sites sign their tokens: NAME=KEY, several with commas; KEY as in a PEM file of Ed25519."""
    hand_off_source: str = "import"
    """The source (portal import --source) whose external ids name people and accounts in those tokens."""
    online_checkout_url: str = ""
    """Where online accounts serve themselves instead of in our Billing Center; {account} is its external id."""

    vat_register: str = ""
    """vies or stand-in; empty: vies in production, stand-in in development."""
    clock: str = ""
    """real or movable; empty: movable where it may be, which is in development with the sandbox and the mailbox."""

    @property
    def has_movable_clock(self) -> bool:
        """The demo's clock may be moved on: nobody takes part whose clock would stay behind."""
        return self.clock != "real" and _may_move_clock(self)

    @property
    def asks_vies(self) -> bool:
        """VAT IDs go to the register of the EU; else the built-in stand-in answers, which refuses production."""
        return self.vat_register == "vies" or (self.vat_register == "" and self.is_production)

    @property
    def requires_staff_factor(self) -> bool:
        """The vendor's staff must have a second factor."""
        return self.staff_factor == "required" or (self.staff_factor == "" and self.is_production)

    @property
    def is_production(self) -> bool:
        """Real money, real mail, no sandbox and no mailbox."""
        return self.environment == "production"

    @property
    def database(self) -> str:
        """The SQLAlchemy URL."""
        return self.database_url or f"sqlite:///{self.data_dir.absolute() / 'portal.sqlite'}"

    @property
    def base_url(self) -> str:
        """Scheme and authority without a slash at the end, as links in mails begin."""
        return (self.public_url or f"http://{self.listens_at}").rstrip("/")

    @property
    def listens_at(self) -> str:
        """Host and port as an address has them: an IPv6 host in brackets."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{host}:{self.port}"

    @property
    def is_private(self) -> bool:
        """Only this very machine can reach the program."""
        try:
            return ip_address(self.host).is_loopback
        except ValueError:
            return self.host == "localhost"

    @property
    def is_secure(self) -> bool:
        """Served over https: cookies are Secure and __Host- then."""
        return self.base_url.startswith("https://")


def read(environ: Mapping[str, str] | None = None) -> Settings:
    """The settings in force. Raises BadSettings with every problem found."""
    environ = os.environ if environ is None else environ
    problems: list[str] = []
    known = {PREFIX + field.name.upper(): field for field in fields(Settings)}
    values: dict[str, Any] = {}
    for name, field in known.items():
        if environ.get(name, "") == "":
            continue
        try:
            values[field.name] = field.type(environ[name]) if callable(field.type) else environ[name]
        except ValueError:
            problems.append(f"{name} must be a whole number, not {environ[name]!r}.")
    unknown = [name for name in environ if name.startswith(PREFIX) and name not in known and name not in _FOR_TESTS]
    problems += [f"{name} is not a setting. Known are: {', '.join(sorted(known))}." for name in sorted(unknown)]
    settings = Settings(**values)
    problems += _problems(settings)
    if problems:
        raise BadSettings(problems)
    return settings if settings.secret_key else _with_own_secret(settings)


_FOR_TESTS = {"PORTAL_TEST_POSTGRES_URL", "PORTAL_PROVE", "PORTAL_TOUR"}
_MAILBOX = re.compile(r"[^@\s]+@[^@\s]+")


def _problems(settings: Settings) -> list[str]:
    checks = [
        (
            settings.environment in ("development", "production"),
            "PORTAL_ENVIRONMENT must be development or production.",
        ),
        (0 < settings.port < 65536, "PORTAL_PORT must be between 1 and 65535."),
        (1 <= settings.web_processes <= 64, "PORTAL_WEB_PROCESSES must be between 1 and 64."),
        (1 <= settings.web_threads <= 64, "PORTAL_WEB_THREADS must be between 1 and 64."),
        (0 <= settings.trusted_proxies <= 5, "PORTAL_TRUSTED_PROXIES must be between 0 and 5."),
        (
            settings.staff_factor in ("", "required", "optional"),
            "PORTAL_STAFF_FACTOR must be required or optional.",
        ),
        (
            0 <= settings.step_up_above <= 10_000_000,
            "PORTAL_STEP_UP_ABOVE must be between 0 and 10000000.",
        ),
        (settings.smtp_security in ("starttls", "tls", "none"), "PORTAL_SMTP_SECURITY must be starttls, tls or none."),
        (0 < settings.smtp_port < 65536, "PORTAL_SMTP_PORT must be between 1 and 65535."),
        (
            _is_database(settings.database),
            "PORTAL_DATABASE_URL must begin with sqlite:/// or postgresql+psycopg:// and name a database.",
        ),
        (
            not settings.public_url or is_site(settings.public_url),
            "PORTAL_PUBLIC_URL must be an address such as https://billing.example.com.",
        ),
        (is_site(f"http://{settings.listens_at}"), "PORTAL_HOST must be a name or an IP address, without a port."),
        (
            not settings.support_url or is_web_address(settings.support_url),
            "PORTAL_SUPPORT_URL must begin with https:// or http://.",
        ),
        (
            bool(settings.brand_name.strip()) and settings.brand_name.isprintable(),
            "PORTAL_BRAND_NAME must be a name on one line.",
        ),
        (
            bool(_MAILBOX.fullmatch(settings.mail_from)) and settings.mail_from.isprintable(),
            "PORTAL_MAIL_FROM must be an e-mail address.",
        ),
        (
            colours.is_readable(settings.brand_colour),
            "PORTAL_BRAND_COLOUR must be a colour such as #2b4a9b, dark enough for white text on it (4.5 to 1).",
        ),
        (
            are_reminder_days(settings.reminder_days),
            "PORTAL_REMINDER_DAYS must be one to six rising whole numbers from 1 to 365, such as 7,21,35; or off.",
        ),
        (
            settings.vat_register in ("", "vies", "stand-in"),
            "PORTAL_VAT_REGISTER must be vies, stand-in or empty.",
        ),
        (settings.clock in ("", "real", "movable"), "PORTAL_CLOCK must be real, movable or empty."),
        (
            settings.clock != "movable" or _may_move_clock(settings),
            "PORTAL_CLOCK=movable is for the demo: not for production, nor with Stripe or a mail server.",
        ),
        (len(settings.secret_key) >= 32 or not settings.secret_key, "PORTAL_SECRET_KEY needs at least 32 characters."),
    ]
    checks += outside_sites.checks(settings)
    if settings.is_production:
        live = settings.stripe_secret_key
        checks += [
            (bool(settings.secret_key), "PORTAL_SECRET_KEY must be set in production."),
            (bool(live), "PORTAL_STRIPE_SECRET_KEY must be set in production: the sandbox takes no real money."),
            (
                not live or live.startswith(_LIVE_KEYS),
                "PORTAL_STRIPE_SECRET_KEY must be a live key in production: it begins with sk_live_ or rk_live_.",
            ),
            (
                settings.trusted_proxies >= 1,
                "PORTAL_TRUSTED_PROXIES must be at least 1 in production: https ends at a proxy in front.",
            ),
            (bool(settings.stripe_webhook_secret), "PORTAL_STRIPE_WEBHOOK_SECRET must be set in production."),
            (bool(settings.smtp_host), "PORTAL_SMTP_HOST must be set in production: the mailbox page is not started."),
            (
                settings.vat_register != "stand-in",
                "PORTAL_VAT_REGISTER must be vies in production: the stand-in confirms numbers that nobody has.",
            ),
            (settings.is_secure, "PORTAL_PUBLIC_URL must be set and begin with https:// in production."),
        ]
    elif settings.stripe_secret_key:
        checks += [
            (bool(settings.stripe_webhook_secret), "PORTAL_STRIPE_WEBHOOK_SECRET is needed with a Stripe key."),
            (
                settings.stripe_secret_key.startswith(("sk_test_", "rk_test_")),
                "PORTAL_STRIPE_SECRET_KEY must be a test key in development (sk_test_ or rk_test_).",
            ),
        ]
    return [sentence for ok, sentence in checks if not ok]


_LIVE_KEYS = ("sk_live_", "rk_live_")


def _may_move_clock(settings: Settings) -> bool:
    return not (settings.is_production or settings.stripe_secret_key or settings.smtp_host)


def _is_database(url: str) -> bool:
    try:
        return url.startswith(("sqlite:///", "postgresql+psycopg://")) and bool(make_url(url).database)
    except (ArgumentError, ValueError):
        return False


def _with_own_secret(settings: Settings) -> Settings:
    """Development only: a random key of this data folder, kept so that a restart does not sign everybody out."""
    path = settings.data_dir / "secret-key"
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    if not path.exists():
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(48))
    values = {field.name: getattr(settings, field.name) for field in fields(settings)}
    return Settings(**{**values, "secret_key": path.read_text().strip()})
