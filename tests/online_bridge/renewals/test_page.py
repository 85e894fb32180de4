"""The page to which the mails about an overdue renewal lead."""

from pathlib import Path

from flask import Flask
from sqlalchemy import select

from billing_core import db
from billing_core.orders.online.models import OnlineOrder
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from tests.client import Client, Page
from tests.factories import cards, core
from tests.factories.till import CardTill
from tests.rules.world import overdue


def test_an_overdue_renewal_is_shown_and_leads_to_the_cards_page(app: Flask) -> None:
    account = core.account(kind="online", rep_id=None)
    who, reader = core.contact(account), core.contact(account, rights="")
    place = f"/billing/renewals/{overdue(account)}"
    client = Client(app).sign_in(who, Realm.MY)
    page = client.get(place)
    assert page.status == 200
    assert "23.80" in page.text
    assert [tab.get_text() for tab in page.html.select("nav.tabs a[aria-current]")] == ["My Account"]
    fields = page.form("/pay")
    answer = client.browser.post(f"{place}/pay", data={**fields, "card": "new"})
    assert answer.status_code == 303
    assert "/sandbox/pay/" in answer.headers["Location"]
    stale = client.browser.post(f"{place}/pay", data={**fields, "card": "new", "seen": "0" * 64})
    assert stale.status_code == 409
    came_from = {"Referer": f"http://localhost{place}"}
    again = Page(client.browser.post(f"{place}/pay", data={**fields, "seen": "0" * 64}, headers=came_from))
    readable = again.html.select_one("form[action='/language'] input[name=next]")
    assert readable
    assert readable["value"] == place
    assert "may pay can pay this renewal" in Client(app).sign_in(reader, Realm.MY).get(place).text

    def renew() -> None:
        found = db.session().scalars(select(Subscription)).one()
        found.period_end = found.period_end.replace(year=found.period_end.year + 1)

    db.perform(renew)
    assert client.browser.get(place).status_code == 303


def test_the_page_of_a_renewal_that_was_not_paid_leads_back_to_paying_it(app: Flask, tmp_path: Path) -> None:
    """Also for a contact of two accounts, who came from the mail and has chosen the other one or none."""
    till = CardTill(tmp_path / "sandbox.sqlite")
    account, other = (core.account(kind="online", rep_id=None) for _ in range(2))
    who = core.contact(account)
    core.contact(other, who)
    place = f"/billing/renewals/{overdue(account)}"
    declined = cards.saved(till, account, core.viewer(who, Realm.MY), "pm_card_chargeCustomerFail")
    client = Client(app).sign_in(who, Realm.MY)
    page = client.get(place)
    assert account.name in page.words
    answer = client.post(f"{place}/pay", page.form("/pay") | {"card": declined.public_id})
    order = client.follow(answer)
    assert (order.status, order.h1) == (200, "The renewal was not paid")
    assert account.name in order.words
    assert "cart" not in order.words
    assert order.html.select_one(f'main a.btn[href="{place}"]')
    paid = client.post(f"{place}/pay", client.get(place).form("/pay") | {"card": "new"})
    assert paid.status == 303
    till.enter_card_at(till.sessions()[0].id)
    with db.reading() as session:
        public_id = session.scalars(select(OnlineOrder.public_id).order_by(OnlineOrder.id.desc())).first()
    settled = client.get(f"/billing/orders/{public_id}?returned=1")
    assert settled.h1 == "The renewal is paid"
    assert "Renewal" in settled.words
    assert not settled.html.select('main a[href^="/billing/history"], main a[href^="/billing/invoices"]')
