"""What every page must be: without accessibility findings in light and dark, and no wider than a phone."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path
from typing import Literal

from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Page

TOUR = Path(__file__).parent.parent.parent / "docs/tour"
PHONE = {"width": 390, "height": 844}
COLOURS = 192
"""Colours of a picture: enough for text, a fifth of the bytes."""

IN_DARK = {"quote", "invoice", "pay", "work-list"}
ON_PHONE = {"quotes", "quote", "confirm", "invoice", "pay", "subscriptions"}
"""Pictures that the tour shows in the dark and on a phone too, in English."""


def inspect(page: Page, name: str) -> None:
    """Raise AssertionError with each finding. The page is left as it was."""
    found = _findings(page, "light", "wide") + _findings(page, "dark", "wide")
    with _on_phone(page):
        found += _findings(page, "light", "phone")
        room, wanted = page.evaluate("[window.innerWidth, document.scrollingElement.scrollWidth]")
        if wanted > room:
            found.append(f"scrolls sideways on a phone: {wanted} px in {room}")
    assert not found, f"{name} at {page.url}:\n" + "\n".join(found)


def _findings(page: Page, scheme: Literal["light", "dark"], width: str) -> list[str]:
    page.emulate_media(color_scheme=scheme)
    result = Axe().run(page)
    page.emulate_media(color_scheme="light")
    return [result.generate_report()] if result.violations_count else []


@contextmanager
def _on_phone(page: Page) -> Iterator[None]:
    usual = page.viewport_size
    assert usual is not None
    page.set_viewport_size(PHONE)  # type: ignore[arg-type]
    yield
    page.set_viewport_size(usual)


def take_picture(page: Page, name: str, locale: str) -> None:
    """Keep pictures of the whole page under docs/tour, when PORTAL_TOUR asks for them."""
    if not os.environ.get("PORTAL_TOUR"):
        return
    _keep(page, f"{name}-{locale}-light")
    if locale == "en" and name in IN_DARK:
        page.emulate_media(color_scheme="dark")
        _keep(page, f"{name}-{locale}-dark")
        page.emulate_media(color_scheme="light")
    if locale == "en" and name in ON_PHONE:
        with _on_phone(page):
            _keep(page, f"{name}-{locale}-phone")


def _keep(page: Page, name: str) -> None:
    page.evaluate("document.fonts.ready.then(() => null)")
    TOUR.mkdir(parents=True, exist_ok=True)
    picture = Image.open(BytesIO(page.screenshot(full_page=True))).convert("RGB")
    few = picture.quantize(COLOURS, method=Image.Quantize.MEDIANCUT, dither=Image.Dither.NONE)
    few.save(TOUR / f"{name}.png", optimize=True)
