"""The moves of a check of a VAT ID."""

from billing_core.transitions import Machine

WAITING, UNAVAILABLE = "waiting", "unavailable"
CONFIRMED, UNKNOWN, REPLACED = "confirmed", "unknown", "replaced"

OPEN = (WAITING, UNAVAILABLE)
"""Nobody has said yet whether the number exists; an account has at most one such check."""

_ENDS = {"confirm": CONFIRMED, "deny": UNKNOWN, "replace": REPLACED}

VAT_CHECK = Machine(
    "Check of a VAT ID",
    WAITING,
    {
        (WAITING, "no_answer"): UNAVAILABLE,
        **{(WAITING, event): end for event, end in _ENDS.items()},
        (UNAVAILABLE, "no_answer"): UNAVAILABLE,
        **{(UNAVAILABLE, event): end for event, end in _ENDS.items()},
    },
)
