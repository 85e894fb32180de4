"""An outside My Account: its key, and the tokens that it signs, good ones and others."""

import itertools
import json
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from billing_core import clock
from billing_core.credentials.hand_off.token import Trust, public_keys

SITE, OURS = "https://account.vendor.example", "http://localhost"
KEY = Ed25519PrivateKey.from_private_bytes(b"an outside My Account, for tests"[:32])
OTHER_KEY = Ed25519PrivateKey.from_private_bytes(b"somebody else's key, not trusted"[:32])
_counter = itertools.count(1)


def line_of(key: Ed25519PrivateKey) -> str:
    """The one line of the public key's PEM file."""
    return b64encode(key.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode()


KEYS = f"2026-11={line_of(KEY)}"
TRUST = Trust(OURS, frozenset({SITE}), public_keys(KEYS), "test")
HEADER = {"alg": "EdDSA", "typ": "hand-off+jwt", "kid": "2026-11"}


def claims(sub: str = "person-1", **changes: Any) -> dict[str, Any]:
    """A good token's claims, with changes; a change to `...` leaves the claim out."""
    now = int(clock.now().timestamp())
    good = {
        "iss": SITE, "aud": OURS, "sub": sub, "iat": now, "exp": now + 60, "jti": f"{next(_counter):032}",
        "to": "go-to-billing",
    }  # fmt: skip
    return {name: value for name, value in (good | changes).items() if value is not ...}


def token(sub: str = "person-1", **changes: Any) -> str:
    """A good token, with changes of its claims."""
    return signed(HEADER, json.dumps(claims(sub, **changes)).encode())


def signed(header: object, payload: bytes, sign: Callable[[bytes], bytes] = KEY.sign) -> str:
    """Three parts with dots, whatever they are."""
    first = f"{_part(json.dumps(header).encode())}.{_part(payload)}"
    return f"{first}.{_part(sign(first.encode()))}"


def _part(content: bytes) -> str:
    return urlsafe_b64encode(content).rstrip(b"=").decode()
