"""What the vendor's staff read. A representative finds the own accounts only; for the others every quote exists."""

from corporate_portal.desk.queries.accounts import MOST_ACCOUNTS, offers, own_account, own_accounts
from corporate_portal.desk.queries.listing import SHOWN, approvals_of, current_version, quotes, sent_before
from corporate_portal.desk.queries.looking import LOOKED, has_looked, shown_version
from corporate_portal.desk.queries.work import BANDS, WorkList, ending_terms, work_lists

__all__ = [
    "BANDS",
    "LOOKED",
    "MOST_ACCOUNTS",
    "SHOWN",
    "WorkList",
    "approvals_of",
    "current_version",
    "ending_terms",
    "has_looked",
    "offers",
    "own_account",
    "own_accounts",
    "quotes",
    "sent_before",
    "shown_version",
    "work_lists",
]  # fmt: skip
