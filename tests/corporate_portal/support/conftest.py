"""Support at the desk, and a shop on 1 June 2026."""

from collections.abc import Callable

import pytest

from billing_core import db
from billing_core.orders.online.downgrading import When
from billing_core.permissions import Realm, Viewer
from billing_core.subscriptions.models import Subscription
from corporate_portal.support import queries, service
from tests.billing_core.orders.online.conftest import at, clocks, till
from tests.factories import core
from tests.factories.shop import Shop

__all__ = ["at", "clocks", "till"]

Apply = Callable[..., Subscription]


@pytest.fixture
def clerk(database: object) -> Viewer:
    """Somebody of support."""
    return core.viewer(core.staff("support"), Realm.DESK)


def look(clerk: Viewer, of: str, tier: str, when: When) -> str:
    """What the page hands in."""
    with db.reading():
        return queries.downgrade(clerk, of, tier, when).digest


@pytest.fixture
def lower(at: Shop, clerk: Viewer) -> Apply:
    """Looks at a downgrade of the newest subscription, and applies it."""

    def apply(when: When = When.AT_ONCE, tier: str = "Starter", key: str = "", seen: str = "") -> Subscription:
        of = at.subscription().public_id
        seen = seen or look(clerk, of, tier, when)
        return db.perform(service.apply_downgrade, clerk, of, tier, when, seen, key or db.public_id("form"))

    return apply
