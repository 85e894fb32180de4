"""What a contact does with a quote: look, accept, reject. Accepting writes everything that follows from it at once."""

from dataclasses import replace

from sqlalchemy import select, update

from billing_core import audit, clock, db, money, words
from billing_core.contacts.holding import refuse_while_held
from billing_core.credentials.models import SignInSession
from billing_core.documents import service as documents
from billing_core.errors import Invalid
from billing_core.orders.service import OrderFacts, place_order
from billing_core.people import BillingContact
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.invoices.service import OrderBill, issue_for_order
from corporate_portal.quotes import mails, states
from corporate_portal.quotes.evidence import Decided, evidence_of
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteFirstAcceptance, QuoteVersion
from corporate_portal.quotes.offer.billing import credited, due_at_once, ordered_lines
from corporate_portal.quotes.offer.content import LONGEST_REASON, Acceptance, AdminContact, Rejection
from corporate_portal.quotes.offer.document import digest, parties_of
from corporate_portal.quotes.offer.drafting import is_readable
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.offer.second import needs_second
from corporate_portal.quotes.offer.terms import declaration
from corporate_portal.quotes.refusals import NoSecondContact, QuoteChanged
from corporate_portal.quotes.service.locking import (
    acceptors,
    locked_for_contact,
    refuse_unless_open,
    refuse_unless_reviewed,
)
from corporate_portal.quotes.service.ordering import admin_person, check_admin, check_payment, check_purchase_order

CERTIFICATE, EVIDENCE, TEXT = "certificate", "evidence", "quote-text"
FIRST_EVIDENCE = "first-evidence"
"""The kinds of documents that an acceptance brings beside the quote's PDF, all of the accepted version."""


def mark_viewed(viewer: Viewer, public_id: str) -> None:
    """Note when a contact first opened the quote. One of the few writes that a GET may cause; others leave no trace."""
    quote = select(Quote.id).where(Quote.public_id == public_id, Quote.account_id.in_(sorted(viewer.account_ids)))
    unseen = update(QuoteVersion).where(
        QuoteVersion.quote_id.in_(quote),
        QuoteVersion.is_shown,
        QuoteVersion.state == states.SENT,
        QuoteVersion.first_viewed_at.is_(None),
    )
    seen = db.session().scalar(unseen.values(first_viewed_at=clock.now()).returning(QuoteVersion.id))
    if seen is not None:
        version = db.session().scalars(select(QuoteVersion).where(QuoteVersion.id == seen).options(*WHOLE)).one()
        audit.record(viewer.actor, "quote.viewed", public_id, version.account_id, version=version.version)
        mails.tell_viewed(version, viewer.display_name)


def accept_quote(viewer: Viewer, public_id: str, acceptance: Acceptance) -> QuoteDecision | QuoteFirstAcceptance:
    """Accept what was reviewed: decision with evidence, service order, its effects, what is due at once, mails.

    All in one transaction. Where the account's rule asks for two contacts, only the acceptance is written, and a second
    contact has to confirm it. Accepting an accepted quote is harmless and returns the decision that stands. Raises
    NotFound, NotAllowed, QuoteExpired, QuoteWithdrawn, AlreadyDecided, QuoteChanged, AwaitsSecond, NoSecondContact,
    OnHold, and Invalid for the order details.
    """
    version, contact = locked_for_contact(viewer, public_id)
    if version.state == states.ACCEPTED and version.decision is not None:
        return version.decision
    now, first = clock.now(), version.first_acceptance
    if first is not None and first.person_id == viewer.person_id and version.is_awaiting_second(now):
        return first
    refuse_unless_open(version, now)
    refuse_unless_reviewed(version, acceptance.reviewed_sha256)
    refuse_while_held(contact, version.zone)
    said = declaration(version, viewer.display_name, contact.function, acceptance.locale)
    if acceptance.wording_sha256 != said.sha256:
        raise QuoteChanged
    account = version.quote.account
    order = check_purchase_order(account, acceptance.po_number, acceptance.po_expires_on)
    payment = check_payment(viewer, account, acceptance.payment)
    decided = Decided(
        "accepted", now, said, po_number=order.number, po_expires_on=order.expires_on, payment=payment
    )  # fmt: skip
    if needs_second(version):
        return _accept_first(viewer, version, contact, decided, acceptance.admin)
    return write_acceptance(viewer, version, contact, decided, acceptance.admin)


def _accept_first(
    viewer: Viewer, version: QuoteVersion, contact: BillingContact, decided: Decided, admin: AdminContact | None
) -> QuoteFirstAcceptance:
    """Keep the first of two acceptances with its evidence. Nothing is ordered, invoiced or numbered."""
    account = version.quote.account
    others = [one for one in acceptors(account.id) if one.person_id != contact.person_id]
    above = account.second_above or 0
    if not others:
        raise NoSecondContact(amount=money.show(above, account.currency, words.locale()), rep=version.quote.rep.name)
    named = check_admin(account, admin) or AdminContact()
    decided = replace(
        decided, verdict="accepted first", pdf_sha256=_printed(version), session_sha256=_session_sha256(viewer)
    )
    first = QuoteFirstAcceptance(
        version_id=version.id, person_id=contact.person_id, person_name=contact.person.name,
        function=contact.function, accepted_at=decided.at, above=above, po_number=decided.po_number,
        po_expires_on=decided.po_expires_on, admin_member=named.member, admin_name=named.name,
        admin_email=named.email, payment=decided.payment,
        evidence=evidence_of(version, contact, viewer, decided, named),
    )  # fmt: skip
    db.session().add(first)
    version.state = states.QUOTE.after(version.state, "accept first")
    db.session().flush()
    audit.record(
        viewer.actor, "quote.accepted_first", version.quote.public_id, version.account_id,
        version=version.version, sha256=version.sha256, evidence=first.sha256,
    )  # fmt: skip
    mails.tell_second_asked(version, first, others)
    return first


def write_acceptance(
    viewer: Viewer, version: QuoteVersion, contact: BillingContact, decided: Decided, admin: AdminContact | None
) -> QuoteDecision:
    """Everything that an acceptance brings about, in the open transaction. The rows are locked, the rules asked."""
    quote, account = version.quote, version.quote.account
    decided = replace(decided, admin=admin_person(account, admin), pdf_sha256=_printed(version))
    facts = OrderFacts(
        contact.id, version.title, version.locale, quote.currency, decided.po_number, quote.number,
        parties_of(version).account.payment_days, decided.admin.id if decided.admin else None,
    )  # fmt: skip
    order = place_order(account, version.public_id, version.starts_on, ordered_lines(version), viewer.actor, facts)
    bill = OrderBill(
        account, version.title, version.locale, quote.currency, decided.po_number, quote.number,
        due_at_once(version), facts.payment_days, credited(version),
    )  # fmt: skip
    decision = _decide(viewer, version, contact, decided)
    decision.order_id = order.id
    version.state = states.QUOTE.after(version.state, "confirm" if decided.first else "accept")
    db.session().flush()
    _keep_proof(version, decision, decided.first)
    issued = issue_for_order(order, bill, contact, viewer.actor)
    decision.invoice_id = issued.invoice.id if issued.invoice else None
    decision.credit_note_id = issued.credit_note.id if issued.credit_note else None
    db.session().flush()
    _tell_audit(
        viewer, "quote.accepted", version, decision, order=order.number,
        invoice=issued.invoice.number if issued.invoice else None,
        credit_note=issued.credit_note.number if issued.credit_note else None,
    )  # fmt: skip
    mails.tell_accepted(version, decision, contact, order)
    return decision


def _printed(version: QuoteVersion) -> str | None:
    pdf = documents.content(version.public_id, "quote")
    return pdf.sha256 if pdf else None


def _keep_proof(version: QuoteVersion, decision: QuoteDecision, first: QuoteFirstAcceptance | None) -> None:
    """The accepted text and the evidence under their hashes, and the certificate, which the worker prints."""
    subject, number = version.public_id, version.quote.number
    proof = [(TEXT, version.document), (EVIDENCE, decision.evidence)]
    for kind, content in [*proof, (FIRST_EVIDENCE, first.evidence)] if first else proof:
        name = f"{number}-{kind}.json"
        documents.keep_document(subject, kind, version.locale, name, content or b"", "application/json")
    documents.request_document(subject, CERTIFICATE, version.locale, f"{number}-certificate.pdf")


def reject_quote(viewer: Viewer, public_id: str, rejection: Rejection) -> QuoteDecision:
    """Reject what was reviewed, with a reason. Rejecting twice is harmless. Refusals as in accept_quote."""
    version, contact = locked_for_contact(viewer, public_id)
    if version.state == states.REJECTED and version.decision is not None:
        return version.decision
    now = clock.now()
    refuse_unless_open(version, now)
    refuse_unless_reviewed(version, rejection.reviewed_sha256)
    return write_rejection(viewer, version, contact, Decided("rejected", now, reason=check_reason(rejection.reason)))


def write_rejection(viewer: Viewer, version: QuoteVersion, contact: BillingContact, decided: Decided) -> QuoteDecision:
    """The rejection in the open transaction. The rows are locked, the rules asked."""
    decision = _decide(viewer, version, contact, decided)
    version.state = states.QUOTE.after(version.state, "reject")
    db.session().flush()
    _tell_audit(viewer, "quote.rejected", version, decision)
    mails.tell_rejected(version, decision, contact)
    return decision


def check_reason(text: str) -> str:
    """Why a quote is not wanted. Raises Invalid."""
    reason = text.strip()
    if not reason:
        raise Invalid(mark("Say in a few words why you reject this quote."), field="reason")
    if len(reason) > LONGEST_REASON or not is_readable(reason):
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="reason", most=LONGEST_REASON)
    return reason


def _decide(viewer: Viewer, version: QuoteVersion, contact: BillingContact, decided: Decided) -> QuoteDecision:
    decided = replace(decided, session_sha256=_session_sha256(viewer))
    decision = QuoteDecision(
        quote_version=version,
        quote_id=version.quote_id,
        verdict=decided.verdict,
        person_id=contact.person_id,
        person_name=contact.person.name,
        function=contact.function,
        decided_at=decided.at,
        reason=decided.reason,
        po_number=decided.po_number,
        po_expires_on=decided.po_expires_on,
        admin_person_id=decided.admin.id if decided.admin else None,
        channel=decided.channel,
        reference=decided.reference,
        recorded_by_id=viewer.person_id if decided.channel != "portal" else None,
        evidence=evidence_of(version, contact, viewer, decided),
    )
    db.session().add(decision)
    return decision


def _session_sha256(viewer: Viewer) -> str:
    """The hash under which the session is kept; its id itself is known to the browser alone."""
    of_viewer = select(SignInSession.token_hash).where(SignInSession.id == viewer.facts.session_id)
    return db.session().scalar(of_viewer) or "" if viewer.facts.session_id is not None else ""


def _tell_audit(viewer: Viewer, action: str, version: QuoteVersion, decision: QuoteDecision, **facts: object) -> None:
    if decision.channel != "portal":
        facts |= {"for": decision.person_name, "channel": decision.channel, "reference": decision.reference}
    audit.record(
        viewer.actor, action, version.quote.public_id, version.account_id,
        version=version.version, sha256=version.sha256, evidence=digest(decision.evidence), **facts,
    )  # fmt: skip
