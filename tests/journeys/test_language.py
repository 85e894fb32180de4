"""The language is chosen anywhere, stays with the person, and is that of the mails from then on."""

import pytest

from tests.factories import core
from tests.factories.core import PASSWORD
from tests.journeys.visitor import ENGLISH, ENGLISH_PLAIN, Visits, Walk


@pytest.mark.parametrize(
    ("walk", "database"), [(ENGLISH, "sqlite"), (ENGLISH_PLAIN, "postgresql")], indirect=["database"], ids=str
)
def test_a_chosen_language_stays(visit: Visits, walk: Walk) -> None:
    core.contact(core.account(), core.person(user_id="gokafor"))
    visitor, later = visit.by(walk), visit.by(walk)
    visitor.open("/sign-in")
    visitor.choose_language("Deutsch")
    visitor.arrives("Sign in")
    visitor.choose_language("English")
    visitor.sign_in("gokafor", PASSWORD)
    visitor.tab("Profile")
    visitor.arrives("Profile")
    visitor.choose_language("Deutsch")
    visitor.arrives("Profile")
    visitor.sign_out()
    visitor.arrives("Sign in")

    later.open("/sign-in")
    later.sign_in("gokafor", PASSWORD)
    later.walk = visitor.walk
    later.arrives("Quotes")
    later.sees("No quote waits for you")
    later.sign_out()
    later.click("Reset/Create your password")
    later.fill("User ID (username or e-mail)", "gokafor")
    later.click("Submit")
    later.wait_for_mail("Reset your password")
    later.reads_in_mail("Der Link funktioniert einmal")
