"""Checkout Sessions: created, listed and expired over the API. What happens on the hosted page is in `checkout`."""

import secrets
from collections.abc import Mapping
from functools import partial
from urllib.parse import urlsplit

from stripe.params.checkout import (
    SessionCreateParams,
    SessionExpireParams,
    SessionListParams,
    SessionRetrieveParams,
)

from stripe_sandbox.amounts import check_charge, check_unit, checked_currency
from stripe_sandbox.calls import Answer, Call, listing, retrieving
from stripe_sandbox.charging import cancel
from stripe_sandbox.errors import Json, invalid, not_possible
from stripe_sandbox.events import emit
from stripe_sandbox.setups import cancel_setup
from stripe_sandbox.store import Store, Unit, new_id

SHORTEST_LIFE_SECONDS = 30 * 60
LONGEST_LIFE_SECONDS = 24 * 60 * 60
REFERENCE_LENGTH = 200
MODELLED = frozenset(
    {
        "adaptive_pricing.enabled", "allowed_payment_method_types", "branding_settings.display_name", "cancel_url",
        "client_reference_id", "currency", "customer", "customer_creation", "customer_email", "expand", "expires_at",
        "line_items.price_data.currency", "line_items.price_data.product_data.description",
        "line_items.price_data.product_data.name", "line_items.price_data.unit_amount", "line_items.quantity",
        "locale", "metadata", "mode", "payment_intent_data.description", "payment_intent_data.metadata",
        "payment_intent_data.receipt_email", "payment_intent_data.setup_future_usage",
        "payment_intent_data.statement_descriptor_suffix",
        "payment_method_options.card.restrictions.brands_blocked", "setup_intent_data.description",
        "setup_intent_data.metadata", "submit_type", "success_url", "ui_mode",
    }
)  # fmt: skip


def _create(base_path: str, unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    mode = _checked_mode(params)
    lines, currency = _lines(params) if mode == "payment" else ([], None)
    total = sum(line["amount"] for line in lines)
    if currency is not None:
        check_charge(total, currency, "line_items")
    elif "currency" in params:
        currency = checked_currency(params["currency"], "currency")
    customer = unit.get(params["customer"], "customer", "customer", status=400) if "customer" in params else None
    identifier = new_id("cs_test", 58)
    session: Json = {
        "id": identifier,
        "object": "checkout.session",
        "adaptive_pricing": {"enabled": False},
        "after_expiration": None,
        "allow_promotion_codes": None,
        "allowed_payment_method_types": params.get("allowed_payment_method_types"),
        "amount_subtotal": total if lines else None,
        "amount_total": total if lines else None,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "billing_address_collection": None,
        "cancel_url": checked_url(params, "cancel_url"),
        "client_reference_id": params.get("client_reference_id"),
        "client_secret": None,
        "consent": None,
        "consent_collection": None,
        "created": unit.now,
        "currency": currency,
        "currency_conversion": None,
        "custom_fields": [],
        "custom_text": {
            "after_submit": None,
            "shipping_address": None,
            "submit": None,
            "terms_of_service_acceptance": None,
        },
        "customer": None if customer is None else customer["id"],
        "customer_creation": params.get("customer_creation", "if_required") if customer is None else None,
        "customer_details": None,
        "customer_email": params.get("customer_email"),
        "discounts": [] if lines else None,
        "expires_at": _expiry(unit, params),
        "invoice": None,
        "livemode": False,
        "locale": params.get("locale"),
        "metadata": params.get("metadata", {}),
        "mode": mode,
        "payment_intent": None,
        "payment_link": None,
        "payment_method_collection": "if_required" if lines else "always",
        "payment_method_options": params.get("payment_method_options", {}),
        "payment_method_types": ["card"],
        "payment_status": "unpaid" if lines else "no_payment_required",
        "phone_number_collection": {"enabled": False},
        "recovered_from": None,
        "setup_intent": None,
        "shipping_address_collection": None,
        "shipping_cost": None,
        "shipping_options": [],
        "status": "open",
        "submit_type": params.get("submit_type"),
        "subscription": None,
        "success_url": checked_url(params, "success_url"),
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0} if lines else None,
        "ui_mode": "hosted_page",
        "url": f"{mount(base_path, params['success_url'])}/pay/{identifier}",
    }
    unit.add(
        session,
        {
            "page_token": secrets.token_urlsafe(24),
            "merchant": params.get("branding_settings", {}).get("display_name"),
            "lines": lines,
            "blocked": _blocked_brands(params),
            "intent": params.get("payment_intent_data" if lines else "setup_intent_data", {}),
            "notice": None,
        },
    )
    return 200, session


def _checked_mode(params: Json) -> str:
    """The mode, once all that depends on it fits together."""
    mode = params.get("mode")
    if mode not in ("payment", "setup"):
        raise invalid("You must pass a `mode` of payment or setup; the sandbox models these two.", "mode")
    if params.get("ui_mode", "hosted_page") != "hosted_page":
        raise invalid("The sandbox models the hosted page only.", "ui_mode")
    if params.get("allowed_payment_method_types", ["card"]) != ["card"]:
        raise invalid("The sandbox models cards only.", "allowed_payment_method_types")
    if params.get("adaptive_pricing", {}).get("enabled"):
        raise invalid("The sandbox charges in the session's own currency only.", "adaptive_pricing[enabled]")
    if mode == "setup" and not {"currency", "allowed_payment_method_types"} & params.keys():
        raise invalid("Setup mode needs a currency, or the payment method types that it allows.", "currency")
    if "success_url" not in params:
        raise invalid("Missing required param: success_url.", "success_url", "parameter_missing")
    if "customer" in params and ("customer_email" in params or "customer_creation" in params):
        raise invalid("You may only specify one of these parameters: customer, customer_email.", "customer")
    foreign = ("payment_intent_data", "line_items", "submit_type") if mode == "setup" else ("setup_intent_data",)
    for name in foreign:
        if name in params:
            raise invalid(f"You can not pass `{name}` in `{mode}` mode.", name)
    if len(params.get("client_reference_id", "")) > REFERENCE_LENGTH:
        raise invalid(f"A reference takes at most {REFERENCE_LENGTH} characters.", "client_reference_id")
    return str(mode)


def _lines(params: Json) -> tuple[list[Json], str]:
    if not params.get("line_items"):
        raise invalid("Missing required param: line_items.", "line_items", "parameter_missing")
    lines: list[Json] = []
    currency = params["line_items"][0].get("price_data", {}).get("currency", "").lower()
    for index, item in enumerate(params["line_items"]):
        shown = f"line_items[{index}]"
        price = item.get("price_data")
        if price is None or "unit_amount" not in price or "product_data" not in price:
            raise invalid(f"You must specify {shown}[price_data] with unit_amount and product_data.", shown)
        quantity = item.get("quantity", 0)
        if quantity < 1:
            raise invalid("Quantity is required and must be at least 1.", f"{shown}[quantity]")
        if checked_currency(price["currency"], f"{shown}[price_data][currency]") != currency:
            raise invalid("All line items must have the same currency.", "line_items")
        check_unit(price["unit_amount"], currency, f"{shown}[price_data][unit_amount]")
        product = price["product_data"]
        lines.append(
            {
                "name": product["name"],
                "description": product.get("description"),
                "quantity": quantity,
                "amount": price["unit_amount"] * quantity,
            }
        )
    if params.get("currency", currency).lower() != currency:
        raise invalid("The session's currency must be that of its line items.", "currency")
    return lines, currency


def _expiry(unit: Unit, params: Json) -> int:
    expires_at: int = params.get("expires_at", unit.now + LONGEST_LIFE_SECONDS)
    if not SHORTEST_LIFE_SECONDS <= expires_at - unit.now <= LONGEST_LIFE_SECONDS:
        raise invalid("`expires_at` must be 30 minutes to 24 hours ahead of the session's creation.", "expires_at")
    return expires_at


def checked_url(params: Json, name: str) -> str | None:
    url: str | None = params.get(name)
    if url is not None:
        parts = urlsplit(url)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise invalid("Not a valid URL", name, "url_invalid")
    return url


def mount(base_path: str, success_url: str) -> str:
    """The address of the hosted pages; where only their path is known, the host is that of the caller's own pages."""
    if urlsplit(base_path).scheme:
        return base_path
    parts = urlsplit(success_url)
    return f"{parts.scheme}://{parts.netloc}{base_path}"


def _blocked_brands(params: Json) -> list[str]:
    restrictions = params.get("payment_method_options", {}).get("card", {}).get("restrictions", {})
    blocked: list[str] = restrictions.get("brands_blocked", [])
    return blocked


def expire(unit: Unit, session: Json) -> Json:
    """Ends an open session: nothing can be paid on it any more, and what was begun on it is cancelled."""
    session.update(status="expired", url=None)
    unit.save(session)
    if session["payment_intent"] is not None:
        cancel(unit, unit.get(session["payment_intent"], "payment_intent"), "expired")
    if session["setup_intent"] is not None:
        cancel_setup(unit, unit.get(session["setup_intent"], "setup_intent"))
    emit(unit, "checkout.session.expired", session)
    return session


def expire_due(store: Store) -> None:
    """Ends the sessions whose time is over; called before anyone looks at one, and with each round of deliveries."""
    due = [("kind = ?", "checkout.session"), ("status = ?", "open")]
    with store.reading() as unit:
        if not unit.bodies([*due, ("expires_at <= ?", unit.now)], newest_first=False, limit=1):
            return
    with store.writing() as unit:
        for session in unit.bodies([*due, ("expires_at <= ?", unit.now)], newest_first=False, limit=500):
            expire(unit, session)


def _expire(unit: Unit, params: Json, args: Mapping[str, str]) -> Answer:
    session = unit.get(args["id"], "checkout.session")
    if session["status"] != "open":
        raise not_possible(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Session has a status of'
            f" {session['status']}."
        )
    return 200, expire(unit, session)


def calls(base_path: str) -> tuple[Call, ...]:
    path = "/checkout/sessions"
    name = "checkout.sessions"
    return (
        Call(f"{name}.create", "POST", path, SessionCreateParams, MODELLED, partial(_create, base_path)),
        retrieving(f"{name}.retrieve", "checkout.session", path, SessionRetrieveParams),
        listing(
            f"{name}.list", "checkout.session", path, SessionListParams, "customer", "payment_intent", "status",
        ),
        Call(f"{name}.expire", "POST", f"{path}/<id>/expire", SessionExpireParams, frozenset({"expand"}), _expire),
    )  # fmt: skip
