"""Support lowers a tier: at once with a credit note, or at the period's end with the renewal (domain.md 6)."""

import json
from datetime import date

import pytest
from sqlalchemy import select, update
from time_machine import Traveller

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.errors import NotAllowed, NotFound
from billing_core.orders.online import ending, refusals
from billing_core.orders.online.downgrading import When
from billing_core.orders.online.wishes import Change, Try
from billing_core.people import BillingContact
from billing_core.permissions import Realm, Viewer
from billing_core.subscriptions.models import Subscription
from corporate_portal.support import queries, service
from corporate_portal.support.refusals import NoContact, StalePreview
from tests.corporate_portal.support.conftest import Apply, look
from tests.factories import cards, core, plans
from tests.factories.nights import announcements, invoices, mails, night, orders
from tests.factories.shop import Shop, credit_note_of, credit_of, reprice
from tests.factories.till import CardTill

AT_ONCE, AT_END = When.AT_ONCE, When.AT_END


def state(at: Shop) -> tuple[str, int, str | None]:
    """Tier, unit price, and the tier that is planned."""
    found = at.subscription()
    return found.tier, found.unit_price, found.planned_tier if found.is_to_be_lowered else None


def audited(action: str) -> list[tuple[str, dict[str, str]]]:
    """Actor and detail of each entry."""
    with db.reading() as session:
        rows = session.scalars(select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id))
        return [(row.actor, json.loads(row.detail)) for row in rows]


def take_back(at: Shop, clerk: Viewer) -> Subscription:
    return db.perform(service.take_back_downgrade, clerk, at.subscription().public_id)


def test_at_once_keeps_the_period_and_credits_the_difference(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply
) -> None:
    """15 of 30 days of 5 x 5.00 less: 12.50 net, 14.88 at 19 %."""
    at.bought(till, at.buy(5))
    night(till, clocks, 6, 16)
    seen = look(clerk, at.subscription().public_id, "Starter", AT_ONCE)
    for _ in range(2):
        lower(key="form_1", seen=seen)
    found, (_, order) = at.subscription(), orders()
    assert (state(at), found.seats, found.period_end) == (("Starter", 500, None), 5, date(2026, 7, 1))
    assert (credit_note_of(order).total, credit_of(at.account), len(invoices())) == (1488, 1488, 1)
    assert (order.placed_by, order.asked, order.total) == (at.buyer.person_id, 0, -1488)
    (mail,) = mails("downgrade-applied")
    assert mail.recipient == at.buyer.email
    assert mail.attached == f"credit-note:{credit_note_of(order).public_id}"
    assert "GoMeet Pro" in mail.text_body
    assert "/billing" in mail.text_body
    ((actor, detail),) = audited("subscription.changed")
    assert (actor, detail["tier_before"], detail["tier"]) == (clerk.actor, "Pro", "Starter")


def test_an_equal_price_charges_and_credits_nothing(at: Shop, till: CardTill, lower: Apply) -> None:
    at.bought(till, at.buy(5))
    reprice(at.product, 1000, date(2026, 6, 1), tier="Starter")
    lower()
    assert (state(at), len(invoices()), credit_of(at.account)) == (("Starter", 1000, None), 1, 0)
    assert mails("downgrade-applied")[0].attached == ""


def test_at_the_end_the_renewal_bills_the_lower_tier_at_the_price_that_was_agreed_on(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    seen = look(clerk, at.subscription().public_id, "Starter", AT_END)
    for _ in range(2):
        lower(AT_END, key="form_1", seen=seen)
    assert (state(at), len(orders()), credit_of(at.account)) == (("Pro", 1000, "Starter"), 1, 0)
    (mail,) = mails("downgrade-planned")
    assert ("July 1, 2026" in mail.text_body or "1 July 2026" in mail.text_body, mail.recipient) == (
        True, at.buyer.email,
    )  # fmt: skip
    assert len(audited("subscription.downgrade_planned")) == 1
    reprice(at.product, 700, date(2026, 6, 20), tier="Starter")
    assert announcements(clocks, 6, 28) == ["renewal-notice"]
    assert "GoMeet Starter" in mails("renewal-notice")[0].text_body
    night(till, clocks, 7, 1)
    assert (state(at), invoices()[-1].total) == (("Starter", 500, None), 2975)
    assert "GoMeet Starter" in mails("subscription-renewed")[0].text_body
    assert audited("subscription.renewed")[0][1]["tier_before"] == "Pro"
    night(till, clocks, 8, 1)
    assert (state(at), invoices()[-1].total) == (("Starter", 500, None), 2975)


def test_other_seats_leave_the_planned_tier_and_another_plan_drops_it(
    at: Shop, till: CardTill, clocks: Traveller, lower: Apply
) -> None:
    at.bought(till, at.buy(5))
    lower(AT_END)
    of, before = at.subscription().public_id, at.see(Change(at.subscription().public_id, "Pro", 6, "monthly")).order
    assert (before.lines[0].keeps_downgrade, before.lines[0].before is not None) == (True, True)
    night(till, clocks, 6, 16)
    at.bought(till, Change(of, "Pro", 6, "monthly"))
    assert (state(at), at.subscription().period_end) == (("Pro", 1000, "Starter"), date(2026, 7, 16))
    assert not at.see(Change(of, "Pro", 6, "yearly")).order.lines[0].keeps_downgrade
    at.bought(till, Change(of, "Pro", 6, "yearly"))
    assert state(at) == ("Pro", 10000, None)
    assert audited("subscription.downgrade_dropped")[0][1] == {"tier": "Starter", "why": "replaced"}


def test_what_the_contact_saw_before_support_planned_it_is_asked_again(at: Shop, till: CardTill, lower: Apply) -> None:
    at.bought(till, at.buy(5))
    wish = Change(at.subscription().public_id, "Plus", 5, "monthly")
    seen = at.see(wish).digest
    lower(AT_END)
    with pytest.raises(refusals.PreviewStale):
        at.order(wish, seen=seen)


def test_a_lower_tier_at_once_takes_the_place_of_the_planned_one(at: Shop, till: CardTill, lower: Apply) -> None:
    at.bought(till, at.buy(5, tier="Plus"))
    lower(AT_END, tier="Starter")
    lower(AT_END, tier="Pro")
    assert state(at) == ("Plus", 2000, "Pro")
    lower(AT_ONCE, tier="Starter")
    assert state(at) == ("Starter", 500, None)


def test_cancelled_it_has_no_effect_and_removing_the_cancellation_brings_it_back(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply
) -> None:
    at.bought(till, at.buy(5))
    lower(AT_END)
    named = (at.buyer, at.account.public_id, at.subscription().public_id)
    db.perform(ending.cancel_subscription, *named)
    assert state(at) == ("Pro", 1000, None)
    take_back(at, clerk)
    db.perform(ending.remove_cancellation, *named)
    assert state(at) == ("Pro", 1000, "Starter")
    db.perform(ending.cancel_subscription, *named)
    night(till, clocks, 7, 1)
    assert (state(at), at.subscription().status(date(2026, 7, 1)), len(orders())) == (("Pro", 1000, None), "expired", 1)


def test_an_unpaid_renewal_ends_it_and_what_is_bought_then_is_what_was_chosen(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply
) -> None:
    at.bought(till, at.buy(5))
    lower(AT_END)
    night(till, clocks, 7, 1)
    assert (state(at), "GoMeet Starter" in mails("renewal-failed")[0].text_body) == (("Pro", 1000, "Starter"), True)
    with pytest.raises(refusals.RenewalUnpaid):
        lower(AT_END)
    for day in (4, 8, 15):
        night(till, clocks, 7, day)
    assert (state(at), "GoMeet Pro has expired" in mails("renewal-expired")[0].subject) == (("Pro", 1000, None), True)
    at.bought(till, at.buy(5))
    assert state(at) == ("Pro", 1000, None)


def test_support_takes_it_back_also_while_the_renewal_is_overdue(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply
) -> None:
    at.bought(till, at.buy(5))
    for _ in range(2):
        take_back(at, clerk)
    assert not mails("downgrade-taken-back")
    lower(AT_END)
    night(till, clocks, 7, 1)
    for _ in range(2):
        take_back(at, clerk)
    assert (state(at), len(mails("downgrade-taken-back"))) == (("Pro", 1000, None), 1)
    cards.saved(till, at.account, at.buyer)
    night(till, clocks, 7, 4)
    assert (state(at), invoices()[-1].total) == (("Pro", 1000, None), 5950)


@pytest.mark.parametrize("change", ["day", "price", "seats"])
def test_a_page_that_is_out_of_date_asks_again(
    at: Shop, till: CardTill, clocks: Traveller, clerk: Viewer, lower: Apply, change: str
) -> None:
    at.bought(till, at.buy(5))
    of = at.subscription().public_id
    seen = {when: look(clerk, of, "Starter", when) for when in When}
    if change == "day":
        clocks.shift(24 * 3600)
    elif change == "price":
        reprice(at.product, 501, date(2026, 6, 1), tier="Starter")
    else:
        at.bought(till, Change(of, "Pro", 4, "monthly"))
    for when in When:
        with pytest.raises(StalePreview):
            lower(when, seen=seen[when])
    assert state(at) == ("Pro", 1000, None)


def test_what_support_cannot_lower(at: Shop, till: CardTill, clerk: Viewer, lower: Apply) -> None:
    """Each refusal names what stands against it, and nothing is written."""
    at.bought(till, at.buy(5))
    reprice(at.product, 1001, date(2026, 6, 1), tier="Starter")
    for when in When:
        for tier, refused in (
            ("Pro", refusals.NothingChanges), ("Plus", refusals.NotADowngrade), ("Gold", refusals.NotSold),
        ):  # fmt: skip
            with pytest.raises(refused):
                lower(when, tier=tier)
    with pytest.raises(refusals.DearerDowngrade):
        lower(AT_ONCE)
    at.order(Try(at.other.code, "Pro", 2))
    with pytest.raises(refusals.TrialNotEdited):
        lower()
    today = date(2026, 6, 1)
    for refused, found in (
        (refusals.CancellationPending, plans.subscribed(at.account, plans.tiered(), cancelled_on=today)),
        (refusals.SubscriptionExpired, plans.subscribed(at.account, plans.tiered(), period_end=today)),
        (refusals.BilledElsewhere, plans.subscribed(at.account, plans.tiered(), source="demo")),
        (NotFound, plans.subscribed(core.account(), plans.tiered())),
    ):
        with pytest.raises(refused), db.reading():
            queries.downgrade(clerk, found.public_id, "Starter", AT_ONCE)
    assert (audited("subscription.changed"), audited("subscription.downgrade_planned")) == ([], [])


def test_planned_again_at_another_price_it_is_the_price_that_was_seen(at: Shop, till: CardTill, lower: Apply) -> None:
    at.bought(till, at.buy(5))
    lower(AT_END)
    lower(AT_END)
    assert len(mails("downgrade-planned")) == 1
    reprice(at.product, 400, date(2026, 6, 1), tier="Starter")
    lower(AT_END)
    assert (at.subscription().planned_price, len(mails("downgrade-planned"))) == (400, 2)


def test_a_lower_tier_that_costs_more_today_begins_with_the_next_period(
    at: Shop, till: CardTill, clocks: Traveller, lower: Apply
) -> None:
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    reprice(at.product, 1001, date(2026, 6, 1), tier="Starter")
    with pytest.raises(refusals.DearerDowngrade):
        lower(AT_ONCE)
    lower(AT_END)
    assert (state(at), len(till.charges())) == (("Pro", 1000, "Starter"), 1)
    night(till, clocks, 7, 1)
    assert (state(at), till.charges()[0].amount) == (("Starter", 1001, None), 5956)


@pytest.mark.parametrize("role", ["rep", "rep_manager", "finance"])
def test_only_support_may(at: Shop, till: CardTill, role: str) -> None:
    at.bought(till, at.buy(5))
    of, other = at.subscription().public_id, core.viewer(core.staff(role), Realm.DESK)
    with pytest.raises(NotAllowed):
        db.perform(service.apply_downgrade, other, of, "Starter", AT_END, "", "form")
    with pytest.raises(NotAllowed):
        db.perform(service.take_back_downgrade, at.buyer, of)


def test_without_a_contact_nobody_would_know(at: Shop, till: CardTill, clerk: Viewer, lower: Apply) -> None:
    at.bought(till, at.buy(5))
    seen = look(clerk, at.subscription().public_id, "Starter", AT_ONCE)

    def leave() -> None:
        db.session().execute(update(BillingContact).values(removed_at=clock.now(), is_primary=False))

    db.perform(leave)
    with pytest.raises(NoContact):
        lower(seen=seen)
