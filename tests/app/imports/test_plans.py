"""Tiers, features and what is sold online: what an import takes, and each kind of row that it refuses."""

import json
from pathlib import Path
from secrets import token_hex
from typing import Any

import pytest
from sqlalchemy import select

from app.imports.importing import import_directory
from app.imports.report import Counts, ImportReport
from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.catalogue.models import FeatureValue, Price, Product, Tier
from billing_core.catalogue.queries import features_of, offer_of
from tests.app.imports import directories as d

pytestmark = pytest.mark.usefixtures("database")

Files = dict[str, list[dict[str, Any]]]
UNKNOWN = "nor from an earlier import of this source"


def run(tmp_path: Path, files: Files) -> ImportReport:
    return import_directory(d.write(tmp_path / token_hex(4), files), source="erp")


def problems_of(tmp_path: Path, files: Files) -> list[str]:
    """Import what must be refused; the problems as lines. Nothing was written."""
    with db.reading() as session:
        before = [len(session.scalars(select(table)).all()) for table in (Product, Tier, FeatureValue, Price)]
    report = run(tmp_path, files)
    with db.reading() as session:
        after = [len(session.scalars(select(table)).all()) for table in (Product, Tier, FeatureValue, Price)]
    assert after == before
    return [str(problem) for problem in report.problems]


def accepted(tmp_path: Path, files: Files) -> dict[str, Counts]:
    report = run(tmp_path, files)
    assert [str(problem) for problem in report.problems] == []
    return report.counts


def plans() -> Files:
    """A product sold online with two tiers and two features."""
    online = {"is_online": "yes", "least_seats": "1", "most_seats": "50", "trial_days": "14", "trial_seats": "5"}
    return {
        "products.csv": [d.product(**online)],
        "tiers.csv": [d.tier(name="Starter", rank="1", can_be_tried="no"), d.tier(name="Pro", rank="2")],
        "features.csv": [d.feature(), d.feature(code="recording", position="2", name_en="Recording", name_de="Film")],
        "feature_values.csv": [
            d.feature_value(tier="Starter", value_en="100", value_de="100"),
            d.feature_value(tier="Pro", value_en="250", value_de="250"),
            d.feature_value(feature="recording", tier="Starter", is_included="no"),
            d.feature_value(feature="recording", tier="Pro"),
        ],
        "prices.csv": [d.price(tier="Starter", amount="120.00"), d.price(), d.price(frequency="monthly", amount="16")],
    }


def ranks() -> dict[str, int]:
    with db.reading() as session:
        return {tier.name: tier.rank for tier in session.scalars(select(Tier).order_by(Tier.rank))}


def test_plans_become_an_offer_and_the_same_again_is_skipped(tmp_path: Path) -> None:
    accepted(tmp_path, plans())
    with db.reading():
        offer = offer_of("MEETING", d.LATER, "EUR")
        assert offer is not None
        people, recording = features_of([offer.product_id])[offer.product_id]
    assert (offer.ladder, offer.most_seats) == (("Starter", "Pro"), 50)
    assert (offer.price("Pro", "yearly"), offer.price("Pro", "monthly")) == (16000, 1600)
    assert offer.trial is not None
    assert (offer.trial.days, offer.trial.most_seats, [t.name for t in offer.tiers_to_try]) == (14, 5, ["Pro"])
    assert str(people.of("Pro").value) == "250"
    assert (recording.of("Pro").is_included, recording.of("Starter").is_included) == (True, False)
    assert all(count == Counts(skipped=count.skipped) for count in accepted(tmp_path, plans()).values())


def test_tiers_exchange_their_ranks_and_the_change_is_audited(tmp_path: Path) -> None:
    accepted(tmp_path, plans())
    files = {"tiers.csv": [d.tier(name="Starter", rank="2"), d.tier(name="Pro", rank="1", is_active="no")]}
    assert accepted(tmp_path, files)["tiers.csv"] == Counts(updated=2)
    assert ranks() == {"Pro": 1, "Starter": 2}
    with db.reading() as session:
        entries = session.scalars(select(AuditEntry).where(AuditEntry.action == "tier.changed")).all()
    assert {entry.subject: json.loads(entry.detail)["before"] for entry in entries} == {
        "tier:meeting/Starter": {"rank": 1, "can_be_tried": False},
        "tier:meeting/Pro": {"rank": 2, "is_active": True},
    }


def test_an_import_without_plans_goes_on_working(tmp_path: Path) -> None:
    accepted(tmp_path, {"products.csv": [d.product()], "prices.csv": [d.price(tier="Gold")]})
    with db.reading() as session:
        product = session.scalars(select(Product)).one()
    assert (product.is_online, product.least_seats, product.most_seats, product.trial_days) == (False, 1, 1000, 0)


def test_plans_that_contradict_themselves_are_named(tmp_path: Path) -> None:
    files = plans()
    files["products.csv"] += [
        d.product(external_id="p2", code="P 2", is_online="yes", seat_kind="none"),
        d.product(external_id="p3", code="P3", is_online="yes", least_seats="9", most_seats="8"),
        d.product(external_id="p4", code="P4", trial_days="7", least_seats="2"),
    ]
    for row in files["products.csv"]:
        for column, usual in (("least_seats", ""), ("most_seats", ""), ("trial_days", ""), ("trial_seats", "")):
            row.setdefault(column, usual)
        row.setdefault("is_online", "no")
    files["tiers.csv"] += [d.tier(name="Plus", rank="2"), d.tier(product="nothing"), d.tier(name="Max", rank="0")]
    files["features.csv"] += [d.feature(product="nothing"), d.feature(code="empty", name_de="")]
    files["feature_values.csv"] += [
        d.feature_value(feature="films"),
        d.feature_value(tier="Gold"),
        d.feature_value(tier="Plus", is_included="no", value_en="5", value_de="5"),
        d.feature_value(feature="recording", tier="Plus", value_en="5"),
        d.feature_value(product="nothing"),
        d.feature_value(product="p3", feature="people", tier="Pro"),
    ]
    files["prices.csv"] += [
        d.price(tier="Gold"), d.price(tier=""), d.price(tier="", frequency="once"),
        d.price(product="p3"), d.price(product="p4"),
    ]  # fmt: skip
    assert problems_of(tmp_path, files) == [
        "feature_values.csv, line 6, column feature: there is no 'films' in features.csv for 'meeting', " + UNKNOWN,
        "feature_values.csv, line 6, column tier: must name one of the product's tiers: Max, Plus, Pro, Starter",
        "feature_values.csv, line 7, column tier: is 'Gold', the product's tiers are Max, Plus, Pro, Starter",
        "feature_values.csv, line 8, column value_de: must be empty where is_included is no",
        "feature_values.csv, line 8, column value_en: must be empty where is_included is no",
        "feature_values.csv, line 9, column value_de: must not be empty where value_en is given",
        "feature_values.csv, line 10, column product: there is no 'nothing' in products.csv, " + UNKNOWN,
        "feature_values.csv, line 11, column feature: there is no 'people' in features.csv for 'p3', " + UNKNOWN,
        "feature_values.csv, line 11, column tier: is 'Pro', but the product has no tiers in tiers.csv",
        "features.csv, line 4, column product: there is no 'nothing' in products.csv, " + UNKNOWN,
        "features.csv, line 5, column name_de: must not be empty",
        "prices.csv, line 5, column tier: is 'Gold', the product's tiers are Max, Plus, Pro, Starter",
        "prices.csv, line 6, column tier: must name one of the product's tiers: Max, Plus, Pro, Starter",
        "prices.csv, line 8, column tier: is 'Pro', but the product has no tiers in tiers.csv, and it is sold online",
        "products.csv, line 3, column code: must be letters, figures, hyphens and underscores where is_online is yes: it stands in an address",  # noqa: E501
        "products.csv, line 3, column is_online: must be no where seat_kind is none: what is sold online has seats",
        "products.csv, line 4, column most_seats: is 8, but least_seats is 9",
        "products.csv, line 5, column trial_seats: is 1, possible are 2 to 1000, as in least_seats and most_seats",
        "tiers.csv, line 4, column rank: is 2, and the tier in line 3 has that rank already",
        "tiers.csv, line 5, column product: there is no 'nothing' in products.csv, " + UNKNOWN,
        "tiers.csv, line 6, column rank: is 0, possible are 1 to 99",
    ]


def test_plans_are_checked_against_what_is_stored(tmp_path: Path) -> None:
    accepted(tmp_path, {"products.csv": [d.product()], "prices.csv": [d.price(), d.price(tier="Gold")]})
    online = d.product(is_online="yes")
    named = "products.csv, line 2, column is_online: is yes, but prices name tiers that tiers.csv does not"
    assert problems_of(tmp_path, {"products.csv": [online]}) == [f"{named}: Gold, Pro"]
    assert problems_of(tmp_path, {"products.csv": [online], "tiers.csv": [d.tier()]}) == [f"{named}: Gold"]
    both = [d.tier(), d.tier(name="Gold", rank="3")]
    accepted(tmp_path, {"products.csv": [online], "tiers.csv": both})
    assert problems_of(tmp_path, {"tiers.csv": [d.tier(name="Max", rank="3")]}) == [
        "tiers.csv, line 2, column rank: is 3, and that is the rank of the tier 'Gold' already"
    ]
    assert problems_of(tmp_path, {"tiers.csv": [*both, d.tier(name="Max", rank="3")]}) == [
        "tiers.csv, line 4, column rank: is 3, and the tier in line 3 has that rank already"
    ]
    assert problems_of(tmp_path, {"prices.csv": [d.price(tier="Max")]}) == [
        "prices.csv, line 2, column tier: is 'Max', the product's tiers are Gold, Pro"
    ]
    accepted(tmp_path, {"tiers.csv": [d.tier(name="Max", rank="9")], "prices.csv": [d.price(tier="Max")]})
    assert ranks() == {"Pro": 1, "Gold": 3, "Max": 9}
