"""A person at a browser, who moves by what can be read on the page and by nothing else."""

import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.sync_api import Browser, BrowserContext, FrameLocator, Locator, Page

from app.demo.logins import Login
from tests.concurrency.server import Server
from tests.journeys import inspection
from tests.journeys.german import GERMAN

WIDE = {"width": 1280, "height": 900}
PATIENCE = 30_000
"""Milliseconds until a label that does not come is a failure."""


@dataclass(frozen=True)
class Walk:
    """How a journey is walked: in which language, with or without JavaScript."""

    locale: str
    javascript: bool = True

    def says(self, english: str) -> str:
        """What the product says for it in the walk's language; a text that is missing in german.py is a failure."""
        return english if self.locale == "en" else GERMAN[english]

    def __str__(self) -> str:
        return f"{self.locale}{'' if self.javascript else '-without-javascript'}"


ENGLISH, GERMAN_WALK = Walk("en"), Walk("de")
ENGLISH_PLAIN, GERMAN_PLAIN = Walk("en", javascript=False), Walk("de", javascript=False)


@dataclass
class Visitor:
    """One person. Labels are given in English and looked for in the language of the walk; `named` ones are data."""

    page: Page
    server: Server
    walk: Walk

    def open(self, path: str) -> None:
        """Type an address: the way into a journey, never a step of it."""
        self.page.goto(self.server.url + path)

    def click(self, label: str, context: str = "") -> None:
        """Press the button or follow the link with this label; `context` is what is read out after it."""
        self.click_named(f"{self.walk.says(label)} {context}".strip())

    def click_named(self, name: str) -> None:
        """The same for a label that is data: a title, a number, a company."""
        self._clickable(name).first.click()

    def click_starting(self, start: str) -> None:
        """Follow the link whose label begins so."""
        self.page.get_by_role("link", name=re.compile(f"^{re.escape(start)}")).first.click()

    def tab(self, label: str) -> None:
        """Go to a section of the realm; its count may stand behind the label."""
        sections = self.page.get_by_role("navigation", name=self.walk.says("Sections"), exact=True)
        sections.get_by_role("link", name=re.compile(f"^{re.escape(self.walk.says(label))}")).click()

    def open_menu(self, label: str) -> None:
        """Open a menu of the top bar."""
        self.page.locator("summary").filter(has_text=self.walk.says(label)).click()

    def choose_account(self, name: str) -> None:
        """Look at another account from now on."""
        self.open_menu("Account")
        self.click_named(name)

    def choose_language(self, name: str) -> None:
        """Read on in another language."""
        self.open_menu("Language")
        self.click_named(name)
        self.walk = replace(self.walk, locale={"English": "en", "Deutsch": "de"}[name])

    def sign_out(self) -> None:
        """By the menu with the person's name."""
        self.open_menu("Signed in as")
        self.click("Sign out")
        self.sees("You are signed out.")

    def can_click(self, label: str) -> bool:
        """Whether there is such a button or link."""
        return self._clickable(self.walk.says(label)).count() > 0

    def _clickable(self, name: str) -> Locator:
        button = self.page.get_by_role("button", name=name, exact=True)
        link = self.page.get_by_role("link", name=name, exact=True)
        can_be_seen = self.page.locator(":not(.visually-hidden)")
        return button.or_(link).and_(can_be_seen).locator("visible=true")

    def _whole(self, place: Locator) -> Locator:
        """The place, once its page has come to its end: a browser shows a part as soon as it has read its beginning."""
        place.wait_for()
        self.page.wait_for_load_state("domcontentloaded")
        return place

    def field(self, label: str, within: str = "") -> Locator:
        """The field with this label, inside the group of fields with that name where one is given."""
        place = self.page.get_by_role("group", name=within, exact=True) if within else self.page
        return place.get_by_label(self.walk.says(label), exact=True)

    def field_named(self, name: str) -> Locator:
        """The same for a label that holds data, as the reader of the language hears it."""
        return self.page.get_by_label(name, exact=True)

    def fill(self, label: str, text: str, within: str = "") -> None:
        """Type into a field."""
        self.field(label, within).fill(text)

    def choose(self, label: str, option: str, within: str = "") -> None:
        """Pick an option of a list. White space is all the same."""
        found = self._whole(self.field(label, within))
        texts = [" ".join(text.split()) for text in found.locator("option").all_inner_texts()]
        found.select_option(index=texts.index(option))

    def choose_matching(self, label: str, text: str) -> None:
        """Pick the first option of a list that contains the text, which is data."""
        found = self._whole(self.field(label))
        texts = found.locator("option").all_inner_texts()
        found.select_option(index=next(index for index, option in enumerate(texts) if text in option))

    def fill_line(self, number: int, heading: str, **values: str) -> None:
        """Fill fields of one line of a quote's form; the product is a choice, the rest is typed."""
        line = self.walk.says("Line %(number)s: %(heading)s") % {"number": number, "heading": self.walk.says(heading)}
        for label, value in values.items():
            if label == "Product":
                self.choose(label, value, within=line)
            else:
                self.fill(label, value, within=line)

    def upload(self, label: str, file: Path) -> None:
        """Choose a file."""
        self.field(label).set_input_files(file)

    def tick(self, label: str) -> None:
        """Tick a box or choose a radio button, by a click on its label."""
        self.page.locator("label").get_by_text(self.walk.says(label), exact=True).click()
        assert self.field(label).is_checked(), label

    def tick_the_only_box(self) -> None:
        """The tick-box whose label is a whole sentence."""
        self.page.get_by_role("checkbox").check()

    def sees(self, text: str) -> None:
        """Wait until the product's text stands on the page."""
        self.reads(self.walk.says(text))

    def sees_part(self, text: str, **data: object) -> None:
        """Wait until the product's text stands on the page, with the data in its places."""
        self.reads(self.walk.says(text) % data)

    def reads(self, text: str) -> None:
        """Wait until the text, which is data, stands on the page. White space is all the same."""
        pattern = re.compile(r"\s+".join(re.escape(part) for part in text.split()))
        self.page.get_by_text(pattern).locator("visible=true").first.wait_for()

    def arrives(self, heading: str, **data: object) -> None:
        """Wait until the page with this heading is there."""
        self.arrives_at(self.walk.says(heading) % data)

    def arrives_at(self, heading: str) -> None:
        """The same for a heading that is data."""
        self.page.get_by_role("heading", level=1, name=heading, exact=True).wait_for()

    def complaint(self) -> str:
        """What the summary of errors above a form says."""
        return " ".join(self._whole(self.page.get_by_role("alert")).inner_text().split())

    def fact(self, term: str) -> str:
        """What stands beside the term in a list of facts."""
        pair = self.page.locator("dl div").filter(has=self.page.get_by_text(self.walk.says(term), exact=True))
        return " ".join(self._whole(pair.first.locator("dd")).inner_text().split())

    def figure(self, label: str) -> str:
        """The large figure under the label."""
        found = self.page.locator(".figure").filter(has=self.page.get_by_text(self.walk.says(label), exact=True))
        return " ".join(self._whole(found.first.locator(".figure-value")).inner_text().split())

    def letter(self) -> FrameLocator:
        """The mail in its frame, as its reader sees it."""
        return self.page.frame_locator("iframe")

    def wait_for_mail(self, subject: str) -> None:
        """Open the newest mail with this subject in the development mailbox, as soon as the worker has written it."""
        self.wait_for_mail_named(self.walk.says(subject))

    def wait_for_mail_named(self, subject: str) -> None:
        """The same for a subject that is data."""
        deadline = time.monotonic() + PATIENCE / 1000
        self.open("/mailbox")
        while not self._clickable(subject).count() and time.monotonic() < deadline:
            time.sleep(0.2)
            self.page.reload()
        self.click_named(subject)
        self.arrives_at(subject)

    def reads_in_mail(self, text: str) -> None:
        """Wait until the text, which is data, stands in the mail."""
        self.letter().get_by_text(text).locator("visible=true").first.wait_for()

    def follow_in_mail(self, label: str) -> None:
        """Press the one button of the mail."""
        self.letter().get_by_role("link", name=self.walk.says(label), exact=True).click()

    def sign_in(self, user_id: str, password: str) -> None:
        """At any of the doors."""
        self.fill("User ID (username or e-mail)", user_id)
        self.fill("Password", password)
        self.click("Sign in")

    def enter(self, path: str, login: Login) -> None:
        """Come to a door, or to a page behind one, and sign in as one of the demo's people."""
        self.open(path)
        self.sign_in(login.user_id, login.password)

    def is_at(self, path: str) -> None:
        """Wait until the address has this path."""
        self.page.wait_for_url(self.server.url + path)

    def download(self, label: str) -> Path:
        """Press the button and wait for the file. While it is being printed another page waits for it, and stays."""
        asked_on = self.page.url
        with self.page.expect_download(timeout=60_000) as coming:
            self.click(label)
        file = Path(coming.value.path())
        if self.page.url != asked_on:
            self.page.locator(".page-back a").click()
        return file

    def look(self, picture: str = "") -> None:
        """No accessibility finding in light or dark, no wider than a phone; with a name, a picture for the tour."""
        if self.walk.javascript:
            self._whole(self.page.locator("body"))
            inspection.inspect(self.page, f"{self.walk} {picture}")
            inspection.require_room_on_phone(self.page)
            if picture:
                inspection.take_picture(self.page, picture, self.walk.locale)


class Visits:
    """The browsers of one test."""

    def __init__(self, chromium: Browser, server: Server) -> None:
        self.chromium, self.server = chromium, server
        self.contexts: list[BrowserContext] = []

    def by(self, walk: Walk = ENGLISH) -> Visitor:
        """A fresh browser that reads as the walk says."""
        context = self.chromium.new_context(
            locale="de-DE" if walk.locale == "de" else "en-GB",
            java_script_enabled=walk.javascript,
            viewport=WIDE,  # type: ignore[arg-type]
            reduced_motion="reduce",
        )
        context.set_default_timeout(PATIENCE)
        self.contexts.append(context)
        return Visitor(context.new_page(), self.server, walk)

    def screens(self) -> list[str]:
        """Address and text of each open page."""
        pages = [page for context in self.contexts for page in context.pages]
        return [f"{page.url}\n{page.locator('body').inner_text()}" for page in pages]

    def close(self) -> None:
        """Close them all."""
        for context in self.contexts:
            context.close()


@contextmanager
def visits(chromium: Browser, server: Server) -> Iterator[Visits]:
    """Browsers that are closed in the end, whatever happens."""
    found = Visits(chromium, server)
    try:
        yield found
    finally:
        found.close()
