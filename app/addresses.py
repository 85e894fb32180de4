"""Web addresses as they stand in settings."""

from urllib.parse import urlsplit


def is_web_address(url: str) -> bool:
    """An address with http or https and a host, as a browser can open it."""
    try:
        parts = urlsplit(url)
        readable = url.isprintable() and " " not in url and parts.port != 0
    except ValueError:  # brackets without an end, a port that is no number
        return False
    return readable and parts.scheme in ("http", "https") and bool(parts.hostname)


def is_site(url: str) -> bool:
    """A web address of nothing but scheme, host and perhaps port."""
    if not is_web_address(url):
        return False
    parts = urlsplit(url)
    return parts.path in ("", "/") and not (parts.query or parts.fragment or "@" in parts.netloc)
