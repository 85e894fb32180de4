"""Static files under a path that carries their version, so that browsers may keep them for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, send_from_directory
from werkzeug.wrappers import Response

from billing_core.web.guards import public_page

FOLDER = Path(__file__).parent.parent / "static"

static_files = Blueprint("static_files", __name__)


@cache
def version() -> str:
    """One short hash over all files: fonts and pictures keep their places relative to the style sheets."""
    digest = hashlib.sha256()
    for path in sorted(FOLDER.rglob("*")):
        if path.is_file():
            digest.update(path.relative_to(FOLDER).as_posix().encode() + path.read_bytes())
    return digest.hexdigest()[:12]


def static_url(path: str) -> str:
    """The address of a file below static/."""
    return f"/static/{version()}/{path}"


@static_files.get("/static/<string:known_version>/<path:file>")
@public_page()
def serve(known_version: str, file: str) -> Response:
    """The file as it is now; an old page's version still finds it."""
    return send_from_directory(FOLDER, file, max_age=31_536_000 if known_version == version() else 0)
