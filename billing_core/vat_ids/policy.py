"""Who may do what with the VAT ID of an account, and for which accounts a confirmation matters at all."""

from billing_core.accounts import Account
from billing_core.permissions import Right, Viewer
from billing_core.sellers.tax import EU
from billing_core.vat_ids import formats


def may_change(viewer: Viewer, account: Account) -> bool:
    """Finance, and for online accounts a billing contact who manages billing details.

    A corporate account asks its representative, since the VAT ID decides on tax as the country does (domain.md 5).
    """
    if viewer.is_staff("finance"):
        return True
    return not account.is_corporate and viewer.may(Right.MANAGE, account.id)


def decides_tax(account: Account) -> bool:
    """Whether reverse charge could apply: seller and account are in different states of the EU. Needs the seller."""
    return account.seller.country != account.country and {account.seller.country, account.country} <= EU


def is_to_be_checked(account: Account) -> bool:
    """Only then is anything sent to the register."""
    return account.vat_id is not None and decides_tax(account) and formats.is_of_eu(account.vat_id)
