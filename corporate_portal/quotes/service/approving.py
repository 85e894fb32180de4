"""A manager's answer to a discount above the representative's limit."""

from billing_core import audit, db
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.quotes import mails, policy, queries, states
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer.content import LONGEST_REASON
from corporate_portal.quotes.offer.drafting import is_readable
from corporate_portal.quotes.refusals import DraftChanged, NotAwaitingApproval
from corporate_portal.quotes.service.locking import current_of, locked_quote
from corporate_portal.quotes.service.writing import close_approval, draft_sha256, refuse_unless_sendable, send


def approve_quote(viewer: Viewer, public_id: str, seen_sha256: str) -> QuoteVersion:
    """Send the quote as it was asked for; its validity counts from now.

    `seen_sha256` is of the draft that was on the manager's screen. Raises NotAllowed, NotFound for
    another manager's, NotAwaitingApproval, DraftChanged, and what keeps a draft from being sent.
    """
    version = _awaiting(viewer, public_id)
    if draft_sha256(version) != seen_sha256:
        raise DraftChanged
    refuse_unless_sendable(version)
    close_approval(version, viewer.person_id, "approved", "")
    audit.record(viewer.actor, "quote.approved", public_id, version.account_id, version=version.version)
    send(viewer, version, announce=True)
    mails.tell_approved(version, viewer.display_name)
    return version


def return_quote(viewer: Viewer, public_id: str, note: str) -> QuoteVersion:
    """Give the quote back to its representative as a draft, with a note. Raises as approve_quote, and Invalid."""
    version = _awaiting(viewer, public_id)
    note = note.strip()
    if not note:
        raise Invalid(mark("Say in a few words what has to change."), field="note")
    if len(note) > LONGEST_REASON or not is_readable(note):
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="note", most=LONGEST_REASON)
    version.state = states.QUOTE.after(version.state, "return")
    close_approval(version, viewer.person_id, "returned", note)
    db.session().flush()
    audit.record(viewer.actor, "quote.returned", public_id, version.account_id, version=version.version)
    mails.tell_returned(version, viewer.display_name, note)
    return version


def _awaiting(viewer: Viewer, public_id: str) -> QuoteVersion:
    if not policy.may_approve(viewer):
        raise NotAllowed
    version = current_of(locked_quote(public_id))
    if not queries.sees_at_desk(viewer, version.account_id):
        raise NotFound
    if version.state != states.AWAITING_APPROVAL:
        raise NotAwaitingApproval
    return version
