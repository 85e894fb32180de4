"""The page to which the mails about an overdue renewal lead."""

from flask import Flask
from sqlalchemy import select

from billing_core import db
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from tests.client import Client
from tests.factories import core
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
    assert "may pay can pay this renewal" in Client(app).sign_in(reader, Realm.MY).get(place).text

    def renew() -> None:
        found = db.session().scalars(select(Subscription)).one()
        found.period_end = found.period_end.replace(year=found.period_end.year + 1)

    db.perform(renew)
    assert client.browser.get(place).status_code == 303
