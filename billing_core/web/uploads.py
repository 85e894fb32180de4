"""Uploads stay in memory, within the limit of every request: nothing that is sent to us touches a disk."""

from io import BytesIO
from typing import IO

from flask import Request


class MemoryRequest(Request):
    """Werkzeug would put larger files into temporary ones."""

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()
