"""The tax decision: countries, confirmed VAT IDs, dated rates."""

from datetime import UTC, date, datetime, timedelta

import pytest

from billing_core import db
from billing_core.accounts import Account, vat_is_confirmed
from billing_core.sellers import tax
from billing_core.sellers.models import TaxRate
from tests.factories import core

DAY = date(2026, 3, 1)


@pytest.fixture
def rates(database: object) -> None:
    for country in ("DE", "US", "GB", "CH"):
        core.tax_rates(country)


@pytest.mark.usefixtures("rates")
@pytest.mark.parametrize(
    ("seller", "buyer", "confirmed", "category", "rate", "why"),
    [
        ("DE", "DE", False, "S", 1900, ""),
        ("DE", "DE", True, "S", 1900, ""),
        ("DE", "FR", True, "AE", 0, tax.BUYER_OWES),
        ("DE", "FR", False, "S", 1900, tax.VAT_ID_UNCONFIRMED),
        ("DE", "CH", False, "O", 0, tax.TAXED_ELSEWHERE),
        ("DE", "GB", True, "O", 0, tax.TAXED_ELSEWHERE),
        ("GB", "DE", True, "O", 0, tax.TAXED_ELSEWHERE),
        ("US", "CH", False, "O", 0, tax.TAXED_ELSEWHERE),
        ("US", "US", False, "O", 0, tax.NO_VAT_HERE),
        ("CH", "CH", False, "S", 810, ""),
    ],
)
def test_who_owes_what(seller: str, buyer: str, confirmed: bool, category: str, rate: int, why: str) -> None:
    with db.reading():
        decision = tax.decide(seller, buyer, confirmed, "S", DAY, has_vat_id=True)
    assert (decision.category, decision.rate, decision.why) == (category, rate, why)


@pytest.mark.usefixtures("rates")
def test_who_has_no_vat_id_is_not_told_that_it_lacks_its_confirmation() -> None:
    with db.reading():
        abroad = tax.decide("DE", "FR", False, "S", DAY, has_vat_id=False)
        at_home = tax.decide("DE", "DE", False, "S", DAY, has_vat_id=False)
    assert (abroad.category, abroad.rate, abroad.why) == ("S", 1900, tax.WITHOUT_VAT_ID)
    assert at_home.why == ""


@pytest.mark.usefixtures("rates")
def test_the_rate_of_the_day_counts() -> None:
    core.add(TaxRate(country="DE", category="S", rate=2100, valid_from=date(2027, 1, 1)))
    with db.reading():
        assert tax.decide("DE", "DE", False, "S", date(2026, 12, 31), has_vat_id=True).rate == 1900
        assert tax.decide("DE", "DE", False, "S", date(2027, 1, 1), has_vat_id=True).rate == 2100


@pytest.mark.usefixtures("rates")
def test_no_rate_is_said_and_not_guessed() -> None:
    with db.reading():
        with pytest.raises(tax.NoTaxRate) as refused:
            tax.decide("DE", "DE", False, "S", date(1999, 12, 31), has_vat_id=True)
        with pytest.raises(tax.NoTaxRate):
            tax.decide("FR", "FR", False, "S", DAY, has_vat_id=True)
    assert refused.value.params == {"country": "DE", "category": "S", "day": "1999-12-31"}


@pytest.mark.usefixtures("rates")
def test_the_wording_is_in_the_language_of_the_document() -> None:
    with db.reading():
        decision = tax.decide("DE", "FR", True, "S", DAY, has_vat_id=True)
    assert decision.exemption("en") == "Reverse charge"
    assert decision.exemption("de") == "Steuerschuldnerschaft"


NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("vat_id", "age", "confirmed"),
    [
        ("FR40303265045", timedelta(0), True),
        ("FR40303265045", timedelta(days=90) - timedelta(seconds=1), True),
        ("FR40303265045", timedelta(days=90), False),
        ("FR40303265045", timedelta(days=-1), False),
        ("FR40303265045", None, False),
        (None, timedelta(days=1), False),
    ],
)
def test_a_confirmation_lasts_90_days(vat_id: str | None, age: timedelta | None, confirmed: bool) -> None:
    account = Account(vat_id=vat_id, vat_confirmed_at=NOW - age if age is not None else None)
    assert vat_is_confirmed(account, NOW) is confirmed
