"""The child process that sets pages: `python -m billing_core.documents.typesetter FD`, started by weasy.py.

It knows nothing of the program: no database, no settings, no secrets, and it fetches nothing. It reads pages from its
socket (wire.py) and answers each with a PDF, until the other end is closed.
"""

import hashlib
import logging
import os
import resource
import signal
import socket
import sys
from pathlib import Path

from weasyprint import CSS, HTML
from weasyprint.text.fonts import FontConfiguration
from weasyprint.urls import URLFetcher, URLFetcherResponse

from billing_core.documents import wire

_ROOT = Path(__file__).parents[2]
_SHEET = _ROOT / "templates" / "print" / "letter.css"
_FONTS = _ROOT / "static" / "fonts" / "inter"


class Assets(URLFetcher):  # type: ignore[misc]
    """The only things that a page may have beside itself: our font files, by name. Everything else is refused.

    Refused before any address is looked at, so that no text in a page can reach the network or a file (CVE-2025-68616
    and its like need a fetch to begin with).
    """

    def __init__(self) -> None:
        super().__init__(allowed_protocols=["asset"], allow_redirects=False)
        self._files = {f"asset:{path.name}": path for path in sorted(_FONTS.glob("*.woff2"))}

    def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
        """The named asset. Raises ValueError for any other address."""
        if url not in self._files:
            raise ValueError("a document fetches nothing")
        return URLFetcherResponse(url, self._files[url].read_bytes(), {"Content-Type": "font/woff2"})


class Typesetter:
    """The style sheet and the fonts, read once, and the pages set with them."""

    def __init__(self) -> None:
        self._fonts = FontConfiguration()
        self._assets = Assets()
        self._sheet = CSS(string=_SHEET.read_text(), font_config=self._fonts, url_fetcher=self._assets)

    def set_page(self, html: str) -> bytes:
        """The page as PDF/A-3b with tags. The same page gives the same bytes."""
        page = HTML(string=html, url_fetcher=self._assets)
        pdf = page.write_pdf(
            stylesheets=[self._sheet],
            font_config=self._fonts,
            pdf_variant="pdf/a-3b",
            pdf_tags=True,
            pdf_identifier=hashlib.sha256(html.encode()).digest()[:16],
        )
        return bytes(pdf)


def main() -> None:
    """Set pages until the parent is gone. Arguments: the socket, seconds a page may take, bytes of memory."""
    descriptor, seconds, memory = (int(argument) for argument in sys.argv[1:4])
    resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)  # answering people comes before printing
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    parent = socket.socket(fileno=descriptor)
    typesetter = Typesetter()
    typesetter.set_page("<p>Warm")
    wire.send(parent, wire.READY)
    while (page := _next(parent)) is not None:
        # The parent ends a page that takes too long. Should the parent be gone by then, this does.
        signal.alarm(seconds + 5)
        try:
            answer = wire.PDF, typesetter.set_page(page)
        except Exception as error:  # noqa: BLE001 - told to the parent, which raises it there
            answer = wire.ERROR, f"{type(error).__name__}: {error}".encode()
        signal.alarm(0)
        wire.send(parent, *answer)


def _next(parent: socket.socket) -> str | None:
    try:
        return wire.receive(parent)[1].decode()
    except (EOFError, ConnectionError):
        return None


if __name__ == "__main__":
    main()
