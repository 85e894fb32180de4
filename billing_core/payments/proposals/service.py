"""The verbs of proposed payments. Who confirms one pays it (payments.service.pay_proposed)."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.errors import Invalid
from billing_core.ledger.models import Invoice
from billing_core.ledger.service import lock_account
from billing_core.payments import states
from billing_core.payments.models import Payment
from billing_core.payments.proposals import mails, queries
from billing_core.payments.proposals.models import PaymentProposal, PaymentProposalPart
from billing_core.payments.proposals.rules import others_who_pay
from billing_core.payments.refusals import NotProposedAnyMore, OwnProposal, ProposerMayNotPay
from billing_core.permissions import Right, Viewer, demand
from billing_core.words import mark

LASTS = timedelta(days=7)
LONGEST_REASON = 1000


def put_down(viewer: Viewer, account_id: int, shares: Sequence[tuple[Invoice, int]], form: str) -> PaymentProposal:
    """Propose to pay so much of each invoice; the account is locked, and nothing objects to the payment.

    The same form again returns the proposal that it made. Raises NobodyElsePays.
    """
    made = select(PaymentProposal).where(
        PaymentProposal.proposed_by_id == viewer.person_id, PaymentProposal.form_key == form
    )
    earlier = db.session().scalar(made)
    if earlier is not None:
        return earlier
    others, now = others_who_pay(account_id, viewer.person_id), clock.now()
    proposal = PaymentProposal(
        public_id=db.public_id("ppr"),
        account_id=account_id,
        proposed_by_id=viewer.person_id,
        form_key=form,
        state=states.PROPOSAL.initial,
        amount=sum(amount for _, amount in shares),
        currency=shares[0][0].currency,
        proposed_at=now,
        ends_at=now + LASTS,
        parts=[PaymentProposalPart(invoice_id=invoice.id, amount=amount) for invoice, amount in shares],
    )
    db.session().add(proposal)
    db.session().flush()
    audit.record(
        viewer.actor, "payment.proposed", proposal.public_id, account_id, **_sums(proposal),
        invoices={invoice.public_id: amount for invoice, amount in shares},
    )  # fmt: skip
    mails.tell_proposed(proposal, viewer.display_name, [invoice for invoice, _ in shares], others)
    return proposal


def take_up(viewer: Viewer, public_id: str, shares: Mapping[int, int]) -> PaymentProposal:
    """The proposal that the viewer confirms by paying exactly these amounts, by invoice id; the account is locked.

    Raises NotFound, OwnProposal, NotProposedAnyMore, and ProposerMayNotPay.
    """
    proposal = _locked(viewer, public_id)
    if proposal.proposed_by_id == viewer.person_id:
        raise OwnProposal
    if not proposal.is_waiting(clock.now()) or {part.invoice_id: part.amount for part in proposal.parts} != shares:
        raise NotProposedAnyMore
    pays = [contact.person_id for contact in others_who_pay(proposal.account_id, viewer.person_id)]
    if proposal.proposed_by_id not in pays:
        raise ProposerMayNotPay(person=proposal.proposed_by.name)
    return proposal


def confirm(viewer: Viewer, proposal: PaymentProposal, payment: Payment) -> None:
    """It is being paid by this attempt of the viewer's."""
    if proposal.state == states.PROPOSED:
        proposal.state = states.PROPOSAL.after(proposal.state, "confirm")
    proposal.answered_by_id, proposal.answered_at, proposal.payment_id = viewer.person_id, clock.now(), payment.id
    audit.record(
        viewer.actor, "payment.confirmed_second", proposal.public_id, proposal.account_id, **_sums(proposal),
        payment=payment.public_id,
    )  # fmt: skip
    mails.tell_answered(proposal, viewer.display_name)


def refuse(viewer: Viewer, public_id: str, reason: str) -> PaymentProposal:
    """A second contact does not confirm it. Raises NotFound, NotAllowed, OwnProposal, NotProposedAnyMore, Invalid."""
    if not reason.strip():
        raise Invalid(mark("Say in a few words why you do not confirm it."), field="reason")
    proposal = _open(viewer, public_id)
    if proposal.proposed_by_id == viewer.person_id:
        raise OwnProposal
    _answer(viewer, proposal, "refuse", reason.strip()[:LONGEST_REASON])
    audit.record(
        viewer.actor, "payment.refused_second", public_id, proposal.account_id, **_sums(proposal),
        reason=proposal.reason,
    )  # fmt: skip
    mails.tell_answered(proposal, viewer.display_name)
    return proposal


def withdraw(viewer: Viewer, public_id: str) -> PaymentProposal:
    """Who proposed it takes it back. Raises NotFound, NotAllowed, NotProposedAnyMore."""
    proposal = _open(viewer, public_id)
    if proposal.proposed_by_id != viewer.person_id:
        raise NotProposedAnyMore
    _answer(viewer, proposal, "withdraw", "")
    audit.record(viewer.actor, "payment.proposal_withdrawn", public_id, proposal.account_id, **_sums(proposal))
    return proposal


def _open(viewer: Viewer, public_id: str) -> PaymentProposal:
    account_id = queries.proposal_of(viewer, public_id).account_id
    demand(Right.PAY, viewer, account_id)
    lock_account(account_id)
    proposal = _locked(viewer, public_id)
    if proposal.state != states.PROPOSED or not proposal.is_waiting(clock.now()):
        raise NotProposedAnyMore
    return proposal


def _locked(viewer: Viewer, public_id: str) -> PaymentProposal:
    """Under the account's lock, which everything about proposals takes first, it is read anew."""
    named = queries.proposal_of(viewer, public_id)
    fresh = queries.whole().where(PaymentProposal.id == named.id).execution_options(populate_existing=True)
    return db.session().scalars(fresh).one()


def _answer(viewer: Viewer, proposal: PaymentProposal, event: str, reason: str) -> None:
    proposal.state = states.PROPOSAL.after(proposal.state, event)
    proposal.answered_by_id, proposal.answered_at, proposal.reason = viewer.person_id, clock.now(), reason
    db.session().flush()


def _sums(proposal: PaymentProposal) -> dict[str, Any]:
    return {"amount": proposal.amount, "currency": proposal.currency}
