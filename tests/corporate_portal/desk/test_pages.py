"""The desk: a quote is made by submits alone, sent, seen decided; jobs that gave up get another round."""

from typing import Any
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, update

from billing_core import clock, db, jobs
from billing_core.jobs import Job
from billing_core.people import Person
from billing_core.permissions import Realm
from corporate_portal.quotes.models import Quote
from tests.client import Client, Page
from tests.corporate_portal.quotes.counting import counts
from tests.corporate_portal.quotes.test_pages import statements
from tests.factories import core, quotes
from tests.factories.quotes import Deal


@pytest.fixture
def deal(database: Any) -> Deal:
    return quotes.deal()


@pytest.fixture
def rep(client: Client, deal: Deal) -> Client:
    return client.sign_in(deal.rep, Realm.DESK)


def form_path(deal: Deal) -> str:
    return f"/desk/accounts/{deal.account.public_id}/quotes/new"


def filled(deal: Deal, page: Page, **changes: str) -> dict[str, str]:
    code = deal.product.code
    entered = {
        "title": "Meetings for the sales team", "term_months": "24", "lines-0-offer": f"{code}||yearly",
        "lines-0-quantity": "10", "lines-0-discount": "10", "lines-0-discount_kind": "percent",
    }  # fmt: skip
    return page.form("/quotes/") | entered | changes


def the_quote() -> Quote:
    with db.reading() as session:
        return session.scalars(select(Quote)).one()


def line_count(page: Page) -> int:
    return len(page.html.select("select[name$='-offer']"))


@pytest.mark.parametrize("language", ["en", "de"])
def test_from_the_work_list_to_a_sent_quote(deal: Deal, rep: Client, language: str) -> None:
    db.perform(lambda: db.session().execute(update(Person).values(locale=language, discount_limit=2500)))
    start = rep.get("/desk")
    assert start.h1 == ("Work list" if language == "en" else "Arbeitsliste")
    chooser = rep.get(str(start.html.select("a.btn-primary")[0]["href"]))
    form = rep.get(str(chooser.html.select("a.row-link")[0]["href"]))
    decimal = "12.5" if language == "en" else "12,5"
    data = filled(deal, form, **{"lines-0-discount": decimal, "act": "add"})
    before = counts()
    two = rep.post(form_path(deal), data, page=form)
    assert (two.status, line_count(two)) == (200, 2)
    code = deal.product.code
    once = {"lines-1-offer": f"{code}||once", "lines-1-quantity": "1", "lines-1-discount_kind": "amount"}
    once["lines-1-discount"] = "100.50" if language == "en" else "100,50"
    sums = rep.post(form_path(deal), two.form("/quotes/") | once | {"act": "recalculate"}, page=two)
    assert (sums.status, line_count(sums)) == (200, 2)
    assert ("€1,724.91" if language == "en" else "1.724,91 €") in sums.words
    assert counts() == before
    saved = rep.post(form_path(deal), sums.form("/quotes/") | {"act": "save"}, page=sums)
    detail = rep.follow(saved)
    quote = the_quote()
    assert quotes.version(quote).total == 172491
    assert ("Draft" if language == "en" else "Entwurf") in detail.words
    preview = rep.get(f"/desk/quotes/{quote.public_id}/preview")
    assert deal.account.name in preview.words
    sent = rep.post(f"/desk/quotes/{quote.public_id}/submit", preview.form("submit"), page=preview)
    after = rep.follow(sent)
    assert ("Sent, not viewed" if language == "en" else "Verschickt, nicht angesehen") in after.words
    assert quotes.version(quote).state == "sent"


def test_lines_come_and_go_without_writing(deal: Deal, rep: Client) -> None:
    page = rep.get(form_path(deal))
    before = counts()
    for expected in (2, 3):
        page = rep.post(form_path(deal), filled(deal, page, act="add"), page=page)
        assert line_count(page) == expected
    second = page.form("/quotes/") | {"lines-1-quantity": "77", "lines-2-quantity": "88"}
    page = rep.post(form_path(deal), second | {"act": "remove-1"}, page=page)
    assert [field["value"] for field in page.html.select("input[name$='-quantity']")] == ["10", "88"]
    page = rep.post(form_path(deal), page.form("/quotes/") | {"act": "remove-999"}, page=page)
    assert line_count(page) == 2
    for act in ("remove-0", "remove-0", "remove-0"):
        page = rep.post(form_path(deal), page.form("/quotes/") | {"act": act}, page=page)
    assert line_count(page) == 1
    assert counts() == before


BAD = {
    "title": ["", "   ", "x" * 161, "a\x08b"],
    "starts_on": ["", "tomorrow", "2026-02-30", "0001-01-01", "9999-12-31", "99999999999-01-01", "2020-01-01"],
    "term_months": ["", "0", "-1", "61", "18", "1e3", "١٢", "9" * 30, "12.5"],
    "valid_until": ["x", "2020-01-01", "2099-01-01", "32.01.2026"],
    "notes": ["x" * 4001, "a\x00b"],
    "lines-0-offer": ["nothing||yearly", "||", "x" * 5000, "<script>", "a|b", "a\x00||yearly", "a||yearly\n"],
    "lines-0-quantity": ["", "0", "-5", "100000", "1.5", "1e5", "²", "\uff19", "9" * 400, "NaN", "0x10"],
    "lines-0-discount": ["-1", "101", "x", "1e1", "10,5,5", "9" * 20, "9" * 21, "NaN", "Infinity", "٣"],
}


def test_bad_entries_are_said_beside_their_fields_and_nothing_is_saved(deal: Deal, rep: Client) -> None:
    form = rep.get(form_path(deal))
    before = counts()
    for name, values in BAD.items():
        for value in values:
            page = rep.post(form_path(deal), filled(deal, form, **{name: value, "act": "save"}), page=form)
            assert page.status == 400, (name, value)
            assert page.html.select_one(f"#{name}-error") is not None, (name, value)
            assert "Error:" in (page.html.title.get_text() if page.html.title else ""), (name, value)
    amounts = {"lines-0-discount_kind": "amount"}
    for value in ("-1", "1200.01", "1.005", "x", "999999999999999999999"):
        page = rep.post(form_path(deal), filled(deal, form, **amounts, **{"lines-0-discount": value}), page=form)
        assert page.status == 400, value
        assert page.html.select_one("#lines-0-discount-error") is not None, value
    assert counts() == before


def test_malformed_forms_are_answered_calmly(deal: Deal, rep: Client) -> None:
    form = rep.get(form_path(deal))
    token = {"csrf_token": rep.token(form)}
    before = counts()
    strange: list[dict[str, Any]] = [
        {}, {"act": "save"}, {"act": "remove-"}, {"act": "remove-" + "9" * 500}, {"act": "remove-²"},
        {"act": "x" * 5000},
        {"lines-²-quantity": "1", "act": "add"}, {"lines-" + "9" * 5000 + "-quantity": "1", "act": "save"},
        {"lines-0-quantity-0": "1", "act": "save"}, {"lines": "x", "act": "save"}, {"lines-0-form": "1", "act": "save"},
        {f"lines-{n}-quantity": "1" for n in range(60)} | {"act": "save"},
        {f"lines-{n}-quantity": "1" for n in range(50)} | {"act": "add"},
        filled(deal, form, act="save", seen="x", key="x" * 500, account="acc_other", rep_id="1", total="1")
        | {"title": "", "language": "xx"},
    ]  # fmt: skip
    for data in strange:
        page = rep.post(form_path(deal), data | token)
        assert page.status in (200, 400), data
    assert counts() == before


def test_a_form_sent_twice_makes_one_draft(deal: Deal, rep: Client) -> None:
    form = rep.get(form_path(deal))
    data = filled(deal, form, act="save")
    first, second = rep.post(form_path(deal), data, page=form), rep.post(form_path(deal), data, page=form)
    assert first.location == second.location
    assert counts()["quote"] == 1


def test_editing_starts_from_the_draft_and_refuses_a_stale_form(deal: Deal, rep: Client) -> None:
    quote = quotes.draft(deal, valid_until=quotes.in_days(20))
    path = f"/desk/quotes/{quote.public_id}/edit"
    form = rep.get(path)
    data = form.form("/edit")
    assert (data["title"], data["lines-0-quantity"], data["lines-0-discount"]) == (
        "Meetings for the sales team",
        "10",
        "10",
    )
    saved = rep.post(path, data | {"title": "Better", "act": "save"}, page=form)
    assert saved.status == 303
    assert quotes.version(quote).title == "Better"
    stale = rep.post(path, data | {"title": "Older", "act": "save"}, page=form)
    assert stale.status == 409
    assert "was changed after you opened it" in stale.words
    old = rep.post(f"/desk/quotes/{quote.public_id}/submit", {"seen": data["seen"]}, page=form)
    assert old.status == 409
    assert quotes.version(quote).state == "draft"


def test_what_was_sent_cannot_be_edited_but_withdrawn(deal: Deal, rep: Client) -> None:
    quote = quotes.sent(deal)
    assert rep.get(f"/desk/quotes/{quote.public_id}/edit").status == 409
    page = rep.get(f"/desk/quotes/{quote.public_id}")
    assert "Submit to the customer" not in page.words
    gone = rep.follow(rep.post(f"/desk/quotes/{quote.public_id}/withdraw", page.form("withdraw"), page=page))
    assert "Withdrawn" in gone.words
    assert quotes.version(quote).state == "withdrawn"


def test_the_decision_is_seen_at_the_desk(deal: Deal, rep: Client) -> None:
    accepted, rejected = quotes.accepted(deal), quotes.rejected(deal)
    page = rep.get(f"/desk/quotes/{accepted.public_id}")
    assert "Accepted by Carla Contact" in page.words
    assert "PO 4711" in page.words
    assert "Too dear." in rep.get(f"/desk/quotes/{rejected.public_id}").words
    assert "by Carla Contact" in rep.get("/desk").words


def test_a_refused_submission_is_said_in_words(deal: Deal, rep: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    from datetime import timedelta

    quote = quotes.draft(deal, valid_until=quotes.in_days(1))
    seen, later = quotes.seen(quote), clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    rep.sign_in(deal.rep, Realm.DESK)
    page = rep.get(f"/desk/quotes/{quote.public_id}")
    told = rep.follow(rep.post(f"/desk/quotes/{quote.public_id}/submit", {"seen": seen}, page=page))
    assert "The validity must not end in the past." in told.words


def test_a_representative_sees_the_own_accounts_only(deal: Deal, client: Client) -> None:
    quote, sent = quotes.draft(deal), quotes.sent(deal)
    other = client.sign_in(quotes.deal().rep, Realm.DESK)
    assert deal.account.name not in other.get("/desk").words
    assert deal.account.name not in other.get("/desk/quotes").words
    assert deal.account.name not in other.get("/desk/quotes/new").words
    token = {"csrf_token": other.token(other.get("/desk/quotes/new"))}
    before = counts()
    assert other.get(form_path(deal)).status == 404
    assert other.post(form_path(deal), token | {"act": "save"}).status == 404
    for public_id in (quote.public_id, sent.public_id, "quo_nothing"):
        for path in ("", "/edit", "/preview", "/pdf"):
            assert other.get(f"/desk/quotes/{public_id}{path}").status == 404
        for path in ("/edit", "/submit", "/withdraw"):
            assert other.post(f"/desk/quotes/{public_id}{path}", token).status == 404
    assert counts() == before


@pytest.mark.parametrize("role", ["rep_manager", "finance", "support"])
def test_other_staff_read_everything_and_write_no_quotes(deal: Deal, client: Client, role: str) -> None:
    quote = quotes.draft(deal)
    staff = client.sign_in(core.staff(role), Realm.DESK)
    home = staff.get("/desk")
    assert deal.account.name in home.words
    assert "New quote" not in home.words
    page = staff.get(f"/desk/quotes/{quote.public_id}")
    assert "Submit to the customer" not in page.words
    token = {"csrf_token": staff.token(page)}
    assert staff.get("/desk/quotes/new").status == 403
    for path in ("edit", "submit", "withdraw"):
        assert staff.post(f"/desk/quotes/{quote.public_id}/{path}", token).status == 403


def test_contacts_do_not_come_to_the_desk(deal: Deal, client: Client) -> None:
    assert "/desk/sign-in" in client.sign_in(deal.contact).get("/desk").location


def test_filters_stand_in_the_address_and_take_anything(deal: Deal, rep: Client) -> None:
    wanted, _other = quotes.draft(deal, title="Wanted"), quotes.sent(deal, title="Sent one")
    assert "Sent one" not in rep.get("/desk/quotes?show=drafts").words
    by_number = rep.get("/desk/quotes?" + urlencode({"search": wanted.number.lower()}))
    assert "Wanted" in by_number.words
    assert "Sent one" not in by_number.words
    assert "Wanted" in rep.get("/desk/quotes?" + urlencode({"search": deal.account.name.upper()})).words
    for odd in ("%", "_", "\\", "'; DROP TABLE quote; --", "x" * 5000, "\U0001f600", "\x01", "a\x7fb"):
        for path in ("/desk/quotes", "/desk/quotes/new"):
            page = rep.get(path + "?" + urlencode({"search": odd, "show": odd, "after": odd}))
            assert page.status == 200, (path, odd)
    assert "No quote matches" in rep.get("/desk/quotes?search=%25").words


def test_lists_cost_the_same_however_long(deal: Deal, rep: Client) -> None:
    def make() -> None:
        quotes.draft(deal)
        quotes.sent(deal)
        quotes.sent(deal, valid_until=quotes.in_days(1))
        quotes.accepted(deal)

    make()
    rep.get("/desk")
    costs = {}
    for path in ("/desk", "/desk/quotes", "/desk/quotes/new"):
        with statements() as few:
            rep.get(path)
        costs[path] = len(few)
    for _ in range(5):
        make()
    for path, cost in costs.items():
        with statements() as many:
            page = rep.get(path)
        assert len(many) == cost <= (16 if path == "/desk" else 8), path  # one a part of the work list
        assert not [statement for statement in many if "count(" in statement.lower()]
        assert page.status == 200
    everything = rep.get("/desk/quotes")
    assert len(everything.html.select("tbody tr")) == 20
    onward = everything.html.select_one("a[rel=next]")
    assert onward is not None
    assert len(rep.get(str(onward["href"])).html.select("tbody tr")) == 4


def dead_job(once_key: str | None = None) -> int:
    now = clock.now()
    row = Job(kind="mail.send", payload='{"mail_id": 7}', once_key=once_key, state="dead", run_at=now, attempts=12,
              created_at=now, ended_at=now, last_error="ConnectionRefusedError: <smtp>")  # fmt: skip
    found: Job = core.add(row)
    return found.id


def test_a_job_that_gave_up_gets_another_round(database: Any, client: Client) -> None:
    number = dead_job()
    staff = client.sign_in(core.staff("support"), Realm.DESK)
    page = staff.get("/desk/jobs")
    assert "ConnectionRefusedError: <smtp>" in page.words
    told = staff.follow(staff.post(f"/desk/jobs/{number}/retry", page.form("retry"), page=page))
    assert "will be tried again" in told.words
    with db.reading() as session:
        job = session.get_one(Job, number)
        assert (job.state, job.attempts) == ("ready", 0)
    again = staff.post(f"/desk/jobs/{number}/retry", page.form(), page=page)
    assert again.status == 303
    assert counts()["audit_entry"] == 1


def test_a_job_whose_work_waits_already_stays_dead(database: Any, client: Client) -> None:
    number = dead_job("mail.send:7")
    db.perform(lambda: jobs.enqueue("mail.send", once_key="mail.send:7", mail_id=7))
    staff = client.sign_in(core.staff("finance"), Realm.DESK)
    page = staff.get("/desk/jobs")
    told = staff.follow(staff.post(f"/desk/jobs/{number}/retry", page.form("retry"), page=page))
    assert "already waiting in a newer job" in told.words


def test_job_numbers_that_are_none_are_not_found(database: Any, client: Client) -> None:
    dead_job()
    staff = client.sign_in(core.staff("rep_manager"), Realm.DESK)
    token = {"csrf_token": staff.token(staff.get("/desk/jobs"))}
    for number in ("999999999", "9" * 40, "x", "-1", "²", "1.0"):
        assert staff.post(f"/desk/jobs/{number}/retry", token).status == 404, number


def test_representatives_do_not_see_jobs(rep: Client) -> None:
    token = {"csrf_token": rep.token(rep.get("/desk/quotes/new"))}
    assert rep.get("/desk/jobs").status == 403
    assert rep.post("/desk/jobs/1/retry", token).status == 403
