"""Who may use the sandbox: never production, only test keys, and nobody from the network unless asked to."""

import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
import stripe
from werkzeug.test import TestResponse

from stripe_sandbox import Sandbox, SandboxInProduction
from tests.stripe_sandbox.till import SECRET, Till


def test_it_refuses_production(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with pytest.raises(SandboxInProduction):
        Sandbox(path, webhook_secret=SECRET, production=True)
    assert not path.exists()


def test_it_needs_a_secret_to_sign_with(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="secret"):
        Sandbox(tmp_path / "sandbox.sqlite", webhook_secret=" ")


def test_a_file_of_another_version_is_not_touched(tmp_path: Path) -> None:
    path = tmp_path / "sandbox.sqlite"
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")
    with pytest.raises(RuntimeError, match="another version"):
        Sandbox(path, webhook_secret=SECRET)


def test_a_live_key_is_refused(till: Till) -> None:
    live = stripe.StripeClient("sk_live_1", http_client=till.sandbox.http_client())
    with pytest.raises(stripe.AuthenticationError) as refused:
        live.v1.customers.list()
    assert refused.value.http_status == 401


def over_the_network(till: Till, **headers: str) -> TestResponse:
    return till.browser.get("/sandbox/v1/customers", headers=headers)


def test_without_a_key_nobody_from_the_network_gets_in(till: Till) -> None:
    for headers in ({}, {"Authorization": "Bearer sk_test_till"}, {"Authorization": "Basic c2tfdGVzdDo="}):
        response = over_the_network(till, **headers)
        assert response.status_code == 401
        assert response.json is not None
        assert response.json["error"]["type"] == "invalid_request_error"


def test_with_a_key_its_owner_gets_in(tmp_path: Path) -> None:
    till = Till(tmp_path / "sandbox.sqlite", api_key="sk_test_till")
    assert over_the_network(till, Authorization="Bearer sk_test_till").status_code == 200
    assert over_the_network(till, Authorization="Bearer sk_test_other").status_code == 401
    assert over_the_network(till, Authorization="Bearer").status_code == 401
    assert till.client.v1.customers.list().data == []


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("GET", "/v1/unknown", 404),
        ("GET", "/v1/", 404),
        ("GET", "/v1/refunds//", 404),
        ("DELETE", "/v1/customers", 405),
    ],
)
def test_unknown_calls_are_answered_in_stripes_form(tmp_path: Path, method: str, path: str, status: int) -> None:
    till = Till(tmp_path / "sandbox.sqlite", api_key="sk_test_till")
    response = till.browser.open(f"/sandbox{path}", method=method, headers={"Authorization": "Bearer sk_test_till"})
    assert response.status_code == status
    assert response.json is not None
    assert response.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    "body",
    [
        "a[b=1", "name[x]=1", "metadata=1", "metadata[a][b]=1", "address=1", "address[a]=1", "[x]=1",
        "name=1&name[x]=2", "preferred_locales=de", "preferred_locales[a]=de", "a&b", "name=",
    ],
)  # fmt: skip
def test_a_malformed_form_is_a_400(tmp_path: Path, body: str) -> None:
    till = Till(tmp_path / "sandbox.sqlite", api_key="sk_test_till")
    response = till.browser.post(
        "/sandbox/v1/customers",
        data=body,
        headers={"Authorization": "Bearer sk_test_till"},
        content_type="application/x-www-form-urlencoded",
    )
    assert response.status_code == 400
    assert response.json is not None
    assert response.json["error"]["type"] == "invalid_request_error"


@pytest.mark.parametrize(
    ("base_path", "url"),
    [
        ("/sandbox", "https://shop.example/sandbox/pay/"),
        ("/sandbox/", "https://shop.example/sandbox/pay/"),
        ("", "https://shop.example/pay/"),
        ("http://127.0.0.1:8000/sandbox", "http://127.0.0.1:8000/sandbox/pay/"),
    ],
)
def test_a_sessions_address_is_where_the_pages_are_mounted(tmp_path: Path, base_path: str, url: str) -> None:
    session = Till(tmp_path / "sandbox.sqlite", base_path=base_path).open()
    assert session.url == f"{url}{session.id}"


def test_an_empty_value_unsets(till: Till) -> None:
    customer = till.client.v1.customers.create({"name": "Acme", "metadata": "", "address": ""})
    assert customer.address is None
    assert customer.metadata is not None
    assert customer.metadata.to_dict() == {}
