"""The verbs of quotes, by who says them: the representative writes, the contact decides, both talk, time lapses.

Every verb locks the quote's row first, then looks at the version that counts, moves it, and writes audit, mails and
jobs into the same transaction; whatever fails refuses the whole. Unique constraints on the decision stand behind it.
"""

from corporate_portal.quotes.service.approving import approve_quote, return_quote
from corporate_portal.quotes.service.deciding import (
    accept_quote,
    check_payment,
    check_po_number,
    mark_viewed,
    reject_quote,
)
from corporate_portal.quotes.service.lapsing import expire_quote
from corporate_portal.quotes.service.locking import refuse_unless_open, refuse_unless_reviewed
from corporate_portal.quotes.service.writing import (
    change_draft,
    draft_quote,
    draft_sha256,
    import_quote,
    revise_quote,
    submit_quote,
    withdraw_quote,
)

__all__ = [
    "accept_quote", "approve_quote", "change_draft", "check_payment", "check_po_number", "draft_quote", "draft_sha256",
    "expire_quote", "import_quote", "mark_viewed", "refuse_unless_open", "refuse_unless_reviewed", "reject_quote",
    "return_quote", "revise_quote", "submit_quote", "withdraw_quote",
]  # fmt: skip
