"""Uploads stay in memory, within the limit of every request: nothing that is sent to us touches a disk."""

from io import BytesIO
from typing import IO

from flask import Request, current_app


class MemoryRequest(Request):
    """Werkzeug would put larger files into temporary ones. LARGE_UPLOADS raises the limit of single endpoints."""

    @property
    def max_content_length(self) -> int | None:
        """The most bytes that a request may have, by where it is sent."""
        larger: int | None = current_app.config.get("LARGE_UPLOADS", {}).get(self.endpoint)
        return larger or super().max_content_length

    @max_content_length.setter
    def max_content_length(self, value: int | None) -> None:
        self._max_content_length = value

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        return BytesIO()
