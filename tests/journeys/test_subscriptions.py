"""My Account > Go to Billing > Subscriptions: edit up to the Order Summary, cancel, remove the pending cancellation."""

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.mail.models import OutboxMail
from billing_core.subscriptions.models import Subscription
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visitor, Visits, Walk

PLAN = "GoToMeeting Starter"
FIGURES = {
    "en": ("hughes", "Starter, 4 organizers, billed monthly", "Plus, 6 organizers, billed yearly"),
    "de": ("zimmerli", "Starter, 2 Organisatoren, jährlich abgerechnet", "Plus, 6 Organisatoren, jährlich abgerechnet"),
}
"""Who goes there, what they have, and what they look at."""


def choose_option(visitor: Visitor, entry: str) -> None:
    """Open the Options menu of the plan, and follow one of its entries."""
    visitor.page.locator("summary").filter(has_text=PLAN).click()
    visitor.click(entry)


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_a_contact_edits_cancels_and_removes_the_cancellation(demo: Demo, visit: Visits, walk: Walk) -> None:
    person, present, wanted = FIGURES[walk.locale]
    contact = visit.by(walk)
    contact.enter("/my-account", demo.login(person))
    contact.click("Go to Billing")
    contact.arrives("Subscriptions")
    contact.look("billing-center")
    choose_option(contact, "Edit Subscription")
    contact.arrives("Edit subscription")
    assert not contact.can_click("Proceed to Checkout")
    contact.page.locator("label").get_by_text("Plus", exact=True).click()
    contact.fill("Organizers", "6")
    contact.tick("Yearly")
    if not walk.javascript:
        contact.click("Change")
    contact.reads(present)
    contact.reads(wanted)
    contact.sees("Total due today")
    assert contact.can_click("Proceed to Checkout")
    contact.look("edit-subscription")
    contact.click("Subscriptions")
    contact.arrives("Subscriptions")

    choose_option(contact, "Cancel Subscription")
    contact.arrives("Cancel %(plan)s", plan=PLAN)
    contact.look("cancel-subscription")
    contact.click("Cancel Subscription")
    contact.sees_part("%(product)s is cancelled. We have confirmed it by mail.", product="GoToMeeting")
    contact.click("Remove Pending Cancellation", PLAN)
    contact.arrives("Remove Pending Cancellation")
    contact.look("remove-pending-cancellation")
    contact.click("Yes, remove cancellation")
    contact.arrives("The pending cancellation is removed")
    contact.look()
    contact.click("Close")
    contact.arrives("Subscriptions")
    with db.reading() as session:
        plan = select(Subscription).where(Subscription.tier == "Starter", Subscription.product.has(code="MEETING"))
        mine = session.scalars(plan.where(Subscription.source == "online")).all()
        assert {(one.cancelled_on, one.is_live) for one in mine} == {(None, True)}
        mails = session.scalars(select(OutboxMail.kind).order_by(OutboxMail.id.desc()).limit(2)).all()
    assert mails == ["cancellation-removed", "subscription-cancelled"]
