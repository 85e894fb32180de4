"""Offers: what is sold online on a day, ranked, with trial terms; what is a downgrade is a matter of rank alone."""

from dataclasses import replace
from datetime import date

import pytest

from billing_core import db, words
from billing_core.catalogue.models import Price
from billing_core.catalogue.offers import NotOffered, Offer, OfferedTier, Phrase, Trial
from billing_core.catalogue.queries import features_of, offer_of, offers_on
from tests.factories import core, plans
from tests.factories.sql import statements

NEW_YEAR = date(2026, 1, 1)


def tier(name: str, rank: int, monthly: int | None, yearly: int | None, *, can_be_tried: bool = True) -> OfferedTier:
    return OfferedTier(name, rank, Phrase("", ""), can_be_tried, monthly, yearly)


OFFER = Offer(
    product_id=1, code="MEETING", name="Meeting", description=Phrase("Talk", "Reden"), seat_kind="organizer",
    tax_category="S", day=NEW_YEAR, currency="EUR", least_seats=1, most_seats=100,
    tiers=(tier("Starter", 1, 1200, 12000, can_be_tried=False), tier("Plus", 3, 2400, None)),
    ladder=("Starter", "Pro", "Plus"), trial=Trial(14, 5),
)  # fmt: skip


def test_the_price_is_that_of_tier_and_frequency() -> None:
    assert OFFER.price("Starter", "yearly") == 12000
    assert (OFFER.least("monthly"), OFFER.least("yearly")) == (1200, 12000)
    for name, frequency in (("Plus", "yearly"), ("Pro", "monthly"), ("", "monthly")):
        with pytest.raises(NotOffered):
            OFFER.price(name, frequency)


def test_a_year_at_once_saves_what_twelve_months_cost_more() -> None:
    assert [one.saving for one in OFFER.tiers] == [2400, 0]
    assert tier("Dear", 1, 1000, 12500).saving == 0
    assert (OFFER.tiers[0].frequencies, OFFER.tiers[1].frequencies) == (("monthly", "yearly"), ("monthly",))


@pytest.mark.parametrize(
    ("present", "wanted", "expected"),
    [
        ("Pro", "Starter", True), ("Plus", "Starter", True), ("Starter", "Plus", False), ("Pro", "Plus", False),
        ("Pro", "Pro", False), ("Gold", "Gold", False), ("Gold", "Plus", True), ("Pro", "", True), ("", "Pro", True),
    ],
)  # fmt: skip
def test_a_downgrade_is_a_matter_of_rank_and_what_nobody_ranked_goes_to_support(
    present: str, wanted: str, expected: bool
) -> None:
    assert OFFER.is_downgrade(present, wanted) is expected
    assert not replace(OFFER, ladder=()).is_downgrade("", "")


def test_only_tiers_that_may_be_tried_are_offered_for_a_trial() -> None:
    assert [one.name for one in OFFER.tiers_to_try] == ["Plus"]
    assert replace(OFFER, trial=None).tiers_to_try == ()


def test_a_phrase_is_in_the_language_of_its_reader() -> None:
    with words.in_language("de"):
        assert (str(OFFER.description), str(Phrase("Talk", ""))) == ("Reden", "Talk")
    assert str(OFFER.description) == "Talk"


@pytest.mark.usefixtures("database")
def test_what_is_offered_on_a_day() -> None:
    meeting = plans.tiered(position=2, trial_days=14, trial_seats=3, least_seats=2, most_seats=50)
    core.add(
        Price(product_id=meeting.id, tier="Pro", frequency="monthly", currency="EUR", amount=1800,
              valid_from=date(2026, 7, 1))
    )  # fmt: skip
    support = plans.untiered(position=1)
    plans.untiered(position=3, is_active=False)
    core.product()
    with db.reading():
        first, second = offers_on(date(2026, 6, 30), "EUR")
        assert offer_of(meeting.code, date(2026, 6, 30), "EUR") == second
        later = offer_of(meeting.code, date(2026, 7, 1), "EUR")
        assert offer_of(meeting.code, date(2019, 12, 31), "EUR") is None
        assert offers_on(date(2026, 6, 30), "CHF") == []
    assert (first.code, first.has_tiers, first.ladder, first.trial) == (support.code, False, (), None)
    assert (first.price("", "monthly"), first.price("", "yearly")) == (5500, 55000)
    # Retired tiers keep their place in the order; a tier without a price is not offered.
    assert second.ladder == ("Basic", "Starter", "Pro", "Plus")
    assert [(one.name, one.monthly) for one in second.tiers] == [("Starter", 1200), ("Pro", 1600)]
    assert (second.least_seats, second.most_seats, second.trial) == (2, 50, Trial(14, 3))
    assert later is not None
    assert later.price("Pro", "monthly") == 1800


@pytest.mark.usefixtures("database")
def test_many_products_take_the_same_statements_as_one() -> None:
    first = plans.tiered()
    with db.reading(), statements() as few:
        features_of([offer.product_id for offer in offers_on(NEW_YEAR, "EUR")])
    second = plans.tiered()
    with db.reading(), statements() as many:
        found = features_of([offer.product_id for offer in offers_on(NEW_YEAR, "EUR")])
    assert len(few) == len(many) == 3
    assert set(found) == {first.id, second.id}


@pytest.mark.usefixtures("database")
def test_the_comparison_is_exact() -> None:
    meeting = plans.tiered()
    with db.reading():
        people, recording, rooms = features_of([meeting.id])[meeting.id]
    assert [str(row.name) for row in (people, recording, rooms)] == ["People in a meeting", "Recording", "Rooms"]
    assert (str(people.of("Starter").value), str(people.of("Pro").value)) == ("100", "250")
    assert [recording.of(name).is_included for name in ("Starter", "Pro", "Plus")] == [False, True, False]
    assert not rooms.of("Pro").is_included
