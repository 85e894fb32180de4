"""What a representative writes down for a contact: a decision that came by mail or phone, with its proof's reference.

A representative never decides as the contact: who decided, who recorded it and how it came stand in the decision, its
evidence and its certificate, and every rule of a decision in the portal holds here too.
"""

from billing_core import clock, words
from billing_core.errors import Invalid
from billing_core.people import BillingContact
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.quotes import states
from corporate_portal.quotes.evidence import Decided
from corporate_portal.quotes.models import QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer.content import CHANNELS, LONGEST_REFERENCE, Record
from corporate_portal.quotes.offer.second import needs_second
from corporate_portal.quotes.offer.terms import Declaration, declaration
from corporate_portal.quotes.service.deciding import check_reason, write_acceptance, write_rejection
from corporate_portal.quotes.service.locking import (
    acceptors,
    locked_for_author,
    refuse_unless_open,
    refuse_unless_reviewed,
)
from corporate_portal.quotes.service.ordering import check_purchase_order

_BY = {
    "mail": mark("%(rep)s records that %(person)s decided this by mail, reference %(reference)s."),
    "phone": mark("%(rep)s records that %(person)s decided this by phone, reference %(reference)s."),
}


def record_decision(viewer: Viewer, public_id: str, record: Record) -> QuoteDecision:
    """Accept or reject in the name of a contact who holds the right. Recording the same verdict twice is harmless.

    Of the representative's own accounts only. Raises what accept_quote raises, NotYourAccount, and Invalid for the
    contact, the channel, the reference or the reason.
    """
    version = locked_for_author(viewer, public_id)
    standing = {states.ACCEPTED: "accepted", states.REJECTED: "rejected"}.get(version.state)
    if version.decision is not None and standing == record.verdict:
        return version.decision
    now = clock.now()
    refuse_unless_open(version, now)
    refuse_unless_reviewed(version, record.reviewed_sha256)
    contact = _contact(version, record.contact)
    channel, reference = _proof(record)
    if record.verdict == "rejected":
        reason = check_reason(record.reason)
        decided = Decided("rejected", now, reason=reason, channel=channel, reference=reference)
        return write_rejection(viewer, version, contact, decided)
    if record.verdict == "accepted" and needs_second(version):
        sentence = mark("Above its own amount this account asks for two contacts. Both accept it in the portal.")
        raise Invalid(sentence, field="verdict")
    if record.verdict != "accepted":
        raise Invalid(mark("Choose whether the quote was accepted or rejected."), field="verdict")
    order = check_purchase_order(version.quote.account, record.po_number, record.po_expires_on)
    decided = Decided(
        "accepted", now, _said(viewer, version, contact, record), po_number=order.number,
        po_expires_on=order.expires_on, payment="terms", channel=channel, reference=reference,
    )  # fmt: skip
    return write_acceptance(viewer, version, contact, decided, record.admin)


def _contact(version: QuoteVersion, person_public_id: str) -> BillingContact:
    """Raises Invalid unless the person is a contact who may accept now."""
    for contact in acceptors(version.account_id):
        if contact.person.public_id == person_public_id:
            return contact
    raise Invalid(mark("Choose the contact who decided: one who may accept quotes."), field="contact")


def _proof(record: Record) -> tuple[str, str]:
    reference = " ".join(record.reference.split())
    if record.channel not in CHANNELS:
        raise Invalid(mark("Choose how the decision reached you."), field="channel")
    if not reference or len(reference) > LONGEST_REFERENCE or not reference.isprintable():
        sentence = mark("Enter where the proof is, in at most %(most)s characters: a ticket, a file, a call note.")
        raise Invalid(sentence, field="reference", most=LONGEST_REFERENCE)
    return record.channel, reference


def _said(viewer: Viewer, version: QuoteVersion, contact: BillingContact, record: Record) -> Declaration:
    """What was accepted in the words of the confirm page; instead of a consent, who records it and how it came."""
    said = declaration(version, contact.person.name, contact.function, record.locale)
    with words.in_language(said.locale):
        who = {"rep": viewer.display_name, "person": contact.person.name}
        recorded = words.gettext(_BY[record.channel], reference=" ".join(record.reference.split()), **who)
        return Declaration(said.statement, recorded, said.locale)
