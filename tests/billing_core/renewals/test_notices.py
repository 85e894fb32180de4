"""Notices before a renewal, before a card expires and before a trial ends: each once, in the reader's language."""

from datetime import date

import pytest
from time_machine import Traveller

from billing_core.orders.online.wishes import Try
from billing_core.permissions import Realm
from billing_core.renewals import service
from tests.factories import cards, core
from tests.factories.nights import announcements, mails
from tests.factories.shop import Shop
from tests.factories.till import CardTill


def test_a_renewal_is_announced_once_with_its_amount_and_card(at: Shop, till: CardTill, clocks: Traveller) -> None:
    german = core.viewer(core.contact(at.account, core.person(locale="de")), Realm.MY)
    at.bought(till, at.buy(5))
    cards.saved(till, at.account, at.buyer)
    days = [announcements(clocks, 6, day) for day in (27, 28, 28, 30)]
    assert [len(kinds) for kinds in days] == [0, 2, 0, 0]
    english, deutsch = mails("renewal-notice")
    assert "€59.50" in english.text_body
    assert "Visa •••• 4242" in english.text_body
    assert "/billing/payment-methods" in english.text_body
    assert (deutsch.recipient, deutsch.locale) == (german.email, "de")
    assert "wird am 1. Juli 2026 verlängert" in deutsch.text_body
    assert "59,50" in deutsch.text_body
    assert announcements(clocks, 7, 1) == []


def test_a_year_is_announced_a_month_ahead_and_late_after_a_pause(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5, frequency="yearly"))
    assert announcements(clocks, 5, 1, 2027) == []
    assert announcements(clocks, 5, 20, 2027) == ["renewal-notice"]
    assert "No card is saved" in mails("renewal-notice")[0].text_body


@pytest.mark.parametrize("cancelled", [False, True])
def test_what_is_cancelled_is_not_announced(at: Shop, till: CardTill, clocks: Traveller, cancelled: bool) -> None:
    at.bought(till, at.buy(5))
    if cancelled:
        service.cancel(at.buyer, at.account.public_id, at.subscription().public_id)
    assert announcements(clocks, 6, 29) == ([] if cancelled else ["renewal-notice"])


def test_the_end_of_a_trial_is_announced_three_days_ahead(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.order(Try(at.product.code, "Pro", 3))
    assert [announcements(clocks, 6, day) for day in (11, 12, 13)] == [[], ["trial-notice"], []]
    (mail,) = mails("trial-notice")
    assert "nothing is charged" in mail.text_body
    assert at.subscription().period_end == date(2026, 6, 15)


def test_the_end_of_a_card_is_announced_a_month_ahead(at: Shop, till: CardTill, clocks: Traveller) -> None:
    at.bought(till, at.buy(5, frequency="yearly"))
    cards.saved(till, at.account, at.buyer, "pm_card_expiresSoon")
    other = cards.saved(till, at.account, at.buyer)
    assert not other.is_default
    assert [announcements(clocks, 6, day) for day in (1, 2)] == [["card-notice"], []]
    assert "30 June 2026" in mails("card-notice")[0].text_body
