"""Two questions that a supervisor asks. Neither waits for the processor or the mail server."""

from flask import Blueprint, current_app
from sqlalchemy import select, text

from billing_core import db
from billing_core.numbering import NumberSeries
from billing_core.web.guards import public_page

health = Blueprint("health", __name__)


@health.get("/health/live")
@public_page()
def live() -> tuple[dict[str, str], int]:
    """The process answers."""
    return {"status": "live"}, 200


@health.get("/health/ready")
@public_page()
def ready() -> tuple[dict[str, str], int]:
    """The database answers and has our tables."""
    try:
        with db.reading() as session:
            session.execute(text("SELECT 1"))
            session.execute(select(NumberSeries.code).limit(1))
    except Exception:
        current_app.logger.warning("not ready: the database does not answer", exc_info=True)
        return {"status": "not ready"}, 503
    return {"status": "ready"}, 200
