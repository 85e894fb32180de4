"""What every page must be: free of accessibility findings in light and dark, no wider than a phone; and the tour."""

import hashlib
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Any

from axe_playwright_python.base import AXE_SCRIPT, AxeResults
from PIL import Image
from playwright.sync_api import Page

TOUR = Path(__file__).parent.parent.parent / "docs/tour"
PHONE = {"width": 390, "height": 844}
COLOURS = 192
"""Colours of a picture: enough for text, a fifth of the bytes."""

SKELETON = (Path(__file__).parent / "skeleton.js").read_text()
_clean: set[bytes] = set()
"""Pages of this run without a finding, by what axe can tell them by."""

COLOUR_RULES = ["color-contrast", "link-in-text-block"]
"""What another colour scheme can change."""
RULES_OF_WHOLE_PAGES = ["landmark-one-main", "region"]
"""A mail has no landmarks of its own: it is read inside a page of the mail program."""

IN_DARK = {
    "quote", "invoice", "pay", "work-list", "make-a-quote", "what-changed", "approve", "account-money",
    "bank-statement", "open-items", "day-end", "compare-plans", "billing-center", "checkout", "pay-the-renewal",
}  # fmt: skip
ON_PHONE = {
    "quotes", "quote", "confirm", "invoice", "pay", "subscriptions", "what-changed", "approve", "request",
    "several-confirm", "bank-statement", "open-items", "open-items-of-account",
    "compare-plans", "billing-center-cancelled", "edit-subscription", "cart", "checkout", "pay-the-renewal",
}  # fmt: skip
"""Pictures that the tour shows in the dark and on a phone too, in English."""
WHOLE_ON_PHONE = {"open-items"}
"""Of these not only what a phone shows first."""


def inspect(page: Page, name: str) -> None:
    """Raise AssertionError with each finding of axe in light and dark.

    Pages that differ in their words alone have the same findings: of those one is read in a run.
    """
    skeleton = hashlib.sha256(page.evaluate(SKELETON).encode()).digest()
    if skeleton in _clean:
        return
    page.evaluate(AXE_SCRIPT)
    found = _findings(page) + _findings_in_the_dark(page)
    assert not found, f"{name} at {page.url}:\n" + "\n".join(found)
    _clean.add(skeleton)


def _findings(page: Page) -> list[str]:
    left_out = [] if page.locator("main").count() else RULES_OF_WHOLE_PAGES
    return _run(page, {"rules": {rule: {"enabled": False} for rule in left_out}})


def _findings_in_the_dark(page: Page) -> list[str]:
    page.emulate_media(color_scheme="dark")
    found = _run(page, {"runOnly": COLOUR_RULES})
    page.emulate_media(color_scheme="light")
    return found


def _run(page: Page, options: dict[str, Any]) -> list[str]:
    options["resultTypes"] = ["violations"]
    result = AxeResults(page.evaluate("options => axe.run(options)", options))
    return [result.generate_report()] if result.violations_count else []


def require_room_on_phone(page: Page) -> None:
    """Raise AssertionError where the page is wider than a phone."""
    with _on_phone(page):
        require_room(page)


def require_room(page: Page) -> None:
    """Raise AssertionError where the page scrolls sideways."""
    room, wanted = page.evaluate("[window.innerWidth, document.scrollingElement.scrollWidth]")
    assert wanted <= room, f"{page.url} scrolls sideways: {wanted} px in {room}"


@contextmanager
def _on_phone(page: Page) -> Iterator[None]:
    usual = page.viewport_size
    assert usual is not None
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    yield
    page.set_viewport_size(usual)


def on_tour() -> bool:
    """Whether PORTAL_TOUR asks for pictures."""
    return bool(os.environ.get("PORTAL_TOUR"))


def take_print(document: Path, name: str, locale: str) -> None:
    """Keep a picture of a PDF's first page, on the tour. Needs pdftoppm of poppler-utils."""
    if on_tour():
        drawn = subprocess.run(
            ["pdftoppm", "-png", "-singlefile", "-r", "90", str(document)], check=True, capture_output=True
        )
        _write(Image.open(BytesIO(drawn.stdout)).convert("RGB"), f"{name}-{locale}")


def take_picture(page: Page, name: str, locale: str) -> None:
    """Keep pictures of the whole page under docs/tour, on the tour."""
    if not on_tour():
        return
    _keep(page, f"{name}-{locale}-light")
    if locale == "en" and name in IN_DARK:
        page.emulate_media(color_scheme="dark")
        _keep(page, f"{name}-{locale}-dark")
        page.emulate_media(color_scheme="light")
    if locale == "en" and name in ON_PHONE:
        with _on_phone(page):
            _keep(page, f"{name}-{locale}-phone", full_page=name in WHOLE_ON_PHONE)


def _keep(page: Page, name: str, *, full_page: bool = True) -> None:
    page.evaluate("scrollTo(0, 0), document.fonts.ready.then(() => null)")
    _write(Image.open(BytesIO(page.screenshot(full_page=full_page))).convert("RGB"), name)


def _write(picture: Image.Image, name: str) -> None:
    TOUR.mkdir(parents=True, exist_ok=True)
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(TOUR / f"{name}.png", optimize=True)
