"""The vendor's own sites around ours: their settings checked, and what the wings are told of them (ADR 28)."""

from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from app.addresses import is_site, is_web_address
from billing_core.credentials.hand_off.token import Trust, public_keys
from billing_core.web.outside import PLACE_OF_ACCOUNT, Outside, origin_of

if TYPE_CHECKING:
    from app.settings import Settings

_THIS_MACHINE = ("localhost", "127.0.0.1", "::1")


def outside_of(settings: "Settings") -> Outside:
    """The configured sites; without keys nobody is handed over."""
    sites = frozenset(origin_of(url) for url in (settings.my_account_url, settings.admin_center_url) if url)
    keys = public_keys(settings.hand_off_keys)
    trust = Trust(origin_of(settings.base_url), sites, keys, settings.hand_off_source) if keys else None
    return Outside(settings.my_account_url, settings.admin_center_url, settings.online_checkout_url, trust)


def form_targets(settings: "Settings") -> tuple[str, ...]:
    """Origins that a form's answer may lead on to: choosing an account is one, and may open the online checkout."""
    return (origin_of(settings.online_checkout_url),) if settings.online_checkout_url else ()


def checks(settings: "Settings") -> list[tuple[bool, str]]:
    """What must hold for the settings to be usable, each with the sentence that says so."""
    urls = {
        "PORTAL_MY_ACCOUNT_URL": settings.my_account_url,
        "PORTAL_ADMIN_CENTER_URL": settings.admin_center_url,
        "PORTAL_ONLINE_CHECKOUT_URL": settings.online_checkout_url,
    }
    rule = "must be the address of another site, with https (in development also http on this machine)."
    return [
        *((not url or _is_other_site(url, settings), f"{name} {rule}") for name, url in urls.items()),
        (
            bool(settings.my_account_url) == bool(settings.hand_off_keys),
            "PORTAL_MY_ACCOUNT_URL and PORTAL_HAND_OFF_KEYS need each other: one of them alone lets nobody in.",
        ),
        (
            bool(settings.my_account_url) or not settings.admin_center_url,
            "PORTAL_ADMIN_CENTER_URL needs PORTAL_MY_ACCOUNT_URL.",
        ),
        (
            PLACE_OF_ACCOUNT not in settings.my_account_url + settings.admin_center_url,
            f"{PLACE_OF_ACCOUNT} can stand in PORTAL_ONLINE_CHECKOUT_URL only.",
        ),
        (
            _are_public_keys(settings.hand_off_keys),
            "PORTAL_HAND_OFF_KEYS must be NAME=KEY, several with commas; KEY is the line in an Ed25519 public PEM.",
        ),
        (
            0 < len(settings.hand_off_source) <= 40 and settings.hand_off_source.isprintable(),
            "PORTAL_HAND_OFF_SOURCE must be the name of a source, as given to portal import --source.",
        ),
    ]


def _is_other_site(url: str, settings: "Settings") -> bool:
    """A web address on another origin than ours, which nobody between can read or change."""
    address = url.replace(PLACE_OF_ACCOUNT, "account")
    if not url.isascii() or "{" in address or not is_web_address(address):
        return False
    parts = urlsplit(address)
    is_fixed = PLACE_OF_ACCOUNT not in urlsplit(url).netloc and "@" not in parts.netloc and not parts.fragment
    is_ours = is_site(settings.base_url) and origin_of(address) == origin_of(settings.base_url)
    is_here = parts.hostname in _THIS_MACHINE and not settings.is_production
    return is_fixed and not is_ours and (parts.scheme == "https" or is_here)


def _are_public_keys(text: str) -> bool:
    try:
        return bool(public_keys(text)) or not text
    except ValueError:
        return False
