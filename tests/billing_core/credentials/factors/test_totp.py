"""Codes of an authenticator app, and how its seed is kept."""

from datetime import UTC, datetime, timedelta

import pytest

from billing_core.credentials.factors import seals, totp

SEED = b"12345678901234567890"
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("second", "code"),
    [
        (59, "287082"), (1111111109, "081804"), (1111111111, "050471"), (1234567890, "005924"),
        (2000000000, "279037"), (20000000000, "353130"),
    ],
)  # fmt: skip
def test_codes_are_those_of_the_standard(second: int, code: str) -> None:
    """RFC 6238, appendix B, the last six of its eight digits."""
    assert totp.code_at(SEED, datetime.fromtimestamp(second, UTC)) == code


@pytest.mark.parametrize(("steps", "counts"), [(-2, False), (-1, True), (0, True), (1, True), (2, False)])
def test_a_code_counts_one_step_too_early_and_one_too_late(steps: int, counts: bool) -> None:
    code = totp.code_at(SEED, NOON + timedelta(seconds=steps * totp.STEP))
    assert (totp.matching_step(SEED, code, NOON) is not None) == counts


def test_no_code_counts_again_nor_one_before_it() -> None:
    now = totp.matching_step(SEED, totp.code_at(SEED, NOON), NOON)
    assert now is not None
    assert totp.matching_step(SEED, totp.code_at(SEED, NOON), NOON, after=now) is None
    assert totp.matching_step(SEED, totp.code_at(SEED, NOON - timedelta(seconds=30)), NOON, after=now) is None
    assert totp.matching_step(SEED, totp.code_at(SEED, NOON + timedelta(seconds=30)), NOON, after=now) == now + 1


@pytest.mark.parametrize("typed", ["", "12345", "1234567", "abcdef", "١٢٣٤٥٦", "²²²²²²", "-12345", "12345\x00"])
def test_what_is_no_code_is_none(typed: str) -> None:
    assert totp.matching_step(SEED, typed, NOON) is None


def test_a_code_may_be_typed_in_groups() -> None:
    code = totp.code_at(SEED, NOON)
    assert totp.matching_step(SEED, f" {code[:3]} {code[3:]} ", NOON) is not None


def test_the_key_says_the_same_as_text_and_in_the_picture() -> None:
    address = totp.address(SEED, "anna", "Northgate")
    assert address.startswith("otpauth://totp/Northgate:anna?")
    assert f"secret={totp.key_text(SEED).replace(' ', '')}&" in address
    assert len(totp.new_seed()) == 20
    assert totp.new_seed() != totp.new_seed()


def test_a_seed_is_opened_for_its_person_with_its_key_and_unchanged_only() -> None:
    seals.use_secret("a" * 32)
    sealed = seals.seal(SEED, 7)
    assert SEED not in sealed
    assert seals.seal(SEED, 7) != sealed
    assert seals.unseal(sealed, 7) == SEED
    assert seals.unseal(sealed, 8) is None
    assert seals.unseal(sealed[:-1] + bytes([sealed[-1] ^ 1]), 7) is None
    seals.use_secret("b" * 32)
    assert seals.unseal(sealed, 7) is None
