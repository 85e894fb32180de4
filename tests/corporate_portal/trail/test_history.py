"""The history that a contact reads of an own quote and an own invoice."""

import pytest

from billing_core import audit, clock, db, templating
from billing_core.people import BillingContact
from billing_core.permissions import Realm
from corporate_portal.desk.service import look_as_customer
from tests.client import Client, Page
from tests.factories import core, ledger, quotes


def titles(page: Page) -> list[str]:
    return [title.get_text() for title in page.html.select(".timeline-title")]


def test_the_history_of_a_quote(client: Client, database: object) -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    db.perform(look_as_customer, deal.desk, quote.public_id)
    visitor = client.sign_in(deal.contact)
    shown = visitor.get(f"/quotes/{quote.public_id}")
    (link,) = [one for one in shown.html.select("main a") if one.get_text(strip=True) == "History"]
    page = visitor.get(str(link["href"]))
    assert page.h1 == "History"
    assert titles(page)[-1] == "Quote sent"
    assert {"Quote accepted", "Service order placed", "Service order fulfilled"} <= set(titles(page))
    assert not {"Quote drafted", "Looked at as the customer sees it"} & set(titles(page))
    assert f"{deal.contact.name}, Head of Accounts" in page.words
    assert f"{templating.brand().name}, representative" in page.words
    assert deal.rep.name not in page.words
    assert "(Europe/Berlin)" in page.words
    for raw in ("quote.", "order.placed", "per_", "portal:", "sha256"):
        assert raw not in page.html.select_one("main ol").get_text()  # type: ignore[union-attr]


def test_approvals_and_drafts_stay_with_the_vendor(client: Client, database: object) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    for action in ("quote.approval_asked", "quote.returned", "quote.approved", "quote.changed"):
        db.perform(audit.record, deal.desk.actor, action, quote.public_id, deal.account.id)
    assert titles(client.sign_in(deal.contact).get(f"/quotes/{quote.public_id}/history")) == ["Quote sent"]


def test_the_history_of_an_invoice(client: Client, database: object) -> None:
    deal = quotes.deal()
    invoice, other = (ledger.invoice(deal.account, 5000, contact=deal.contact) for _ in range(2))
    for one in (invoice, other):
        ledger.paid_by_card(one, deal.contact)
    note = ledger.credit_note(deal.account, 100, invoice)
    visitor = client.sign_in(deal.contact)
    assert "History" in visitor.get(f"/invoices/{invoice.public_id}").words
    page = visitor.get(f"/invoices/{invoice.public_id}/history")
    assert titles(page) == ["Credit note issued", "Card payment received", "Card payment begun", "Invoice issued"]
    assert note.number in page.words
    assert f"{templating.brand().name}, automatically" in page.words


def test_nothing_of_another_account(client: Client, database: object) -> None:
    deal, other = quotes.deal(), quotes.deal()
    quote, invoice = quotes.sent(deal), ledger.invoice(deal.account)
    db.perform(audit.record, "worker", "quote.reminded", quote.public_id, other.account.id)
    stranger = client.sign_in(other.contact)
    for path in (f"/quotes/{quote.public_id}/history", f"/invoices/{invoice.public_id}/history"):
        assert stranger.get(path).status == 404
    assert stranger.get("/quotes/quo_unknown/history").status == 404
    draft = quotes.draft(deal)
    own = client.sign_in(deal.contact)
    assert own.get(f"/quotes/{draft.public_id}/history").status == 404
    assert titles(own.get(f"/quotes/{quote.public_id}/history")) == ["Quote sent"]


def test_a_colleague_without_rights_reads_it_and_a_former_contact_is_still_named(
    client: Client, database: object
) -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    reader = core.contact(deal.account, rights="")

    def remove() -> None:
        mine = db.session().query(BillingContact).filter_by(person_id=deal.contact.id).one()
        mine.removed_at, mine.is_primary = clock.now(), False

    db.perform(remove)
    page = client.sign_in(reader).get(f"/quotes/{quote.public_id}/history")
    assert f"{deal.contact.name}, Head of Accounts" in page.words


@pytest.mark.parametrize("realm", [Realm.DESK, Realm.MY])
def test_only_at_the_portal(client: Client, database: object, realm: Realm) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    who = deal.rep if realm is Realm.DESK else deal.contact
    assert client.sign_in(who, realm).get(f"/quotes/{quote.public_id}/history").status == 303


def test_a_long_history_has_pages(client: Client, database: object) -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    for _ in range(25):
        db.perform(audit.record, deal.portal.actor, "quote.commented", quote.public_id, deal.account.id)
    visitor = client.sign_in(deal.contact)
    page = visitor.get(f"/quotes/{quote.public_id}/history")
    older = page.html.select_one("a[rel=next]")
    assert older is not None
    assert len(titles(page)) + len(titles(visitor.get(str(older["href"])))) == 26


def test_the_history_in_german(client: Client, database: object) -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    german = core.contact(deal.account, core.person(locale="de"))
    page = client.sign_in(german).get(f"/quotes/{quote.public_id}/history")
    assert page.h1 == "Verlauf"
    assert "Angebot angenommen" in titles(page)
    assert f"{templating.brand().name}, Mitarbeiter" in page.words
