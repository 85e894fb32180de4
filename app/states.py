"""docs/states.md, drawn from the tables of moves; a test compares the file with this."""

from billing_core.contacts.states import CONTACT_CHANGE
from billing_core.orders.states import ONLINE_ORDER, ORDER, SCHEDULE
from billing_core.payments.states import CARD_SETUP, DISPUTE, PAYMENT, PROPOSAL, REFUND
from billing_core.transitions import Machine
from billing_core.vat_ids.states import VAT_CHECK
from corporate_portal.quotes.states import QUOTE
from corporate_portal.requests.states import REQUEST

MACHINES: tuple[Machine, ...] = (
    QUOTE, REQUEST, ORDER, SCHEDULE, ONLINE_ORDER, PROPOSAL, PAYMENT, REFUND, DISPUTE, CARD_SETUP, VAT_CHECK,
    CONTACT_CHANGE,
)  # fmt: skip


def document() -> str:
    """The whole page in Markdown."""
    parts = ["# States\n\nDrawn from the code by `portal states`; a test keeps this page and the code equal.\n"]
    parts += [f"\n## {machine.name}\n\n```mermaid\n{machine.diagram()}\n```\n" for machine in MACHINES]
    return "".join(parts)
