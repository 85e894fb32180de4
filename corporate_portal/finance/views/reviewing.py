"""The pages of payments that were set aside: what waits, and one with what was asked for and what came."""

from collections.abc import Callable

from billing_core import db
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.payments.models import Refund
from billing_core.payments.review import service
from billing_core.payments.review.finding import CLOSE, GIVE_BACK, TAKE_IN
from billing_core.payments.review.refusals import NotPossibleNow
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.finance.forms.reviewing import DECISIONS, DecisionForm
from corporate_portal.finance.queries import reviews as queries
from corporate_portal.finance.views.blueprint import Answer, finance
from corporate_portal.finance.views.refunding import ON_THE_WAY, SENT

VERBS: dict[str, Callable[..., object]] = {
    TAKE_IN: service.take_in, GIVE_BACK: service.give_back, CLOSE: service.close,
}  # fmt: skip
DONE = {
    TAKE_IN: mark("The money was taken in, and the customer gets the receipt."),
    CLOSE: mark("The payment is closed. The invoice can be paid again."),
}


@finance.get("/desk/reviews")
@desk_page("finance")
def reviews() -> Answer:
    """What waits for a decision, and the last ones that were made."""
    with db.reading():
        return page(
            "finance/reviews.html", rows=queries.waiting(viewer()), decided=queries.decided(viewer()),
            decisions=DECISIONS,
        )  # fmt: skip


@finance.get("/desk/reviews/<string:public_id>")
@desk_page("finance")
def review(public_id: str) -> Answer:
    """Both sides beside each other, and what can be done."""
    with db.reading():
        return _page(public_id, DecisionForm(formdata=None))


def _page(public_id: str, form: DecisionForm) -> str:
    found = queries.review_of(viewer(), public_id)
    form.offer(found.possible, found.seen.fingerprint)
    return page(
        "finance/review.html", found=found, payment=found.payment, account=found.payment.account, seen=found.seen,
        review=found.review, form=form, decisions=DECISIONS,
    )  # fmt: skip


@finance.post("/desk/reviews/<string:public_id>/look")
@desk_page("finance")
def look_at_review(public_id: str) -> Answer:
    """Ask the card processor once more."""
    try:
        service.look(viewer(), public_id)
    except Refusal as refusal:
        if isinstance(refusal, NotFound | NotAllowed):
            raise
        tell("error", refusal.message, **refusal.params)
    else:
        tell("success", mark("This is what the card processor says now."))
    return see("finance.review", public_id=public_id)


@finance.post("/desk/reviews/<string:public_id>/decide")
@desk_page("finance")
def decide_review(public_id: str) -> Answer:
    """Take it in, give it back, or close it."""
    form, status = DecisionForm(), 400
    with db.reading():
        queries.review_of(viewer(), public_id)
    if form.validate_on_submit():
        try:
            return _decide(public_id, form)
        except (NotFound, NotAllowed):
            raise
        except Refusal as refusal:
            form.refuse(refusal)
            status = refusal.status
    with db.reading():
        return _page(public_id, form), status


def _decide(public_id: str, form: DecisionForm) -> Answer:
    verb = VERBS.get(form.decision.data or "")
    if verb is None:
        raise NotPossibleNow
    done = verb(viewer(), public_id, form.seen.data or "", form.note.data or "")
    state = done.state if isinstance(done, Refund) else ""
    sentence = SENT.get(state, ON_THE_WAY) if state else DONE.get(form.decision.data, ON_THE_WAY)
    tell("error" if state == "failed" else "success", sentence)
    return see("finance.reviews")
