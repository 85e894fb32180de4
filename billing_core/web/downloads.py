"""Handing out a stored document, or the page that waits for it. Nothing is ever printed in a request."""

from io import BytesIO
from typing import Any

from flask import make_response, send_file
from werkzeug.wrappers import Response

from billing_core.documents.service import Content
from billing_core.web.render import page

LOOK_AGAIN = "3"
"""Seconds after which the waiting page asks again by itself."""


def document(content: Content | None, waiting_page: str, **context: Any) -> Response:
    """The bytes under their name, with their hash as the ETag; while there are none, the waiting page with 202."""
    if content is None:
        waiting: Response = make_response(page(waiting_page, **context), 202)
        waiting.headers["Refresh"] = LOOK_AGAIN
        return waiting
    served: Response = send_file(
        BytesIO(content.data),
        content.media_type,
        as_attachment=True,
        download_name=content.filename,
        etag=content.sha256,
    )
    served.headers["Cache-Control"] = "private, no-store"
    return served
