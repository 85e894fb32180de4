"""How many rows a verb left behind: all or nothing is told by the difference."""

from sqlalchemy import func, select

from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.documents.models import Document
from billing_core.jobs import Job
from billing_core.ledger.models import Invoice, InvoiceLine
from billing_core.mail.models import OutboxMail
from billing_core.numbering import NumberSeries
from billing_core.orders.models import OrderLine, ServiceOrder
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteFirstAcceptance, QuoteLine, QuoteVersion

TABLES = (
    AuditEntry, Document, Invoice, InvoiceLine, Job, OrderLine, OutboxMail, Quote, QuoteDecision, QuoteFirstAcceptance,
    QuoteLine,
    QuoteVersion, ServiceOrder, Subscription,
)  # fmt: skip


def counts() -> dict[str, int]:
    """The rows of every table that quotes touch, and the next number of each series."""
    with db.reading() as session:
        found = {table.__tablename__: session.scalar(select(func.count()).select_from(table)) or 0 for table in TABLES}
        series = session.scalars(select(NumberSeries)).all()
        return found | {row.code: row.next for row in series}
