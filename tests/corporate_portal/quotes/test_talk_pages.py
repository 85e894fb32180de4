"""A contact's pages of the thread, of what changed, and of a quote whose next version is being written."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select, update

from billing_core import clock, db
from billing_core.people import Person
from billing_core.permissions import Realm
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote, QuoteMessage, QuoteVersion
from corporate_portal.quotes.offer.changes import changes_between
from corporate_portal.quotes.offer.content import LineWish
from tests.client import Client
from tests.factories import core
from tests.factories import quotes as make
from tests.factories.quotes import Deal


@pytest.fixture
def deal(database: Any) -> Deal:
    return make.deal()


@pytest.fixture
def contact(client: Client, deal: Deal) -> Client:
    return client.sign_in(deal.contact)


def path(quote: Quote, rest: str = "") -> str:
    return f"/quotes/{quote.public_id}{rest}"


def said() -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(QuoteMessage)) or 0


def revised(deal: Deal, quote: Quote, **changes: Any) -> None:
    """A second version, sent."""
    db.perform(service.revise_quote, deal.desk, quote.public_id)
    db.perform(service.change_draft, deal.desk, quote.public_id, make.content(deal, **changes), make.seen(quote))
    db.perform(service.submit_quote, deal.desk, quote.public_id, make.seen(quote))


def lapse(quote: Quote) -> None:
    past = clock.now() - timedelta(seconds=1)
    expired = update(QuoteVersion).where(QuoteVersion.quote_id == quote.id).values(expires_at=past)
    db.perform(lambda: db.session().execute(expired))


@pytest.mark.parametrize("language", ["en", "de"])
def test_a_change_is_asked_for_on_its_page(deal: Deal, contact: Client, language: str) -> None:
    db.perform(lambda: db.session().execute(update(Person).values(locale=language)))
    quote = make.sent(deal)
    detail = contact.get(path(quote))
    label = "Ask for a change" if language == "en" else "Um Änderung bitten"
    way = next(a for a in detail.html.select("a.btn-secondary") if label in a.get_text())
    form = contact.get(str(way["href"]))
    assert form.h1 == label
    empty = contact.post(path(quote, "/change"), form.form("change") | {"text": "  "}, page=form)
    assert (empty.status, said()) == (400, 0)
    assert empty.html.select_one("#text-error") is not None
    sent = contact.post(path(quote, "/change"), form.form("change") | {"text": "12 seats <b>please</b>"}, page=form)
    after = contact.follow(sent)
    assert "12 seats <b>please</b>" in after.words
    assert ("Change asked for" if language == "en" else "Änderung erbeten") in after.words
    assert "Europe/Berlin" in after.words
    assert after.html.select_one(".dock a.btn-primary") is not None, "it can still be accepted"


def test_a_change_of_what_is_no_longer_on_the_screen_is_refused(deal: Deal, contact: Client) -> None:
    quote = make.sent(deal)
    form = contact.get(path(quote, f"/change?reviewed={make.version(quote).sha256}"))
    revised(deal, quote, title="Another")
    page = contact.post(path(quote, "/change"), form.form("change") | {"text": "More"}, page=form)
    assert (page.status, said()) == (409, 0)


def test_comments_are_kept_with_the_quote(deal: Deal, contact: Client) -> None:
    quote = make.accepted(deal)
    page = contact.get(path(quote))
    assert "Nobody has written anything yet." in page.words
    bad = contact.post(path(quote, "/comments"), {"text": "x" * 2001}, page=page)
    assert bad.status == 400
    assert bad.html.select_one("#text-error") is not None
    for _ in range(2):
        after = contact.follow(contact.post(path(quote, "/comments"), {"text": "Thank you.\nBye"}, page=page))
    assert after.words.count("Thank you.") == 1
    db.perform(service.answer, deal.desk, quote.public_id, "You are welcome.")
    thread = contact.get(path(quote)).html.select_one(".timeline")
    assert thread is not None
    words = " ".join(thread.get_text(" ").split())
    assert words.index("Thank you.") < words.index("Rita Rep, representative") < words.index("You are welcome.")


def test_an_expired_quote_is_asked_for_again(deal: Deal, contact: Client) -> None:
    quote = make.sent(deal)
    lapse(quote)
    page = contact.get(path(quote))
    assert "Review and accept" not in page.words
    form = page.form("revival")
    assert contact.post(path(quote, "/revival"), form | {"again-text": "a\x07"}, page=page).status == 400
    after = contact.follow(contact.post(path(quote, "/revival"), form | {"again-text": "Please"}, page=page))
    assert "This quote has been asked for again." in after.words
    assert "Carla Contact asked for this quote again" in after.words
    contact.post(path(quote, "/revival"), form, page=page)
    assert said() == 1


def test_while_a_version_is_written_the_former_one_has_no_buttons(deal: Deal, contact: Client) -> None:
    quote = make.sent(deal)
    db.perform(service.revise_quote, deal.desk, quote.public_id)
    page = contact.get(path(quote))
    assert "Rita Rep is preparing a new version." in page.words
    assert "version 1" in page.words
    assert not page.html.select("a.btn-primary, a[href*='reject'], a[href*='change']")
    listed = contact.get("/quotes/history").words
    assert "New version to come" in listed
    assert "No quote waits for you" in contact.get("/quotes").words
    for step in ("order-details", "reject", "change"):
        assert contact.get(path(quote, f"/{step}?reviewed={make.version(quote).sha256}")).status == 409
    db.perform(service.withdraw_quote, deal.desk, quote.public_id)
    assert "has withdrawn this quote" in contact.get(path(quote)).words
    history = contact.get("/quotes/history").words
    assert "Withdrawn" in history
    assert "New version to come" not in history


def test_what_changed_is_marked_line_by_line(deal: Deal, contact: Client) -> None:
    quote, code, new = make.sent(deal), deal.product.code, core.product(name="Rooms")
    lines = (LineWish(code, "", "yearly", 12, percent_off=1000), LineWish(new.code, "", "monthly", 3))
    revised(deal, quote, lines=lines, title="Better", notes="New")
    page = contact.get(path(quote))
    table = page.html.select_one("section[aria-labelledby=changes]")
    assert table is not None
    words = " ".join(table.get_text(" ").split())
    assert "What changed since version 1" in words
    assert "Quantity: 12 organizers instead of 10 organizers" in words
    assert "+€216.00" in words
    assert "Added" in words
    assert "Removed" in words
    assert "-€500.00" in words.replace("\N{MINUS SIGN}", "-")
    assert "Better instead of Meetings for the sales team" in words
    old = contact.get(path(quote, "/versions/1"))
    assert "It can only be read." in old.words
    assert "10 organizers" in old.words
    assert not old.html.select("main form, main a.btn-primary")
    assert contact.get(path(quote, "/versions/2")).location.endswith(path(quote))
    for number in ("3", "0", "99999999999999999999", "-1", "x", "01"):
        assert contact.get(path(quote, f"/versions/{number}")).status == 404


def test_drafts_and_other_accounts_are_not_read_as_versions(deal: Deal, contact: Client) -> None:
    quote = make.sent(deal)
    db.perform(service.revise_quote, deal.desk, quote.public_id)
    assert contact.get(path(quote, "/versions/2")).status == 404
    other = contact.sign_in(make.deal().contact)
    for rest in ("", "/versions/1", "/change"):
        assert other.get(path(quote, rest)).status == 404
    token = {"csrf_token": other.token(other.get("/quotes"))}
    for rest in ("/comments", "/change", "/revival"):
        assert other.post(path(quote, rest), token | {"text": "x", "reviewed": "x"}).status == 404


def test_changes_between_pair_lines_alike_by_position(deal: Deal) -> None:
    code = deal.product.code
    lines = (LineWish(code, "", "yearly", 5), LineWish(code, "", "yearly", 7), LineWish(code, "", "once", 1))
    quote = make.sent(deal, lines=lines)
    before = make.version(quote)
    revised(deal, quote, lines=(lines[0], LineWish(code, "", "yearly", 6), *lines))
    found = changes_between(before, make.version(quote))
    assert [change.kind for change in found.lines] == ["same", "changed", "added", "added", "same"]
    assert [change.due for change in found.lines] == [0, -12000, 60000, 84000, 0]
    assert found.due == sum(change.due for change in found.lines) == 132000
    assert found.periods == {"yearly": 132000}
    assert found.same_count == 2
    assert changes_between(before, before).is_nothing


def test_the_desk_reads_what_a_contact_wrote(deal: Deal, client: Client) -> None:
    quote = make.sent(deal)
    db.perform(service.comment, deal.portal, quote.public_id, "May we pay by month?")
    client.sign_in(deal.rep, Realm.DESK)
    page = client.get(f"/desk/quotes/{quote.public_id}")
    assert "May we pay by month?" in page.words
    sent = client.post(f"/desk/quotes/{quote.public_id}/messages", {"text": "Yes, you may."}, page=page)
    assert "Yes, you may." in client.follow(sent).words
    assert client.post(f"/desk/quotes/{quote.public_id}/messages", {"text": ""}, page=page).status == 400
