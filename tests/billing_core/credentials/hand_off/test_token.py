"""Each way in which a token of an outside My Account can be wrong, and that a good one is believed."""

import hashlib
import hmac
import json
from base64 import b64encode
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed448 import Ed448PrivateKey
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from billing_core.credentials.hand_off.token import Cause, NotBelieved, Trust, public_keys, read_token
from tests.factories.hand_offs import (
    HEADER,
    KEY,
    KEYS,
    OTHER_KEY,
    OURS,
    SITE,
    TRUST,
    claims,
    line_of,
    signed,
    token,
)  # fmt: skip

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)
AT = int(NOW.timestamp())
ACCEPTED: dict[str, Any] = {"sub": "anna", "iat": AT, "exp": AT + 60, "jti": "0123456789abcdef"}


def cause_of(text: str, origin: str = SITE, trust: Trust = TRUST) -> Cause:
    with pytest.raises(NotBelieved) as refused:
        read_token(text, origin, trust, NOW)
    return refused.value.cause


def made(**changes: Any) -> str:
    return token(**(ACCEPTED | changes))


def body(**changes: Any) -> bytes:
    return json.dumps(claims(**(ACCEPTED | changes))).encode()


def hs256(secret: bytes) -> Callable[[bytes], bytes]:
    return lambda text: hmac.digest(secret, text, hashlib.sha256)


def test_a_good_token_is_believed() -> None:
    found = read_token(made(account="acme", next="/billing", nonce=[1], to="add-licenses"), SITE, TRUST, NOW)
    assert (found.sub, found.to, found.account, found.next) == ("anna", "add-licenses", "acme", "/billing")
    assert found.expires_at == NOW + timedelta(seconds=60)


def test_a_token_made_as_the_operations_page_shows_is_believed() -> None:
    key = KEY.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    text = jwt.encode(claims(**ACCEPTED), key, "EdDSA", {"typ": "hand-off+jwt", "kid": "2026-11"})
    assert read_token(text, SITE, TRUST, NOW).sub == "anna"


@pytest.mark.parametrize(("iat", "exp"), [(AT + 10, AT + 70), (AT - 69, AT - 9), (AT, AT + 1)])
def test_clocks_may_be_ten_seconds_apart(iat: int, exp: int) -> None:
    assert read_token(made(iat=iat, exp=exp), SITE, TRUST, NOW).sub == "anna"


CLAIMS: dict[str, tuple[dict[str, Any], Cause]] = {
    "another audience": ({"aud": "https://elsewhere.example"}, Cause.OTHER_AUDIENCE),
    "our audience with a path": ({"aud": OURS + "/"}, Cause.OTHER_AUDIENCE),
    "several audiences": ({"aud": [OURS, "https://elsewhere.example"]}, Cause.BAD_CLAIMS),
    "another issuer": ({"iss": "https://elsewhere.example"}, Cause.OTHER_ISSUER),
    "expired": ({"iat": AT - 71, "exp": AT - 11}, Cause.EXPIRED),
    "expired this very second, with the clocks apart": ({"iat": AT - 70, "exp": AT - 10}, Cause.EXPIRED),
    "issued in the future": ({"iat": AT + 11, "exp": AT + 60}, Cause.FROM_THE_FUTURE),
    "too long-lived": ({"exp": AT + 61}, Cause.TOO_LONG_LIVED),
    "too long-lived from the past": ({"iat": AT - 3600}, Cause.TOO_LONG_LIVED),
    "ends before it begins": ({"exp": AT - 1}, Cause.TOO_LONG_LIVED),
    "never ends": ({"exp": 10**400}, Cause.BAD_CLAIMS),
    "a time as text": ({"exp": str(AT + 60)}, Cause.BAD_CLAIMS),
    "a time with a fraction": ({"iat": AT + 0.5}, Cause.BAD_CLAIMS),
    "a time that is true": ({"iat": True}, Cause.BAD_CLAIMS),
    "a person as number": ({"sub": 7}, Cause.BAD_CLAIMS),
    "no person": ({"sub": ""}, Cause.BAD_CLAIMS),
    "a person with control characters": ({"sub": "anna\x00"}, Cause.BAD_CLAIMS),
    "a very long person": ({"sub": "a" * 81}, Cause.BAD_CLAIMS),
    "a guessable id": ({"jti": "7"}, Cause.BAD_CLAIMS),
    "an id as a list": ({"jti": ["0123456789abcdef"]}, Cause.BAD_CLAIMS),
    "an unknown destination": ({"to": "desk"}, Cause.BAD_CLAIMS),
    "an account as number": ({"account": 4}, Cause.BAD_CLAIMS),
    "a target as object": ({"next": {}}, Cause.BAD_CLAIMS),
    **{f"without {name}": ({name: ...}, Cause.BAD_CLAIMS) for name in claims()},
}


@pytest.mark.parametrize("case", CLAIMS)
def test_claims_that_do_not_fit_are_refused(case: str) -> None:
    changes, cause = CLAIMS[case]
    assert cause_of(made(**changes)) is cause


HEADERS: dict[str, tuple[object, Cause]] = {
    "no algorithm": (HEADER | {"alg": "none"}, Cause.OTHER_HEADER),
    "another algorithm": (HEADER | {"alg": "ES256"}, Cause.OTHER_HEADER),
    "several algorithms": (HEADER | {"alg": ["EdDSA"]}, Cause.OTHER_HEADER),
    "another type": (HEADER | {"typ": "JWT"}, Cause.OTHER_HEADER),
    "a key of its own": (HEADER | {"jwk": {"kty": "OKP"}}, Cause.OTHER_HEADER),
    "an address of keys": (HEADER | {"jku": "https://evil.example/keys"}, Cause.OTHER_HEADER),
    "an extension that it insists on": (HEADER | {"crit": ["exp"], "exp": 1}, Cause.NO_TOKEN),
    "no name of a key": ({"alg": "EdDSA", "typ": "hand-off+jwt"}, Cause.OTHER_HEADER),
    "another key": (HEADER | {"kid": "2027-01"}, Cause.UNKNOWN_KEY),
    "a number as key": (HEADER | {"kid": 1}, Cause.NO_TOKEN),
    "a list": ([1], Cause.NO_TOKEN),
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_header_never_chooses_how_it_is_checked(case: str) -> None:
    header, cause = HEADERS[case]
    assert cause_of(signed(header, body())) is cause


def test_without_a_signature_nothing_is_believed() -> None:
    unsigned = signed(HEADER | {"alg": "none"}, body(), lambda _text: b"")
    assert cause_of(unsigned) is Cause.NO_TOKEN
    assert cause_of(unsigned + "AA") is Cause.OTHER_HEADER


def test_the_public_key_is_no_secret_to_sign_with() -> None:
    public = KEY.public_key()
    forms = (
        public.public_bytes(Encoding.Raw, PublicFormat.Raw), line_of(KEY).encode(),
        public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo),
    )  # fmt: skip
    for secret in forms:
        assert cause_of(signed(HEADER | {"alg": "HS256"}, body(), hs256(secret))) is Cause.OTHER_HEADER
        assert cause_of(signed(HEADER, body(), hs256(secret))) is Cause.BAD_SIGNATURE


def test_another_key_or_a_changed_payload_is_refused() -> None:
    assert cause_of(signed(HEADER, body(), OTHER_KEY.sign)) is Cause.BAD_SIGNATURE
    header, _payload, signature = made().split(".")
    changed = signed(HEADER, body(sub="bert")).split(".")[1]
    assert cause_of(f"{header}.{changed}.{signature}") is Cause.BAD_SIGNATURE


@pytest.mark.parametrize(
    "origin", ["", "null", "https://evil.example", SITE + "/", "http://account.vendor.example", OURS]
)
def test_only_its_issuers_own_site_may_send_it(origin: str) -> None:
    assert cause_of(made(), origin) is Cause.OTHER_SITE


def test_one_trusted_site_does_not_speak_for_another() -> None:
    two = Trust(OURS, frozenset({SITE, "https://admin.vendor.example"}), TRUST.keys, "test")
    assert cause_of(made(), "https://admin.vendor.example", two) is Cause.OTHER_SITE


@pytest.mark.parametrize(
    "text",
    ["", "x", "a.b", "a.b.c.d", "....", "ä.b.c", made() + "\n", made() + "=", " " + made(), "A" * 5000,
     "A.A.A", signed(HEADER, b"x" * 5000), signed("x", b"x"), "W1tbW1tb" * 100 + ".e30.AA", made().encode().hex()],
    ids=lambda text: f"{text[:12]}...{len(text)}",
)  # fmt: skip
def test_what_is_no_token_is_refused(text: str) -> None:
    assert cause_of(text) is Cause.NO_TOKEN


@pytest.mark.parametrize(
    "payload", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"iat":' + b"9" * 2500 + b"}", b"[" * 2500]
)
def test_what_is_signed_has_to_be_claims(payload: bytes) -> None:
    cause = Cause.BAD_CLAIMS if payload else Cause.NO_TOKEN
    assert cause_of(signed(HEADER, payload)) is cause


def test_a_new_key_stands_beside_the_old_one() -> None:
    both = Trust(OURS, frozenset({SITE}), public_keys(f"{KEYS}, 2027.01={line_of(OTHER_KEY)}"), "test")
    for key, name in ((KEY, "2026-11"), (OTHER_KEY, "2027.01")):
        assert read_token(signed(HEADER | {"kid": name}, body(), key.sign), SITE, both, NOW).sub == "anna"
    assert cause_of(signed(HEADER | {"kid": "2027.01"}, body()), SITE, both) is Cause.BAD_SIGNATURE


def test_keys_are_read_from_a_setting() -> None:
    ((name, key),) = public_keys(f" {KEYS} , ").items()
    assert name == "2026-11"
    assert isinstance(key, Ed25519PublicKey)


_P256 = ec.generate_private_key(ec.SECP256R1()).public_key()
_PRIVATE = KEY.private_bytes(Encoding.DER, PrivateFormat.PKCS8, NoEncryption())


@pytest.mark.parametrize(
    "text",
    ["key", "=", "a=", f"a={line_of(KEY)[:-4]}", f"{KEYS},{KEYS}", f"a b={line_of(KEY)}", KEYS + "\n-----END",
     "a=" + b64encode(_PRIVATE).decode(),
     "a=" + b64encode(_P256.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)).decode(),
     "a=" + line_of(Ed448PrivateKey.generate())],  # type: ignore[arg-type]
    ids=["no pair", "nothing", "no key", "cut", "a name twice", "a name of two", "line break", "private", "other curve",
         "other kind"],
)  # fmt: skip
def test_what_is_no_public_key_of_ours_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="key"):
        public_keys(text)
