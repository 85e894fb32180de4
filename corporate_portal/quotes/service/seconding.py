"""What a second contact does with the acceptance of a first one, and the account's rule that asks for it."""

from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.contacts.holding import refuse_while_held
from billing_core.errors import Invalid, NotFound
from billing_core.ledger.service import lock_account
from billing_core.people import Person
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.quotes import mails, policy, states
from corporate_portal.quotes.evidence import Decided
from corporate_portal.quotes.models import QuoteDecision, QuoteFirstAcceptance, QuoteVersion
from corporate_portal.quotes.offer.content import AdminContact, Confirmation
from corporate_portal.quotes.offer.terms import declaration
from corporate_portal.quotes.refusals import FirstMayNoLonger, NotAwaitingSecond, QuoteChanged, SameContact
from corporate_portal.quotes.service.deciding import check_reason, write_acceptance
from corporate_portal.quotes.service.locking import acceptors, locked_for_contact, refuse_unless_open
from corporate_portal.quotes.service.ordering import check_purchase_order


def confirm_quote(viewer: Viewer, public_id: str, confirmation: Confirmation) -> QuoteDecision:
    """Confirm another contact's acceptance: now everything is written that an acceptance brings, in its order details.

    Confirming twice is harmless. Raises NotFound, NotAllowed, QuoteExpired, NotAwaitingSecond, SameContact,
    FirstMayNoLonger, QuoteChanged, and Invalid where the purchase order no longer holds.
    """
    version, contact = locked_for_contact(viewer, public_id)
    if version.state == states.ACCEPTED and version.decision is not None:
        return version.decision
    first = _standing(viewer, version, confirmation.first_sha256)
    if first.person_id not in [one.person_id for one in acceptors(version.account_id)]:
        raise FirstMayNoLonger(person=first.person_name)
    said = declaration(version, viewer.display_name, contact.function, confirmation.locale)
    if confirmation.wording_sha256 != said.sha256:
        raise QuoteChanged
    refuse_while_held(contact, version.zone)
    order = check_purchase_order(version.quote.account, first.po_number, first.po_expires_on)
    decided = Decided(
        "accepted", clock.now(), said, po_number=order.number, po_expires_on=order.expires_on, payment=first.payment
    )  # fmt: skip
    admin = AdminContact(first.admin_member, first.admin_name, first.admin_email)
    decision = write_acceptance(viewer, version, contact, replace(decided, first=first), admin)
    mails.tell_second_confirmed(version, decision, db.session().get_one(Person, first.person_id))
    return decision


def refuse_confirmation(viewer: Viewer, public_id: str, first_sha256: str, reason: str) -> QuoteVersion:
    """Refuse another contact's acceptance, with a reason: the quote waits for a decision again.

    The reason goes to the one who accepted; the representative is told that the quote is open. Raises as confirm_quote.
    """
    version, contact = locked_for_contact(viewer, public_id)
    first = _standing(viewer, version, first_sha256)
    first.reason, first.refused_at, first.refused_by_id = check_refusal(reason), clock.now(), viewer.person_id
    version.state = states.QUOTE.after(version.state, "refuse")
    db.session().flush()
    audit.record(
        viewer.actor, "quote.confirmation_refused", public_id, version.account_id,
        version=version.version, sha256=version.sha256, evidence=first.sha256, reason=first.reason,
    )  # fmt: skip
    mails.tell_second_refused(version, first, contact.person.name, db.session().get_one(Person, first.person_id))
    return version


def _standing(viewer: Viewer, version: QuoteVersion, first_sha256: str) -> QuoteFirstAcceptance:
    """The acceptance that the viewer saw and may answer."""
    first, now = version.first_acceptance, clock.now()
    if version.state != states.AWAITING_SECOND or first is None:
        raise NotAwaitingSecond
    if version.is_expired(now):
        refuse_unless_open(version, now)
    if first.person_id == viewer.person_id:
        raise SameContact
    if first.sha256 != first_sha256:
        raise NotAwaitingSecond
    return first


def check_refusal(text: str) -> str:
    """Why an acceptance is not confirmed. Raises Invalid."""
    if not text.strip():
        raise Invalid(mark("Say in a few words why you do not confirm it."), field="reason")
    return check_reason(text)


def seconds_of(version: QuoteVersion) -> list[str]:
    """The names of those who can confirm a first acceptance; nobody where none waits."""
    first = version.first_acceptance
    if version.state != states.AWAITING_SECOND or first is None:
        return []
    return [one.person.name for one in acceptors(version.account_id) if one.person_id != first.person_id]


def set_second_rule(viewer: Viewer, account_public_id: str, above: int | None) -> Account:
    """From which amount on two contacts accept: smallest units of the account's currency; None asks for one only.

    By the account's representative; the contacts who may accept are told. Waiting acceptances stay as they are. Setting
    what is set already is harmless. Raises NotFound, and Invalid below zero.
    """
    named = select(Account).where(Account.public_id == account_public_id)
    found = db.session().scalar(named)
    if found is None or found.closed_on is not None or not policy.may_write_for(viewer, found):
        raise NotFound
    if above is not None and above < 0:
        raise Invalid(mark("Enter an amount of zero or more."), field="above")
    lock_account(found.id)
    fresh = named.options(joinedload(Account.seller)).execution_options(populate_existing=True)
    account = db.session().scalars(fresh).one()
    before = account.second_above
    if before == above:
        return account
    account.second_above = above
    audit.record(viewer.actor, "account.second_contact_rule", account.public_id, account.id, before=before, above=above)
    mails.tell_second_rule(account, viewer, acceptors(account.id))
    return account
