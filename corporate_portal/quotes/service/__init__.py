"""The verbs of quotes, by who says them: the representative writes, the contact decides, both talk, time lapses.

Every verb locks the quote's row first, then looks at the version that counts, moves it, and writes audit, mails and
jobs into the same transaction; whatever fails refuses the whole. Unique constraints on the decision stand behind it.
"""

from corporate_portal.quotes.service.approving import approve_quote, return_quote
from corporate_portal.quotes.service.deciding import CERTIFICATE, accept_quote, mark_viewed, reject_quote
from corporate_portal.quotes.service.lapsing import expire_quote, remind_of_quote
from corporate_portal.quotes.service.locking import refuse_unless_open, refuse_unless_reviewed
from corporate_portal.quotes.service.ordering import (
    PurchaseOrderSaid,
    billed_in_budget,
    check_admin,
    check_payment,
    check_purchase_order,
    members_of,
)
from corporate_portal.quotes.service.recording import record_decision
from corporate_portal.quotes.service.seconding import confirm_quote, refuse_confirmation, seconds_of, set_second_rule
from corporate_portal.quotes.service.talking import answer, ask_change, ask_revival, comment, keep_request
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
    "CERTIFICATE", "PurchaseOrderSaid", "accept_quote", "answer", "approve_quote", "ask_change", "ask_revival",
    "billed_in_budget", "change_draft", "check_admin", "check_payment", "check_purchase_order", "comment",
    "confirm_quote",
    "draft_quote", "draft_sha256", "expire_quote", "import_quote", "keep_request", "mark_viewed", "members_of",
    "record_decision", "refuse_confirmation", "refuse_unless_open", "refuse_unless_reviewed", "reject_quote",
    "remind_of_quote",
    "return_quote", "revise_quote", "seconds_of", "set_second_rule", "submit_quote", "withdraw_quote",
]  # fmt: skip
