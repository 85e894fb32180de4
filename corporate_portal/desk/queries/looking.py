"""The customer's page as the desk may look at it: only after that look was written down."""

from datetime import timedelta

from sqlalchemy import select

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.permissions import Viewer
from corporate_portal.desk.queries.listing import whole_version
from corporate_portal.quotes.models import QuoteVersion

LOOKED = "quote.looked_at"
"""The entry of the audit trail."""
LOOK_LASTS = timedelta(minutes=15)


def shown_version(viewer: Viewer, public_id: str) -> QuoteVersion:
    """The version that the customer sees, whole. Raises NotFound before the first one is sent."""
    return whole_version(viewer, public_id, QuoteVersion.is_shown.is_(True))


def has_looked(viewer: Viewer, public_id: str) -> bool:
    """Whether this very viewer's look at the quote was written down within LOOK_LASTS."""
    looks = select(AuditEntry.id).where(
        AuditEntry.subject == public_id,
        AuditEntry.action == LOOKED,
        AuditEntry.actor == viewer.actor,
        AuditEntry.at > clock.now() - LOOK_LASTS,
    )
    return db.session().scalar(looks.limit(1)) is not None
