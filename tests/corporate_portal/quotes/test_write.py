"""Drafts: what may stand in them, what they come to, and how they are submitted and withdrawn."""

import json
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest
import rfc8785
from sqlalchemy import select, update

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.catalogue.models import Price
from billing_core.documents.models import Document
from billing_core.errors import Invalid, NotFound
from billing_core.jobs import Job
from billing_core.mail.models import OutboxMail
from billing_core.people import BillingContact
from billing_core.permissions import Realm
from billing_core.sellers.models import TaxRate
from corporate_portal.quotes import jobs, service
from corporate_portal.quotes.models import Quote
from corporate_portal.quotes.offer.content import LineWish
from corporate_portal.quotes.refusals import (
    DraftChanged,
    DraftOutdated,
    FrozenQuote,
    NobodyMayAccept,
    NotSubmitted,
    NotYourAccount,
    QuoteRefusal,
)
from tests.corporate_portal.quotes.counting import counts
from tests.factories import core, quotes

pytestmark = pytest.mark.usefixtures("database")


def only(table: type[Any]) -> Any:
    with db.reading() as session:
        return session.scalars(select(table)).one()


def test_a_draft_has_the_catalogues_prices_and_its_tax() -> None:
    deal = quotes.deal()
    version = quotes.version(quotes.draft(deal))
    yearly, once = version.lines
    assert (yearly.unit_price, yearly.discount, yearly.net) == (12000, 12000, 108000)
    assert (once.unit_price, once.discount, once.net) == (50000, 0, 50000)
    assert (version.net, version.tax, version.total) == (158000, 30020, 188020)
    (tax,) = version.taxes
    assert (tax.category, tax.rate, tax.net, tax.tax) == ("S", 1900, 158000, 30020)
    assert version.state == "draft"


def test_reverse_charge_stands_in_the_quotes_language() -> None:
    deal = quotes.deal(country="AT", vat_id="ATU12345675", vat_confirmed_at=clock.now(), locale="de")
    version = quotes.version(quotes.draft(deal))
    assert (version.tax, version.taxes[0].category) == (0, "AE")
    assert version.taxes[0].exemption == "Steuerschuldnerschaft"


def test_amounts_are_whole_in_a_currency_without_decimals() -> None:
    deal = quotes.deal(currency="JPY")
    line = LineWish(deal.product.code, "", "monthly", 7, percent_off=333)
    version = quotes.version(quotes.draft(deal, lines=(line,), term_months=5))
    assert (version.lines[0].discount, version.net) == (280, 8120)


def bad_contents(code: str) -> dict[str, tuple[str | None, dict[str, Any]]]:
    far = clock.today("Europe/Berlin") + timedelta(days=400)
    line = LineWish(code, "", "yearly", 1)
    return {
        "no title": ("title", {"title": "  "}),
        "a title too long": ("title", {"title": "x" * 161}),
        "a title with a line break": ("title", {"title": "a\nb"}),
        "notes with a control character": ("notes", {"notes": "a\x00b"}),
        "notes too long": ("notes", {"notes": "x" * 4001}),
        "no lines": (None, {"lines": ()}),
        "too many lines": (None, {"lines": (line,) * 51}),
        "no term": ("term_months", {"term_months": 0}),
        "a negative term": ("term_months", {"term_months": -12}),
        "a huge term": ("term_months", {"term_months": 61}),
        "half a year for a yearly line": ("term_months", {"term_months": 18}),
        "no quantity": ("lines-0-quantity", {"lines": (replace(line, quantity=0),)}),
        "a negative quantity": ("lines-0-quantity", {"lines": (replace(line, quantity=-1),)}),
        "a huge quantity": ("lines-1-quantity", {"lines": (line, replace(line, quantity=10**30))}),
        "an unknown product": ("lines-0-offer", {"lines": (replace(line, product_code="nothing"),)}),
        "an unknown tier": ("lines-0-offer", {"lines": (replace(line, tier="Gold"),)}),
        "an unknown frequency": ("lines-0-offer", {"lines": (replace(line, frequency="daily"),)}),
        "more than all off": ("lines-0-discount", {"lines": (replace(line, percent_off=10_001),)}),
        "a surcharge": ("lines-0-discount", {"lines": (replace(line, percent_off=-1),)}),
        "more off than it costs": ("lines-0-discount", {"lines": (replace(line, amount_off=12001),)}),
        "two discounts": ("lines-0-discount", {"lines": (replace(line, amount_off=1, percent_off=1),)}),
        "a start far away": ("starts_on", {"starts_on": far}),
        "a start long ago": ("starts_on", {"starts_on": date(2000, 1, 1)}),
        "a validity in the past": ("valid_until", {"valid_until": quotes.in_days(-2)}),
        "a validity far away": ("valid_until", {"valid_until": far}),
        "an unknown zone": ("zone", {"zone": "Mars/Olympus"}),
    }


def test_bad_content_is_refused_at_its_field_and_writes_nothing() -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal)
    seen, desk, before = quotes.seen(quote), deal.desk, counts()
    for name, (field, changes) in bad_contents(deal.product.code).items():
        content = quotes.content(deal, **changes)
        for verb, args in (
            (service.draft_quote, (desk, deal.account.public_id, content)),
            (service.change_draft, (desk, quote.public_id, content, seen)),
        ):
            with pytest.raises(Invalid) as refused:
                db.perform(verb, *args)  # type: ignore[arg-type]
            assert refused.value.field == field, name
    assert counts() == before


def test_a_price_that_is_too_large_for_exact_sums_is_refused() -> None:
    deal = quotes.deal()
    db.perform(lambda: db.session().execute(update(Price).values(amount=10**15 - 1)))
    with pytest.raises(Invalid):
        quotes.draft(deal)


def test_only_the_accounts_own_representative_writes() -> None:
    deal, other = quotes.deal(), quotes.deal()
    quote = quotes.draft(deal)
    seen = quotes.seen(quote)
    content = quotes.content(deal)
    manager = core.viewer(core.staff("rep_manager"), Realm.DESK)
    for viewer, refusal in ((other.desk, NotFound), (manager, NotYourAccount), (deal.portal, NotFound)):
        before = counts()
        with pytest.raises(NotFound):
            db.perform(service.draft_quote, viewer, deal.account.public_id, content)
        with pytest.raises(refusal):
            db.perform(service.change_draft, viewer, quote.public_id, content, seen)
        with pytest.raises(refusal):
            db.perform(service.submit_quote, viewer, quote.public_id, seen)
        with pytest.raises(refusal):
            db.perform(service.withdraw_quote, viewer, quote.public_id)
        assert counts() == before


def test_no_quotes_for_online_or_closed_accounts() -> None:
    deal = quotes.deal()
    content = quotes.content(deal)
    for changes in ({"kind": "online"}, {"closed_on": date(2026, 1, 1)}):
        account = core.account(deal.seller, deal.rep, **changes)
        with pytest.raises(NotFound):
            db.perform(service.draft_quote, deal.desk, account.public_id, content)


def test_the_same_form_sent_twice_makes_one_draft() -> None:
    deal = quotes.deal()
    send = (service.draft_quote, deal.desk, deal.account.public_id, quotes.content(deal), "a1b2c3")
    first, second = db.perform(*send), db.perform(*send)
    assert first.id == second.id
    assert counts()["quote"] == 1


def test_changing_a_draft_replaces_its_content() -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal)
    line = LineWish(deal.product.code, "", "monthly", 3, amount_off=600)
    content = quotes.content(deal, title="Fewer", lines=(line,), notes="Ring me.\nAt noon.")
    db.perform(service.change_draft, deal.desk, quote.public_id, content, quotes.seen(quote))
    version = quotes.version(quote)
    assert (version.version, version.title, version.net, len(version.taxes)) == (1, "Fewer", 3000, 1)
    assert [(found.position, found.discount) for found in version.lines] == [(1, 600)]


def test_a_stale_form_changes_nothing() -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal)
    stale = quotes.seen(quote)
    content = quotes.content(deal, title="First tab")
    db.perform(service.change_draft, deal.desk, quote.public_id, content, stale)
    with pytest.raises(DraftChanged):
        db.perform(service.change_draft, deal.desk, quote.public_id, content, stale)
    with pytest.raises(DraftChanged):
        db.perform(service.submit_quote, deal.desk, quote.public_id, stale)
    assert quotes.version(quote).title == "First tab"


def test_submission_freezes_the_text() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal, notes="Grüße")
    version = quotes.version(quote)
    document = json.loads(version.document or b"")
    assert version.document == rfc8785.dumps(document)
    assert (document["quote"], document["version"], document["total"]) == (quote.number, 1, version.total)
    assert document["lines"][0]["percent_off"] == 1000
    with pytest.raises(NotSubmitted):
        db.perform(service.change_draft, deal.desk, quote.public_id, quotes.content(deal), "")
    with pytest.raises(NotSubmitted):
        db.perform(service.submit_quote, deal.desk, quote.public_id, "")


def test_submission_asks_for_the_document_and_tells_those_who_may_accept() -> None:
    deal = quotes.deal()
    core.contact(deal.account, rights="pay")
    german = core.contact(deal.account, core.person("Karl", locale="de"))
    version = quotes.version(quotes.sent(deal))
    document = only(Document)
    assert (document.subject, document.kind, document.locale) == (version.public_id, "quote", "en")
    with db.reading() as session:
        mails = {mail.recipient: mail for mail in session.scalars(select(OutboxMail))}
        kinds = {job.kind for job in session.scalars(select(Job))}
    assert set(mails) == {deal.contact.email, german.email}
    assert mails[german.email].subject.startswith("Ihr Angebot Q-")
    assert german.email in mails[german.email].text_body, "the contact's own User ID"
    assert mails[deal.contact.email].attached == f"quote:{version.public_id}"
    assert kinds == {"document.render", "mail.send"}


def test_a_date_of_its_own_ends_at_its_end_in_the_accounts_zone() -> None:
    deal = quotes.deal(timezone="America/New_York")
    day = clock.today("America/New_York") + timedelta(days=3)
    version = quotes.version(quotes.sent(deal, valid_until=day))
    assert version.expires_at == clock.end_of_day(day, "America/New_York")


def refused_submission(deal: quotes.Deal, refusal: type[QuoteRefusal]) -> None:
    quote = quotes.draft(deal)
    _submit_refused(deal, quote, refusal)


def _submit_refused(deal: quotes.Deal, quote: Any, refusal: type[Exception]) -> None:
    seen, before = quotes.seen(quote), counts()
    with pytest.raises(refusal):
        db.perform(service.submit_quote, deal.desk, quote.public_id, seen)
    assert counts() == before


def test_a_quote_that_nobody_may_accept_is_not_sent() -> None:
    deal = quotes.deal()
    db.perform(lambda: db.session().execute(update(BillingContact).values(may_accept=False)))
    refused_submission(deal, NobodyMayAccept)


def test_a_draft_with_prices_of_yesterday_is_not_sent() -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal)
    db.perform(lambda: db.session().execute(update(Price).values(amount=Price.amount + 1)))
    _submit_refused(deal, quote, DraftOutdated)
    content = quotes.content(deal)
    db.perform(service.change_draft, deal.desk, quote.public_id, content, quotes.seen(quote))
    db.perform(service.submit_quote, deal.desk, quote.public_id, quotes.seen(quote))


def test_a_draft_with_the_tax_of_yesterday_is_not_sent() -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal)
    db.perform(lambda: db.session().execute(update(TaxRate).where(TaxRate.category == "S").values(rate=1600)))
    _submit_refused(deal, quote, DraftOutdated)


def test_a_draft_whose_validity_has_passed_is_not_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal, valid_until=quotes.in_days(1))
    later = clock.now() + timedelta(days=3)
    monkeypatch.setattr(clock, "now", lambda: later)
    _submit_refused(deal, quote, Invalid)


def test_withdrawing_twice_is_harmless_and_a_withdrawn_draft_is_never_shown() -> None:
    deal = quotes.deal()
    quote = quotes.draft(deal)
    db.perform(service.withdraw_quote, deal.desk, quote.public_id)
    before = counts()
    assert db.perform(service.withdraw_quote, deal.desk, quote.public_id).state == "withdrawn"
    assert counts() == before


def test_the_expiry_job_writes_down_what_is_true_already(monkeypatch: pytest.MonkeyPatch) -> None:
    deal = quotes.deal()
    late, accepted, open_still = (
        quotes.sent(deal), quotes.accepted(deal), quotes.sent(deal, valid_until=quotes.in_days(30))
    )  # fmt: skip
    deadline = quotes.version(late).expires_at
    assert deadline is not None
    monkeypatch.setattr(clock, "now", lambda: deadline - timedelta(microseconds=1))
    jobs.expire_due()
    assert quotes.version(late).state == "sent"
    monkeypatch.setattr(clock, "now", lambda: deadline)
    assert quotes.version(late).shown_state(clock.now()) == "expired"
    jobs.expire_due()
    jobs.expire_due()
    assert [quotes.version(quote).state for quote in (late, accepted, open_still)] == ["expired", "accepted", "sent"]


def test_an_import_adds_changes_and_refuses() -> None:
    deal = quotes.deal()
    line = LineWish(deal.product.code, "", "yearly", 2, unit_price=9900)
    content = quotes.content(deal, lines=(line,), starts_on=date(2020, 2, 29), valid_until=date(2020, 3, 1))

    def put(**kwargs: Any) -> str:
        return db.perform(service.import_quote, deal.account, deal.rep, content, "crm", "Q1", **kwargs)

    assert put(submitted=False) == "added"
    content = replace(content, title="Changed")
    assert put(submitted=False) == "changed"
    with db.reading() as session:
        quote = session.scalars(select(Quote)).one()
    version = quotes.version(quote)
    assert (version.version, version.title, version.net) == (2, "Changed", 19800)
    assert put(submitted=True) == "changed"
    version = quotes.version(quote)
    assert (version.version, version.state, version.shown_state(clock.now())) == (3, "sent", "expired")
    with pytest.raises(FrozenQuote):
        put(submitted=True)
    assert counts()["outbox_mail"] == 0


def test_an_import_keeps_to_corporate_accounts() -> None:
    deal = quotes.deal()
    online = core.account(deal.seller, deal.rep, kind="online")
    with pytest.raises(NotYourAccount):
        db.perform(service.import_quote, online, deal.rep, quotes.content(deal), "crm", "Q1", submitted=False)
    with db.reading() as session:
        assert session.scalars(select(Account)).all()


def test_one_form_makes_one_draft_in_each_account(database: object) -> None:
    deal, other = quotes.deal(), quotes.deal()
    first = db.perform(service.draft_quote, deal.desk, deal.account.public_id, quotes.content(deal), "form-1")
    again = db.perform(service.draft_quote, deal.desk, deal.account.public_id, quotes.content(deal), "form-1")
    elsewhere = db.perform(service.draft_quote, other.desk, other.account.public_id, quotes.content(other), "form-1")
    assert first.public_id == again.public_id
    assert elsewhere.public_id != first.public_id
