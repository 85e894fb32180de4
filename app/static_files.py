"""Static files under a path that carries their version, so that browsers may keep them for a year."""

import hashlib
from functools import cache
from pathlib import Path

from flask import Blueprint, send_from_directory
from werkzeug.wrappers import Response

from app import colours
from billing_core import templating
from billing_core.web.guards import public_page

_YEAR = 31_536_000
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


@static_files.get("/static/brand/<string:file>")
@public_page()
def brand_colour(file: str) -> Response:
    """The configured colour as a style sheet; its address changes with it."""
    style = Response(colours.style_sheet(templating.brand().colour), mimetype="text/css")
    style.headers["Cache-Control"] = f"public, max-age={_YEAR}"
    return style


@static_files.get("/static/<string:known_version>/<path:file>")
@public_page()
def serve(known_version: str, file: str) -> Response:
    """The file as it is now; an old page's version still finds it."""
    return send_from_directory(FOLDER, file, max_age=_YEAR if known_version == version() else 0)
