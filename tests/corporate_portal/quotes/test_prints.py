"""The printed quote: what the worker is given, in the quote's own language whatever the worker's is."""

import pytest

from billing_core import db, words
from billing_core.documents.printing import page_of
from billing_core.errors import NotFound
from corporate_portal.quotes.prints import quote_print
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
