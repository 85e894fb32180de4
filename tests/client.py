"""A browser without a screen: it keeps cookies, sends the forms that pages show, and checks the house rules on each."""

from collections import Counter
from functools import cached_property
from typing import Any

from bs4 import BeautifulSoup, Tag
from flask import Flask
from lxml.html import document_fromstring
from werkzeug.test import TestResponse

from billing_core import db
from billing_core.people import Person
from billing_core.permissions import Realm

HEADERS = {
    "Content-Security-Policy": "frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "Cache-Control": "no-store",
    "Referrer-Policy": "",
}


class Page:
    """An answer with its parsed HTML."""

    def __init__(self, response: TestResponse) -> None:
        self.response = response
        self.status = response.status_code
        self.location = response.headers.get("Location", "")
        self.text = response.get_data(as_text=True) if "text" in (response.content_type or "") else ""

    @cached_property
    def html(self) -> BeautifulSoup:
        """The page to look for things in. That its nesting is sound, tests/rules/test_reading_pages.py checks.

        Without the dialogue that says that the session ends: it stands on every page and has tests of its own.
        """
        found = BeautifulSoup(self.text, "lxml")
        for dialogue in found.select("dialog#session-end"):
            dialogue.decompose()
        return found

    @property
    def words(self) -> str:
        """What a reader reads, with runs of white space as one."""
        return " ".join(self.html.get_text(" ").split())

    @property
    def h1(self) -> str:
        """The heading."""
        found = self.html.h1
        return " ".join(found.get_text().split()) if found else ""

    def form(self, action: str = "") -> dict[str, str]:
        """The fields and values of the first POST form whose action contains the text, as a browser would send them."""
        for form in self.html.select("main form[method=post]"):
            if action in (form.get("action") or ""):
                return _fields(form)
        raise AssertionError(f"no form for {action!r} on {self.h1!r}")


def _fields(form: Tag) -> dict[str, str]:
    values: dict[str, str] = {}
    for field in form.select("input[name], select[name], textarea[name]"):
        name, kind = str(field["name"]), field.get("type")
        if kind in ("submit", "button", "file") or (kind in ("checkbox", "radio") and not field.has_attr("checked")):
            continue
        if field.name == "select":
            chosen = field.select_one("option[selected]") or field.select_one("option")
            values[name] = str(chosen.get("value", chosen.get_text())) if chosen else ""
        elif field.name == "textarea":
            values[name] = field.get_text()
        else:
            values[name] = str(field.get("value", "on" if kind == "checkbox" else ""))
    return values


class Client:
    """Wraps Flask's test client. `get` and `post` follow nothing; `sign_in` makes a live session without the page."""

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.browser = app.test_client()

    def get(self, path: str, **kwargs: Any) -> Page:
        """Open an address."""
        return self._checked(Page(self.browser.get(path, **kwargs)))

    def post(self, path: str, data: dict[str, Any] | None = None, *, page: Page | None = None, **kwargs: Any) -> Page:
        """Send a form. Its CSRF token is taken from `page`, or else from the page at the same address."""
        sent = dict(data or {})
        if "csrf_token" not in sent:
            sent["csrf_token"] = self.token(page or self.get(path))
        return self._checked(Page(self.browser.post(path, data=sent, **kwargs)))

    def token(self, page: Page) -> str:
        """The CSRF token of any form on the page."""
        found = page.html.select_one("input[name=csrf_token]")
        assert found is not None, f"no form on {page.h1!r}"
        return str(found["value"])

    def follow(self, page: Page) -> Page:
        """Where a redirect leads."""
        assert page.location, f"{page.status} is no redirect: {page.words[:300]}"
        return self.get(page.location.removeprefix("http://localhost"))

    def sign_in(self, person: Person, realm: Realm = Realm.PORTAL, account_id: int | None = None) -> "Client":
        """Be this person in the realm from now on."""
        from billing_core.credentials import sessions
        from billing_core.web.sessions import cookie_name

        token = db.perform(sessions.begin_session, realm, person.id, "127.0.0.1", "test browser", None)
        with self.app.test_request_context():
            name = cookie_name(realm)
        self.browser.set_cookie(name, token)
        return self

    def _checked(self, page: Page) -> Page:
        response = page.response
        for name, part in HEADERS.items():
            assert part in response.headers.get(name, "missing"), f"{name}: {response.headers.get(name)}"
        if response.status_code in (301, 302, 303) or "text/html" not in (response.content_type or ""):
            return page
        check_page(page)
        return page


def check_page(page: Page) -> None:
    """The rules that every page keeps."""
    html = document_fromstring(page.text)
    title = " ".join(html.xpath("//title//text()")).strip()
    assert title.partition("–")[0].strip(), f"no title: {page.text[:200]}"
    assert len(html.xpath("//h1")) == 1, f"{title}: {len(html.xpath('//h1'))} h1"
    ids = Counter(html.xpath("//@id"))
    assert not ids or max(ids.values()) == 1, f"{title}: double id {ids.most_common(3)}"
    assert html.get("lang") in ("en", "de"), title
    assert not html.xpath("//@style | //style | //script[not(@src)]"), f"{title}: inline script or style"
    assert not html.xpath("//@*[starts-with(name(), 'on')]"), f"{title}: inline handler"
    for form in html.xpath("//form"):
        assert "action" in form.attrib, f"{title}: a form without action"
        if form.get("method") == "post":
            assert form.xpath(".//input[@name='csrf_token']"), f"{title}: a form without CSRF token"
    for wanted in html.xpath("//label/@for"):
        assert wanted in ids, f"{title}: label for nothing: {wanted}"
    shown = " ".join(html.xpath("//body//text()[not(parent::script)]"))
    assert "%(" not in shown, f"{title}: an unfilled place"
    assert "None" not in shown.split(), f"{title}: a value that is none"
