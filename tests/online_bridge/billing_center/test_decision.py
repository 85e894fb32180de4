"""Each state of a subscription with its buttons and its Options menu (domain.md 6), as a table."""

from dataclasses import replace
from datetime import date

import pytest

from billing_core.subscriptions.models import Subscription
from online_bridge.billing_center.decision import Action, Actions, Situation, actions, situation_of, worth_showing

A = Action
ACTIVE = Situation("active")
PENDING = Situation("pending_cancellation")
TRIAL = Situation("trial", is_trial=True)
TRIAL_ENDED = Situation("expired", is_trial=True)
EXPIRED = Situation("expired")
OVERDUE = Situation("payment_overdue")
NOTHING = Actions()

TABLE = {
    "active": (ACTIVE, Actions((A.ADD_SEATS,), (A.EDIT, A.CANCEL, A.COMPARE))),
    "active, without tiers": (replace(ACTIVE, has_tiers=False), Actions((A.ADD_SEATS,), (A.EDIT, A.CANCEL))),
    "active, no longer sold": (replace(ACTIVE, is_sold=False), Actions((A.ADD_SEATS,), (A.EDIT, A.CANCEL))),
    "active, imported": (replace(ACTIVE, began_online=False), Actions((), (A.COMPARE,))),
    "active, without the right": (replace(ACTIVE, may_order=False), Actions((), (A.COMPARE,))),
    "pending cancellation": (PENDING, Actions((A.REMOVE_CANCELLATION,), (A.COMPARE,))),
    "pending cancellation, a new plan runs": (replace(PENDING, another_lives=True), Actions((), (A.COMPARE,))),
    "pending cancellation, imported": (replace(PENDING, began_online=False), Actions((), (A.COMPARE,))),
    "pending cancellation, without the right": (replace(PENDING, may_order=False), Actions((), (A.COMPARE,))),
    "trial": (TRIAL, Actions((A.SUBSCRIBE_NOW,))),
    "trial, imported": (replace(TRIAL, began_online=False), NOTHING),
    "trial, without the right": (replace(TRIAL, may_order=False), NOTHING),
    "trial, no longer sold": (replace(TRIAL, is_sold=False), NOTHING),
    "trial ended": (TRIAL_ENDED, Actions((A.SUBSCRIBE_NOW,))),
    "trial ended, subscribed since": (replace(TRIAL_ENDED, another_lives=True), NOTHING),
    "expired": (EXPIRED, Actions((A.SUBSCRIBE_AGAIN,))),
    "expired, imported": (replace(EXPIRED, began_online=False), Actions((A.SUBSCRIBE_AGAIN,))),
    "expired, subscribed again": (replace(EXPIRED, another_lives=True), NOTHING),
    "expired, no longer sold": (replace(EXPIRED, is_sold=False), NOTHING),
    "expired, without the right": (replace(EXPIRED, may_order=False), NOTHING),
    "payment overdue": (OVERDUE, Actions((A.PAY_RENEWAL,), (A.CANCEL, A.COMPARE))),
    "payment overdue, without the right": (replace(OVERDUE, may_order=False), Actions((), (A.COMPARE,))),
    "not begun": (Situation("scheduled"), Actions((), (A.COMPARE,))),
    "a state of another time": (Situation("unknown"), Actions((), (A.COMPARE,))),
}


@pytest.mark.parametrize("row", TABLE)
def test_each_state_has_its_buttons(row: str) -> None:
    situation, expected = TABLE[row]
    assert actions(situation) == expected


def test_a_trial_never_has_an_options_menu() -> None:
    for status in ("trial", "expired", "scheduled"):
        for is_sold in (True, False):
            assert actions(Situation(status, is_trial=True, is_sold=is_sold)).options == ()


TODAY = date(2026, 6, 10)


def subscription(number: int, product: int, end: date, **changes: object) -> Subscription:
    values = {
        "id": number, "product_id": product, "period_start": date(2026, 1, 1), "period_end": end, "is_trial": False,
        "source": "online", "is_corporate": False,
    }  # fmt: skip
    return Subscription(**(values | changes))


def test_what_is_over_gives_way_to_what_runs_of_the_same_product() -> None:
    old, older = subscription(1, 1, date(2026, 6, 1)), subscription(2, 1, date(2026, 5, 1))
    pending = subscription(3, 2, date(2026, 7, 1), cancelled_on=TODAY)
    runs, over = subscription(4, 2, date(2026, 7, 8)), subscription(5, 2, date(2026, 3, 1))
    found = [runs, pending, old, older, over]
    assert worth_showing(found, TODAY) == [runs, pending, old]
    about = situation_of(pending, TODAY, found, is_sold=True, has_tiers=True, may_order=True)
    assert (about.status, about.another_lives) == ("pending_cancellation", True)
    about = situation_of(runs, TODAY, found, is_sold=True, has_tiers=True, may_order=True)
    assert (about.status, about.another_lives) == ("active", False)
