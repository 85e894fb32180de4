"""Proposals as the contacts of an account see them."""

from collections.abc import Sequence

from sqlalchemy import ColumnElement, Select, select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import clock, db
from billing_core.errors import NotFound
from billing_core.payments import states
from billing_core.payments.proposals.models import PaymentProposal, PaymentProposalPart
from billing_core.permissions import Viewer


def proposal_of(viewer: Viewer, public_id: str) -> PaymentProposal:
    """One of the viewer's accounts, with everything that its page shows. Raises NotFound."""
    if not db.is_storable(public_id):
        raise NotFound
    found = db.session().scalar(whole().where(PaymentProposal.public_id == public_id, _mine(viewer)))
    if found is None:
        raise NotFound
    return found


def waiting_of(viewer: Viewer) -> Sequence[PaymentProposal]:
    """What waits for a second contact in the chosen account, the oldest first."""
    current = viewer.current.account_id if viewer.current else None
    open_ones = whole().where(
        PaymentProposal.account_id == current, PaymentProposal.state.in_((states.PROPOSED, states.CONFIRMED)),
        PaymentProposal.ends_at > clock.now(),
    )  # fmt: skip
    now = clock.now()
    return [one for one in db.session().scalars(open_ones.order_by(PaymentProposal.id)) if one.is_waiting(now)]


def whole() -> Select[PaymentProposal]:
    """With people, payment and parts."""
    return select(PaymentProposal).options(
        joinedload(PaymentProposal.account), joinedload(PaymentProposal.proposed_by),
        joinedload(PaymentProposal.answered_by), joinedload(PaymentProposal.payment),
        selectinload(PaymentProposal.parts).joinedload(PaymentProposalPart.invoice),
    )  # fmt: skip


def _mine(viewer: Viewer) -> ColumnElement[bool]:
    return PaymentProposal.account_id.in_(sorted(viewer.account_ids))
