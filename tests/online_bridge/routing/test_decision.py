"""Tables 2a and 2b of domain.md, one case a row."""

from dataclasses import replace
from itertools import product

import pytest

from online_bridge.routing.decision import Entry, Outcome, Situation, decide

MY = Situation(Entry.GO_TO_BILLING, accounts=1)
ADMIN = Situation(Entry.ADD_LICENSES, accounts=1, is_admin=True)

GO_TO_BILLING = {
    "online, billing contact": (replace(MY, account_kind="online", is_contact=True), Outcome.BILLING_CENTER),
    "online, admin but not a contact": (replace(MY, account_kind="online", is_admin=True), Outcome.ASK_CONTACT),
    "online, user": (replace(MY, account_kind="online"), Outcome.ASK_CONTACT),
    "online, contact, subscription expired": (
        replace(MY, account_kind="online", is_contact=True, all_expired=True),
        Outcome.BILLING_CENTER_EXPIRED,
    ),
    "online, contact, sold on another site": (
        replace(MY, account_kind="online", is_contact=True, sells_outside=True),
        Outcome.OUTSIDE_CHECKOUT,
    ),
    "online, contact, subscription expired, sold on another site": (
        replace(MY, account_kind="online", is_contact=True, all_expired=True, sells_outside=True),
        Outcome.OUTSIDE_CHECKOUT,
    ),
    "online, not a contact, sold on another site": (
        replace(MY, account_kind="online", sells_outside=True),
        Outcome.ASK_CONTACT,
    ),
    "online, no active contact": (replace(MY, account_kind="online", has_active_contact=False), Outcome.ASK_SUPPORT),
    "corporate, contact with a live portal session": (
        replace(MY, account_kind="corporate", is_contact=True, has_portal_session=True),
        Outcome.PORTAL,
    ),
    "corporate, contact without one": (replace(MY, account_kind="corporate", is_contact=True), Outcome.PORTAL_SIGN_IN),
    "corporate, not a contact": (replace(MY, account_kind="corporate"), Outcome.PORTAL_SIGN_IN),
    "corporate, not a contact here, signed in to the portal for another account": (
        replace(MY, account_kind="corporate", has_portal_session=True),
        Outcome.PORTAL_SIGN_IN,
    ),
    "no account": (replace(MY, accounts=0), Outcome.NO_ACCOUNT),
    "several accounts, none chosen": (replace(MY, accounts=3), Outcome.CHOOSE_ACCOUNT),
}

ADD_LICENSES = {
    "online, contact": (replace(ADMIN, account_kind="online", is_contact=True), Outcome.BILLING_CENTER),
    "online, contact, sold on another site": (
        replace(ADMIN, account_kind="online", is_contact=True, sells_outside=True),
        Outcome.OUTSIDE_CHECKOUT,
    ),
    "online, contact, subscription expired": (
        replace(ADMIN, account_kind="online", is_contact=True, all_expired=True),
        Outcome.BILLING_CENTER_EXPIRED,
    ),
    "online, not a contact": (replace(ADMIN, account_kind="online"), Outcome.ASK_CONTACT),
    "online, no active contact": (replace(ADMIN, account_kind="online", has_active_contact=False), Outcome.ASK_SUPPORT),
    "corporate, contact, before the product": (
        replace(ADMIN, account_kind="corporate", is_contact=True, has_portal_session=True),
        Outcome.CHOOSE_PRODUCT,
    ),
    "corporate, contact, product chosen, signed in to the portal": (
        replace(ADMIN, account_kind="corporate", is_contact=True, has_portal_session=True, product_chosen=True),
        Outcome.PORTAL,
    ),
    "corporate, contact, product chosen, not signed in": (
        replace(ADMIN, account_kind="corporate", is_contact=True, product_chosen=True),
        Outcome.PORTAL_SIGN_IN,
    ),
    "corporate, not a contact": (replace(ADMIN, account_kind="corporate"), Outcome.ASK_CONTACT),
    "corporate, not a contact, the account hides its contacts": (
        replace(ADMIN, account_kind="corporate", hides_contacts=True),
        Outcome.PORTAL_SIGN_IN,
    ),
    "corporate, not a contact, the account hides its contacts, live portal session of another account": (
        replace(ADMIN, account_kind="corporate", hides_contacts=True, has_portal_session=True),
        Outcome.PORTAL_SIGN_IN,
    ),
    "no account": (replace(ADMIN, accounts=0), Outcome.NO_ACCOUNT),
    "several accounts, none chosen": (replace(ADMIN, accounts=2), Outcome.CHOOSE_ACCOUNT),
    "corporate, no active contact": (
        replace(ADMIN, account_kind="corporate", has_active_contact=False),
        Outcome.ASK_SUPPORT,
    ),
    "not an admin, online": (replace(ADMIN, account_kind="online", is_admin=False), Outcome.REFUSED),
    "not an admin, corporate": (
        replace(ADMIN, account_kind="corporate", is_admin=False, is_contact=True),
        Outcome.REFUSED,
    ),
}


@pytest.mark.parametrize("row", GO_TO_BILLING)
def test_go_to_billing(row: str) -> None:
    situation, outcome = GO_TO_BILLING[row]
    assert decide(situation) is outcome


@pytest.mark.parametrize("row", ADD_LICENSES)
def test_add_licenses(row: str) -> None:
    situation, outcome = ADD_LICENSES[row]
    assert decide(situation) is outcome


def test_every_situation_has_an_outcome() -> None:
    switches = list(product((False, True), repeat=8))
    for entry, accounts, kind in product(Entry, (0, 1, 2), (None, "online", "corporate")):
        for switch in switches:
            assert decide(Situation(entry, accounts, kind, *switch)) in Outcome


def test_nobody_but_a_contact_ever_gets_to_billing() -> None:
    inside = {Outcome.BILLING_CENTER, Outcome.BILLING_CENTER_EXPIRED, Outcome.OUTSIDE_CHECKOUT, Outcome.PORTAL}
    for entry, kind in product(Entry, ("online", "corporate")):
        for switch in product((False, True), repeat=8):
            situation = Situation(entry, 1, kind, *switch)
            assert situation.is_contact or decide(situation) not in inside


def test_a_corporate_account_never_meets_the_outside_checkout() -> None:
    for entry, switch in product(Entry, product((False, True), repeat=8)):
        situation = Situation(entry, 1, "corporate", *switch)
        assert decide(situation) is decide(replace(situation, sells_outside=False))
