"""Seeds at rest: AES-256-GCM under a key from PORTAL_SECRET_KEY, each seed bound to its person.

With another secret key no seed can be opened: those people sign in with a recovery code, or the operator removes their
factor (docs/operations.md).
"""

import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_NONCE = 12
_key: bytes | None = None


def use_secret(secret: str) -> None:
    """Say once, at start, from which secret the key comes."""
    global _key
    _key = HKDF(algorithm=SHA256(), length=32, salt=None, info=b"seeds of second factors").derive(secret.encode())


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
        raise RuntimeError("no secret for the seeds of second factors: the program that starts has to give it")
    return AESGCM(_key)
