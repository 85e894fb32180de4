"""What a browser says of itself, in words that its owner recognises; and where it was, as far as that helps.

Both come from the browser or its network and may be wrong or made up: they help a person to recognise a session and
decide nothing.
"""

import re
from ipaddress import IPv6Address, ip_address

_BROWSERS = (
    ("Edg", "Edge"), ("OPR/", "Opera"), ("SamsungBrowser", "Samsung Internet"), ("Firefox", "Firefox"),
    ("FxiOS", "Firefox"), ("CriOS", "Chrome"), ("Chrome", "Chrome"), ("Safari", "Safari"),
)  # fmt: skip
"""The first that fits: nearly every browser also says that it is Safari, and many that they are Chrome."""
_SYSTEMS = (
    ("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("CrOS", "ChromeOS"), ("Windows", "Windows"),
    ("Macintosh", "macOS"), ("Linux", "Linux"),
)  # fmt: skip


def browser_in(user_agent: str) -> str:
    """The browser's own name; empty where it is none that we know."""
    return _first(_BROWSERS, user_agent)


def system_in(user_agent: str) -> str:
    """The name of the system that it runs on; empty where it is none that we know."""
    return _first(_SYSTEMS, user_agent)


def _first(names: tuple[tuple[str, str], ...], user_agent: str) -> str:
    return next((name for mark, name in names if mark in user_agent), "")


def shortened(address: str) -> str:
    """The network of the address, its last part left out: enough to tell office from home. Empty for none."""
    try:
        parsed = ip_address(address)
    except ValueError:
        return ""
    if isinstance(parsed, IPv6Address) and parsed.ipv4_mapped is not None:
        parsed = parsed.ipv4_mapped
    if isinstance(parsed, IPv6Address):
        groups = [group.lstrip("0") or "0" for group in parsed.exploded.split(":")[:3]]
        return f"{':'.join(groups)}:…"
    return re.sub(r"\d+$", "…", str(parsed))
