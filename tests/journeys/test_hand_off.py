"""A company's own My Account on another site hands people over, and its own shop takes the online accounts."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser

from tests.concurrency.server import running
from tests.conftest import SECRET, Database
from tests.factories.hand_offs import KEYS, token
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visitor, Walk, visits

AUTOMATIC = "<script>document.forms[0].submit()</script>"


class Company:
    """The other site: `person` is signed in there, `portal` is our address. Its form sends itself where it can."""

    def __init__(self) -> None:
        self.person, self.portal, self.last_token = "", "", ""
        self.server = ThreadingHTTPServer(("127.0.0.1", 0), partial(_Pages, self))
        self.url = f"http://localhost:{self.server.server_port}"
        """To a browser another site than 127.0.0.1."""

    def page(self, path: str) -> str:
        """The hand-over page with the form, the same form once more, or the shop."""
        parts = urlsplit(path)
        if parts.path.startswith("/shop/"):
            return f"<h1>Shop of {parts.path.removeprefix('/shop/')}</h1>"
        if parts.path != "/again":
            asked = {name: value for name, (value,) in parse_qs(parts.query).items()}
            wanted = {"to": asked.get("to", "go-to-billing"), "next": asked.get("next")}
            self.last_token = token(self.person, iss=self.url, aud=self.portal, **wanted)
        action = f"{self.portal}/my-account/hand-off"
        field = f'<input type="hidden" name="token" value="{self.last_token}">'
        return (
            f'<h1>Company</h1><form method="post" action="{action}">{field}<button>Billing</button></form>{AUTOMATIC}'
        )


class _Pages(BaseHTTPRequestHandler):
    def __init__(self, company: Company, *args: object) -> None:
        self.company = company
        super().__init__(*args)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        body = self.company.page(self.path).encode()
        self.send_response(200)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Nothing on the screen."""


@contextmanager
def company() -> Iterator[Company]:
    found = Company()
    thread = threading.Thread(target=found.server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield found
    finally:
        found.server.shutdown()
        thread.join()
        found.server.server_close()


def hand_over(visitor: Visitor, site: Company, person: str, path: str = "/") -> None:
    """As this person at the other site, just after the button."""
    site.person = person
    visitor.page.goto(site.url + path)
    if not visitor.walk.javascript:
        visitor.click_named("Billing")


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_the_way_from_another_site_and_on_to_a_third(
    demo: Demo, database: Database, chromium: Browser, tmp_path: Path, walk: Walk
) -> None:
    with company() as site:
        settings = {
            "PORTAL_MY_ACCOUNT_URL": f"{site.url}/", "PORTAL_HAND_OFF_KEYS": KEYS, "PORTAL_HAND_OFF_SOURCE": "demo",
            "PORTAL_ONLINE_CHECKOUT_URL": f"{site.url}/shop/{{account}}",
        }  # fmt: skip
        with running(database.url, tmp_path, SECRET, **settings) as server, visits(chromium, server) as visit:
            site.portal = server.url
            several = visit.by(walk)
            several.open("/my-account/billing")
            several.arrives("Sign in to My Account")
            several.look()
            site.person = "weber"
            several.click("Go to My Account")
            if not walk.javascript:
                several.click_named("Billing")
            several.walk = replace(walk, locale="de")  # Anna Weber reads German
            several.arrives("Choose the account")
            several.is_at("/my-account/billing")
            several.click("Choose", "Studio Weber")
            several.arrives_at("Shop of weber")

            several.open("/my-account")
            several.choose_account("Hansekontor Logistik AG")
            several.reads("Unternehmenskonto")
            several.click("Go to Billing")
            several.arrives_at(walk.says("Sign in"))  # in the browser's language: nobody is signed in to the portal
            several.open("/my-account")
            several.sign_out()
            several.arrives("Sign in to My Account")

            thief = visit.by(walk)
            hand_over(thief, site, "", "/again")
            thief.arrives("My Account could not hand you over to billing")
            thief.look()
            thief.open("/my-account")
            thief.arrives("Sign in to My Account")

            hand_over(thief, site, "hughes")
            thief.page.wait_for_url(f"{site.url}/shop/**")
            hand_over(thief, site, "krause")
            thief.page.get_by_role(
                "heading", level=1, name="Kontaktieren Sie Ihren Abrechnungsadministrator"
            ).wait_for()
