"""What both sides say to each other about a quote: it stays with the quote, and blocks nobody (domain.md 4)."""

from datetime import timedelta

from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.errors import Invalid
from billing_core.people import Person, contacts_of
from billing_core.permissions import Viewer
from billing_core.words import mark
from corporate_portal.quotes import mails, states
from corporate_portal.quotes.models import Quote, QuoteMessage, QuoteVersion
from corporate_portal.quotes.offer.content import LONGEST_MESSAGE
from corporate_portal.quotes.offer.drafting import is_readable
from corporate_portal.quotes.refusals import NotExpired, NotYetSent, QuoteWithdrawn
from corporate_portal.quotes.service.locking import (
    acceptors,
    locked_for_author,
    locked_for_contact,
    locked_for_reader,
    refuse_unless_open,
    refuse_unless_reviewed,
)

SAME_WITHIN = timedelta(minutes=1)
"""The same words of the same person within this time are one message, sent twice."""


def ask_change(viewer: Viewer, public_id: str, words: str, reviewed_sha256: str) -> QuoteMessage:
    """Ask the representative for another version. It stays acceptable as it is until there is one.

    `reviewed_sha256` is of the text that was on the screen. Raises NotFound, NotAllowed, Invalid and whatever keeps a
    quote from being decided.
    """
    version, _ = locked_for_contact(viewer, public_id)
    refuse_unless_open(version, clock.now())
    refuse_unless_reviewed(version, reviewed_sha256)
    message, is_new = _say(version, viewer, "change", words)
    if states.QUOTE.allows(version.state, "ask change"):
        version.state = states.QUOTE.after(version.state, "ask change")
        db.session().flush()
    if is_new:
        audit.record(viewer.actor, "quote.change_asked", public_id, version.account_id, version=version.version)
        mails.tell_change_asked(version, message)
    return message


def comment(viewer: Viewer, public_id: str, words: str) -> QuoteMessage:
    """A contact's word to the representative, at any time, also after the decision. Raises NotFound and Invalid."""
    version, _ = locked_for_reader(viewer, public_id)
    message, is_new = _say(version, viewer, "comment", words)
    if is_new:
        audit.record(viewer.actor, "quote.commented", public_id, version.account_id, version=version.version)
        mails.tell_comment(version, message)
    return message


def answer(viewer: Viewer, public_id: str, words: str) -> QuoteMessage:
    """The representative's word to the customer, once the quote was sent. Raises NotFound, NotYetSent and Invalid."""
    current = locked_for_author(viewer, public_id)
    shown = select(QuoteVersion.version).where(QuoteVersion.quote_id == current.quote_id, QuoteVersion.is_shown)
    number = db.session().scalar(shown)
    if number is None:
        raise NotYetSent
    message, is_new = _say(current, viewer, "comment", words, side="vendor", number=number)
    if is_new:
        audit.record(viewer.actor, "quote.answered", public_id, current.account_id, version=number)
        mails.tell_answer(current, message, _readers(current.quote))
    return message


def ask_revival(viewer: Viewer, public_id: str, words: str = "") -> QuoteMessage:
    """Ask for an expired quote again. Asking once more for the same version is harmless. Raises NotExpired, Invalid."""
    version, _ = locked_for_reader(viewer, public_id)
    if not version.is_current or version.shown_state(clock.now()) != states.EXPIRED:
        _refuse_revival(version)
    asked = select(QuoteMessage).where(
        QuoteMessage.quote_id == version.quote_id,
        QuoteMessage.kind == "revival",
        QuoteMessage.version == version.version,
    )
    before = db.session().scalar(asked)
    if before is not None:
        return before
    message, _ = _say(version, viewer, "revival", words, may_be_empty=True)
    audit.record(viewer.actor, "quote.revival_asked", public_id, version.account_id, version=version.version)
    mails.tell_revival_asked(version, message)
    return message


def _refuse_revival(version: QuoteVersion) -> None:
    if not version.is_current:
        refuse_unless_open(version, clock.now())
    if version.state == states.WITHDRAWN:
        raise QuoteWithdrawn(rep=version.quote.rep.name)
    raise NotExpired


def keep_request(quote: Quote, asker: Person, words: str) -> QuoteMessage:
    """Begin the thread of a quote that was made from a request, in the words of the contact who asked."""
    return _write(quote.id, 1, "customer", "request", asker.id, asker.name, words)


def _say(
    version: QuoteVersion,
    viewer: Viewer,
    kind: str,
    words: str,
    *,
    side: str = "customer",
    number: int | None = None,
    may_be_empty: bool = False,
) -> tuple[QuoteMessage, bool]:
    """The message, and whether it is new. The quote is locked, so that the same form sent twice finds the first."""
    text = _checked(words, may_be_empty=may_be_empty)
    same = select(QuoteMessage).where(
        QuoteMessage.quote_id == version.quote_id,
        QuoteMessage.person_id == viewer.person_id,
        QuoteMessage.kind == kind,
        QuoteMessage.text == text,
        QuoteMessage.written_at > clock.now() - SAME_WITHIN,
    )
    before = db.session().scalars(same.order_by(QuoteMessage.id.desc())).first()
    if before is not None:
        return before, False
    number = version.version if number is None else number
    name = viewer.display_name
    return _write(version.quote_id, number, side, kind, viewer.person_id, name, text), True


def _checked(words: str, *, may_be_empty: bool) -> str:
    text = words.replace("\r\n", "\n").strip()
    if not text and not may_be_empty:
        raise Invalid(mark("Write a few words first."), field="text")
    if len(text) > LONGEST_MESSAGE or not is_readable(text):
        sentence = mark("Use at most %(most)s characters, and only ones that can be read.")
        raise Invalid(sentence, field="text", most=LONGEST_MESSAGE)
    return text


def _write(
    quote_id: int, version: int, side: str, kind: str, person_id: int, person_name: str, text: str
) -> QuoteMessage:
    message = QuoteMessage(
        public_id=db.public_id("msg"),
        quote_id=quote_id,
        version=version,
        side=side,
        kind=kind,
        person_id=person_id,
        person_name=person_name,
        text=text,
        written_at=clock.now(),
    )
    db.session().add(message)
    db.session().flush()
    return message


def _readers(quote: Quote) -> list[Person]:
    """Who hears what the representative says: the contacts who wrote before, and those who may accept."""
    wrote = select(QuoteMessage.person_id).where(QuoteMessage.quote_id == quote.id, QuoteMessage.side == "customer")
    writers = set(db.session().scalars(wrote.distinct()))
    deciders = {contact.person_id for contact in acceptors(quote.account_id)}
    return [c.person for c in contacts_of(quote.account_id) if c.person_id in writers | deciders]
