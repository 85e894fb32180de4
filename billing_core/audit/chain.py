"""What an entry's seal is made of. Anybody can compute it again with a JSON writer and SHA-256 (docs/operations.md)."""

import hashlib

import rfc8785

FORM = 1
"""Changes when the seal is made otherwise, so that no entry can be read in two ways."""
START = bytes(32)
"""What the first entry has for the seal of the one before it."""


def seal_of(
    number: int, at: str, actor: str, action: str, subject: str, account_id: int | None, detail: bytes, previous: bytes
) -> bytes:
    """SHA-256 of the entry in the one canonical JSON form (RFC 8785), `at` as it is stored.

    Raises ValueError for what has no such form; a database that somebody tampered with may hold it.
    """
    covered: dict[str, str | int | None] = {
        "form": FORM,
        "id": number,
        "at": at,
        "actor": actor,
        "action": action,
        "subject": subject,
        "account": account_id,
        "detail": hashlib.sha256(detail).hexdigest(),
        "previous": previous.hex(),
    }
    return hashlib.sha256(rfc8785.dumps(dict(covered))).digest()
