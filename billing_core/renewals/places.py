"""Where the mails about renewals lead, each place named once."""

from billing_core.subscriptions.models import Subscription

ORDERS = "/billing/orders"
"""Under which the page of an online order is."""
PAYMENT_METHODS = "/billing/payment-methods"
SUBSCRIPTIONS = "/billing"


def paying(subscription: Subscription) -> str:
    """The page on which an overdue renewal is paid."""
    return f"/billing/renewals/{subscription.public_id}"
