"""What a representative does with a quote, and what an import and other programs do in their place."""

from dataclasses import replace
from datetime import timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db, numbering
from billing_core.accounts import Account
from billing_core.documents import service as documents
from billing_core.errors import NotFound
from billing_core.ledger.service import lock_account
from billing_core.people import Person
from corporate_portal.quotes import mails, policy, states
from corporate_portal.quotes.models import Quote, QuoteApproval, QuoteVersion
from corporate_portal.quotes.offer.content import QuoteContent, begun_from, content_of
from corporate_portal.quotes.offer.document import digest, document_of
from corporate_portal.quotes.offer.drafting import check_days, check_texts, is_as_saved, put_content, put_prices
from corporate_portal.quotes.offer.pricing import price_quote
from corporate_portal.quotes.policy import Author, Importer
from corporate_portal.quotes.refusals import (
    DraftChanged,
    DraftOutdated,
    FrozenQuote,
    NobodyMayAccept,
    NotRevisable,
    NotSubmitted,
    NotYourAccount,
)
from corporate_portal.quotes.service.locking import acceptors, locked_for_author, refuse_unless_open

VALID_FOR = timedelta(days=7)
"""A quote without a date of its own is valid until the end of this many calendar days after its submission."""


def draft_quote(author: Author, account_public_id: str, content: QuoteContent, key: str = "") -> Quote:
    """A new draft for one of the representative's own accounts. Raises NotFound for any other, Invalid by field.

    `key` is the form's own random name: the same form sent twice makes one draft.
    """
    account_id = db.session().scalar(select(Account.id).where(Account.public_id == account_public_id))
    if account_id is None:
        raise NotFound
    lock_account(account_id)  # the same form twice at once: the second waits, and finds what the first has made
    account = (
        db.session().scalars(select(Account).where(Account.id == account_id).options(joinedload(Account.seller))).one()
    )
    if not policy.may_write_for(author, account) or account.closed_on is not None:
        raise NotFound
    form = f"{account.public_id}.{key[:50]}" if key else ""
    same = select(Quote).where(Quote.source == "portal", Quote.external_id == form)
    made = db.session().scalar(same) if form else None
    if made is not None:
        return made
    rep = db.session().get_one(Person, account.rep_id)
    return _write_quote(author, account, rep, content, "portal", form).quote


def change_draft(author: Author, public_id: str, content: QuoteContent, seen_sha256: str) -> QuoteVersion:
    """New content for a draft, at the prices and taxes of today.

    `seen_sha256` is of the draft as it was opened (draft_sha256). Raises NotSubmitted, DraftChanged and Invalid.
    """
    version = _seen_draft(author, public_id, seen_sha256)
    check_texts(content)
    check_days(content, version.quote.account)
    priced = price_quote(version.quote.account, content)
    version.lines, version.taxes = [], []
    db.session().flush()  # the positions must be free before they are taken again
    put_content(version, content, version.quote.account)
    put_prices(version, priced)
    db.session().flush()
    audit.record(author.actor, "quote.changed", public_id, version.account_id, version=version.version)
    return version


def submit_quote(author: Author, public_id: str, seen_sha256: str) -> QuoteVersion:
    """Freeze the draft and send it: from now on this very text can be accepted until its deadline, and never changes.

    A discount above the representative's limit asks a manager first. Raises NotSubmitted, DraftChanged,
    NobodyMayAccept, DraftOutdated, and Invalid for a date that has passed.
    """
    version = _seen_draft(author, public_id, seen_sha256)
    refuse_unless_sendable(version)
    limit = version.quote.rep.discount_limit
    if version.discount_share > limit:
        _ask_approval(author, version, limit, seen_sha256)
    else:
        send(author, version, announce=True)
    return version


def refuse_unless_sendable(version: QuoteVersion) -> None:
    """Raise what keeps the saved draft from being sent as it stands: its days, its prices, nobody who may accept it."""
    account = version.quote.account
    content = content_of(version, own_prices=version.quote.source != "portal")
    check_days(content, account)
    if not acceptors(account.id):
        raise NobodyMayAccept
    if not is_as_saved(version, price_quote(account, content)):
        raise DraftOutdated


def _ask_approval(author: Author, version: QuoteVersion, limit: int, seen_sha256: str) -> None:
    asked = QuoteApproval(
        version_id=version.id,
        asked_by_id=version.quote.rep_id,
        asked_at=clock.now(),
        discount_share=version.discount_share,
        limit=limit,
        sha256=seen_sha256,
    )
    version.state = states.QUOTE.after(version.state, "ask approval")
    db.session().add(asked)
    db.session().flush()
    about = {"version": version.version, "discount_share": version.discount_share, "limit": limit}
    audit.record(author.actor, "quote.approval_asked", version.quote.public_id, version.account_id, **about)
    mails.tell_managers(version)


def draft_sha256(version: QuoteVersion) -> str:
    """What a draft says now, as one word: pages carry it, so that nobody changes or submits what they did not see."""
    return digest(document_of(version))


def _seen_draft(author: Author, public_id: str, seen_sha256: str) -> QuoteVersion:
    version = locked_for_author(author, public_id)
    if version.state != states.DRAFT:
        raise NotSubmitted
    if draft_sha256(version) != seen_sha256:
        raise DraftChanged
    return version


def revise_quote(author: Author, public_id: str) -> QuoteVersion:
    """A new version as a draft with the same content, at the prices of today. The present one is superseded at once.

    The new one has a validity of its own, and begins today where the old start has passed. Raises NotRevisable, and
    Invalid where something is no longer sold.
    """
    former = locked_for_author(author, public_id)
    quote = former.quote
    if former.shown_state(clock.now()) not in states.REVISABLE:
        raise NotRevisable
    content = content_of(former, own_prices=quote.source != "portal")
    today = clock.today(former.zone)
    content = replace(begun_from(content, today), valid_until=None)
    former.state, former.is_current = states.QUOTE.after(former.state, "supersede"), False
    db.session().flush()
    audit.record(author.actor, "quote.superseded", public_id, quote.account_id, version=former.version)
    return _write_version(author, quote, content, former.version + 1)


def withdraw_quote(author: Author, public_id: str) -> QuoteVersion:
    """Take a draft or an open quote back. Withdrawing twice is harmless; what is decided or expired stays so."""
    version = locked_for_author(author, public_id)
    if version.state == states.WITHDRAWN:
        return version
    if version.state not in (states.DRAFT, states.AWAITING_APPROVAL):
        refuse_unless_open(version, clock.now())
    version.state = states.QUOTE.after(version.state, "withdraw")
    close_approval(version, None, "", "")
    audit.record(author.actor, "quote.withdrawn", public_id, version.account_id, version=version.version)
    return version


def import_quote(
    account: Account,
    rep: Person,
    content: QuoteContent,
    source: str,
    external_id: str,
    *,
    submitted: bool,
    announce: bool = False,
) -> str:
    """A quote out of another system: "added", or "changed" with a new version where it was a draft.

    An import is trusted with own prices and past dates. Raises FrozenQuote where it was submitted before, and Invalid.
    """
    author = Importer()
    whole = select(Account).where(Account.id == account.id).options(joinedload(Account.seller))
    account = db.session().scalars(whole).one()
    known = select(Quote.public_id).where(Quote.source == source, Quote.external_id == external_id)
    public_id = db.session().scalar(known)
    if public_id is None:
        version = _write_quote(author, account, rep, content, source, external_id)
    else:
        version = _replace_draft(author, public_id, content)
    if submitted:
        send(author, version, announce=announce)
    return "added" if public_id is None else "changed"


def _replace_draft(author: Importer, public_id: str, content: QuoteContent) -> QuoteVersion:
    former = locked_for_author(author, public_id)
    quote = former.quote
    if former.state != states.DRAFT:
        raise FrozenQuote(number=quote.number)
    former.state, former.is_current = states.QUOTE.after(former.state, "replace"), False
    db.session().flush()
    return _write_version(author, quote, content, former.version + 1)


def _write_quote(
    author: Author, account: Account, rep: Person, content: QuoteContent, source: str, external_id: str
) -> QuoteVersion:
    if not policy.may_write_for(author, account):
        raise NotYourAccount
    public_id = db.public_id("quo")
    quote = Quote(
        public_id=public_id,
        number=public_id,
        source=source,
        external_id=external_id or public_id,
        account=account,
        rep=rep,
        currency=account.currency,
        created_at=clock.now(),
    )
    return _write_version(author, quote, content, 1)


def _write_version(author: Author, quote: Quote, content: QuoteContent, number: int) -> QuoteVersion:
    check_texts(content)
    if not isinstance(author, Importer):
        check_days(content, quote.account)
    priced = price_quote(quote.account, content)
    version = QuoteVersion(
        public_id=db.public_id("ver"),
        quote=quote,
        account_id=quote.account.id,
        version=number,
        is_current=True,
        state=states.QUOTE.initial,
        created_at=clock.now(),
        decision=None,
    )
    put_content(version, content, quote.account)
    put_prices(version, priced)
    db.session().add(version)
    db.session().flush()
    if quote.number == quote.public_id:
        _number(quote)
    audit.record(author.actor, "quote.drafted", quote.public_id, quote.account.id, number=quote.number, version=number)
    return version


def _number(quote: Quote) -> None:
    """Taken when the rows of a new quote are written: the series stays locked until commit."""
    series = f"Q-{clock.today(quote.account.seller.timezone).year}"
    quote.number = numbering.spell(series, numbering.take(series))
    db.session().flush()


def close_approval(version: QuoteVersion, person_id: int | None, verdict: str, note: str) -> None:
    """Answer the open ask of a version, where there is one; a withdrawal answers it without a verdict."""
    is_open = (QuoteApproval.version_id == version.id, QuoteApproval.decided_at.is_(None))
    answer = {"decided_at": clock.now(), "decided_by_id": person_id, "verdict": verdict, "note": note}
    db.session().execute(update(QuoteApproval).where(*is_open).values(**answer))


def send(author: Author, version: QuoteVersion, *, announce: bool) -> None:
    """Freeze a draft and make it the version that the customer sees. Its quote is locked, its content checked."""
    quote, now = version.quote, clock.now()
    db.session().execute(
        update(QuoteVersion).where(QuoteVersion.quote_id == quote.id, QuoteVersion.is_shown).values(is_shown=False)
    )
    version.is_shown = True
    version.valid_until = version.valid_until or clock.local(now, version.zone).date() + VALID_FOR
    version.expires_at = clock.end_of_day(version.valid_until, version.zone)
    version.state = states.QUOTE.after(
        version.state, "approve" if version.state == states.AWAITING_APPROVAL else "submit"
    )
    version.submitted_at = now
    contacts = acceptors(quote.account_id)
    version.document = document_of(version, contacts[0] if contacts else None)
    version.sha256 = digest(version.document)
    db.session().flush()
    about = {"version": version.version, "sha256": version.sha256}
    audit.record(author.actor, "quote.submitted", quote.public_id, quote.account_id, **about)
    documents.request_document(version.public_id, "quote", version.locale, f"{quote.number}.pdf")
    if announce:
        mails.tell_sent(version, contacts)
