"""The evidence of a decision as canonical JSON: unchanging bytes that say who decided what, when, in which words.

What a click needs to count (eIDAS Art. 25(1), ESIGN, UETA): intent, consent, association with the record, retention. IP
and user agent are those of the request that decided; of its session only a hash is kept. The bytes stand with the
decision and, under their SHA-256, among the documents.
"""

import json
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from billing_core import clock
from billing_core.people import BillingContact, Person
from billing_core.permissions import Viewer, rights_of
from corporate_portal.quotes.models import QuoteDecision, QuoteFirstAcceptance, QuoteVersion
from corporate_portal.quotes.offer.content import AdminContact
from corporate_portal.quotes.offer.document import canonical
from corporate_portal.quotes.offer.terms import Declaration

FORM = 2
"""Form 1 knew neither how a decision came nor what its purchase order and administrator were, and kept a session's id
instead of its hash. Both forms are read by `reading_of`."""

NOT_PRINTED = "not printed yet when it was decided"
NOT_ASKED = "a rejection refers to the text alone"
"""Why the hash of the PDF is null."""


@dataclass(frozen=True)
class Decided:
    """What is known at the moment of the decision beyond the version and the contact."""

    verdict: str
    at: datetime
    declaration: Declaration | None = None
    po_number: str = ""
    po_expires_on: date | None = None
    payment: str = ""
    reason: str = ""
    admin: Person | None = None
    pdf_sha256: str | None = None
    """Of the PDF as it was stored by then; none while the worker has not printed it."""
    session_sha256: str = ""
    channel: str = "portal"
    reference: str = ""
    first: QuoteFirstAcceptance | None = None
    """The acceptance that this one confirms."""


@dataclass(frozen=True)
class Reading:
    """What pages and documents need of an evidence, whichever form it was written in."""

    form: int
    payment: str
    statement: str
    consent: str
    user_id: str
    email: str
    version_sha256: str
    pdf_sha256: str | None
    pdf_missing: str
    terms: str
    rights: tuple[str, ...]
    admin_name: str
    po_expires_on: date | None
    recorded_by: str


def evidence_of(
    version: QuoteVersion,
    contact: BillingContact,
    viewer: Viewer,
    decided: Decided,
    named: AdminContact | None = None,
) -> bytes:
    """The bytes to be stored beside the decision of `contact`, who comes with the person; `viewer` brought it about.

    `named` is the administrator of a first acceptance, who may be nobody's member yet.

    Where a representative recorded it, session and sign-in are the representative's, and said to be.
    """
    quote, words = version.quote, decided.declaration
    is_recorded = decided.channel != "portal"
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
                "pdf_missing": _why_without_pdf(decided),
                "expires_at": version.expires_at.isoformat() if version.expires_at else None,
            },
            "account": {"id": quote.account.public_id, "number": quote.account.number, "name": quote.account.name},
            "person": {
                "id": contact.person.public_id,
                "name": contact.person.name,
                "email": contact.person.email,
                "user_id": contact.user_id,
                "function": contact.function,
                "rights": sorted(right.value for right in rights_of(contact)),
            },
            "channel": decided.channel,
            "recorded": {
                "reference": decided.reference,
                "by": {"id": viewer.public_id, "name": viewer.display_name, "email": viewer.email},
            }
            if is_recorded
            else None,
            "session": _session(viewer, decided),
            "decided_at": decided.at.isoformat(),
            "zone": version.zone,
            "shown_at": clock.local(decided.at, version.zone).isoformat(),
            "terms": version.terms_version,
            "wording": {"language": words.locale, "statement": words.statement, "consent": words.consent}
            if words
            else None,
            "purchase_order": {
                "number": decided.po_number,
                "expires_on": decided.po_expires_on.isoformat() if decided.po_expires_on else None,
            },
            "admin": {"id": decided.admin.public_id, "name": decided.admin.name, "email": decided.admin.email}
            if decided.admin
            else _named(named),
            "payment": decided.payment,
            "reason": decided.reason,
        }
        | _confirms(decided.first)
    )


def _named(admin: AdminContact | None) -> dict[str, str] | None:
    if admin is None or not (admin.member or admin.email):
        return None
    return {"id": admin.member, "name": admin.name, "email": admin.email}


def _confirms(first: QuoteFirstAcceptance | None) -> dict[str, Any]:
    """Named only where there was one, so that the evidence of one contact alone stays as it was."""
    if first is None:
        return {}
    said = {"person": json.loads(first.evidence)["person"], "accepted_at": first.accepted_at.isoformat()}
    return {"confirms": said | {"evidence_sha256": first.sha256}}


def _session(viewer: Viewer, decided: Decided) -> dict[str, Any]:
    facts = viewer.facts
    return {
        "of": viewer.public_id,
        "realm": viewer.realm.value,
        "sha256": decided.session_sha256,
        "method": "password",
        "signed_in_at": facts.signed_in_at.isoformat() if facts.signed_in_at else None,
        "ip": facts.ip,
        "user_agent": facts.user_agent,
        "request_id": facts.request_id,
    }


def _why_without_pdf(decided: Decided) -> str | None:
    if decided.pdf_sha256:
        return None
    return NOT_ASKED if decided.verdict == "rejected" else NOT_PRINTED


def reading_of(decision: QuoteDecision | QuoteFirstAcceptance) -> Reading:
    """The evidence as it was written down, in form 1 or 2."""
    said: dict[str, Any] = json.loads(decision.evidence)
    quote, person = said.get("quote") or {}, said.get("person") or {}
    wording, recorded = said.get("wording") or {}, said.get("recorded") or {}
    expires_on = (said.get("purchase_order") or {}).get("expires_on")
    return Reading(
        form=said["form"],
        payment=said.get("payment") or "",
        statement=wording.get("statement") or "",
        consent=wording.get("consent") or "",
        user_id=person.get("user_id") or "",
        email=person.get("email") or "",
        version_sha256=quote.get("sha256") or "",
        pdf_sha256=quote.get("pdf_sha256"),
        pdf_missing=quote.get("pdf_missing") or "",
        terms=said.get("terms") or "",
        rights=tuple(person.get("rights") or ()),
        admin_name=(said.get("admin") or {}).get("name") or "",
        po_expires_on=date.fromisoformat(expires_on) if expires_on else None,
        recorded_by=(recorded.get("by") or {}).get("name") or "",
    )
