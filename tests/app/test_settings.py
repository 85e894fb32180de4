"""Settings are checked at start, all problems at once; production refuses every default that is not safe."""

from pathlib import Path

import pytest

from app.outside_sites import outside_of
from app.ports import make_ports
from app.settings import BadSettings, Settings, read
from tests.factories.hand_offs import KEYS

GOOD = {
    "PORTAL_ENVIRONMENT": "production",
    "PORTAL_SECRET_KEY": "x" * 40,
    "PORTAL_PUBLIC_URL": "https://billing.example.com",
    "PORTAL_STRIPE_SECRET_KEY": "sk_live_1",
    "PORTAL_STRIPE_WEBHOOK_SECRET": "whsec_1",
    "PORTAL_SMTP_HOST": "mail.example.com",
    "PORTAL_TRUSTED_PROXIES": "1",
}

UNSAFE = [
    "http://shop.example.com", "http://localhost:9000", "shop.example.com", "//shop.example.com", "javascript:alert(1)",
    "https://", "https://shop.example.com#top", "https://me@shop.example.com", "https://{account}.example.com/",
    "https://shop.example.com/{user}", "https://shop.exämple.com", "https://shop.example.com/a b",
    "https://billing.example.com/billing", "https://BILLING.example.com:443/", "https://[",
]  # fmt: skip
"""Where nobody should be sent; the last but two are our own site."""


def problems(environ: dict[str, str]) -> list[str]:
    with pytest.raises(BadSettings) as caught:
        read(environ)
    return caught.value.problems


def test_development_needs_nothing(tmp_path: Path) -> None:
    settings = read({"PORTAL_DATA_DIR": str(tmp_path)})
    assert settings.host == "127.0.0.1"
    assert settings.port == 8000
    assert settings.base_url == "http://127.0.0.1:8000"
    assert settings.database == f"sqlite:///{tmp_path / 'portal.sqlite'}"
    assert len(settings.secret_key) >= 32
    assert read({"PORTAL_DATA_DIR": str(tmp_path)}).secret_key == settings.secret_key


def test_a_complete_production_is_taken() -> None:
    assert read(GOOD).is_secure


@pytest.mark.parametrize("name", sorted(set(GOOD) - {"PORTAL_ENVIRONMENT"}))
def test_production_has_no_default_for(name: str) -> None:
    assert any(name in problem for problem in problems({k: v for k, v in GOOD.items() if k != name}))


def test_all_problems_are_said_at_once() -> None:
    found = problems(
        {"PORTAL_PORT": "many", "PORTAL_SMTP_SECURITY": "perhaps", "PORTAL_WEB_PROCESSES": "0", "PORTAL_COLOUR": "red"}
    )
    assert len(found) == 4
    assert any("PORTAL_COLOUR is not a setting" in problem for problem in found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_PORT", "0"),
        ("PORTAL_PORT", "65536"),
        ("PORTAL_SECRET_KEY", "short"),
        ("PORTAL_DATABASE_URL", "mysql://x"),
        ("PORTAL_PUBLIC_URL", "billing.example.com"),
        ("PORTAL_PUBLIC_URL", "https://billing.example.com/sub"),
        ("PORTAL_PUBLIC_URL", "http://billing.example.com"),
        ("PORTAL_TRUSTED_PROXIES", "-1"),
        ("PORTAL_ENVIRONMENT", "staging"),
        ("PORTAL_PUBLIC_URL", "http://["),
        ("PORTAL_PUBLIC_URL", "https://billing.example.com:port"),
        ("PORTAL_PUBLIC_URL", "https://me@billing.example.com"),
        ("PORTAL_PUBLIC_URL", "https://billing.example.com#start"),
        ("PORTAL_HOST", "not a host"),
        ("PORTAL_SMTP_PORT", "0"),
        ("PORTAL_SMTP_PORT", "65536"),
        ("PORTAL_SUPPORT_URL", "support.example.com"),
        ("PORTAL_SUPPORT_URL", "javascript:alert(1)"),
        ("PORTAL_SUPPORT_URL", "https://["),
        ("PORTAL_BRAND_NAME", "  "),
        ("PORTAL_BRAND_NAME", "North\ngate"),
        ("PORTAL_BRAND_NAME", "North\x07gate"),
        ("PORTAL_DATABASE_URL", "postgresql+psycopg://"),
        ("PORTAL_DATABASE_URL", "postgresql+psycopg://user@host"),
        ("PORTAL_DATABASE_URL", "postgresql+psycopg://user@host:port/x"),
        ("PORTAL_DATABASE_URL", "sqlite:///"),
        ("PORTAL_STRIPE_SECRET_KEY", "pk_live_1"),
        ("PORTAL_CRASH_AT", "payment"),
        ("PORTAL_GUARD_OFF", "1"),
        ("PORTAL_MAIL_FROM", "@"),
        ("PORTAL_MAIL_FROM", "billing@example.com\nBcc: x@example.com"),
        ("PORTAL_MAIL_FROM", "nobody"),
        ("PORTAL_VAT_REGISTER", "stand-in"),
        ("PORTAL_VAT_REGISTER", "VIES"),
        ("PORTAL_CLOCK", "movable"),
        ("PORTAL_CLOCK", "ahead"),
        ("PORTAL_BRAND_COLOUR", "blue"),
        ("PORTAL_BRAND_COLOUR", "#ffcc00"),
        ("PORTAL_HAND_OFF_SOURCE", "s" * 41),
        ("PORTAL_HAND_OFF_KEYS", "2026"),
        ("PORTAL_HAND_OFF_KEYS", KEYS),
        ("PORTAL_HAND_OFF_KEYS", f"{KEYS},{KEYS}"),
        ("PORTAL_MY_ACCOUNT_URL", "https://account.example.com"),
        ("PORTAL_ADMIN_CENTER_URL", "https://admin.example.com"),
        *(("PORTAL_ONLINE_CHECKOUT_URL", url) for url in UNSAFE),
    ],
)
def test_unusable_values_are_named(name: str, value: str) -> None:
    assert any(name in problem for problem in problems(GOOD | {name: value}))


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("PORTAL_PUBLIC_URL", "https://[2001:db8::1]:8443"),
        ("PORTAL_SUPPORT_URL", "https://help.example.com/billing?from=portal"),
        ("PORTAL_BRAND_NAME", "Müller & Söhne"),
        ("PORTAL_DATABASE_URL", "postgresql+psycopg://user:password@host:5432/portal"),
        ("PORTAL_DATABASE_URL", "postgresql+psycopg:///portal?host=/run/postgresql"),
        ("PORTAL_STRIPE_SECRET_KEY", "rk_live_1"),
        ("PORTAL_TOUR", "1"),
        ("PORTAL_ONLINE_CHECKOUT_URL", "https://shop.example.com:8443/start?account={account}"),
        ("PORTAL_HAND_OFF_SOURCE", "crm"),
        ("PORTAL_VAT_REGISTER", "vies"),
        ("PORTAL_CLOCK", "real"),
    ],
)
def test_usable_values_are_taken(name: str, value: str) -> None:
    assert read(GOOD | {name: value})


def test_an_ipv6_host_is_written_in_brackets() -> None:
    assert Settings(host="::1").base_url == "http://[::1]:8000"


@pytest.mark.parametrize("key", ["sk_test_1", "pk_live_1", "nonsense"])
def test_production_takes_live_keys_only(key: str) -> None:
    assert any("live key" in problem for problem in problems(GOOD | {"PORTAL_STRIPE_SECRET_KEY": key}))


def test_development_takes_test_keys_only() -> None:
    live = {"PORTAL_STRIPE_SECRET_KEY": "sk_live_1", "PORTAL_STRIPE_WEBHOOK_SECRET": "whsec_1"}
    assert any("test key" in problem for problem in problems(live))


def test_an_outside_my_account_is_trusted_by_its_origin(tmp_path: Path) -> None:
    given = {
        "PORTAL_MY_ACCOUNT_URL": "https://Account.example.com:443/sign-in?lang=en",
        "PORTAL_ADMIN_CENTER_URL": "https://admin.example.com:8443/",
        "PORTAL_HAND_OFF_KEYS": KEYS,
    }
    trust = outside_of(read(GOOD | given)).trust
    assert trust is not None
    assert trust.audience == "https://billing.example.com"
    assert trust.sites == {"https://account.example.com", "https://admin.example.com:8443"}
    assert (set(trust.keys), trust.source) == ({"2026-11"}, "import")
    local = given | {"PORTAL_MY_ACCOUNT_URL": "http://localhost:9000/", "PORTAL_DATA_DIR": str(tmp_path)}
    assert outside_of(read(local)).trust
    assert any("PORTAL_MY_ACCOUNT_URL" in problem for problem in problems(GOOD | local))
    placed = given | {"PORTAL_MY_ACCOUNT_URL": "https://account.example.com/{account}"}
    assert any("{account}" in problem for problem in problems(GOOD | placed))
    assert outside_of(read(GOOD)).trust is None


def test_a_key_is_never_said_aloud() -> None:
    assert "MC4CAQAwBQYDK2VwBCIEI" not in str(problems(GOOD | {"PORTAL_HAND_OFF_KEYS": "a=MC4CAQAwBQYDK2VwBCIEIAAA"}))


@pytest.mark.parametrize(
    ("environ", "register"),
    [
        (GOOD, "VIES"),
        ({}, "stand-in"),
        ({"PORTAL_VAT_REGISTER": "vies"}, "VIES"),
        ({"PORTAL_VAT_REGISTER": "stand-in"}, "stand-in"),
    ],
)
def test_production_asks_vies_and_development_a_stand_in(
    environ: dict[str, str], register: str, tmp_path: Path
) -> None:
    assert make_ports(read(environ | {"PORTAL_DATA_DIR": str(tmp_path)})).vat_register.name == register
