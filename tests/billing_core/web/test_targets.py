import pytest

from billing_core.web.targets import safe_target

OWN = ["/", "/quotes", "/quotes/quo_abc?tab=history&page=2", "/quotes?", "/invoices?q=a%20b%2Fc%40d", "/a.b/c-d_e~f"]
FOREIGN = [
    None, "", "quotes", "https://evil.example", "http:evil.example", "HTTPS://evil.example/", "//evil.example",
    "///evil.example", "////evil.example", "/\\evil.example", "\\\\evil.example", "\\/evil.example", "/\\/evil.example",
    "/quotes\\..\\evil", "javascript:alert(1)", "data:text/html,x", "mailto:a@evil.example", "/@evil.example",
    "user@evil.example", "/quotes@evil.example", "/%2fevil.example", "/%2Fevil.example", "/%5cevil.example",
    "/%5Cevil.example", "/quotes/%2e%2e//evil.example", "/..//evil.example", "/../evil", "/./evil", "/%2e%2e/evil",
    "/.%2e/evil", "/a//evil.example", "/\tevil.example", "/\nevil.example", "/\r\nSet-Cookie: a=b", "/%0d%0aSet-Cookie",
    "/%00", "\t//evil.example", " //evil.example", " /quotes", "/quotes ", "/\x00", "/\x7f", "/%7f", "/%40evil.example",
    "/\u2044evil.example", "/\uff0fevil.example", "/\u3002evil", "/quo\u200btes", "http:///evil.example", "/#//evil",
    "?next=//evil.example", "#x", ":80", "//[::1", "/" + "a" * 1000,
]  # fmt: skip


@pytest.mark.parametrize("text", OWN)
def test_paths_of_this_site_are_believed(text: str) -> None:
    assert safe_target(text) == text


@pytest.mark.parametrize("text", FOREIGN, ids=repr)
def test_nothing_else_is(text: str | None) -> None:
    assert safe_target(text) is None
