"""Every parameter that we send is one that the SDK's own types know, by name and, where they list them, by value.

mypy checks the same where the request is written (`stripe_gateway._parameters` returns the SDK's TypedDict); here the
request is checked as it leaves, with what data put into it.
"""

import types
from collections.abc import Iterator, Mapping
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Any, Literal, NotRequired, Required, Union, get_args, get_origin, get_type_hints
from urllib.parse import parse_qsl, urlsplit

import pytest
from stripe.params import (
    CustomerCreateParams,
    DisputeListParams,
    EventListParams,
    PaymentIntentCancelParams,
    PaymentIntentConfirmParams,
    PaymentIntentCreateParams,
    PaymentIntentListParams,
    PaymentIntentRetrieveParams,
    PaymentMethodDetachParams,
    RefundCreateParams,
    RefundListParams,
)
from stripe.params.checkout import SessionCreateParams, SessionExpireParams, SessionRetrieveParams

from billing_core import clock
from billing_core.payments import stripe_cards, stripe_gateway
from billing_core.payments.gateway import ChargeRequest, RefundRequest, Refused, Unclear
from billing_core.payments.limits import brands
from billing_core.payments.listing import Period
from billing_core.payments.stripe_gateway import StripeGateway, _parameters
from stripe_sandbox import Sandbox, SandboxHTTPClient
from tests.contract.conftest import SANDBOX_KEY, SECRET, setup_wish, wish

ENDPOINTS: dict[tuple[str, str], Any] = {
    ("post", "/v1/checkout/sessions"): SessionCreateParams,
    ("get", "/v1/checkout/sessions/ID"): SessionRetrieveParams,
    ("post", "/v1/checkout/sessions/ID/expire"): SessionExpireParams,
    ("post", "/v1/refunds"): RefundCreateParams,
    ("get", "/v1/refunds"): RefundListParams,
    ("get", "/v1/disputes"): DisputeListParams,
    ("get", "/v1/payment_intents/ID"): PaymentIntentRetrieveParams,
    ("post", "/v1/customers"): CustomerCreateParams,
    ("post", "/v1/payment_intents"): PaymentIntentCreateParams,
    ("post", "/v1/payment_intents/ID/confirm"): PaymentIntentConfirmParams,
    ("post", "/v1/payment_intents/ID/cancel"): PaymentIntentCancelParams,
    ("post", "/v1/payment_methods/ID/detach"): PaymentMethodDetachParams,
}
OF_LISTING: dict[tuple[str, str], Any] = {
    ("get", "/v1/payment_intents"): PaymentIntentListParams,
    ("get", "/v1/refunds"): RefundListParams,
    ("get", "/v1/disputes"): DisputeListParams,
    ("get", "/v1/events"): EventListParams,
}
"""The types of what we send where. A call that is not here fails the test that makes it."""


def wrong(value: Any, hint: Any, path: str = "") -> Iterator[str]:
    """The places in a request that a type of the SDK does not allow."""
    origin, choices = get_origin(hint), get_args(hint)
    if origin in (NotRequired, Required):
        yield from wrong(value, choices[0], path)
    elif origin in (Union, types.UnionType):
        # `Literal[...] | str` is how the SDK writes a list that may grow: what is not on it is a slip of the pen.
        listed = [choice for choice in choices if get_origin(choice) is Literal and get_args(choice) != ("",)]
        allowed = [choice for choice in choices if choice is not type(None) and not (listed and choice is str)]
        findings = [list(wrong(value, choice, path)) for choice in allowed]
        yield from [] if [] in findings else max(findings, key=lambda found: len(found[0]))
    elif origin is Literal:
        yield from [] if value in choices else [f"{path} = {value!r}"]
    elif origin in (list, tuple):
        items = value if isinstance(value, list) else [value]
        for place, item in enumerate(items):
            yield from wrong(item, choices[0], f"{path}[{place}]")
    elif hasattr(hint, "__total__"):
        yield from _wrong_names(value, hint, path)
    elif origin is dict:
        yield from [] if isinstance(value, dict) else [f"{path} is no mapping"]
    elif isinstance(hint, type) and hint is not object and not isinstance(value, hint):
        yield f"{path} is {value!r}, no {hint.__name__}"


def _wrong_names(value: Any, shape: Any, path: str) -> Iterator[str]:
    if not isinstance(value, dict):
        yield f"{path} is no object"
        return
    known = get_type_hints(shape, localns={"StripeContext": object, "Mapping": Mapping}, include_extras=True)
    for name, item in value.items():
        place = f"{path}.{name}" if path else name
        if name in known:
            yield from wrong(item, known[name], place)
        else:
            yield f"{place} is unknown"


@pytest.mark.parametrize("currency", ["EUR", "USD", "JPY", "KWD", "ISK"])
@pytest.mark.parametrize("locale", ["en", "de"])
def test_every_parameter_of_a_session_is_known(currency: str, locale: str) -> None:
    request = wish(currency=currency, locale=locale, brands=brands(currency), amount=50000)
    assert list(wrong(_parameters(request), SessionCreateParams)) == []


def test_every_parameter_about_cards_on_file_is_known() -> None:
    kept = _parameters(wish(customer="cus_1"))
    assert list(wrong(kept, SessionCreateParams)) == []
    assert kept["payment_intent_data"]["setup_future_usage"] == "off_session"
    assert list(wrong(stripe_cards.setup_parameters(setup_wish("cus_1")), SessionCreateParams)) == []
    asked = stripe_cards.charge_parameters(ChargeRequest("pay_1", 4000, "EUR", "Invoice 1", "cus_1", "pm_1"))
    assert list(wrong(asked, PaymentIntentCreateParams)) == []
    assert list(wrong(stripe_cards.customer_parameters("cus_1"), CustomerCreateParams)) == []
    for write, shape in (
        (stripe_cards.setup_parameters, SessionCreateParams),
        (stripe_cards.charge_parameters, PaymentIntentCreateParams),
        (stripe_cards.customer_parameters, CustomerCreateParams),
    ):
        assert get_type_hints(write)["return"] is shape


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        ({"sumbit_type": "pay"}, "sumbit_type is unknown"),
        ({"submit_type": "pey"}, "submit_type = 'pey'"),
        ({"payment_intent_data": {"metadata": {}, "descripton": "x"}}, "payment_intent_data.descripton is unknown"),
        ({"expires_at": "tomorrow"}, "expires_at is 'tomorrow', no int"),
        ({"line_items": [{"quantity": 1, "price": 5}]}, "line_items[0].price is 5, no str"),
    ],
)
def test_the_walk_finds_what_the_types_do_not_know(changes: dict[str, Any], found: str) -> None:
    request: dict[str, Any] = {**_parameters(wish()), **changes}
    assert list(wrong(request, SessionCreateParams)) == [found]


def test_the_request_is_written_in_the_sdks_own_type() -> None:
    """So that mypy, which bin/test runs first, refuses a name that the SDK does not know."""
    assert get_type_hints(stripe_gateway._parameters)["return"] is SessionCreateParams


class Listening(SandboxHTTPClient):
    """Keeps what goes over the wire."""

    def __init__(self, sandbox: Sandbox) -> None:
        super().__init__(sandbox.wsgi)
        self.sent: list[tuple[str, str, list[tuple[str, str]]]] = []

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        parts = urlsplit(url)
        steps = ["ID" if step.startswith(("cs_", "pi_", "pm_")) else step for step in parts.path.split("/")]
        self.sent.append((method, "/".join(steps), parse_qsl(post_data or parts.query)))
        return super().request(method, url, headers, post_data, _usage=_usage)


def test_every_name_on_the_wire_is_known(tmp_path: Path) -> None:
    line = Listening(Sandbox(tmp_path / "sandbox.sqlite", webhook_secret=SECRET))
    gateway = StripeGateway(SANDBOX_KEY, SECRET, http_client=line)
    made = gateway.create_session(wish())
    gateway.retrieve_session(made.session_id)
    gateway.expire_session(made.session_id)
    with suppress(Refused):
        gateway.create_refund(RefundRequest("ref_1", "pay_1", "pi_nobodys", 100, "EUR"))
    gateway.refunds_of("pi_nobodys")
    gateway.disputes_of("pi_nobodys")
    with suppress(Unclear):
        gateway.reference_of("pi_nobodys")
    customer = gateway.create_customer("cus_1")
    gateway.retrieve_setup(gateway.create_setup(setup_wish(customer)).session_id)
    gateway.create_session(wish(customer=customer))
    charge = gateway.create_charge(ChargeRequest("pay_1", 4000, "EUR", "Invoice 1", customer, "pm_card_visa"))
    for deed in (gateway.charge, gateway.retrieve_charge, gateway.cancel_charge):
        with suppress(Refused):
            deed(charge.intent_id or "")
    with suppress(Refused):
        gateway.confront(charge.intent_id or "", "pm_card_visa", "https://portal.example/payments/pay_1")
    with suppress(Refused):
        gateway.detach_card("pm_nobodys")
    assert {(method, path) for method, path, _ in line.sent} == set(ENDPOINTS)
    for method, path, pairs in line.sent:
        assert pairs or "payment_intents" in path or "detach" in path
        for name, _ in pairs:
            hint: Any = ENDPOINTS[method, path]
            for step in name.replace("]", "").split("["):
                hint = _below(hint, step)
                assert hint is not None, name


def test_every_name_of_a_listing_is_known(tmp_path: Path) -> None:
    line = Listening(Sandbox(tmp_path / "sandbox.sqlite", webhook_secret=SECRET))
    listing = StripeGateway(SANDBOX_KEY, SECRET, http_client=line).listing
    period = Period(clock.now() - timedelta(hours=72), clock.now())
    pages: tuple[Iterator[Any], ...] = (
        listing.payments(period), listing.refunds(period), listing.disputes(period), listing.events(period),
    )  # fmt: skip
    assert [list(page) for page in pages] == [[], [], [], []]
    assert list(dict.fromkeys((method, path) for method, path, _ in line.sent)) == list(OF_LISTING)
    for method, path, pairs in line.sent:
        assert {"created[gte]", "created[lt]", "limit"} <= {name for name, _ in pairs}
        for name, _ in pairs:
            hint: Any = OF_LISTING[method, path]
            for step in name.replace("]", "").split("["):
                hint = _below(hint, step)
                assert hint is not None, name


def _below(hint: Any, step: str) -> Any:
    """What the SDK's type says about one step of a name like line_items[0][quantity]; None where it knows none."""
    if get_origin(hint) in (NotRequired, Required, Union, types.UnionType):
        found = [_below(choice, step) for choice in get_args(hint)]
        return next((one for one in found if one is not None), None)
    if get_origin(hint) is list:
        return get_args(hint)[0] if step.isdecimal() else None
    if get_origin(hint) is dict:
        return str
    if hasattr(hint, "__total__"):
        known = get_type_hints(hint, localns={"StripeContext": object, "Mapping": Mapping}, include_extras=True)
        return known.get(step)
    return None
