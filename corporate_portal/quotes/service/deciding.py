"""What a contact does with a quote: look, accept, reject. Accepting writes everything that follows from it at once."""

from sqlalchemy import select, update

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.documents import service as documents
from billing_core.errors import Invalid
from billing_core.orders.service import OrderFacts, place_order
from billing_core.people import BillingContact
from billing_core.permissions import Right, Viewer
from billing_core.words import mark
from corporate_portal.invoices.service import OrderBill, issue_for_order
from corporate_portal.quotes import mails, states
from corporate_portal.quotes.evidence import Decided, evidence_of
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer.billing import due_at_once, ordered_lines
from corporate_portal.quotes.offer.content import LONGEST_PO, LONGEST_REASON, PAYMENTS, Acceptance, Rejection
from corporate_portal.quotes.offer.document import parties_of
from corporate_portal.quotes.offer.drafting import is_readable
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.offer.terms import declaration
from corporate_portal.quotes.refusals import QuoteChanged
from corporate_portal.quotes.service.locking import locked_for_contact, refuse_unless_open, refuse_unless_reviewed


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


def accept_quote(viewer: Viewer, public_id: str, acceptance: Acceptance) -> QuoteDecision:
    """Accept what was reviewed: decision with evidence, service order, its effects, the invoice due at once, mails.

    All in one transaction. Accepting an accepted quote is harmless and returns the decision that stands. Raises
    NotFound, NotAllowed, QuoteExpired, QuoteWithdrawn, AlreadyDecided, QuoteChanged, and Invalid for the PO number.
    """
    version, contact = locked_for_contact(viewer, public_id)
    if version.state == states.ACCEPTED and version.decision is not None:
        return version.decision
    now = clock.now()
    refuse_unless_open(version, now)
    refuse_unless_reviewed(version, acceptance.reviewed_sha256)
    said = declaration(version, viewer.display_name, contact.function, acceptance.locale)
    if acceptance.wording_sha256 != said.sha256:
        raise QuoteChanged
    quote, account = version.quote, version.quote.account
    po_number = check_po_number(account, acceptance.po_number)
    payment = check_payment(viewer, account, acceptance.payment)
    facts = OrderFacts(
        contact.id, version.title, version.locale, quote.currency, po_number, quote.number,
        parties_of(version).account.payment_days,
    )  # fmt: skip
    order = place_order(account, version.public_id, version.starts_on, ordered_lines(version), viewer.actor, facts)
    bill = OrderBill(
        account, version.title, version.locale, quote.currency, po_number, quote.number, due_at_once(version),
        facts.payment_days,
    )  # fmt: skip
    pdf = documents.content(version.public_id, "quote")
    decided = Decided("accepted", now, said, po_number, payment, pdf_sha256=pdf.sha256 if pdf else None)
    decision = _decide(version, viewer, contact, decided)
    decision.order_id = order.id
    version.state = states.QUOTE.after(version.state, "accept")
    db.session().flush()
    issued = issue_for_order(order, bill, contact, viewer.actor)
    decision.invoice_id = issued.invoice.id if issued.invoice else None
    decision.credit_note_id = issued.credit_note.id if issued.credit_note else None
    db.session().flush()
    audit.record(
        viewer.actor, "quote.accepted", public_id, account.id,
        version=version.version, sha256=version.sha256, order=order.number,
        invoice=issued.invoice.number if issued.invoice else None,
    )  # fmt: skip
    mails.tell_accepted(version, decision, contact, order)
    return decision


def reject_quote(viewer: Viewer, public_id: str, rejection: Rejection) -> QuoteDecision:
    """Reject what was reviewed, with a reason. Rejecting twice is harmless. Refusals as in accept_quote."""
    version, contact = locked_for_contact(viewer, public_id)
    if version.state == states.REJECTED and version.decision is not None:
        return version.decision
    now = clock.now()
    refuse_unless_open(version, now)
    refuse_unless_reviewed(version, rejection.reviewed_sha256)
    reason = rejection.reason.strip()
    if not reason:
        raise Invalid(mark("Say in a few words why you reject this quote."), field="reason")
    if len(reason) > LONGEST_REASON or not is_readable(reason):
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="reason", most=LONGEST_REASON)
    decision = _decide(version, viewer, contact, Decided("rejected", now, reason=reason))
    version.state = states.QUOTE.after(version.state, "reject")
    db.session().flush()
    audit.record(viewer.actor, "quote.rejected", public_id, version.account_id, version=version.version)
    mails.tell_rejected(version, decision)
    return decision


def check_po_number(account: Account, text: str) -> str:
    """The purchase order number as it will be printed. Raises Invalid by the account's rule."""
    po_number = text.strip()
    if not po_number and account.po_required:
        raise Invalid(mark("Enter your purchase order number: your company requires one."), field="po_number")
    if len(po_number) > LONGEST_PO or not po_number.isprintable():
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="po_number", most=LONGEST_PO)
    return po_number


def check_payment(viewer: Viewer, account: Account, payment: str) -> str:
    """How the first invoice is going to be paid. Raises Invalid where the contact may not pay."""
    if payment not in PAYMENTS or (payment == "card" and not viewer.may(Right.PAY, account.id)):
        raise Invalid(mark("Choose one of the ways to pay."), field="payment")
    return payment


def _decide(version: QuoteVersion, viewer: Viewer, contact: BillingContact, decided: Decided) -> QuoteDecision:
    decision = QuoteDecision(
        quote_version=version,
        quote_id=version.quote_id,
        verdict=decided.verdict,
        person_id=viewer.person_id,
        person_name=viewer.display_name,
        function=contact.function,
        decided_at=decided.at,
        reason=decided.reason,
        po_number=decided.po_number,
        evidence=evidence_of(version, viewer, contact, decided),
    )
    db.session().add(decision)
    return decision
