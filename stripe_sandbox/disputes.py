"""Disputes: the cardholder's bank asks about a charge, or takes the money back until it is decided.

As in Stripe's test mode, the evidence `winning_evidence` or `losing_evidence` decides a dispute at once.
"""

from collections.abc import Mapping

from stripe.params import DisputeCloseParams, DisputeListParams, DisputeRetrieveParams, DisputeUpdateParams

from stripe_sandbox.calls import Answer, Call, listing, retrieving
from stripe_sandbox.errors import Json, not_possible
from stripe_sandbox.events import emit
from stripe_sandbox.store import Unit, new_id

DAYS_TO_ANSWER = 9
A_DAY = 86_400
UNDECIDED = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
DECIDING = {"winning_evidence": "won", "losing_evidence": "lost"}


def open_dispute(unit: Unit, charge: Json, *, inquiry: bool = False, amount: int | None = None) -> Json:
    """The bank of the cardholder begins; an inquiry leaves the money where it is. `amount` None: the whole charge."""
    dispute = unit.add(
        {
            "id": new_id("du"),
            "object": "dispute",
            "amount": charge["amount_captured"] - charge["amount_refunded"] if amount is None else amount,
            "balance_transactions": [],
            "charge": charge["id"],
            "created": unit.now,
            "currency": charge["currency"],
            "enhanced_eligibility_types": [],
            "evidence": {"uncategorized_text": None},
            "evidence_details": {
                "due_by": unit.now + DAYS_TO_ANSWER * A_DAY,
                "has_evidence": False,
                "past_due": False,
                "submission_count": 0,
            },
            "is_charge_refundable": inquiry,
            "livemode": False,
            "metadata": {},
            "payment_intent": charge["payment_intent"],
            "reason": "fraudulent",
            "status": "warning_needs_response" if inquiry else "needs_response",
        }
    )
    emit(unit, "charge.dispute.created", dispute)
    if not inquiry:
        _withdraw(unit, dispute, charge)
    return dispute


def escalate(unit: Unit, dispute: Json) -> Json:
    """The bank was not content with what it learned: the money is taken back now."""
    dispute["status"] = "needs_response"
    dispute["is_charge_refundable"] = False
    unit.save(dispute)
    emit(unit, "charge.dispute.updated", dispute)
    _withdraw(unit, dispute, unit.get(dispute["charge"], "charge"))
    return dispute


def _withdraw(unit: Unit, dispute: Json, charge: Json) -> None:
    charge["disputed"] = True
    unit.save(charge)
    emit(unit, "charge.dispute.funds_withdrawn", dispute)


def decide(unit: Unit, dispute: Json, status: str) -> Json:
    """Won: the money comes back. Lost: it does not. An inquiry is closed without any money having moved."""
    if dispute["status"] not in UNDECIDED:
        raise not_possible("This dispute is already closed.")
    was_inquiry = dispute["status"].startswith("warning_")
    dispute["status"] = "warning_closed" if was_inquiry else status
    unit.save(dispute)
    if status == "won" and not was_inquiry:
        charge = unit.get(dispute["charge"], "charge")
        charge["disputed"] = False
        unit.save(charge)
        emit(unit, "charge.dispute.funds_reinstated", dispute)
    emit(unit, "charge.dispute.closed", dispute)
    return dispute


def _update(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    dispute = unit.get(args["id"], "dispute")
    if dispute["status"] not in UNDECIDED:
        raise not_possible("Evidence can only be given while a dispute is open.")
    said = params.get("evidence", {}).get("uncategorized_text")
    if said is not None:
        dispute["evidence"]["uncategorized_text"] = said
        dispute["evidence_details"]["has_evidence"] = True
    unit.save(dispute)
    emit(unit, "charge.dispute.updated", dispute)
    if params.get("submit", True) and said in DECIDING:
        decide(unit, dispute, DECIDING[said])
    return 200, dispute


def _close(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    return 200, decide(unit, unit.get(args["id"], "dispute"), "lost")


CALLS = (
    retrieving("disputes.retrieve", "dispute", "/disputes", DisputeRetrieveParams),
    listing("disputes.list", "dispute", "/disputes", DisputeListParams, "charge", "payment_intent"),
    Call(
        "disputes.update", "POST", "/disputes/<id>", DisputeUpdateParams,
        frozenset({"evidence.uncategorized_text", "submit", "expand"}), _update,
    ),
    Call("disputes.close", "POST", "/disputes/<id>/close", DisputeCloseParams, frozenset({"expand"}), _close),
)  # fmt: skip
