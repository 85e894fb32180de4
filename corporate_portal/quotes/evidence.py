"""The evidence of a decision as canonical JSON: unchanging bytes that say who decided what, when, in which words.

What a click needs to count (eIDAS Art. 25(1), ESIGN, UETA): intent, consent, association with the record, retention. IP
and user agent are those of the sign-in session that decided.
"""

from dataclasses import dataclass
from datetime import datetime

from billing_core import clock
from billing_core.people import BillingContact
from billing_core.permissions import Viewer, rights_of
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.document import canonical
from corporate_portal.quotes.offer.terms import Declaration

FORM = 1


@dataclass(frozen=True)
class Decided:
    """What is known at the moment of the decision beyond the version and the viewer."""

    verdict: str
    at: datetime
    declaration: Declaration | None = None
    po_number: str = ""
    payment: str = ""
    reason: str = ""
    pdf_sha256: str | None = None
    """Of the PDF as it was stored by then; none while the worker has not printed it."""


def evidence_of(version: QuoteVersion, viewer: Viewer, contact: BillingContact, decided: Decided) -> bytes:
    """The bytes to be stored beside the decision."""
    quote, words = version.quote, decided.declaration
    facts = viewer.facts
    return canonical(
        {
            "form": FORM,
            "verdict": decided.verdict,
            "quote": {
                "number": quote.number,
                "id": quote.public_id,
                "version": version.version,
                "version_id": version.public_id,
                "sha256": version.sha256,
                "pdf_sha256": decided.pdf_sha256,
                "expires_at": version.expires_at.isoformat() if version.expires_at else None,
            },
            "account": {"id": quote.account.public_id, "number": quote.account.number, "name": quote.account.name},
            "person": {
                "id": viewer.public_id,
                "name": viewer.display_name,
                "email": viewer.email,
                "user_id": contact.user_id,
                "function": contact.function,
                "rights": sorted(right.value for right in rights_of(contact)),
            },
            "session": {
                "id": facts.session_id,
                "signed_in_at": facts.signed_in_at.isoformat() if facts.signed_in_at else None,
                "ip": facts.ip,
                "user_agent": facts.user_agent,
            },
            "decided_at": decided.at.isoformat(),
            "zone": version.zone,
            "shown_at": clock.local(decided.at, version.zone).isoformat(),
            "terms": version.terms_version,
            "wording": {"language": words.locale, "statement": words.statement, "consent": words.consent}
            if words
            else None,
            "po_number": decided.po_number,
            "payment": decided.payment,
            "reason": decided.reason,
        }
    )
