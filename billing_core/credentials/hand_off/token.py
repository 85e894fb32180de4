"""The token of a hand-off: a JWS in compact form, signed by the outside site, for us alone, once, for a minute.

Pure: reading one asks neither the database nor the network. Which algorithm and which keys count is said by the
configuration; what the token says of itself only has to agree with it (RFC 8725). ADR 28.
"""

import binascii
import hashlib
import re
from base64 import b64decode
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Annotated, Literal

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import load_der_public_key
from jwt import InvalidTokenError, PyJWS
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, ValidationError

ALGORITHM = "EdDSA"
"""Ed25519. There is no secret here with which anybody could make a token."""
TYPE = "hand-off+jwt"
"""The header's `typ`, so that no other token signed with the same key can ever be taken for a hand-off."""
LIVES = timedelta(seconds=60)
"""The longest time between `iat` and `exp`."""
SKEW = timedelta(seconds=10)
"""How far the two clocks may be apart."""
LONGEST = 4096

_COMPACT = re.compile(r"[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+\.[A-Za-z0-9_-]+")
_KEY = re.compile(r"(?P<name>[A-Za-z0-9._-]{1,40})=(?P<line>[A-Za-z0-9+/]+={0,2})")
_jws = PyJWS(algorithms=[ALGORITHM])


class Cause(StrEnum):
    """Why a token is not believed: for the log and the audit trail, never for the visitor."""

    NO_TOKEN = "no token"  # noqa: S105
    OTHER_HEADER = "another algorithm, type or header"
    UNKNOWN_KEY = "unknown key"
    BAD_SIGNATURE = "bad signature"
    BAD_CLAIMS = "missing or unusable claims"
    OTHER_ISSUER = "another issuer"
    OTHER_SITE = "not sent by its issuer's site"
    OTHER_AUDIENCE = "another audience"
    EXPIRED = "expired"
    FROM_THE_FUTURE = "issued in the future"
    TOO_LONG_LIVED = "lives too long"
    USED = "used before"
    NOBODY = "no such person"
    NOT_WELCOME = "disabled, or of the vendor's staff"


@dataclass(frozen=True)
class Trust:
    """Whom we believe, and as whom they have to address us."""

    audience: str
    """Our own address, scheme and authority."""
    sites: frozenset[str]
    """The origins of the outside sites; each is the issuer of its tokens."""
    keys: Mapping[str, Ed25519PublicKey]
    """By the name in the token's header, so that a new key can be added before the old one goes."""
    source: str
    """The source whose external ids `sub` and `account` are, as the import named it."""


def _printable(text: str) -> str:
    if not text.isprintable():
        raise ValueError("not printable")
    return text


_Id = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_printable)]

_Time = Annotated[int, Field(ge=0, lt=2**40)]
"""Whole seconds since 1970."""


class Claims(BaseModel):
    """What a token says. Types are exact: a number is no text and a text no number; anything further is not read."""

    model_config = ConfigDict(strict=True, frozen=True)

    iss: str
    aud: str
    sub: _Id
    """The person's external id."""
    iat: _Time
    exp: _Time
    jti: Annotated[str, Field(min_length=16, max_length=128), AfterValidator(_printable)]
    to: Literal["go-to-billing", "add-licenses"]
    account: _Id | None = None
    """The external id of the account that the person looks at over there."""
    next: Annotated[str, Field(max_length=1000)] | None = None
    """The address that we gave along when we sent the person there to sign in."""

    @property
    def fingerprint(self) -> str:
        """By what its use is remembered: an id is single within its issuer only."""
        return hashlib.sha256(f"{self.iss}\n{self.jti}".encode()).hexdigest()

    @property
    def expires_at(self) -> datetime:
        """Of a token that was read: from then on, and SKEW more, it is refused by its time alone."""
        return datetime.fromtimestamp(self.exp, UTC)


class NotBelieved(Exception):
    """The token opens nothing. `claims` are there where the signature held, so that somebody of ours made it."""

    def __init__(self, cause: Cause, claims: Claims | None = None) -> None:
        super().__init__(cause.value)
        self.cause, self.claims = cause, claims


def read_token(token: str, origin: str, trust: Trust, now: datetime) -> Claims:
    """What the token says, if all of it can be believed. `origin`: which site the browser says the form was sent from.

    Raises NotBelieved with the first cause found. Whether it was used before only the database knows.
    """
    claims = _claims_of(_payload_of(token, trust))
    for cause, holds in _demands(claims, origin, trust, now.timestamp()):
        if not holds:
            raise NotBelieved(cause, claims)
    return claims


def _payload_of(token: str, trust: Trust) -> bytes:
    """The signed bytes. The header is looked at whole: what we do not know in it (crit, jwk, jku) is refused."""
    if len(token) > LONGEST or not _COMPACT.fullmatch(token):
        raise NotBelieved(Cause.NO_TOKEN)
    try:
        header = _jws.get_unverified_header(token)
    except InvalidTokenError:
        raise NotBelieved(Cause.NO_TOKEN) from None
    if set(header) != {"alg", "typ", "kid"} or (header["alg"], header["typ"]) != (ALGORITHM, TYPE):
        raise NotBelieved(Cause.OTHER_HEADER)
    key = trust.keys.get(header["kid"])
    if key is None:
        raise NotBelieved(Cause.UNKNOWN_KEY)
    try:
        payload: bytes = _jws.decode(token, key, algorithms=[ALGORITHM])
    except InvalidTokenError:
        raise NotBelieved(Cause.BAD_SIGNATURE) from None
    return payload


def _claims_of(payload: bytes) -> Claims:
    try:
        return Claims.model_validate_json(payload)
    except ValidationError:
        raise NotBelieved(Cause.BAD_CLAIMS) from None


def _demands(claims: Claims, origin: str, trust: Trust, now: float) -> tuple[tuple[Cause, bool], ...]:
    skew = SKEW.total_seconds()
    return (
        (Cause.OTHER_ISSUER, claims.iss in trust.sites),
        (Cause.OTHER_AUDIENCE, claims.aud == trust.audience),
        (Cause.OTHER_SITE, origin == claims.iss),
        (Cause.TOO_LONG_LIVED, 0 < claims.exp - claims.iat <= LIVES.total_seconds()),
        (Cause.FROM_THE_FUTURE, claims.iat <= now + skew),
        (Cause.EXPIRED, now < claims.exp + skew),
    )


def public_keys(text: str) -> dict[str, Ed25519PublicKey]:
    """The keys of a setting: name=KEY with the one line of a PEM public key, several with commas between them.

    Raises ValueError for anything that is no Ed25519 public key, and for a name that stands there twice.
    """
    keys: dict[str, Ed25519PublicKey] = {}
    for part in filter(None, (part.strip() for part in text.split(","))):
        found = _KEY.fullmatch(part)
        if found is None or found["name"] in keys:
            raise ValueError("not name=key, or a name twice")
        try:
            key = load_der_public_key(b64decode(found["line"], validate=True))
        except (binascii.Error, UnsupportedAlgorithm) as error:
            raise ValueError("not a public key") from error
        if not isinstance(key, Ed25519PublicKey):
            raise ValueError("not an Ed25519 key")
        keys[found["name"]] = key
    return keys
