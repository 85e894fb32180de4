"""Browsers in words, and addresses without their last part."""

import pytest

from billing_core.credentials.browsers import browser_in, shortened, system_in

_MOZILLA = "Mozilla/5.0 "


@pytest.mark.parametrize(
    ("user_agent", "browser", "system"),
    [
        ("(Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox", "Windows"),
        ("(Windows NT 10.0) AppleWebKit/537.36 Chrome/140.0 Safari/537.36 Edg/140.0", "Edge", "Windows"),
        ("(X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome", "Linux"),
        ("(Linux; Android 15) AppleWebKit/537.36 Chrome/140.0 Mobile Safari/537.36", "Chrome", "Android"),
        ("(Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 Version/19.0 Safari/605.1.15", "Safari", "macOS"),
        ("(iPhone; CPU iPhone OS 19_0 like Mac OS X) Version/19.0 Mobile Safari/604.1", "Safari", "iPhone"),
    ],
)
def test_a_browser_is_named_as_its_owner_names_it(user_agent: str, browser: str, system: str) -> None:
    assert (browser_in(_MOZILLA + user_agent), system_in(_MOZILLA + user_agent)) == (browser, system)


@pytest.mark.parametrize("user_agent", ["", "<script>alert(1)</script>", "x" * 256])
def test_what_is_no_browser_we_know_has_no_name(user_agent: str) -> None:
    assert (browser_in(user_agent), system_in(user_agent)) == ("", "")


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("203.0.113.77", "203.0.113.…"), ("2001:db8:1:2::9", "2001:db8:1:…"), ("::1", "0:0:0:…"),
        ("::ffff:203.0.113.77", "203.0.113.…"), ("", ""), ("not an address", ""),
    ],
)  # fmt: skip
def test_an_address_is_shown_without_its_last_part(address: str, shown: str) -> None:
    assert shortened(address) == shown
