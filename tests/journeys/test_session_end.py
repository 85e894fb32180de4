"""A session that ends while somebody types: they are warned, may stay, and lose nothing if they do not."""

from datetime import timedelta

import pytest
from sqlalchemy import update

from billing_core import clock, db
from billing_core.credentials.models import SignInSession
from billing_core.credentials.sessions import LIMITS
from billing_core.permissions import Realm
from tests.journeys.demo import Demo
from tests.journeys.visitor import ENGLISH, GERMAN_WALK, Visitor, Visits, Walk

CASES = {
    "en": ("okafor", "Rescue for the service desk", "Could it start in January?"),
    "de": ("vogt", "Fernwartung für den Servicebereich", "Geht es ab Januar?"),
}


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_WALK, "postgresql")], indirect=["database"], ids=str
)
def test_the_end_of_a_session_loses_nothing(demo: Demo, visit: Visits, walk: Walk) -> None:
    person, title, words = CASES[walk.locale]
    contact = visit.by(walk)
    contact.page.clock.install()
    contact.enter("/sign-in", demo.login(person))
    contact.click_named(title)
    contact.fill("Your message", words)

    change_sessions(seen_at=clock.now() - LIMITS[Realm.PORTAL].idle + timedelta(seconds=100))
    contact.page.clock.fast_forward("28:10")
    contact.sees("You will be signed out soon")
    contact.look()
    contact.click("Stay signed in")
    contact.page.get_by_role("dialog").wait_for(state="hidden")

    change_sessions(ended_at=clock.now())
    contact.page.clock.fast_forward("28:10")
    contact.sees("You are signed out")
    contact.look()
    with contact.page.expect_popup() as opened:
        contact.click("Sign in again")
    tab = Visitor(opened.value, contact.server, walk)
    tab.sign_in(demo.login(person).user_id, demo.login(person).password)
    tab.arrives("Quotes")

    contact.page.bring_to_front()
    contact.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    contact.page.get_by_role("dialog").wait_for(state="hidden")
    contact.click("Send message")
    contact.reads(words)


def change_sessions(**values: object) -> None:
    """As if time had passed."""
    db.perform(lambda: db.session().execute(update(SignInSession).values(**values)))
