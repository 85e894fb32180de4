"""The printing child: kept warm, limited, replaced, and deaf to the network."""

import hashlib
import io
import os
import signal
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pikepdf
import pytest

from billing_core.documents.printing import CannotPrint, page_of
from billing_core.documents.weasy import WeasyPrinter
from tests.billing_core.documents import samples

HUGE = "<table>" + "<tr><td>row" * 60_000 + "</table>"


@pytest.fixture(scope="module")
def printer() -> Iterator[WeasyPrinter]:
    made = WeasyPrinter(seconds=30)
    yield made
    made.close()


def test_the_same_page_gives_the_same_bytes_in_any_process(printer: WeasyPrinter) -> None:
    html = page_of(samples.invoice_print())
    first = printer.print_page(html)
    printer.close()
    assert hashlib.sha256(printer.print_page(html)).hexdigest() == hashlib.sha256(first).hexdigest()


def test_the_document_is_archivable_tagged_and_says_what_it_is(printer: WeasyPrinter) -> None:
    with pikepdf.open(io.BytesIO(printer.print_page(page_of(samples.invoice_print(locale="de"))))) as pdf:
        with pdf.open_metadata() as metadata:
            assert metadata["pdfaid:part"] == "3"
            assert metadata["pdfaid:conformance"] == "B"
        assert str(pdf.docinfo["/Title"]) == "Rechnung DE-2026-000042"
        assert str(pdf.docinfo["/Author"]) == "Northgate Software GmbH"
        assert str(pdf.docinfo["/CreationDate"]).startswith("D:20260331")
        assert str(pdf.Root["/Lang"]) == "de"
        assert pdf.Root["/MarkInfo"]["/Marked"]
        assert "/StructTreeRoot" in pdf.Root
        assert "/OutputIntents" in pdf.Root
        fonts = [item for item in pdf.objects if isinstance(item, pikepdf.Dictionary) and item.get("/Type") == "/Font"]
        assert fonts
        for font in fonts:
            inner = font["/DescendantFonts"][0] if "/DescendantFonts" in font else font
            assert any(name.startswith("/FontFile") for name in inner["/FontDescriptor"].keys())  # noqa: SIM118
            assert "Inter" in str(font["/BaseFont"]), font["/BaseFont"]


def test_the_child_is_kept_warm(printer: WeasyPrinter) -> None:
    printer.print_page("<p>One")
    child = printer.child_id
    printer.print_page("<p>Two")
    assert printer.child_id == child


def test_after_some_pages_a_new_child_takes_over() -> None:
    printer = WeasyPrinter(seconds=30, pages_each=2)
    printer.print_page("<p>One")
    first = printer.child_id
    printer.print_page("<p>Two")
    assert printer.child_id is None
    printer.print_page("<p>Three")
    assert printer.child_id not in (None, first)
    printer.close()


def test_a_page_that_takes_too_long_is_given_up_and_the_next_one_is_printed() -> None:
    printer = WeasyPrinter(seconds=1)
    printer.print_page("<p>Warm")
    hung = printer.child_id
    started = time.monotonic()
    with pytest.raises(CannotPrint, match="within 1 seconds"):
        printer.print_page(HUGE)
    assert time.monotonic() - started < 5
    assert printer.child_id is None
    assert hung is not None
    assert not _is_alive(hung)
    assert printer.print_page("<p>Next").startswith(b"%PDF")
    printer.close()


def test_a_page_that_needs_too_much_memory_is_given_up_and_the_next_one_is_printed() -> None:
    printer = WeasyPrinter(seconds=60, memory=400 * 1024**2)
    with pytest.raises(CannotPrint, match=r"MemoryError|ended before"):
        printer.print_page("<p>" + "word " * 10_000_000)
    assert printer.print_page("<p>Next").startswith(b"%PDF")
    printer.close()


def test_a_child_that_was_killed_is_replaced(printer: WeasyPrinter) -> None:
    printer.print_page("<p>One")
    assert printer.child_id is not None
    os.kill(printer.child_id, signal.SIGKILL)
    _wait_until_gone(printer.child_id)
    assert printer.print_page("<p>Two").startswith(b"%PDF")


def test_a_child_that_dies_over_a_page_is_a_failure_of_that_page() -> None:
    printer = WeasyPrinter(seconds=60)
    printer.print_page("<p>Warm")
    child = printer.child_id
    assert child is not None
    threading.Timer(0.5, os.kill, (child, signal.SIGKILL)).start()
    with pytest.raises(CannotPrint, match="ended before"):
        printer.print_page(HUGE)
    printer.close()


def test_the_child_ends_with_its_parent_and_knows_no_secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PORTAL_SECRET_KEY", "never to be seen by the child")
    printer = WeasyPrinter(seconds=30)
    printer.print_page("<p>One")
    child = printer.child_id
    assert child is not None
    with open(f"/proc/{child}/environ", "rb") as environment:  # noqa: PTH123
        assert b"PORTAL_" not in environment.read()
    assert printer._line is not None
    printer._line.close()
    _wait_until_gone(child)
    printer.close()


def test_it_prints_from_several_threads(printer: WeasyPrinter) -> None:
    printed: list[bytes] = []
    threads = [threading.Thread(target=lambda n=n: printed.append(printer.print_page(f"<p>{n}"))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(printed) == 4
    assert all(pdf.startswith(b"%PDF") for pdf in printed)


def test_nothing_is_fetched_whatever_a_page_asks_for(printer: WeasyPrinter) -> None:
    asked: list[str] = []

    class Canary(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()

    server = HTTPServer(("127.0.0.1", 0), Canary)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    at = f"http://127.0.0.1:{server.server_port}"
    page = f"""
      <base href="{at}/"><link rel="stylesheet" href="{at}/sheet"><link rel="attachment" href="file:///etc/passwd">
      <style>@import url("{at}/import"); @font-face {{ font-family: x; src: url("{at}/font") }}
        p {{ background: url("{at}/background"); font-family: x; list-style-image: url("{at}/list") }}</style>
      <p>Text</p><img src="{at}/image"><img src="file:///etc/passwd"><img src="relative.png">
      <object data="{at}/object"></object><embed src="{at}/embed"><iframe src="{at}/frame"></iframe>
      <svg><image href="{at}/svg"/><use href="{at}/use#x"/></svg>
      <img src="data:image/svg+xml,%3Csvg%3E%3Cimage href='{at}/nested'/%3E%3C/svg%3E">
    """
    pdf = printer.print_page(page)
    server.shutdown()
    server.server_close()
    assert pdf.startswith(b"%PDF")
    assert asked == []
    assert b"root:" not in pdf
    with pikepdf.open(io.BytesIO(pdf)) as opened:
        assert "/EmbeddedFiles" not in opened.Root.get("/Names", {})


def _is_alive(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


def _wait_until_gone(process: int) -> None:
    deadline = time.monotonic() + 10
    while time.monotonic() < deadline:
        try:
            with open(f"/proc/{process}/stat") as stat:  # noqa: PTH123
                if stat.read().rsplit(")", 1)[1].split()[0] == "Z":
                    return
        except FileNotFoundError:
            return
        time.sleep(0.02)
    raise AssertionError(f"process {process} is still there")
