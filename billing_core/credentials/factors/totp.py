"""Codes of an authenticator app (RFC 6238): six digits, a new code every 30 seconds, and SHA-1.

Most apps ignore any other choice. What is known against SHA-1, its collisions, does not touch HMAC.
"""

import base64
import hmac
import secrets
from datetime import datetime

from cryptography.hazmat.primitives.hashes import SHA1
from cryptography.hazmat.primitives.twofactor.totp import TOTP

DIGITS = 6
STEP = 30
"""Seconds."""
AROUND = (-1, 0, 1)
"""A code counts one step too early and one too late: clocks differ, and people type."""


def new_seed() -> bytes:
    """160 random bits, the length of the hash (RFC 4226, 4)."""
    return secrets.token_bytes(20)


def code_at(seed: bytes, moment: datetime) -> str:
    """What the app shows at the moment."""
    return _code(seed, _step_of(moment))


def matching_step(seed: bytes, code: str, moment: datetime, after: int = 0) -> int | None:
    """The step that the code belongs to, of those that count at the moment and come after the last used one."""
    typed = "".join(code.split())
    if len(typed) != DIGITS or not typed.isascii() or not typed.isdigit():
        return None
    steps = [_step_of(moment) + shift for shift in AROUND]
    fitting = [step for step in steps if hmac.compare_digest(_code(seed, step), typed) and step > after]
    return max(fitting, default=None)


def key_text(seed: bytes) -> str:
    """The seed as a person types it into an app: Base32 in groups of four."""
    text = base64.b32encode(seed).decode()
    return " ".join(text[start : start + 4] for start in range(0, len(text), 4))


def address(seed: bytes, user_id: str, issuer: str) -> str:
    """What the QR code says: otpauth://totp/…"""
    return _of(seed).get_provisioning_uri(user_id, issuer)


def _step_of(moment: datetime) -> int:
    return int(moment.timestamp()) // STEP


def _code(seed: bytes, step: int) -> str:
    return _of(seed).generate(step * STEP).decode()


def _of(seed: bytes) -> TOTP:
    return TOTP(seed, DIGITS, SHA1(), STEP)  # noqa: S303 - see above
