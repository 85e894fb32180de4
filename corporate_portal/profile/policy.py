"""Who may change what of an account's billing details."""

from billing_core.permissions import Right, Viewer


def may_change_bill_to(viewer: Viewer, account_id: int) -> bool:
    """A billing contact with the right to manage billing details (domain.md 5)."""
    return viewer.may(Right.MANAGE, account_id)


def may_keep_orders(viewer: Viewer, account_id: int) -> bool:
    """The purchase order numbers of an account are kept by those who manage its billing details."""
    return viewer.may(Right.MANAGE, account_id)


def may_use_cards(viewer: Viewer, account_id: int) -> bool:
    """The saved cards of an account are kept by those who may pay with them."""
    return viewer.may(Right.PAY, account_id)
