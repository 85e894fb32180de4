"""Support's pages: find the account, look at what it does, apply it, take it back; and what the contact sees of it."""

import pytest

from billing_core import clock, db, templating
from billing_core.accounts import Account
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from tests.client import Client, Page
from tests.factories import core, plans
from tests.factories.nights import mails


@pytest.fixture
def shop(database: object) -> Account:
    """An online account in EUR."""
    return core.account(kind="online", name="Kranich GmbH", name_folded="kranich gmbh")


@pytest.fixture
def sold(shop: Account) -> Subscription:
    """Five seats of Pro at 16.00, 27 of 30 days to go."""
    core.contact(shop, core.person("Mia Kranich", user_id="mkranich", locale="de"))
    return plans.subscribed(shop, plans.tiered())


@pytest.fixture
def desk(client: Client) -> Client:
    """Support's browser."""
    return client.sign_in(core.staff("support"), Realm.DESK)


def reread(sold: Subscription) -> Subscription:
    with db.reading() as session:
        return session.get_one(Subscription, sold.id)


def apply(desk: Client, page: Page, **changes: str) -> Page:
    """Press the button of the panel."""
    form = page.form("/downgrade")
    return desk.post(page_path(page), form | changes)


def page_path(page: Page) -> str:
    return str(page.html.select_one("form[method=post][action$='/downgrade']")["action"])  # type: ignore[index]


@pytest.mark.parametrize("search", ["kranich", "MKranich"])
def test_an_account_is_found_by_name_and_by_user_id(desk: Client, sold: Subscription, search: str) -> None:
    core.account(kind="online", name="Other", name_folded="other")
    page = desk.get(f"/desk/online-accounts?search={search}")
    assert ("Kranich GmbH" in page.words, "Other" in page.words) == (True, False)
    assert "Online accounts" in page.words
    assert "No account found" in desk.get("/desk/online-accounts?search=nobody").words


def test_at_the_end_is_shown_then_planned_then_taken_back(desk: Client, shop: Account, sold: Subscription) -> None:
    account = desk.get(f"/desk/online-accounts/{shop.public_id}")
    assert "Change to a lower plan" in account.words
    here = f"/desk/subscriptions/{sold.public_id}/downgrade"
    page = desk.get(f"{here}?tier=Starter&when=at-end")
    assert "Nothing is charged or credited today" in page.words
    assert "Total of the next period €71.40" in page.words, "5 x 12.00, with tax"
    done = apply(desk, page)
    assert done.status == 303
    assert (reread(sold).planned_tier, reread(sold).planned_price) == ("Starter", 1200)
    account = desk.get(done.location)
    assert "changes to Starter on" in account.words
    assert "Planned already: Starter" in desk.get(here).words
    assert [(mail.kind, mail.locale) for mail in mails()] == [("downgrade-planned", "de")]
    assert "wechselt zu" in mails()[0].subject
    back = desk.post(f"{here}/take-back", account.form("take-back"))
    assert (back.status, reread(sold).planned_tier) == (303, None)
    assert "stays as it is" in desk.get(back.location).words


def test_at_once_shows_the_credit_and_applies_what_was_shown(desk: Client, sold: Subscription) -> None:
    here = f"/desk/subscriptions/{sold.public_id}/downgrade?tier=Starter&when=at-once"
    page = desk.get(here)
    assert "27 of 30 days" in page.words
    assert "Added to the account credit €21.42" in page.words, "27/30 of 5 x 4.00, with tax"
    stale = apply(desk, page, seen="0" * 64)
    assert (stale.status, "Please check it again" in stale.words, reread(sold).tier) == (409, True, "Pro")
    done = apply(desk, stale)
    assert (done.status, reread(sold).tier, reread(sold).unit_price) == (303, "Starter", 1200)
    again = apply(desk, stale)
    assert (again.status, len(mails("downgrade-applied"))) == (303, 1)
    assert "is now Starter" in desk.get(done.location).words


def test_what_cannot_be_lowered_says_so_on_the_accounts_page(desk: Client, shop: Account) -> None:
    cancelled = plans.subscribed(shop, plans.tiered(), cancelled_on=clock.today(shop.timezone))
    page = desk.get(f"/desk/subscriptions/{cancelled.public_id}/downgrade")
    assert page.status == 303
    words = desk.get(page.location).words
    assert "Remove the pending cancellation first" in words
    assert "Change to a lower plan" not in words
    lowest = plans.subscribed(shop, plans.tiered(), tier="Starter")
    assert "No lower plan" in desk.get(f"/desk/subscriptions/{lowest.public_id}/downgrade").words


def test_the_contact_sees_what_support_has_planned(client: Client, shop: Account, sold: Subscription) -> None:
    def plan() -> None:
        found = db.session().get_one(Subscription, sold.id)
        found.planned_tier, found.planned_price = "Starter", 1200

    db.perform(plan)
    client.sign_in(core.contact(shop), Realm.MY)
    assert "Starter for €12.00 per organizer and month. Our support has planned this" in client.get("/billing").words
    here = f"/billing/subscriptions/{sold.public_id}"
    assert "planned stays: it takes place on" in client.get(f"{here}/seats?seats=6").words
    assert "planned is dropped with this" in client.get(f"{here}/edit?tier=Pro&seats=5&frequency=yearly").words


def test_a_refused_downgrade_names_the_way_to_support(client: Client, shop: Account, sold: Subscription) -> None:
    """domain.md 6: online it is refused with the way to support, wherever it is tried."""
    client.sign_in(core.contact(shop), Realm.MY)
    here = f"/billing/subscriptions/{sold.public_id}/edit"
    email = templating.brand().support_email
    page = client.get(f"{here}?tier=Starter&seats=5&frequency=monthly")
    assert (page.status, f"Write to {email}" in page.words) == (400, True)
    wish = {"kind": "change", "subscription": sold.public_id, "tier": "Starter", "seats": "5", "frequency": "monthly"}
    posted = client.post("/billing/cart/lines", wish | {"then": "cart", "csrf_token": client.token(page)})
    assert (posted.status, f"Write to {email}" in posted.words) == (409, True)


@pytest.mark.parametrize("role", ["rep", "rep_manager", "finance"])
def test_others_at_the_desk_see_none_of_it(client: Client, shop: Account, role: str) -> None:
    client.sign_in(core.staff(role), Realm.DESK)
    assert client.get("/desk/online-accounts").status == 403
    assert "Online accounts" not in client.get("/desk").words
