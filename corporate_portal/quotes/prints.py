"""What is printed of a quote, in its own language: the submitted version, and the certificate of its acceptance.

Whoever they name stands in the frozen document or in the evidence: what changes later changes no page of them.
"""

from dataclasses import asdict

from sqlalchemy import select

from billing_core import db, templating, words
from billing_core.documents.printing import Print
from billing_core.errors import NotFound
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.orders.models import ServiceOrder
from corporate_portal.quotes.evidence import reading_of
from corporate_portal.quotes.models import QuoteDecision, QuoteFirstAcceptance, QuoteVersion
from corporate_portal.quotes.offer.document import digest, parties_of
from corporate_portal.quotes.offer.groups import groups_of
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.offer.recurring import recurring_of
from corporate_portal.quotes.offer.terms import paragraphs


def quote_print(public_id: str) -> Print:
    """The Print of a submitted version (ver_…). Raises NotFound for a draft."""
    found = select(QuoteVersion).where(QuoteVersion.public_id == public_id, QuoteVersion.submitted_at.is_not(None))
    version = db.session().scalar(found.options(*WHOLE))
    if version is None or version.submitted_at is None:
        raise NotFound
    quote, parties = version.quote, parties_of(version)
    return Print(
        template="print/quote.html",
        context={
            "version": version,
            "letterhead": parties.seller,
            "bill_to": asdict(parties.account) | {"attention": parties.addressee.name},
            "customer_number": parties.account.number,
            "rep": parties.representative,
            "user_id": parties.addressee.user_id,
            "terms": paragraphs(version),
            "groups": groups_of(version),
            "recurring": recurring_of(version),
        },
        locale=version.locale,
        title=words.gettext("Quote %(number)s", number=quote.number),
        author=parties.seller.name,
        created=version.submitted_at,
        subject=version.title,
    )


def certificate_print(public_id: str) -> Print:
    """The certificate that a version (ver_…) was accepted. Raises NotFound unless it was."""
    found = select(QuoteVersion).where(QuoteVersion.public_id == public_id)
    version = db.session().scalar(found.options(*WHOLE))
    decision = version.decision if version is not None else None
    if version is None or decision is None or decision.verdict != "accepted":
        raise NotFound
    parties = parties_of(version)
    return Print(
        template="print/certificate.html",
        context={
            "version": version,
            "decision": decision,
            "said": reading_of(decision),
            "first": _first_of(version),
            "letterhead": parties.seller,
            "bill_to": asdict(parties.account) | {"attention": decision.person_name},
            "customer_number": parties.account.number,
            "rep": parties.representative,
            "documents": _numbers(decision),
            "fingerprints": _fingerprints(decision, version.first_acceptance),
            "verify_at": templating.link("/verify"),
        },
        locale=version.locale,
        title=words.gettext("Certificate of acceptance, quote %(number)s", number=version.quote.number),
        author=parties.seller.name,
        created=decision.decided_at,
        subject=version.title,
    )


def _first_of(version: QuoteVersion) -> dict[str, object] | None:
    """The first of two acceptances, as its evidence has it."""
    first = version.first_acceptance
    if first is None:
        return None
    said = reading_of(first)
    return {
        "name": first.person_name, "function": first.function, "accepted_at": first.accepted_at,
        "statement": said.statement, "consent": said.consent, "user_id": said.user_id, "email": said.email,
    }  # fmt: skip


def _numbers(decision: QuoteDecision) -> dict[str, str]:
    """The numbers of what the acceptance brought about; empty where it brought none."""
    order = db.session().get(ServiceOrder, decision.order_id) if decision.order_id else None
    invoice = db.session().get(Invoice, decision.invoice_id) if decision.invoice_id else None
    note = db.session().get(CreditNote, decision.credit_note_id) if decision.credit_note_id else None
    return {
        "order": order.number if order else "",
        "invoice": invoice.number if invoice else "",
        "credit_note": note.number if note else "",
    }


def _fingerprints(decision: QuoteDecision, first: QuoteFirstAcceptance | None) -> list[tuple[str, str]]:
    """What each SHA-256 is of, and its 64 signs in groups that can be read out."""
    said = reading_of(decision)
    hashes = (
        (words.gettext("Accepted text"), said.version_sha256),
        (words.gettext("PDF of the quote"), said.pdf_sha256 or ""),
        (words.gettext("Evidence of the acceptance"), digest(decision.evidence)),
        (words.gettext("Evidence of the first acceptance"), first.sha256 if first else ""),
    )
    return [(name, in_groups(sha256)) for name, sha256 in hashes if sha256]


def in_groups(sha256: str) -> str:
    """A hash in groups of eight signs."""
    return " ".join(sha256[start : start + 8] for start in range(0, len(sha256), 8))
