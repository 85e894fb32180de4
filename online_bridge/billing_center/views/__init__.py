"""The pages of the Billing Center, all on one blueprint: what there is, what can be ordered, and what ends."""

from online_bridge.billing_center.views import ending, ordering, overview
from online_bridge.billing_center.views.blueprint import billing

__all__ = ["billing", "ending", "ordering", "overview"]
