"""What proves an acceptance: the evidence, its hashes, the certificate, and that old evidence stays readable."""

import hashlib
import json
from typing import Any

import pytest
import rfc8785
from sqlalchemy import select, update

from billing_core import db, words
from billing_core.audit import AuditEntry
from billing_core.documents import service as documents
from billing_core.documents.models import Document
from billing_core.documents.printing import page_of
from billing_core.errors import NotFound
from billing_core.mail.models import OutboxMail
from billing_core.permissions import Realm
from corporate_portal.quotes import service
from corporate_portal.quotes.evidence import reading_of
from corporate_portal.quotes.models import QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer.content import AdminContact
from corporate_portal.quotes.prints import certificate_print, in_groups
from tests.client import Client
from tests.factories import quotes

pytestmark = pytest.mark.usefixtures("database")

FORM_1 = {
    "form": 1, "verdict": "accepted", "quote": {"sha256": "a" * 64, "pdf_sha256": None}, "payment": "card",
    "person": {"user_id": "carla", "rights": ["accept"]}, "session": {"id": 3}, "terms": "2026-11",
    "wording": {"language": "en", "statement": "She orders.", "consent": "I do."}, "po_number": "PO 4711",
}  # fmt: skip


def decisions() -> list[QuoteDecision]:
    with db.reading() as session:
        return list(session.scalars(select(QuoteDecision)))


def print_pdf(version: QuoteVersion, kind: str, content: bytes) -> str:
    """What the worker does, without a printer."""

    def keep() -> str:
        document = (
            db.session()
            .scalars(select(Document).where(Document.subject == version.public_id, Document.kind == kind))
            .one()
        )
        documents.keep_printed(document.id, content)
        return hashlib.sha256(content).hexdigest()

    return db.perform(keep)


def accept_by_page(client: Client, deal: quotes.Deal, **entered: str) -> tuple[dict[str, Any], QuoteVersion]:
    quote = quotes.sent(deal)
    version = quotes.version(quote)
    contact = client.sign_in(deal.contact)
    path = f"/quotes/{quote.public_id}/confirm?reviewed={version.sha256}&payment=terms&po_number=PO+4711"
    page = contact.get(path + "".join(f"&{name}={value}" for name, value in entered.items()))
    done = contact.post(
        f"/quotes/{quote.public_id}/confirm", page.form("confirm") | {"agreed": "y"}, page=page,
        headers={"User-Agent": "A browser"},
    )  # fmt: skip
    assert "receipt" in done.location
    (decision,) = decisions()
    return json.loads(decision.evidence), version


def test_an_acceptance_in_the_portal_is_proved_in_full(client: Client) -> None:
    deal = quotes.deal()
    quote_evidence, version = accept_by_page(client, deal, po_expires_on=quotes.in_days(9).isoformat())
    assert quote_evidence["form"] == 2
    assert quote_evidence["quote"]["sha256"] == version.sha256
    assert (quote_evidence["quote"]["pdf_sha256"], quote_evidence["quote"]["pdf_missing"]) == (
        None, "not printed yet when it was decided",
    )  # fmt: skip
    session = quote_evidence["session"]
    assert (session["method"], session["realm"], session["of"]) == ("password", "portal", deal.contact.public_id)
    assert len(session["sha256"]) == 64
    assert session["signed_in_at"]
    assert (session["ip"], session["user_agent"]) == ("127.0.0.1", "A browser")
    assert len(session["request_id"]) == 16
    assert "id" not in session
    assert quote_evidence["purchase_order"] == {"number": "PO 4711", "expires_on": quotes.in_days(9).isoformat()}
    assert (quote_evidence["channel"], quote_evidence["recorded"]) == ("portal", None)
    assert quote_evidence["wording"]["language"] == "en"


def test_the_evidence_names_the_administrator_and_the_printed_pdf() -> None:
    deal = quotes.deal()
    quote = quotes.sent(deal)
    printed = print_pdf(quotes.version(quote), "quote", b"%PDF of the quote")
    admin = AdminContact(name="Nora New", email="nora@customer.example")
    decision = db.perform(
        service.accept_quote, deal.portal, quote.public_id, quotes.acceptance(deal, quote, admin=admin)
    )
    said = json.loads(decision.evidence)
    assert said["quote"]["pdf_sha256"] == printed
    assert said["quote"]["pdf_missing"] is None
    assert (said["admin"]["name"], said["admin"]["email"]) == ("Nora New", "nora@customer.example")


def test_text_and_evidence_are_kept_under_their_hashes_and_named_in_the_trail() -> None:
    deal = quotes.deal()
    version = quotes.version(quotes.accepted(deal))
    (decision,) = decisions()
    with db.reading() as session:
        kept = {kind: documents.content(version.public_id, kind) for kind in ("evidence", "quote-text")}
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "quote.accepted")).one()
    evidence, text = kept["evidence"], kept["quote-text"]
    assert evidence is not None
    assert text is not None
    assert (evidence.data, text.data) == (decision.evidence, version.document)
    assert evidence.sha256 == hashlib.sha256(decision.evidence).hexdigest()
    assert text.sha256 == version.sha256
    assert evidence.sha256 in str(vars(entry))


@pytest.mark.parametrize("language", ["en", "de"])
def test_the_certificate_says_what_was_accepted_by_whom_and_how_to_verify(language: str) -> None:
    deal = quotes.deal(vat_id="DE811569869")
    version = quotes.version(quotes.accepted(deal, locale=language))
    (decision,) = decisions()
    with db.reading(), words.in_language(language):
        html = page_of(certificate_print(version.public_id))
    assert version.quote.number in html
    assert "Carla Contact" in html
    assert in_groups(version.sha256 or "") in html
    assert in_groups(hashlib.sha256(decision.evidence).hexdigest()) in html
    assert "/verify" in html
    assert ("Certificate of acceptance" if language == "en" else "Annahmebestätigung") in html
    assert reading_of(decision).statement in html.replace("&#34;", '"')


def test_there_is_no_certificate_of_what_was_not_accepted() -> None:
    deal = quotes.deal()
    for quote in (quotes.sent(deal), quotes.rejected(deal)):
        with db.reading(), pytest.raises(NotFound):
            certificate_print(quotes.version(quote).public_id)


def test_both_mails_wait_for_the_certificate() -> None:
    deal = quotes.deal()
    version = quotes.version(quotes.accepted(deal))
    with db.reading() as session:
        attached = {mail.kind: mail.attached for mail in session.scalars(select(OutboxMail))}
    certificate = f"certificate:{version.public_id}"
    assert attached["quote-accepted"] == f"quote:{version.public_id} {certificate}"
    assert attached["quote-accepted-rep"] == certificate


def test_the_certificate_is_downloaded_by_both_sides_and_by_nobody_else(client: Client) -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    path = f"/quotes/{quote.public_id}/certificate"
    waiting = client.sign_in(deal.contact).get(path)
    assert (waiting.status, waiting.h1) == (202, "The certificate is being prepared")
    print_pdf(quotes.version(quote), "certificate", b"%PDF-1.7 certificate")
    assert client.get(path).response.data == b"%PDF-1.7 certificate"
    desk = Client(client.app).sign_in(deal.rep, Realm.DESK)
    assert desk.get(f"/desk/quotes/{quote.public_id}/certificate").response.data == b"%PDF-1.7 certificate"
    other = quotes.deal()
    assert Client(client.app).sign_in(other.contact).get(path).status == 404
    strange = Client(client.app).sign_in(other.rep, Realm.DESK)
    assert strange.get(f"/desk/quotes/{quote.public_id}/certificate").status == 404


def test_evidence_of_the_first_form_is_still_read(client: Client) -> None:
    deal = quotes.deal()
    quote = quotes.accepted(deal)
    old = rfc8785.dumps(FORM_1)
    db.perform(lambda: db.session().execute(update(QuoteDecision).values(evidence=old)))
    (decision,) = decisions()
    said = reading_of(decision)
    assert (said.form, said.payment, said.statement, said.user_id) == (1, "card", "She orders.", "carla")
    assert (said.admin_name, said.po_expires_on, said.recorded_by) == ("", None, "")
    page = client.sign_in(deal.contact).get(f"/quotes/{quote.public_id}/receipt")
    assert "Pay now by card" in page.words
    assert "certificate" not in page.words
    assert client.get(f"/quotes/{quote.public_id}/certificate").status == 404
