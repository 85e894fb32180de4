"""A contact sets two-step sign-in up, signs in with a code, later with a recovery code, and removes it."""

import base64
from datetime import timedelta

import pytest

from billing_core import clock
from billing_core.credentials.factors import totp
from tests.factories import core
from tests.factories.core import PASSWORD
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, Visits, Walk


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_signing_in_in_two_steps(visit: Visits, walk: Walk) -> None:
    core.contact(core.account(), core.person(user_id="gokafor", locale=walk.locale))
    visitor, elsewhere = visit.by(walk), visit.by(walk)
    for one in (elsewhere, visitor):
        one.open("/sign-in")
        one.sign_in("gokafor", PASSWORD)
        one.arrives("Quotes")
    visitor.tab("Profile")
    visitor.click("Security")
    visitor.arrives("Security")
    visitor.look("security")
    visitor.click("Set up an authenticator app")
    visitor.fill("Your password", PASSWORD)
    visitor.click("Continue")
    visitor.arrives("Add the key to your app")
    visitor.look("two-step-key")
    seed = base64.b32decode(visitor.fact("Key").replace(" ", ""))
    visitor.fill("Code", totp.code_at(seed, clock.real_now()))
    visitor.click("Confirm")
    visitor.arrives("Keep your recovery codes")
    visitor.look()
    recovery = visitor.page.locator("#recovery-codes li").first.inner_text()
    visitor.click("I have kept them")
    visitor.arrives("Security")
    visitor.sign_out()
    elsewhere.tab("Invoices")
    elsewhere.arrives("Sign in")

    visitor.sign_in("gokafor", PASSWORD)
    visitor.arrives("Second step of the sign-in")
    visitor.look("second-step")
    visitor.fill("Code", totp.code_at(seed, clock.real_now() - timedelta(minutes=5)))
    visitor.click("Sign in")
    assert walk.says("This code is not right, or it was used before. Wait for the next one and try again.") in (
        visitor.complaint()
    )
    visitor.fill("Code", totp.code_at(seed, clock.real_now() + timedelta(seconds=totp.STEP)))
    visitor.click("Sign in")
    visitor.arrives("Quotes")

    elsewhere.sign_in("gokafor", PASSWORD)
    elsewhere.fill("Code", recovery)
    elsewhere.click("Sign in")
    elsewhere.arrives("Invoices")
    elsewhere.open("/security/authenticator/remove")
    elsewhere.fill("Your password", PASSWORD)
    elsewhere.click("Remove two-step sign-in")
    elsewhere.sees("Two-step sign-in is removed. You are signed in only here now.")
    visitor.tab("Invoices")
    visitor.arrives("Sign in")
    visitor.sign_in("gokafor", PASSWORD)
    visitor.arrives("Invoices")
