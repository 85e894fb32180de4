"""A payment that takes two contacts: what one proposed, on the page where another one pays it, or refuses."""

from flask import Blueprint
from werkzeug.wrappers import Response

from billing_core import clock, db
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.payments import service as card
from billing_core.payments.cards.queries import offered
from billing_core.payments.proposals import queries, service
from billing_core.payments.proposals.models import PaymentProposal
from billing_core.permissions import Right
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.paying import onward
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.paying.forms import ProposalForm, RefusalForm

proposals = Blueprint("proposals", __name__)

Answer = str | Response | tuple[str, int]


@proposals.get("/payments/proposed/<string:public_id>")
@portal_page()
def detail(public_id: str) -> Answer:
    """What is proposed, by whom, and what became of it."""
    with db.reading():
        return _page(queries.proposal_of(viewer(), public_id))


@proposals.post("/payments/proposed/<string:public_id>/confirm")
@portal_page(proof=True)
def confirm(public_id: str) -> Answer:
    """Pay it: on to the hosted page, or to the payment."""
    form = ProposalForm()
    if form.validate_on_submit():
        try:
            return onward(card.pay_proposed(viewer(), public_id, form_key=form.key, means=form.means))
        except (NotAllowed, NotFound):
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            with db.reading():
                return _page(queries.proposal_of(viewer(), public_id), form), refusal.status
    with db.reading():
        return _page(queries.proposal_of(viewer(), public_id), form), 400


@proposals.post("/payments/proposed/<string:public_id>/refuse")
@portal_page()
def refuse(public_id: str) -> Answer:
    """Refuse it, with a reason for who proposed it."""
    form = RefusalForm(prefix="refusal")
    if form.validate_on_submit():
        db.perform(service.refuse, viewer(), public_id, form.reason.data or "")
        tell("success", mark("The payment is refused, and whoever proposed it has been told. Nothing was charged."))
        return see("proposals.detail", public_id=public_id)
    with db.reading():
        return _page(queries.proposal_of(viewer(), public_id), refusal=form), 400


@proposals.post("/payments/proposed/<string:public_id>/withdraw")
@portal_page()
def withdraw(public_id: str) -> Answer:
    """Take the own proposal back."""
    db.perform(service.withdraw, viewer(), public_id)
    tell("success", mark("Your proposal is withdrawn. Nothing was charged."))
    return see("proposals.detail", public_id=public_id)


def _page(proposal: PaymentProposal, form: ProposalForm | None = None, refusal: RefusalForm | None = None) -> str:
    now, me = clock.now(), viewer()
    form = form or ProposalForm(formdata=None)
    form.offer()
    form.offer_cards(offered(proposal.account_id, proposal.currency))
    is_mine = proposal.proposed_by_id == me.person_id
    answers = proposal.is_waiting(now) and me.may(Right.PAY, proposal.account_id)
    return page(
        "paying/proposal.html", proposal=proposal, form=form, refusal=refusal or RefusalForm(prefix="refusal"),
        may_confirm=answers and not is_mine, may_withdraw=answers and is_mine and proposal.payment is None,
        has_lapsed=proposal.has_lapsed(now), zone=proposal.account.timezone,
    )  # fmt: skip
