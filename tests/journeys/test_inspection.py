"""The inspector reads pages that differ in their words alone once, and every other page anew."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.journeys import inspection

WHOLE = """<!doctype html><html lang="en"><title>Bill</title><main><h1>{heading}</h1><form>
<label for="{field}">{label}</label> <input id="{id}"> <button>{button}</button></form>{rows}</main></html>"""
GOOD = {"heading": "Pay", "field": "a", "id": "a", "label": "Amount", "button": "Pay now", "rows": ""}


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    """An empty page."""
    found = chromium.new_page()
    yield found
    found.close()


@pytest.fixture(autouse=True)
def runs(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Each time that axe is asked, with nothing read before."""
    seen: list[str] = []
    run = inspection._run

    def counted(page: Page, options: dict[str, object]) -> list[str]:
        seen.append(page.url)
        return run(page, options)

    monkeypatch.setattr(inspection, "_run", counted)
    monkeypatch.setattr(inspection, "_clean", set())
    return seen


def show(page: Page, **changes: str) -> None:
    page.set_content(WHOLE.format(**(GOOD | changes)))
    inspection.inspect(page, "a page")


def test_other_words_are_not_read_again(page: Page, runs: list[str]) -> None:
    show(page)
    show(page, heading="Bezahlen", label="Betrag", button="Jetzt bezahlen", field="b", id="b")
    assert len(runs) == 2, "light and dark, once"


@pytest.mark.parametrize(
    "changes",
    [
        {"field": "other"},
        {"label": ""},
        {"button": ""},
        {"rows": "<img src='x.png'>"},
        {"heading": "", "rows": "<h3>x</h3>"},
    ],
)
def test_what_lacks_something_is_found_behind_a_good_page(page: Page, changes: dict[str, str]) -> None:
    show(page)
    with pytest.raises(AssertionError):
        show(page, **changes)
    with pytest.raises(AssertionError):
        show(page, **changes)
