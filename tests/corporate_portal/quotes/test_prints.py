"""The printed quote: what the worker is given, in the quote's own language whatever the worker's is."""

import pytest
from sqlalchemy import select, update

from billing_core import db, words
from billing_core.accounts import Account
from billing_core.documents.printing import page_of
from billing_core.errors import NotFound
from billing_core.ledger.models import Invoice
from billing_core.people import BillingContact, Person
from billing_core.sellers.models import Seller
from corporate_portal.invoices.prints import invoice_print
from corporate_portal.quotes import service
from corporate_portal.quotes.prints import quote_print
from tests.client import Client
from tests.factories import quotes

pytestmark = pytest.mark.usefixtures("database")


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_document_says_what_was_submitted(language: str) -> None:
    deal = quotes.deal()
    version = quotes.version(quotes.sent(deal, locale=language, notes="Grüße <b>"))
    words.set_locale("de" if language == "en" else "en")
    with db.reading(), words.in_language(language):
        wanted = quote_print(version.public_id)
        html = page_of(wanted)
    assert wanted.title == ("Quote " if language == "en" else "Angebot ") + version.quote.number
    assert (wanted.locale, wanted.author, wanted.created) == (language, deal.seller.name, version.submitted_at)
    assert wanted.context["user_id"] == deal.contact.email
    assert "Grüße &lt;b&gt;" in html
    assert ("1,880.20" if language == "en" else "1.880,20") in html


def test_a_draft_is_not_printed() -> None:
    version = quotes.version(quotes.draft(quotes.deal()))
    with db.reading(), pytest.raises(NotFound):
        quote_print(version.public_id)


def test_what_changes_after_the_submission_changes_no_document() -> None:
    deal = quotes.deal(seller={"name": "Seller As Sent GmbH"}, vat_id="DE811569869")
    version = quotes.version(quotes.sent(deal, starts_on=quotes.in_days(3)))

    def printed() -> str:
        with db.reading(), words.in_language("en"):
            return page_of(quote_print(version.public_id))

    def everything_moves() -> None:
        session = db.session()
        session.execute(update(Seller).values(name="Other Ltd", street="Elsewhere 9", vat_id="DE129273398", phone="1"))
        session.execute(update(Account).values(name="Renamed", street="Moved 1", number="C-NEW", payment_days=7))
        session.execute(update(Person).values(name="Somebody Else", phone="2"))
        session.execute(update(BillingContact).values(user_id="renamed"))

    before = printed()
    db.perform(everything_moves)
    assert "Seller As Sent GmbH" in before
    assert deal.contact.email in before
    assert printed() == before


def test_the_page_shows_what_was_submitted_too(client: Client) -> None:
    deal = quotes.deal(seller={"name": "Seller As Sent GmbH"})
    quote = quotes.sent(deal)
    db.perform(lambda: db.session().execute(update(Seller).values(name="Other Ltd")) and None)
    page = client.sign_in(deal.contact).get(f"/quotes/{quote.public_id}")
    assert "Seller As Sent GmbH" in page.words
    assert "Other Ltd" not in page.words


def test_the_invoice_is_payable_as_the_quote_said() -> None:
    deal = quotes.deal(payment_days=30)
    quote = quotes.sent(deal)
    db.perform(lambda: db.session().execute(update(Account).values(payment_days=7)) and None)
    db.perform(service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote))
    with db.reading() as session:
        invoice = session.scalars(select(Invoice)).one()
    assert (invoice.due_on - invoice.issued_on).days == 30


def test_a_buyer_without_a_confirmed_vat_id_reads_why_vat_is_charged(client: Client) -> None:
    deal = quotes.deal(country="FR", vat_id="FR40303265045")
    quote = quotes.sent(deal)
    why = "VAT is charged because the VAT ID of the account has not been confirmed in the last 90 days."
    client.sign_in(deal.contact)
    assert why in client.get(f"/quotes/{quote.public_id}").words
    db.perform(service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote))
    with db.reading() as session, words.in_language("en"):
        invoice = session.scalars(select(Invoice)).one()
        assert why in page_of(quote_print(quotes.version(quote).public_id))
        assert why in page_of(invoice_print(invoice.public_id))
    assert why in client.get(f"/invoices/{invoice.public_id}").words
