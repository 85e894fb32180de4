"""The verbs of quotes. A representative drafts, submits and withdraws; a billing contact accepts or rejects.

Every verb locks the quote's row first, then looks at the version that counts, moves it, and writes audit, mails and
jobs into the same transaction; whatever fails refuses the whole. Unique constraints on the decision stand behind it.
"""

from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db, numbering, templating
from billing_core.accounts import Account
from billing_core.documents import service as documents
from billing_core.errors import Invalid, NotAllowed, NotFound
from billing_core.ledger.service import lock_account
from billing_core.orders.service import place_order
from billing_core.people import BillingContact, Person, contacts_of
from billing_core.permissions import Right, Viewer, demand
from billing_core.words import mark
from corporate_portal.invoices.service import OrderBill, issue_for_order
from corporate_portal.quotes import mails, policy, states
from corporate_portal.quotes.evidence import Decided, evidence_of
from corporate_portal.quotes.models import Quote, QuoteDecision, QuoteVersion
from corporate_portal.quotes.offer.billing import due_at_once, ordered_lines
from corporate_portal.quotes.offer.content import (
    LONGEST_PO,
    LONGEST_REASON,
    PAYMENTS,
    Acceptance,
    QuoteContent,
    Rejection,
    content_of,
)
from corporate_portal.quotes.offer.document import digest, document_of, parties_of
from corporate_portal.quotes.offer.drafting import (
    check_days,
    check_texts,
    is_as_saved,
    is_readable,
    put_content,
    put_prices,
)
from corporate_portal.quotes.offer.loading import WHOLE
from corporate_portal.quotes.offer.pricing import price_quote
from corporate_portal.quotes.offer.terms import TERMS_VERSION, declaration
from corporate_portal.quotes.policy import Author, Importer
from corporate_portal.quotes.refusals import (
    AlreadyDecided,
    DraftChanged,
    DraftOutdated,
    FrozenQuote,
    NobodyMayAccept,
    NotSubmitted,
    NotYourAccount,
    QuoteChanged,
    QuoteExpired,
    QuoteWithdrawn,
)

VALID_FOR = timedelta(days=7)
"""A quote without a date of its own is valid until the end of this many calendar days after its submission."""
# The representative's side


def draft_quote(viewer: Viewer, account_public_id: str, content: QuoteContent, key: str = "") -> Quote:
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
    if not policy.may_write_for(viewer, account) or account.closed_on is not None:
        raise NotFound
    form = f"{account.public_id}.{key[:50]}" if key else ""
    same = select(Quote).where(Quote.source == "portal", Quote.external_id == form)
    made = db.session().scalar(same) if form else None
    if made is not None:
        return made
    rep = db.session().get_one(Person, viewer.person_id)
    return _write_quote(viewer, account, rep, content, "portal", form).quote


def change_draft(viewer: Viewer, public_id: str, content: QuoteContent, seen_sha256: str) -> QuoteVersion:
    """New content for a draft, at the prices and taxes of today.

    `seen_sha256` is of the draft as it was opened (draft_sha256). Raises NotSubmitted, DraftChanged and Invalid.
    """
    version = _seen_draft(viewer, public_id, seen_sha256)
    check_texts(content)
    check_days(content, version.quote.account)
    priced = price_quote(version.quote.account, content)
    version.lines, version.taxes = [], []
    db.session().flush()  # the positions must be free before they are taken again
    put_content(version, content, version.quote.account)
    put_prices(version, priced)
    db.session().flush()
    audit.record(viewer.actor, "quote.changed", public_id, version.account_id, version=version.version)
    return version


def submit_quote(viewer: Viewer, public_id: str, seen_sha256: str) -> QuoteVersion:
    """Freeze the draft and send it: from now on this very text can be accepted until its deadline, and never changes.

    Raises NotSubmitted, DraftChanged, NobodyMayAccept, DraftOutdated, and Invalid for a date that has passed.
    """
    version = _seen_draft(viewer, public_id, seen_sha256)
    account = version.quote.account
    content = content_of(version, own_prices=version.quote.source != "portal")
    check_days(content, account)
    if not _acceptors(account.id):
        raise NobodyMayAccept
    if not is_as_saved(version, price_quote(account, content)):
        raise DraftOutdated
    _submit(viewer, version, announce=True)
    return version


def draft_sha256(version: QuoteVersion) -> str:
    """What a draft says now, as one word: pages carry it, so that nobody changes or submits what they did not see."""
    return digest(document_of(version))


def _seen_draft(viewer: Viewer, public_id: str, seen_sha256: str) -> QuoteVersion:
    version = _locked_for_author(viewer, public_id)
    if version.state != states.DRAFT:
        raise NotSubmitted
    if draft_sha256(version) != seen_sha256:
        raise DraftChanged
    return version


def withdraw_quote(viewer: Viewer, public_id: str) -> QuoteVersion:
    """Take a draft or an open quote back. Withdrawing twice is harmless; what is decided or expired stays so."""
    version = _locked_for_author(viewer, public_id)
    if version.state == states.WITHDRAWN:
        return version
    if version.state != states.DRAFT:
        refuse_unless_open(version, clock.now())
    version.state = states.QUOTE.after(version.state, "withdraw")
    audit.record(viewer.actor, "quote.withdrawn", public_id, version.account_id, version=version.version)
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
        _submit(author, version, announce=announce)
    return "added" if public_id is None else "changed"


def _replace_draft(author: Importer, public_id: str, content: QuoteContent) -> QuoteVersion:
    former = _locked_for_author(author, public_id)
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
        terms_version=TERMS_VERSION,
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


def _acceptors(account_id: int) -> list[BillingContact]:
    return [contact for contact in contacts_of(account_id) if contact.may_accept]


def _submit(author: Author, version: QuoteVersion, *, announce: bool) -> None:
    quote, now = version.quote, clock.now()
    version.valid_until = version.valid_until or clock.local(now, version.zone).date() + VALID_FOR
    version.expires_at = clock.end_of_day(version.valid_until, version.zone)
    version.state = states.QUOTE.after(version.state, "submit")
    version.submitted_at = now
    version.terms_version = TERMS_VERSION
    acceptors = _acceptors(quote.account_id)
    version.document = document_of(version, acceptors[0] if acceptors else None)
    version.sha256 = digest(version.document)
    db.session().flush()
    about = {"version": version.version, "sha256": version.sha256}
    audit.record(author.actor, "quote.submitted", quote.public_id, quote.account_id, **about)
    documents.request_document(version.public_id, "quote", version.locale, f"{quote.number}.pdf")
    if announce:
        mails.tell_sent(version, acceptors)


# The contact's side


def mark_viewed(viewer: Viewer, public_id: str) -> None:
    """Note when a contact first opened the quote. One of the few writes that a GET may cause; others leave no trace."""
    quote = select(Quote.id).where(Quote.public_id == public_id, Quote.account_id.in_(sorted(viewer.account_ids)))
    unseen = update(QuoteVersion).where(
        QuoteVersion.quote_id.in_(quote),
        QuoteVersion.is_current,
        QuoteVersion.state == states.SENT,
        QuoteVersion.first_viewed_at.is_(None),
    )
    seen = unseen.values(first_viewed_at=clock.now()).returning(QuoteVersion.account_id, QuoteVersion.version)
    row = db.session().execute(seen).first()
    if row is not None:
        audit.record(viewer.actor, "quote.viewed", public_id, row.account_id, version=row.version)


def accept_quote(viewer: Viewer, public_id: str, acceptance: Acceptance) -> QuoteDecision:
    """Accept what was reviewed: decision with evidence, service order, its effects, the invoice due at once, mails.

    All in one transaction. Accepting an accepted quote is harmless and returns the decision that stands. Raises
    NotFound, NotAllowed, QuoteExpired, QuoteWithdrawn, AlreadyDecided, QuoteChanged, and Invalid for the PO number.
    """
    version, contact = _locked_for_contact(viewer, public_id)
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
    order = place_order(account, version.public_id, version.starts_on, ordered_lines(version), viewer.actor)
    bill = OrderBill(
        account, version.title, version.locale, quote.currency, po_number, quote.number, due_at_once(version),
        parties_of(version).account.payment_days,
    )  # fmt: skip
    pdf = documents.content(version.public_id, "quote")
    decided = Decided("accepted", now, said, po_number, payment, pdf_sha256=pdf.sha256 if pdf else None)
    decision = _decide(version, viewer, contact, decided)
    decision.order_id = order.id
    version.state = states.QUOTE.after(version.state, "accept")
    db.session().flush()
    invoice = issue_for_order(order, bill, contact, viewer.actor)
    decision.invoice_id = invoice.id
    db.session().flush()
    audit.record(
        viewer.actor, "quote.accepted", public_id, account.id,
        version=version.version, sha256=version.sha256, order=order.number, invoice=invoice.number,
    )  # fmt: skip
    mails.tell_accepted(version, decision, contact, order)
    return decision


def reject_quote(viewer: Viewer, public_id: str, rejection: Rejection) -> QuoteDecision:
    """Reject what was reviewed, with a reason. Rejecting twice is harmless. Refusals as in accept_quote."""
    version, contact = _locked_for_contact(viewer, public_id)
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


def expire_quote(version_id: int) -> bool:
    """Write down that the deadline has passed. Whether it was written now; a decided quote stays what it is."""
    quote_id = db.session().scalar(select(QuoteVersion.quote_id).where(QuoteVersion.id == version_id))
    quote = db.session().scalar(select(Quote).where(Quote.id == quote_id).with_for_update())
    version = db.session().get(QuoteVersion, version_id, populate_existing=True)
    if quote is None or version is None or not states.QUOTE.allows(version.state, "expire"):
        return False
    if not version.is_expired(clock.now()):
        return False
    version.state = states.QUOTE.after(version.state, "expire")
    audit.record("worker", "quote.expired", quote.public_id, version.account_id, version=version.version)
    return True


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


def refuse_unless_open(version: QuoteVersion, now: datetime) -> None:
    """Raise the refusal that says why a version can no longer be decided; its deadline is compared with `now`."""
    state, rep = version.shown_state(now), version.quote.rep.name
    if state == states.EXPIRED:
        day = templating.day(version.valid_until) if version.valid_until else ""
        raise QuoteExpired(day=day, zone=version.zone, rep=rep)
    if state == states.WITHDRAWN:
        raise QuoteWithdrawn(rep=rep)
    if version.decision is not None:
        decided_on = clock.local(version.decision.decided_at, version.zone).date()
        raise AlreadyDecided(person=version.decision.person_name, day=templating.day(decided_on))
    if state not in states.OUTSTANDING:
        raise QuoteChanged


def refuse_unless_reviewed(version: QuoteVersion, reviewed_sha256: str) -> None:
    """Raise QuoteChanged unless the text that was on the contact's screen is the one that counts."""
    if version.sha256 is None or reviewed_sha256 != version.sha256:
        raise QuoteChanged


def _locked_for_contact(viewer: Viewer, public_id: str) -> tuple[QuoteVersion, BillingContact]:
    """The version that counts, its quote and account locked, and the contact, who holds the right at this moment.

    The right is read again under the lock: a contact who was removed since the request began decides nothing.
    """
    own = Quote.account_id.in_(sorted(viewer.account_ids))
    found = select(Quote).where(Quote.public_id == public_id, own)
    quote = db.session().scalar(found.with_for_update().execution_options(populate_existing=True))
    if quote is None:
        raise NotFound
    version = _current(quote)
    if version.submitted_at is None:
        raise NotFound
    demand(Right.ACCEPT, viewer, quote.account_id)
    contact = next((c for c in _acceptors(quote.account_id) if c.person_id == viewer.person_id), None)
    if contact is None:
        raise NotAllowed
    return version, contact


def _locked_for_author(author: Author, public_id: str) -> QuoteVersion:
    """The version that counts, its quote and account locked, for its representative or an import."""
    found = select(Quote).where(Quote.public_id == public_id)
    quote = db.session().scalar(found.with_for_update().execution_options(populate_existing=True))
    if quote is None:
        raise NotFound
    version = _current(quote)
    if not policy.may_write_for(author, version.quote.account):
        raise NotYourAccount if not isinstance(author, Importer) and policy.sees_all_quotes(author) else NotFound
    return version


def _current(quote: Quote) -> QuoteVersion:
    lock_account(quote.account_id)
    current = select(QuoteVersion).where(QuoteVersion.quote_id == quote.id, QuoteVersion.is_current)
    return db.session().scalars(current.options(*WHOLE).execution_options(populate_existing=True)).one()
