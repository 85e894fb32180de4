"""What is loaded together with a version; relationships never load by themselves."""

from sqlalchemy.orm import joinedload, selectinload
from sqlalchemy.orm.interfaces import ORMOption

from billing_core.accounts import Account
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteLine, QuoteVersion

WHOLE: tuple[ORMOption, ...] = (
    selectinload(QuoteVersion.lines).options(joinedload(QuoteLine.product), joinedload(QuoteLine.subscription)),
    selectinload(QuoteVersion.taxes),
    joinedload(QuoteVersion.decision).joinedload(QuoteDecision.recorded_by),
    joinedload(QuoteVersion.first_acceptance),
    joinedload(QuoteVersion.quote).joinedload(Quote.rep),
    joinedload(QuoteVersion.quote).joinedload(Quote.account).joinedload(Account.seller),
)
"""Everything that the page, the document and the verbs need of one version. Three statements."""
