"""Making, changing, sending, revising and taking back quotes; what refuses it; and that no change is lost."""

from datetime import timedelta
from typing import Any

import pytest
import time_machine
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.catalogue.models import Price
from billing_core.mail.models import OutboxMail
from billing_core.people import BillingContact, Person
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes import service
from corporate_portal.quotes.models import Quote
from tests.corporate_portal.api.programs import Program, new, problem, wish
from tests.factories import core
from tests.factories import quotes as make
from tests.factories.quotes import Deal
from tests.factories.sql import rows

COUNTED = {"throttle", "api_token"}
"""Every request is counted, the refused ones too."""


@pytest.fixture
def deal(app: object) -> Deal:
    return make.deal()


def made(crm: Program, deal: Deal, **changes: Any) -> tuple[str, str]:
    """The path of a new draft and its ETag."""
    answer = crm.post("/quotes", new(deal, **changes))
    assert answer.status_code == 201, answer.text
    return answer.headers["Location"].removeprefix("/api/v1"), answer.headers["ETag"]


def row(path: str) -> Quote:
    with db.reading() as session:
        return session.scalars(select(Quote).where(Quote.public_id == path.rpartition("/")[2])).one()


def test_a_draft_is_made_at_the_prices_and_taxes_of_today(crm: Program, deal: Deal) -> None:
    answer = crm.post("/quotes", new(deal, notes="Line one\nLine two", locale="de", zone="Europe/Vienna"))
    told = answer.json or {}
    assert answer.status_code == 201
    assert (told["state"], told["version"], told["sha256"]) == ("draft", 1, None)
    assert (told["net"], told["tax"], told["total"]) == (34_200, 6_498, 40_698)
    assert (told["locale"], told["zone"], told["notes"]) == ("de", "Europe/Vienna", "Line one\nLine two")
    assert told["representative"]["id"] == deal.rep.public_id
    path = answer.headers["Location"].removeprefix("/api/v1")
    again = crm.get(path)
    assert (again.data, again.headers["ETag"]) == (answer.data, answer.headers["ETag"])
    stored = make.version(row(path))
    assert (stored.total, stored.state) == (told["total"], "draft")


def test_a_draft_is_changed_and_sent(crm: Program, deal: Deal) -> None:
    path, seen = made(crm, deal)
    changed = crm.put(path, wish(deal, title="Four seats", percent_off=200), seen)
    assert (changed.status_code, (changed.json or {})["title"]) == (200, "Four seats")
    assert (changed.json or {})["net"] == 33_516
    sent = crm.post(f"{path}/submit", seen=changed.headers["ETag"])
    told = sent.json or {}
    assert (sent.status_code, told["state"]) == (200, "sent")
    version = make.version(row(path))
    assert (told["sha256"], told["valid_until"]) == (version.sha256, str(version.valid_until))
    with db.reading() as session:
        assert deal.contact.email in session.scalars(select(OutboxMail.recipient)).all()
    assert crm.get(path).headers["ETag"] == sent.headers["ETag"]


def test_a_discount_above_the_limit_goes_to_a_manager_first(crm: Program, deal: Deal) -> None:
    db.perform(lambda: db.session().execute(update(Person).where(Person.id == deal.rep.id).values(discount_limit=400)))
    core.staff("rep_manager")
    path, seen = made(crm, deal)
    told = crm.post(f"{path}/submit", seen=seen).json or {}
    assert (told["state"], told["discount_share"]) == ("awaiting_approval", 500)


def test_a_sent_quote_is_revised_and_taken_back(crm: Program, deal: Deal) -> None:
    quote = make.sent(deal)
    path = f"/quotes/{quote.public_id}"
    revised = crm.post(f"{path}/revise", seen=crm.seen(quote))
    told = revised.json or {}
    assert (revised.status_code, told["state"], told["version"]) == (200, "draft", 2)
    withdrawn = crm.post(f"{path}/withdraw", seen=revised.headers["ETag"])
    assert (withdrawn.status_code, (withdrawn.json or {})["state"]) == (200, "withdrawn")
    again = crm.post(f"{path}/withdraw", seen=withdrawn.headers["ETag"])
    assert (again.status_code, again.data) == (200, withdrawn.data)  # harmless


def test_every_kind_of_line_can_be_written(crm: Program, deal: Deal) -> None:
    make.accepted(deal)
    with db.reading() as session:
        running = session.scalars(select(Subscription).where(Subscription.account_id == deal.account.id)).one()
    code, name = deal.product.code, running.public_id
    lines = [
        {"effect": "start", "product": code, "frequency": "monthly", "quantity": 1, "term_months": 6},
        {"effect": "start", "product": code, "frequency": "once", "quantity": 1, "amount_off": 100},
        {"effect": "renew", "subscription": name, "quantity": 9},
        {"effect": "add", "subscription": name, "quantity": 2, "starts_on": make.in_days(30).isoformat()},
        {"effect": "remove", "subscription": name, "quantity": 1},
        {"effect": "remove", "subscription": name, "quantity": 1, "credited": True},
        {"effect": "free", "product": code, "description": "Training", "quantity": 2, "unit_price": 5_000},
        {"effect": "free", "product": code, "description": "Goodwill", "quantity": 1, "unit_price": -700},
    ]
    answer = crm.post("/quotes", new(deal, lines=lines))
    assert answer.status_code == 201, answer.text
    told = (answer.json or {})["lines"]
    assert [line["effect"] for line in told] == [line["effect"] for line in lines]
    assert [line["subscription"] for line in told] == [line.get("subscription") for line in lines]
    assert told[0]["due"] == 1_200
    assert told[1]["net"] == 49_900
    assert told[2]["starts_on"] == running.period_end.isoformat()
    assert 0 < told[3]["due"] < 2 * 2 * 12_000
    assert (told[4]["due"], told[5]["due"] < 0) == (0, True)
    assert [line["net"] for line in told[6:]] == [10_000, -700]


def refused_fields(answer: Any) -> list[str]:
    assert answer.status_code == 400, answer.text
    return sorted(fault["pointer"] for fault in (answer.json or {})["errors"])


START = {"effect": "start", "product": "P", "frequency": "yearly", "quantity": 1}


WRONG: list[tuple[dict[str, Any], list[str] | None]] = [
        ({"title": ""}, ["#/title"]), ({"title": "x" * 161}, ["#/title"]), ({"title": 3}, ["#/title"]),
        ({"title": "a\x00b"}, ["#/title"]), ({"title": None}, ["#/title"]), ({"notes": "x" * 4001}, ["#/notes"]),
        ({"notes": "\x07"}, ["#/notes"]), ({"starts_on": "tomorrow"}, ["#/starts_on"]),
        ({"starts_on": "2026-02-30"}, ["#/starts_on"]), ({"starts_on": 20260101}, ["#/starts_on"]),
        ({"starts_on": "9999-12-31"}, ["#/starts_on"]), ({"starts_on": "0001-01-01"}, ["#/starts_on"]),
        ({"valid_until": "2000-01-01"}, ["#/valid_until"]), ({"valid_until": "9999-12-31"}, ["#/valid_until"]),
        ({"term_months": 0}, ["#/term_months"]), ({"term_months": 61}, ["#/term_months"]),
        ({"term_months": "12"}, ["#/term_months"]), ({"term_months": 12.5}, ["#/term_months"]),
        ({"term_months": True}, ["#/term_months"]), ({"term_months": 7}, ["#/term_months"]),
        ({"zone": "Mars/Base"}, ["#/zone"]), ({"zone": "a\x00"}, ["#/zone"]), ({"locale": "fr"}, ["#/locale"]),
        ({"terms_version": "1999-01"}, ["#/terms_version"]), ({"lines": []}, ["#/lines"]), ({"lines": {}}, ["#/lines"]),
        ({"lines": [START] * 51}, ["#/lines"]), ({"lines": [3]}, ["#/lines/0"]), ({"lines": [{}]}, ["#/lines/0"]),
        ({"lines": [START | {"effect": "grow"}]}, ["#/lines/0"]), ({"lines": [START]}, ["#/lines/0/product"]),
        ({"lines": [START | {"quantity": 0}]}, ["#/lines/0/quantity"]),
        ({"lines": [START | {"quantity": 10**30}]}, ["#/lines/0/quantity"]),
        ({"lines": [START | {"unit_price": 1}]}, ["#/lines/0/unit_price"]),  # only a free line names its own
        ({"lines": [START | {"percent_off": 10_001}]}, ["#/lines/0/percent_off"]),
        ({"lines": [START | {"frequency": "weekly"}]}, ["#/lines/0/frequency"]),
        ({"lines": [START | {"product": "\x00"}]}, ["#/lines/0/product"]),
        ({"lines": [{"effect": "add", "subscription": "sub_unknown", "quantity": 1}]}, ["#/lines/0/subscription"]),
        ({"percent_off": 1, "amount_off": 1}, None), ({"colour": "red"}, ["#/colour"]),
        ({"title": 1, "term_months": "x", "locale": 2}, ["#/locale", "#/term_months", "#/title"]),
]  # fmt: skip
"""What is wrong with a draft, and where that is said; None: of the whole."""


def test_content_that_cannot_be_taken_is_named_and_writes_nothing(crm: Program, deal: Deal) -> None:
    before = rows(COUNTED)
    for changes, fields in WRONG:
        answer = crm.post("/quotes", new(deal, **changes), accept_language="de")
        assert answer.status_code == 400, (changes, answer.text)
        assert fields is None or refused_fields(answer) == fields, changes
        assert answer.headers["Content-Language"] == "de"
    assert rows(COUNTED) == before


def test_amounts_that_no_database_holds_are_refused(crm: Program, deal: Deal) -> None:
    before = rows(COUNTED)
    for price, pieces in ((10**15, 99_999), (-(10**15), 99_999), (10**14, 99_999)):
        free = {
            "effect": "free",
            "product": deal.product.code,
            "description": "Much",
            "quantity": pieces,
            "unit_price": price,
        }
        answer = crm.post("/quotes", new(deal, lines=[free, free]))
        assert answer.status_code == 400, (price, pieces, answer.text)
    assert rows(COUNTED) == before


def test_accounts_that_a_program_cannot_write_for_are_not_found(crm: Program, deal: Deal) -> None:
    online = core.account(kind="online", rep_id=None)
    closed = core.account(closed_on=clock.today("UTC"))
    for account in (online.public_id, closed.public_id, "acc_unknown"):
        answer = crm.post("/quotes", wish(deal, account=account))
        assert problem(answer) == (404, "not-found"), account
    assert refused_fields(crm.post("/quotes", wish(deal))) == ["#/account"]


def test_a_change_needs_to_have_seen_what_it_changes(crm: Program, deal: Deal) -> None:
    path, _ = made(crm, deal)
    before = rows(COUNTED)
    bare = crm.send("PUT", path, json=wish(deal))
    assert problem(bare) == (428, "version-not-named")
    for verb in ("submit", "revise", "withdraw"):
        assert problem(crm.post(f"{path}/{verb}")) == (428, "version-not-named")
        assert problem(crm.post(f"{path}/{verb}", seen='"of long ago"')) == (412, "version-stale")
        assert problem(crm.post(f"{path}/{verb}", seen="no tag at all")) == (412, "version-stale")
    for seen in ('"of long ago"', "rubbish", '"a", "b"'):
        assert problem(crm.put(path, wish(deal), seen)) == (412, "version-stale")
    weak = "W/" + crm.get(path).headers["ETag"]
    assert problem(crm.put(path, wish(deal), weak)) == (412, "version-stale")
    assert rows(COUNTED) == before


def test_of_two_changes_from_the_same_version_the_second_is_refused(crm: Program, deal: Deal) -> None:
    path, seen = made(crm, deal)
    assert crm.put(path, wish(deal, title="Mine"), seen).status_code == 200
    assert problem(crm.put(path, wish(deal, title="Yours"), seen)) == (412, "version-stale")
    assert problem(crm.post(f"{path}/submit", seen=seen)) == (412, "version-stale")
    assert make.version(row(path)).title == "Mine"


def test_a_change_at_the_desk_makes_what_the_program_read_stale(crm: Program, deal: Deal) -> None:
    quote = make.draft(deal)
    seen = crm.seen(quote)
    content = make.content(deal, title="From the desk")
    db.perform(service.change_draft, deal.desk, quote.public_id, content, make.seen(quote))
    path = f"/quotes/{quote.public_id}"
    assert problem(crm.put(path, wish(deal), seen)) == (412, "version-stale")
    assert make.version(quote).title == "From the desk"


def test_time_makes_what_was_read_stale_too(crm: Program, deal: Deal) -> None:
    quote = make.sent(deal)
    seen, path = crm.seen(quote), f"/quotes/{quote.public_id}"
    with time_machine.travel(clock.now() + timedelta(days=9)):
        assert problem(crm.post(f"{path}/withdraw", seen=seen)) == (412, "version-stale")
        now = crm.get(path)
        assert (now.json or {})["state"] == "expired"
        assert problem(crm.post(f"{path}/withdraw", seen=now.headers["ETag"])) == (409, "quote-expired")
        assert crm.post(f"{path}/revise", seen=now.headers["ETag"]).status_code == 200


def test_any_version_can_be_named_where_somebody_wants_that(crm: Program, deal: Deal) -> None:
    path, _ = made(crm, deal)
    assert crm.put(path, wish(deal, title="Whatever"), "*").status_code == 200


REFUSED = {
    "accepted": {"submit": "not-submitted", "revise": "not-revisable", "withdraw": "already-decided"},
    "rejected": {"submit": "not-submitted", "withdraw": "already-decided"},
    "withdrawn": {"submit": "not-submitted", "revise": "not-revisable"},
    "sent": {"submit": "not-submitted"},
    "draft": {"revise": "not-revisable"},
}


def test_what_the_domain_refuses_is_refused_in_its_words(crm: Program, deal: Deal) -> None:
    for state, verbs in REFUSED.items():
        quote: Quote = getattr(make, state)(deal)
        seen, before = crm.seen(quote), rows(COUNTED)
        for verb, refusal in verbs.items():
            answer = crm.post(f"/quotes/{quote.public_id}/{verb}", seen=seen)
            assert problem(answer) == (409, refusal), (state, verb)
            german = crm.post(f"/quotes/{quote.public_id}/{verb}", seen=seen, accept_language="de")
            assert (german.json or {})["detail"] != (answer.json or {})["detail"]
            assert (german.json or {})["type"] == (answer.json or {})["type"]
        assert rows(COUNTED) == before


def test_a_sent_quote_is_not_changed(crm: Program, deal: Deal) -> None:
    quote = make.sent(deal)
    answer = crm.put(f"/quotes/{quote.public_id}", wish(deal), crm.seen(quote))
    assert problem(answer) == (409, "not-submitted")


def test_nobody_who_could_accept_and_other_prices_refuse_a_submission(crm: Program, deal: Deal) -> None:
    path, seen = made(crm, deal)
    of_account = update(BillingContact).where(BillingContact.account_id == deal.account.id)
    db.perform(lambda: db.session().execute(of_account.values(may_accept=False)))
    assert problem(crm.post(f"{path}/submit", seen=seen)) == (409, "nobody-may-accept")
    db.perform(lambda: db.session().execute(of_account.values(may_accept=True)))
    of_product = update(Price).where(Price.product_id == deal.product.id)
    db.perform(lambda: db.session().execute(of_product.values(amount=99)))
    assert problem(crm.post(f"{path}/submit", seen=seen)) == (409, "draft-outdated")
    assert make.version(row(path)).state == "draft"
