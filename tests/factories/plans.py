"""Products that customers buy online, with tiers, prices, features and trials."""

from datetime import date, timedelta
from typing import Any

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Feature, FeatureValue, Price, Product, Tier
from billing_core.orders.online.models import OnlineOrder, OnlineOrderLine
from billing_core.subscriptions.models import ONLINE, Subscription
from tests.factories.core import add, person, product

LONG_AGO = date(2020, 1, 1)


def _online(**changes: Any) -> Product:
    """Without the prices that other products of the tests have."""
    values: dict[str, Any] = {"is_online": True, "description_en": "Talk to people.", "description_de": "Reden."}
    return product(prices=(), **(values | changes))


def _price(of: Product, tier: str, frequency: str, amount: int) -> None:
    add(Price(product_id=of.id, tier=tier, frequency=frequency, currency="EUR", amount=amount, valid_from=LONG_AGO))


def untiered(**changes: Any) -> Product:
    """Sold online without tiers, at 55.00 a month and 550.00 a year in EUR."""
    found = _online(**({"seat_kind": "agent"} | changes))
    _price(found, "", "monthly", 5500)
    _price(found, "", "yearly", 55000)
    return found


def tiered(**changes: Any) -> Product:
    """Starter at 12.00 and Pro at 16.00 a month, 120.00 and 160.00 a year in EUR.

    Basic is no longer sold, Plus has no price. Pro has recordings, and both have a number of people; nothing has rooms.
    """
    found = _online(**changes)
    for rank, name in enumerate(("Basic", "Starter", "Pro", "Plus"), 1):
        add(
            Tier(
                product_id=found.id, name=name, rank=rank * 10, is_active=name != "Basic",
                description_en=f"For {name} teams", description_de=f"Für Teams mit {name}",
            )
        )  # fmt: skip
    for tier, monthly in (("Basic", 900), ("Starter", 1200), ("Pro", 1600)):
        _price(found, tier, "monthly", monthly)
        _price(found, tier, "yearly", 10 * monthly)
    people = _feature(found, "people", 1, "People in a meeting", "Personen je Meeting")
    for tier, number in (("Starter", "100"), ("Pro", "250")):
        add(FeatureValue(feature_id=people.id, tier=tier, value_en=number, value_de=number))
    recording = _feature(found, "recording", 2, "Recording", "Aufzeichnung")
    add(FeatureValue(feature_id=recording.id, tier="Pro"))
    add(FeatureValue(feature_id=recording.id, tier="Starter", is_included=False))
    _feature(found, "rooms", 3, "Rooms", "Räume")
    return found


def _feature(of: Product, code: str, position: int, name_en: str, name_de: str) -> Feature:
    found: Feature = add(Feature(product_id=of.id, code=code, position=position, name_en=name_en, name_de=name_de))
    return found


def subscribed(of: Account, to: Product, tier: str = "Pro", **changes: Any) -> Subscription:
    """Five seats at 16.00 a month, begun by an online order three days ago, with 27 days to go."""
    today = clock.today(of.timezone)
    values: dict[str, Any] = {
        "public_id": db.public_id("sub"), "source": ONLINE, "external_id": db.public_id("sub"), "account_id": of.id,
        "product_id": to.id, "tier": tier, "seats": 5, "frequency": "monthly", "unit_price": 1600, "currency": "EUR",
        "period_start": today - timedelta(days=3), "period_end": today + timedelta(days=27), "tax_category": "S",
        "tax_rate": 1900,
    }  # fmt: skip
    values |= changes
    if values["source"] == ONLINE:
        values["external_id"] = _ordered(of, values)
    values.setdefault("is_live", not values.get("cancelled_on") and values["period_end"] > today)
    found: Subscription = add(Subscription(**values))
    return found


def _ordered(of: Account, values: dict[str, Any]) -> str:
    """The order that began it, without its price: the tests of these pages need no documents."""
    then, today = clock.now(), values["period_start"]
    order: OnlineOrder = add(
        OnlineOrder(
            public_id=db.public_id("ord"), account_id=of.id, placed_by=person().id, form_key=db.public_id("form"),
            seen="", state="fulfilled", day=today, currency=values["currency"], locale="en", net=0, tax=0, total=0,
            credit_used=0, asked=0, rest=0, placed_at=then, ended_at=then,
        )
    )  # fmt: skip
    add(
        OnlineOrderLine(
            order_id=order.id, position=1, account_id=of.id, is_open=False, product_id=values["product_id"],
            effect="trial" if values.get("is_trial") else "start", tier=values["tier"], seats=values["seats"],
            frequency=values["frequency"], unit_price=values["unit_price"], restarts=True, period_start=today,
            period_end=values["period_end"], anchor_day=today.day, tax_category="S", tax_rate=1900,
        )
    )  # fmt: skip
    return f"{order.public_id}-1"
