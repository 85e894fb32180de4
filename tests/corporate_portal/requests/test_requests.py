"""A contact asks for seats or a product: asked once, answered once, and kept within the account."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.mail.models import OutboxMail
from billing_core.people import BillingContact, Person
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.models import Quote, QuoteMessage
from corporate_portal.requests import service
from corporate_portal.requests.models import QuoteRequest
from corporate_portal.requests.refusals import RequestAnswered
from corporate_portal.requests.service import Wish
from tests.client import Client
from tests.factories import core
from tests.factories import quotes as make
from tests.factories.quotes import Deal

KEY = "0123456789abcdef01234567"


@pytest.fixture
def deal(database: Any) -> Deal:
    return make.deal()


def subscription(deal: Deal, seats: int = 10, days: int = 200) -> Subscription:
    """A running one, begun a half-year ago or so; its term is a year."""
    end = make.in_days(days)
    found: Subscription = core.add(
        Subscription(
            public_id=db.public_id("sub"), source="test", external_id=db.public_id("sub"), account_id=deal.account.id,
            product_id=deal.product.id, seats=seats, frequency="yearly", unit_price=12000, currency="EUR",
            period_start=clock.add_months(end, -12), period_end=end,
        )
    )  # fmt: skip
    return found


def rows(table: type[Any]) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(table).order_by(table.id)))


def ask(deal: Deal, key: str = KEY, viewer: Any = None, **changes: Any) -> QuoteRequest:
    values: dict[str, Any] = {"effect": "start", "seats": 5, "product_code": deal.product.code, "text": "For sales."}
    return db.perform(service.ask_for_quote, viewer or deal.portal, Wish(**(values | changes)), key)


def at_once(verb: Any, count: int = 4) -> list[Any]:
    from tests.corporate_portal.quotes.test_races import at_once as run

    return run(*[verb] * count)


def test_a_request_is_asked_once_and_the_representative_hears_of_it(deal: Deal) -> None:
    first = ask(deal)
    assert ask(deal, text="changed on the way").id == first.id
    (mail,) = rows(OutboxMail)
    assert (mail.kind, mail.recipient, mail.reply_to) == ("request-asked", deal.rep.email, deal.contact.email)
    assert "For sales." in mail.text_body
    assert ask(deal, key="another0key").id != first.id


def test_the_same_form_sent_at_once_asks_once(deal: Deal) -> None:
    portal = deal.portal
    asked = at_once(lambda: ask(deal, viewer=portal))
    assert len({request.id for request in asked}) == len(rows(QuoteRequest)) == len(rows(OutboxMail)) == 1


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"effect": "take"}, "wish"), ({"product_code": "none"}, "wish"), ({"tier": "Gold"}, "wish"),
        ({"effect": "add", "subscription": "sub_x"}, "wish"), ({"seats": 0}, "seats"), ({"seats": 100_000}, "seats"),
        ({"wanted_on": clock.today("UTC") - timedelta(days=3)}, "wanted_on"),
        ({"wanted_on": clock.today("UTC") + timedelta(days=400)}, "wanted_on"),
        ({"text": "x" * 1001}, "text"), ({"text": "a\x07"}, "text"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked_for_is_said_beside_its_field(deal: Deal, changes: dict[str, Any], field: str) -> None:
    with pytest.raises(Invalid) as refused:
        ask(deal, **changes)
    assert refused.value.field == field
    assert rows(QuoteRequest) == rows(OutboxMail) == []


def test_only_own_running_subscriptions_are_changed(deal: Deal) -> None:
    own, over, other = subscription(deal), subscription(deal, days=-5), subscription(make.deal())
    assert ask(deal, effect="add", subscription=own.public_id).tier == ""
    for one in (over, other):
        with pytest.raises(Invalid):
            ask(deal, key="somethingelse", effect="add", subscription=one.public_id)
    with pytest.raises(Invalid) as refused:
        ask(deal, key="somethingelse", effect="remove", subscription=own.public_id, seats=11)
    assert refused.value.field == "seats"


def test_one_click_makes_one_draft_with_the_words_in_its_thread(deal: Deal) -> None:
    request, desk = ask(deal, seats=7), deal.desk
    made = at_once(lambda: db.perform(service.draft_from_request, desk, request.public_id))
    (quote,) = rows(Quote)
    assert {one.id for one in made} == {quote.id}
    version = make.version(quote)
    (line,) = version.lines
    assert (version.state, line.effect, line.quantity, line.frequency) == ("draft", "start", 7, "yearly")
    (message,) = rows(QuoteMessage)
    assert (message.kind, message.person_name, message.side) == ("request", "Carla Contact", "customer")
    assert message.text.endswith("For sales.")
    (kept,) = rows(QuoteRequest)
    assert (kept.state, kept.quote_id) == ("drafted", quote.id)
    with pytest.raises(RequestAnswered):
        db.perform(service.close_request, desk, request.public_id, "No.")


@pytest.mark.parametrize(("effect", "due"), [("add", True), ("remove", False)])
def test_seats_of_a_subscription_become_a_line_of_it(deal: Deal, effect: str, due: bool) -> None:
    one = subscription(deal)
    request = ask(deal, effect=effect, subscription=one.public_id, seats=2, wanted_on=make.in_days(30))
    quote = db.perform(service.draft_from_request, deal.desk, request.public_id)
    (line,) = make.version(quote).lines
    assert (line.effect, line.subscription_id, line.quantity) == (effect, one.id, 2)
    assert line.starts_on == (make.in_days(30) if effect == "add" else one.period_end)
    assert bool(line.due) is due


def test_a_day_beyond_the_term_does_not_stop_the_draft(deal: Deal) -> None:
    one = subscription(deal, days=20)
    request = ask(deal, effect="add", subscription=one.public_id, wanted_on=make.in_days(60))
    quote = db.perform(service.draft_from_request, deal.desk, request.public_id)
    assert make.version(quote).lines[0].starts_on == one.last_day
    assert "Wished from" in rows(QuoteMessage)[0].text


def test_an_answer_closes_the_request_and_tells_the_contact_once(deal: Deal) -> None:
    request = ask(deal)
    for text in ("", "x" * 1001, "a\x00"):
        with pytest.raises(Invalid):
            db.perform(service.close_request, deal.desk, request.public_id, text)
    for _ in range(2):
        db.perform(service.close_request, deal.desk, request.public_id, "You have these seats already.")
    (mail,) = [mail for mail in rows(OutboxMail) if mail.kind == "request-answered"]
    assert (mail.recipient, mail.reply_to) == (deal.contact.email, deal.rep.email)
    assert "You have these seats already." in mail.text_body
    with pytest.raises(RequestAnswered):
        db.perform(service.draft_from_request, deal.desk, request.public_id)
    with pytest.raises(RequestAnswered):
        db.perform(service.close_request, deal.desk, request.public_id, "Another answer.")


def test_drafting_and_closing_at_once_have_one_winner(deal: Deal) -> None:
    import threading

    request, desk = ask(deal), deal.desk
    outcomes: list[str] = []
    barrier = threading.Barrier(2)

    def run(name: str, verb: Any, *more: str) -> None:
        barrier.wait()
        try:
            db.perform(verb, desk, request.public_id, *more)
            outcomes.append(name)
        except RequestAnswered:
            pass

    threads = [
        threading.Thread(target=run, args=("draft", service.draft_from_request)),
        threading.Thread(target=run, args=("close", service.close_request, "No.")),
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    (winner,) = outcomes
    assert rows(QuoteRequest)[0].state == {"draft": "drafted", "close": "closed"}[winner]
    assert len(rows(Quote)) == (winner == "draft")


def test_a_contact_who_left_gets_no_answer(deal: Deal) -> None:
    request = ask(deal)
    gone = update(BillingContact).where(BillingContact.person_id == deal.contact.id)
    db.perform(lambda: db.session().execute(gone.values(removed_at=clock.now())))
    db.perform(service.close_request, deal.desk, request.public_id, "Sorry.")
    assert "request-answered" not in {mail.kind for mail in rows(OutboxMail)}


def test_others_find_nothing(deal: Deal) -> None:
    request, other = ask(deal), make.deal()
    manager = core.viewer(core.staff("rep_manager"), Realm.DESK)
    for viewer, refusal in ((other.desk, NotFound), (manager, NotAllowed)):
        with pytest.raises(refusal):
            db.perform(service.draft_from_request, viewer, request.public_id)
        with pytest.raises(refusal):
            db.perform(service.close_request, viewer, request.public_id, "No.")
    with pytest.raises(NotFound):
        db.perform(service.draft_from_request, deal.desk, "req_unknown")
    with pytest.raises(NotAllowed):
        ask(deal, viewer=deal.desk)


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_pages_from_the_question_to_the_sent_quote(deal: Deal, client: Client, language: str) -> None:
    db.perform(lambda: db.session().execute(update(Person).values(locale=language)))
    one = subscription(deal)
    contact = client.sign_in(deal.contact)
    start = contact.get("/quotes?product=" + deal.product.code)
    way = start.html.select_one(f"a[href='/requests/new?product={deal.product.code}']")
    assert way is not None
    form = contact.get(str(way["href"]))
    filled = form.form("requests/new")
    assert filled["wish"] == f"add|{one.public_id}"
    for bad in ({"seats": ""}, {"seats": "0"}, {"wish": "add|sub_x"}, {"wish": ""}, {"wanted_on": "soon"}):
        page = contact.post("/requests/new", filled | {"seats": "3"} | bad, page=form)
        assert page.status == 400, bad
        assert page.html.select_one(f"#{next(iter(bad))}-error") is not None, bad
    assert rows(QuoteRequest) == []
    sent = filled | {"seats": "3", "text": "For <i>Berlin</i>"}
    for _ in range(2):
        listed = contact.follow(contact.post("/requests/new", sent, page=form))
    assert len(rows(QuoteRequest)) == 1
    assert "For <i>Berlin</i>" in listed.words
    assert ("With your representative" if language == "en" else "Beim zuständigen Mitarbeiter") in listed.words
    quote = db.perform(service.draft_from_request, deal.desk, rows(QuoteRequest)[0].public_id)
    preparing = contact.get("/requests").words
    assert ("Quote in preparation" if language == "en" else "Angebot in Vorbereitung") in preparing
    assert quote.number not in preparing
    from corporate_portal.quotes import service as quotes

    db.perform(quotes.submit_quote, deal.desk, quote.public_id, make.seen(quote))
    done = contact.get("/requests")
    assert make.version(quote).state == "sent", done.words
    assert done.html.select_one(f"a.row-link[href='/quotes/{quote.public_id}']") is not None
    assert "For <i>Berlin</i>" in contact.get(f"/quotes/{quote.public_id}").words
    other = contact.sign_in(make.deal().contact)
    assert "Berlin" not in other.get("/requests").words
