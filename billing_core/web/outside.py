"""The vendor's own sites that take the place of a part of the bridge: My Account, Admin Center, the online checkout."""

from dataclasses import dataclass
from urllib.parse import quote, urlencode, urlsplit

from flask import current_app

from billing_core.credentials.hand_off.token import Trust

PLACE_OF_ACCOUNT = "{account}"
"""What stands for the account's external id in the address of the online checkout."""
_OF_ADMINS = "/admin-center"
_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Outside:
    """Addresses; where one is empty, the bridge's own pages serve. With `trust` people are handed over to us."""

    my_account: str = ""
    admin_center: str = ""
    checkout: str = ""
    trust: Trust | None = None

    def door(self, target: str | None) -> str:
        """Where to sign in, over there. It is told where the person wants to go, and gives that back in its token."""
        of_admins = target is not None and (target + "/").startswith(f"{_OF_ADMINS}/")
        address = self.admin_center if of_admins and self.admin_center else self.my_account
        wanted = {"to": "add-licenses" if of_admins else "go-to-billing"} | ({"next": target} if target else {})
        return f"{address}{'&' if '?' in address else '?'}{urlencode(wanted)}"

    def checkout_of(self, account: str) -> str:
        """The online checkout, for the account with this external id."""
        return self.checkout.replace(PLACE_OF_ACCOUNT, quote(account, safe=""))


def outside() -> Outside:
    """Those that the roof has configured."""
    found: Outside = current_app.config["OUTSIDE"]
    return found


def origin_of(address: str) -> str:
    """Scheme, host and port as a browser writes them in its header Origin."""
    parts = urlsplit(address)
    host = f"[{parts.hostname}]" if ":" in (parts.hostname or "") else parts.hostname
    usual = parts.port is None or parts.port == _PORTS.get(parts.scheme)
    return f"{parts.scheme}://{host}" if usual else f"{parts.scheme}://{host}:{parts.port}"
