"""When a payment takes two contacts, and who the second one can be."""

from datetime import timedelta

from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.payments import states
from billing_core.payments.models import Payment
from billing_core.payments.proposals.models import PaymentProposal
from billing_core.payments.refusals import NobodyElsePays, SecondContactNeeded
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Viewer

TOGETHER = timedelta(hours=24)
"""What one contact pays alone within this time counts as one payment, so that parts do not pass below the amount."""


def refuse_alone(viewer: Viewer, account: Account, amount: int, currency: str) -> None:
    """Raise SecondContactNeeded where the viewer may not pay so much alone; under the account's lock.

    Another currency than the account's cannot be compared and always takes two.
    """
    above = account.second_above
    if above is None:
        return
    if currency != account.currency or amount + _paid_alone(viewer.person_id, account.id, currency) > above:
        raise SecondContactNeeded


def others_who_pay(account_id: int, person_id: int) -> list[BillingContact]:
    """The contacts who can confirm what the person proposes. Raises NobodyElsePays."""
    found = [contact for contact in contacts_of(account_id) if contact.may_pay and contact.person_id != person_id]
    if not found:
        raise NobodyElsePays
    return found


def _paid_alone(person_id: int, account_id: int, currency: str) -> int:
    """Of the person's payments that nobody confirmed: what came in, or may still."""
    confirmed = select(PaymentProposal.payment_id).where(PaymentProposal.payment_id.is_not(None))
    alone = select(func.coalesce(func.sum(Payment.amount), 0)).where(
        Payment.account_id == account_id,
        Payment.requested_by == person_id,
        Payment.currency == currency,
        Payment.state.not_in(states.CAME_TO_NOTHING),
        Payment.created_at > clock.now() - TOGETHER,
        Payment.id.not_in(confirmed),
    )
    return int(db.session().scalar(alone) or 0)
