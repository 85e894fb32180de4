"""Seeds at rest: AES-256-GCM under a key from PORTAL_SECRET_KEY, each seed bound to its person; and what passkeys sign.

With another secret key no seed can be opened: those people sign in with a recovery code, or the operator removes their
factor (docs/operations.md).
"""

import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_NO_SECRET = "no secret for second factors: the program that starts has to give it"  # noqa: S105 - a sentence
_key: bytes | None = None
_challenge_key: bytes | None = None


def use_secret(secret: str) -> None:
    """Say once, at start, from which secret the keys come."""
    global _key, _challenge_key
    _key, _challenge_key = _derived(secret, b"seeds of second factors"), _derived(secret, b"challenges of passkeys")


def _derived(secret: str, use: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=use).derive(secret.encode())


def challenge(*said: object) -> bytes:
    """32 bytes that nobody else can foresee, the same for the same facts: what a passkey has to sign (ADR 43).

    The facts must never come again once an answer was taken, so that no answer counts twice.
    """
    if _challenge_key is None:
        raise RuntimeError(_NO_SECRET)
    return hmac.digest(_challenge_key, "\n".join(str(one) for one in said).encode(), "sha256")


def seal(seed: bytes, person_id: int) -> bytes:
    """The seed as it is stored."""
    nonce = os.urandom(_NONCE)
    return nonce + _cipher().encrypt(nonce, seed, _whose(person_id))


def unseal(sealed: bytes, person_id: int) -> bytes | None:
    """The seed; none where it was sealed with another key, for another person, or has been changed."""
    try:
        return _cipher().decrypt(sealed[:_NONCE], sealed[_NONCE:], _whose(person_id))
    except InvalidTag:
        return None


def _whose(person_id: int) -> bytes:
    return f"person:{person_id}".encode()


def _cipher() -> AESGCM:
    if _key is None:
        raise RuntimeError(_NO_SECRET)
    return AESGCM(_key)
