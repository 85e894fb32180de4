"""Invoice numbers as people type them."""

import pytest

from billing_core import numbering
from billing_core.bank.numbers import possible_numbers

OURS = "DE-2026-000042"


@pytest.mark.parametrize(
    "typed",
    [
        "DE-2026-000042", "de-2026-000042", "DE 2026 000042", "DE2026000042", "Rechnung DE-2026-000042 vom 3.2.",
        "Re.Nr. DE/2026/000042, danke", "RECHNUNGDE2026000042", "DE-2026-0000 42", "KD 10021 DE2026-000042",
        "DE–2026–000042", "\uff24\uff25 2026 000042", "DE-2026-000041, DE-2026-000042",
        "DE-2026-000041+DE-2026-000042",
    ],
)  # fmt: skip
def test_a_number_is_found_however_it_is_typed(typed: str) -> None:
    assert numbering.plain(OURS) in possible_numbers(typed)


@pytest.mark.parametrize(
    "typed", ["DE-2026-000043", "DE-2026, 000042", "2026-000042", "", "Miete März", "E-2026-000042"]
)
def test_what_is_not_there_is_not_found(typed: str) -> None:
    assert numbering.plain(OURS) not in possible_numbers(typed)


def test_short_figures_are_no_numbers() -> None:
    assert possible_numbers("Platz 12, am 3. 4.") <= {"PLATZ12", "LATZ12", "ATZ12", "TZ12", "AM34"}


def test_long_nonsense_costs_little() -> None:
    assert len(possible_numbers("a1 " * 5000)) < 100
    assert len(possible_numbers("Z" * 5000)) == 0
