"""What may be read about an account's money: where it stands, and its payments. The viewer comes first."""

from corporate_portal.statement.queries.payments import Received, attempts_under_way, gone_of, payments_of, receipt_of
from corporate_portal.statement.queries.standing import (
    BUCKETS,
    Due,
    Standing,
    account_in,
    currencies_of,
    scope_of,
    standing_of,
    statement_of,
)

__all__ = [
    "BUCKETS",
    "Due",
    "Received",
    "Standing",
    "account_in",
    "attempts_under_way",
    "currencies_of",
    "gone_of",
    "payments_of",
    "receipt_of",
    "scope_of",
    "standing_of",
    "statement_of",
]  # fmt: skip
