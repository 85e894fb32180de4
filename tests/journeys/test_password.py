"""The door: one text for every failure; a forgotten password is replaced by a mailed link that works once."""

import pytest
from sqlalchemy import func, select

from billing_core import db
from billing_core.mail.models import OutboxMail
from tests.factories import core
from tests.factories.core import PASSWORD
from tests.journeys.visitor import ENGLISH, GERMAN_PLAIN, GERMAN_WALK, Visits, Walk

NEW = "quiet harbour under green lamps"


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (GERMAN_WALK, "postgresql")], indirect=["database"], ids=str
)
def test_every_failed_sign_in_reads_alike(visit: Visits, walk: Walk) -> None:
    core.contact(core.account(), core.person(user_id="gokafor"))
    core.member(core.account(), core.person(user_id="sdoyle"))
    visitor = visit.by(walk)
    said = set()
    for user_id, password in (("gokafor", "not the password"), ("nobody", PASSWORD), ("sdoyle", PASSWORD)):
        visitor.open("/sign-in")
        visitor.sign_in(user_id, password)
        said.add(visitor.complaint())
    assert len(said) == 1
    assert walk.says("User ID does not belong to a billing contact of a corporate account") in said.pop()
    visitor.look("sign-in-failed")
    visitor.click("Sign in")
    visitor.sees("Enter your password.")
    visitor.look()


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "postgresql"), (GERMAN_PLAIN, "sqlite")], indirect=["database"], ids=str
)
def test_a_forgotten_password_is_replaced(visit: Visits, walk: Walk) -> None:
    core.contact(core.account(), core.person(user_id="gokafor", locale=walk.locale))
    elsewhere, visitor = visit.by(walk), visit.by(walk)
    elsewhere.open("/sign-in")
    elsewhere.sign_in("GOKAFOR", PASSWORD)
    elsewhere.arrives("Quotes")

    visitor.open("/sign-in")
    visitor.click("Reset/Create your password")
    visitor.fill("User ID (username or e-mail)", "gokafor")
    visitor.click("Submit")
    visitor.arrives("Look into your mailbox")
    visitor.wait_for_mail("Reset your password")
    mail = visitor.page.url
    visitor.follow_in_mail("Choose a new password")
    visitor.arrives("Choose a new password")
    visitor.fill("New password", "short")
    if walk.javascript:
        visitor.sees("Characters still missing: 10")
    visitor.fill("New password again", "short")
    visitor.click("Save the password")
    visitor.sees("Use at least 15 characters. Several words in a row are easy to remember.")
    visitor.look()
    visitor.fill("New password", NEW)
    visitor.fill("New password again", NEW)
    if walk.javascript:
        visitor.sees("Very strong.")
        shown = visitor.page.get_by_role("button", name="Show password").first
        shown.click()
        assert visitor.page.get_by_label("New password", exact=True).get_attribute("type") == "text"
        visitor.look("new-password")
    visitor.click("Save the password")
    visitor.sees("Your new password is set. Sign in with it now.")
    visitor.sign_in("gokafor", NEW)
    visitor.arrives("Quotes")

    elsewhere.tab("Invoices")
    elsewhere.arrives("Sign in")
    elsewhere.page.goto(mail)
    elsewhere.follow_in_mail("Choose a new password")
    elsewhere.arrives("This link does not work any more")
    elsewhere.look()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_nobody_learns_whether_a_user_id_exists(visit: Visits) -> None:
    visitor = visit.by(ENGLISH)
    visitor.open("/password/reset")
    visitor.fill("User ID (username or e-mail)", "nobody")
    visitor.click("Submit")
    visitor.arrives("Look into your mailbox")
    visitor.open("/mailbox")
    visitor.sees("No mail yet")
    visitor.look()
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(OutboxMail)) == 0
