"""The hosted page in a real browser: its script, and accessibility in light and dark."""

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any, Literal

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, Request, sync_playwright
from stripe.checkout import Session
from werkzeug.serving import make_server

from tests.browser import CHROMIUM, FLAGS
from tests.stripe_sandbox.till import Till

Walk = Callable[[Page], None]
Scheme = Literal["light", "dark"]


@pytest.fixture
def address(till: Till) -> Iterator[str]:
    """Where the hosted pages are served while the test runs."""
    server = make_server("127.0.0.1", 0, till.browser.application, threaded=True)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.port}"
    server.shutdown()
    thread.join()
    server.server_close()


def browse(walk: Walk, *, scheme: Scheme = "light", width: int = 1100) -> None:
    """Walks in a thread of its own: a thread takes one Playwright, and other tests keep theirs for their session."""

    def in_thread() -> None:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            context = browser.new_context(color_scheme=scheme, viewport={"width": width, "height": 800})
            walk(context.new_page())
            browser.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(in_thread).result()


def opened(till: Till, address: str, **more: Any) -> Session:
    return till.open(success_url=f"{address}/paid", cancel_url=f"{address}/back", **more)


def test_a_known_test_number_chooses_its_card_and_stays_in_the_browser(till: Till, address: str) -> None:
    session = opened(till, address)
    sent: list[str] = []

    def walk(page: Page) -> None:
        page.on("request", lambda request: sent.append(f"{request.url} {request.post_data}"))
        page.goto(str(session.url))
        page.get_by_label("Card number").fill("5555 5555 5555 4444")
        assert page.get_by_label("Test card").input_value() == "pm_card_mastercard"
        page.get_by_role("button", name="Pay", exact=True).click()
        page.wait_for_url("**/paid")

    browse(walk)
    assert till.look(session).payment_status == "paid"
    assert any("card=pm_card_mastercard" in one for one in sent)
    assert not [one for one in sent if "5555" in one.replace(" ", "").replace("+", "")]


def test_an_unknown_number_stops_the_form_and_is_never_sent(till: Till, address: str) -> None:
    session = opened(till, address, locale="de")
    posted: list[Request] = []

    def walk(page: Page) -> None:
        page.on("request", lambda request: posted.append(request) if request.method == "POST" else None)
        page.goto(str(session.url))
        page.get_by_label("Kartennummer").fill("4111 1111 1111 1111")
        page.get_by_role("button", name="Zahlen", exact=True).click()
        page.get_by_text("Das ist keine der Testnummern.").wait_for()
        assert posted == []
        page.get_by_label("Testkarte").select_option(label="Visa 4242: erfolgreich")
        assert page.get_by_label("Kartennummer").input_value() == ""
        page.get_by_role("button", name="Zahlen", exact=True).click()
        page.wait_for_url("**/paid")

    browse(walk)
    assert len(posted) == 1
    assert till.look(session).payment_status == "paid"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_pages_are_accessible_and_fit_a_phone(till: Till, address: str, scheme: Scheme) -> None:
    pay, declined, challenged, paid, ended = (opened(till, address, locale="de") for _ in range(5))
    till.pay(declined, "pm_card_visa_chargeDeclined")
    till.pay(challenged, "pm_card_threeDSecure2Required")
    till.pay(paid)
    till.client.v1.checkout.sessions.expire(ended.id)
    addresses = [
        f"{address}/sandbox/pay/{path}"
        for path in (pay.id, declined.id, f"{challenged.id}/challenge", paid.id, ended.id, "cs_test_unknown")
    ]
    complaints: list[str] = []

    def walk(page: Page) -> None:
        page.on("console", lambda message: complaints.append(message.text))
        page.on("pageerror", lambda error: complaints.append(str(error)))
        for url in addresses:
            page.goto(url)
            complaints.extend(f"{url}: {found['id']}" for found in Axe().run(page).response["violations"])
            if page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth"):
                complaints.append(f"{url} is wider than the screen")

    browse(walk, scheme=scheme, width=360)
    assert [one for one in complaints if "404" not in one] == []
