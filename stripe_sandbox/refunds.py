"""Refunds: money goes back to the card, never more than came from it. With some cards one is pending or fails later."""

from collections.abc import Mapping

from stripe.params import RefundCreateParams, RefundListParams, RefundRetrieveParams

from stripe_sandbox.amounts import check_unit, shown
from stripe_sandbox.calls import Answer, Call, listing, retrieving
from stripe_sandbox.cards import Aftermath, card_of
from stripe_sandbox.errors import Json, invalid, not_possible
from stripe_sandbox.events import emit
from stripe_sandbox.store import Store, Unit, new_id

ENDS_BY = "json_extract(private, '$.ends_at') <= ?"
LATER_SECONDS = 5
"""After which a pending refund succeeds, or one that is going to fail does so."""


def _create(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    charge = _charge(unit, params)
    currency = charge["currency"]
    left = charge["amount_captured"] - charge["amount_refunded"]
    if charge["disputed"]:
        raise not_possible(f"Charge {charge['id']} has been charged back.", code="charge_disputed")
    if left == 0:
        raise not_possible(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    amount: int = params.get("amount", left)
    if amount < 1:
        raise invalid("A refund must be greater than zero.", "amount", "parameter_invalid_integer")
    check_unit(amount, currency, "amount")
    if amount > left:
        raise not_possible(
            f"Refund amount ({shown(amount, currency)}) is greater than unrefunded amount on charge"
            f" ({shown(left, currency)})",
            "amount",
        )
    aftermath = card_of(unit, unit.get(charge["payment_method"], "payment_method")).aftermath
    pends, fails = aftermath is Aftermath.REFUNDS_PEND, aftermath is Aftermath.REFUNDS_FAIL
    refund = unit.add(
        {
            "id": new_id("re"),
            "object": "refund",
            "amount": amount,
            "balance_transaction": None,
            "charge": charge["id"],
            "created": unit.now,
            "currency": currency,
            "destination_details": {
                "card": {"reference_type": "acquirer_reference_number", "type": "refund"},
                "type": "card",
            },
            "metadata": params.get("metadata", {}),
            "payment_intent": charge["payment_intent"],
            "payment_method": charge["payment_method"],
            "reason": params.get("reason"),
            "receipt_number": None,
            "source_transfer_reversal": None,
            "status": "pending" if pends else "succeeded",
            "transfer_reversal": None,
        },
        {"ends": "failed" if fails else "succeeded", "ends_at": unit.now + LATER_SECONDS} if pends or fails else None,
    )
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]
    unit.save(charge)
    emit(unit, "refund.created", refund)
    emit(unit, "charge.refunded", charge)
    return 200, refund


def finish_due(store: Store) -> None:
    """Ends the refunds that were pending or are going to fail; called with each round of deliveries."""
    with store.reading() as unit:
        if not _due(unit, 1):
            return
    with store.writing() as unit:
        for refund in _due(unit, 500):
            _finish(unit, refund, unit.private(refund["id"])["ends"])


def _due(unit: Unit, limit: int) -> list[Json]:
    return unit.bodies([("kind = ?", "refund"), (ENDS_BY, unit.now)], newest_first=False, limit=limit)


def _finish(unit: Unit, refund: Json, status: str) -> None:
    refund["status"] = status
    unit.save_private(refund["id"], {})
    if status == "failed":
        refund["failure_reason"] = "expired_or_canceled_card"
        charge = unit.get(refund["charge"], "charge")
        charge["amount_refunded"] -= refund["amount"]
        charge["refunded"] = False
        unit.save(charge)
    unit.save(refund)
    emit(unit, "refund.updated", refund)
    if status == "failed":
        emit(unit, "refund.failed", refund)


def _charge(unit: Unit, params: Json) -> Json:
    """The charge that is meant, by its own id or by its payment intent's."""
    if ("charge" in params) == ("payment_intent" in params):
        raise invalid("One of the following params should be provided for this request: payment_intent or charge.")
    if "charge" in params:
        charge = unit.get(params["charge"], "charge", "charge")
    else:
        intent = unit.get(params["payment_intent"], "payment_intent", "payment_intent")
        found = unit.find(intent["latest_charge"], "charge") if intent["status"] == "succeeded" else None
        if found is None:
            raise not_possible(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.", "payment_intent"
            )
        charge = found
    if charge["status"] != "succeeded":
        raise not_possible(f"Charge {charge['id']} did not succeed and cannot be refunded.", "charge")
    return charge


CALLS = (
    Call(
        "refunds.create", "POST", "/refunds", RefundCreateParams,
        frozenset({"amount", "charge", "expand", "metadata", "payment_intent", "reason"}), _create,
    ),
    retrieving("refunds.retrieve", "refund", "/refunds", RefundRetrieveParams),
    listing("refunds.list", "refund", "/refunds", RefundListParams, "charge", "payment_intent"),
)  # fmt: skip
