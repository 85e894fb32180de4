"""The two ceremonies of passkeys (WebAuthn level 2): what a browser is told, and whether its answer holds.

The library checks type, challenge, origin, site, presence, signature and counter; here it is said what is demanded. Of
attestation nothing is asked: any maker's authenticator is welcome, as long as it has made sure who holds it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.helpers import structs as wire
from webauthn.helpers.exceptions import WebAuthnException

LONGEST = 8000
"""Characters of an answer; a certificate that nobody asked for makes the longest ones."""
_PATIENCE = 120_000
"""Milliseconds that the browser waits for the person."""


@dataclass(frozen=True)
class Site:
    """Where the browser is: the name that a passkey is bound to, and the whole origin."""

    name: str
    origin: str


@dataclass(frozen=True)
class Answer:
    """What the browser brought back, as JSON, and where it was."""

    text: str
    site: Site


@dataclass(frozen=True)
class Made:
    """A new passkey, as the authenticator made it."""

    credential_id: bytes
    public_key: bytes
    sign_count: int


def to_create(site: Site, brand: str, user: tuple[bytes, str, str], challenge: bytes, known: Sequence[bytes]) -> str:
    """For navigator.credentials.create, as JSON. `user`: handle, User ID and name; `known`: passkeys that are there."""
    handle, user_id, name = user
    chosen = wire.AuthenticatorSelectionCriteria(
        resident_key=wire.ResidentKeyRequirement.PREFERRED,
        user_verification=wire.UserVerificationRequirement.REQUIRED,
    )
    options = webauthn.generate_registration_options(
        rp_id=site.name, rp_name=brand, user_id=handle, user_name=user_id, user_display_name=name,
        challenge=challenge, timeout=_PATIENCE, authenticator_selection=chosen, exclude_credentials=_described(known),
    )  # fmt: skip
    return webauthn.options_to_json(options)


def created(answer: Answer, challenge: bytes) -> Made | None:
    """The new passkey; none where the answer does not hold."""
    said = _read(answer)
    if said is None:
        return None
    try:
        found = webauthn.verify_registration_response(
            credential=said, expected_challenge=challenge, expected_rp_id=answer.site.name,
            expected_origin=answer.site.origin, require_user_verification=True,
        )  # fmt: skip
    except _NOT_HELD:
        return None
    return Made(found.credential_id, found.credential_public_key, found.sign_count)


def to_use(site: Site, challenge: bytes, known: Sequence[bytes]) -> str:
    """For navigator.credentials.get, as JSON."""
    options = webauthn.generate_authentication_options(
        rp_id=site.name, challenge=challenge, timeout=_PATIENCE, allow_credentials=_described(known),
        user_verification=wire.UserVerificationRequirement.REQUIRED,
    )  # fmt: skip
    return webauthn.options_to_json(options)


def credential_in(answer: Answer) -> bytes | None:
    """Which passkey the answer says that it is from."""
    said = _read(answer)
    try:
        return webauthn.base64url_to_bytes(said["id"]) if said is not None else None
    except _NOT_HELD:
        return None


def count_after(answer: Answer, challenge: bytes, public_key: bytes, sign_count: int) -> int | None:
    """The authenticator's counter after this use; none where the answer does not hold."""
    try:
        found = webauthn.verify_authentication_response(
            credential=answer.text, expected_challenge=challenge, expected_rp_id=answer.site.name,
            expected_origin=answer.site.origin, credential_public_key=public_key,
            credential_current_sign_count=sign_count, require_user_verification=True,
        )  # fmt: skip
    except _NOT_HELD:
        return None
    return found.new_sign_count


_NOT_HELD = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError)
"""What the library raises; for some malformed answers that are Python's own errors."""


def _read(answer: Answer) -> dict[str, Any] | None:
    try:
        said = json.loads(answer.text) if len(answer.text) <= LONGEST else None
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _described(known: Sequence[bytes]) -> list[wire.PublicKeyCredentialDescriptor]:
    return [wire.PublicKeyCredentialDescriptor(id=one) for one in known]
