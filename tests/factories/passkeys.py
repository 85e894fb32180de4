"""An authenticator made of a few lines: it answers what a browser is asked, and lies where a test wants it to."""

import hashlib
import json
import secrets
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from webauthn import base64url_to_bytes
from webauthn.helpers import bytes_to_base64url, encode_cbor

from billing_core import clock, db
from billing_core.credentials.factors.models import Passkey
from billing_core.people import Person
from tests.factories import core

ORIGIN = "http://localhost"
PRESENT, VERIFIED, BRINGS_KEY = 0x01, 0x04, 0x40


class SoftKey:
    """One passkey. `origin`, `flags` and `counts` are what it tells; the site's name comes from what it is asked."""

    def __init__(self, origin: str = ORIGIN, flags: int = PRESENT | VERIFIED, *, counts: bool = True) -> None:
        self.origin, self.flags, self.counts = origin, flags, counts
        self.key, self.id, self.count = ec.generate_private_key(ec.SECP256R1()), secrets.token_bytes(32), 0
        self.name = "localhost"

    def make(self, options: str) -> str:
        """The answer to navigator.credentials.create."""
        asked = json.loads(options)
        self.name = asked["rp"]["id"]
        numbers = self.key.public_key().public_numbers()
        point = {-2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")}
        public = encode_cbor({1: 2, 3: -7, -1: 1, **point})
        own = bytes(16) + len(self.id).to_bytes(2, "big") + self.id + public
        attested = encode_cbor({"fmt": "none", "attStmt": {}, "authData": self._data(BRINGS_KEY) + own})
        return self._answer("create", asked, {"attestationObject": bytes_to_base64url(attested)})

    def use(self, options: str) -> str:
        """The answer to navigator.credentials.get."""
        asked = json.loads(options)
        self.name = asked["rpId"]
        self.count += self.counts
        data, said = self._data(), self._client_data("get", asked)
        signature = self.key.sign(data + hashlib.sha256(said).digest(), ec.ECDSA(SHA256()))
        parts = {"authenticatorData": bytes_to_base64url(data), "signature": bytes_to_base64url(signature)}
        return self._answer("get", asked, parts)

    def public_key(self) -> bytes:
        """As it is stored."""
        numbers = self.key.public_key().public_numbers()
        return encode_cbor({1: 2, 3: -7, -1: 1, -2: numbers.x.to_bytes(32, "big"), -3: numbers.y.to_bytes(32, "big")})

    def _data(self, more: int = 0) -> bytes:
        site = hashlib.sha256(self.name.encode()).digest()
        return site + bytes([self.flags | more]) + self.count.to_bytes(4, "big")

    def _client_data(self, kind: str, asked: dict[str, Any]) -> bytes:
        told = {"type": f"webauthn.{kind}", "challenge": asked["challenge"], "origin": self.origin}
        return json.dumps(told).encode()

    def _answer(self, kind: str, asked: dict[str, Any], parts: dict[str, str]) -> str:
        said = bytes_to_base64url(self._client_data(kind, asked))
        own = bytes_to_base64url(self.id)
        response = {"clientDataJSON": said, **parts}
        return json.dumps({"id": own, "rawId": own, "type": "public-key", "response": response})


def passkey_of(who: Person, key: SoftKey | None = None, name: str = "Laptop") -> str:
    """Give the person a passkey; its public id."""
    key = key or SoftKey()
    row = Passkey(
        public_id=db.public_id("psk"), person_id=who.id, credential_id=key.id, public_key=key.public_key(),
        sign_count=key.count, name=name, added_at=clock.now(),
    )  # fmt: skip
    return str(core.add(row).public_id)


def credential_in(options: str) -> bytes:
    """The first passkey that the page allows."""
    return base64url_to_bytes(json.loads(options)["allowCredentials"][0]["id"])
