"""What may be read of the audit trail: all of it by who may search, and the entries of an own document by a contact."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, or_, select, union

from billing_core import db, numbering
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.db.keyset import Key, Slice, page_of
from billing_core.ledger.models import Allocation, CreditNote, IncomingPayment, Invoice
from billing_core.orders.models import ServiceOrder
from billing_core.payments import invoices
from billing_core.payments.models import Dispute, Payment, PaymentTarget, Refund
from billing_core.payments.proposals.models import PaymentProposal, PaymentProposalPart
from billing_core.people import BillingContact, Person, person_by_identifier
from billing_core.permissions import Viewer, demand_staff
from corporate_portal.api.models import ApiToken
from corporate_portal.quotes import queries as quotes
from corporate_portal.quotes.models import Quote
from corporate_portal.receivables.models import Reminder, ReminderItem
from corporate_portal.requests.models import QuoteRequest

MAY_SEARCH = ("finance", "rep_manager")
"""Who searches it at the desk: finance all of it, managers what is about the accounts that they see."""

FOR_CUSTOMERS = frozenset(
    {
        "quote.submitted", "quote.viewed", "quote.commented", "quote.answered", "quote.change_asked",
        "quote.revival_asked", "quote.reminded", "quote.accepted", "quote.rejected", "quote.expired",
        "quote.superseded", "quote.withdrawn", "quote.accepted_first", "quote.confirmation_refused",
        "request.asked", "request.drafted", "order.placed", "order.fulfilled",
        "invoice.issued", "invoice.imported", "invoice.credited", "credit_note.issued", "credit.used", "reminder.sent",
        "payment.proposed", "payment.confirmed_second", "payment.refused_second", "payment.proposal_withdrawn",
        "payment.begun", "payment.doubted", "payment.succeeded", "payment.failed", "payment.expired",
        "payment.cancelled", "payment.set_aside", "payment.given_back", "payment.closed", "refund.begun",
        "refund.accepted", "refund.succeeded", "refund.failed", "dispute.opened", "dispute.disputed", "dispute.won",
        "dispute.lost", "dispute.closed", "incoming.booked", "incoming.returned",
    }
)  # fmt: skip
"""What a contact reads of an own document. Drafts, approvals and who is asked for them are the vendor's own."""
NEWEST_FIRST = Key((AuditEntry.id,), descending=True)
MOST_NAMED = 50
"""Accounts and people of a name that a search looks for."""
REALMS = ("portal", "my", "desk")


@dataclass(frozen=True)
class Wanted:
    """What is searched for, as it stands in the address. Days are those of UTC, both included."""

    account: str = ""
    document: str = ""
    person: str = ""
    action: str = ""
    first: date | None = None
    last: date | None = None


@dataclass(frozen=True)
class Told:
    """An entry with whom and what it names; nothing of these where it names none, or what is gone."""

    entry: AuditEntry
    person: Person | None = None
    function: str = ""
    """Of the person, as a billing contact of the account."""
    program: str = ""
    document: str = ""
    account: Account | None = None


def search(viewer: Viewer, wanted: Wanted, after: str = "", before: str = "", size: int = 50) -> Slice[Told]:
    """A page of what was searched for, the newest first. At most eleven statements. Raises NotAllowed."""
    demand_staff(viewer, *MAY_SEARCH)
    rows = select(AuditEntry).where(*_conditions(wanted))
    if not viewer.is_staff("finance"):
        rows = rows.where(AuditEntry.account_id.in_(select(Account.id).where(quotes.at_desk(viewer))))
    found = page_of(rows, NEWEST_FIRST, after, before, size)
    return Slice(_told(found.rows), found.previous, found.following)


def _conditions(wanted: Wanted) -> list[ColumnElement[bool]]:
    """Each is one that an index answers; what nobody has finds nothing."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.account:
        conditions.append(AuditEntry.account_id.in_(_accounts(wanted.account)))
    if wanted.document:
        conditions.append(AuditEntry.subject.in_(_about(wanted.document)))
    if wanted.person:
        named = _people(wanted.person)
        conditions.append(AuditEntry.actor.in_([f"{realm}:{public_id}" for public_id in named for realm in REALMS]))
    if wanted.action:
        conditions.append(AuditEntry.action == wanted.action)
    if wanted.first:
        conditions.append(AuditEntry.at >= datetime.combine(wanted.first, time(), UTC))
    if wanted.last:
        conditions.append(AuditEntry.at < datetime.combine(wanted.last + timedelta(days=1), time(), UTC))
    return conditions


def _accounts(typed: str) -> list[int]:
    wanted = db.searchable(typed)
    named = or_(Account.name_folded.contains(wanted, autoescape=True), Account.number == wanted.upper())
    return list(db.session().scalars(select(Account.id).where(named).order_by(Account.id).limit(MOST_NAMED)))


def _people(typed: str) -> list[str]:
    """By User ID, e-mail address or the whole name."""
    person = person_by_identifier(typed)
    named = select(Person.public_id).where(or_(Person.name == typed.strip(), Person.email == typed.strip()))
    found = set(db.session().scalars(named.limit(MOST_NAMED)))
    return sorted(found | ({person.public_id} if person else set()))


def _about(typed: str) -> list[str]:
    """The public ids of a document that has the number or the id, and of what happened to it."""
    number, plain = typed.strip().upper(), numbering.plain(typed)
    found = {typed.strip()}
    held = select(Invoice).where(or_(Invoice.number_plain == plain, Invoice.public_id == typed.strip()))
    for invoice in db.session().scalars(held.limit(MOST_NAMED)) if plain else ():
        found.update(_of_invoice(invoice.id))
    quote = db.session().scalar(select(Quote).where(or_(Quote.number == number, Quote.public_id == typed.strip())))
    if quote is not None:
        found.update(_of_quote(quote))
    for table in (ServiceOrder, CreditNote):
        found.update(db.session().scalars(select(table.public_id).where(table.number == number)))
    return sorted(found)


def history_of_quote(viewer: Viewer, public_id: str, after: str, before: str) -> tuple[Quote, Account, Slice[Told]]:
    """What a contact may know of an own quote and its order. Raises NotFound."""
    quote = quotes.current_version(viewer, public_id).quote
    return quote, *_history(quote.account_id, _of_quote(quote), after, before)


def history_of_invoice(viewer: Viewer, public_id: str, after: str, before: str) -> tuple[Invoice, Account, Slice[Told]]:
    """What a contact may know of an own invoice and of the money on it. Raises NotFound."""
    invoice = invoices.invoice_named(viewer, public_id)
    return invoice, *_history(invoice.account_id, _of_invoice(invoice.id), after, before)


def _history(account_id: int, subjects: Sequence[str], after: str, before: str) -> tuple[Account, Slice[Told]]:
    about = and_(AuditEntry.subject.in_(subjects), AuditEntry.account_id == account_id)
    rows = select(AuditEntry).where(about, AuditEntry.action.in_(sorted(FOR_CUSTOMERS)))
    found = page_of(rows, NEWEST_FIRST, after, before)
    account = db.session().get_one(Account, account_id)
    return account, Slice(_told(found.rows), found.previous, found.following)


def _of_quote(quote: Quote) -> list[str]:
    orders = select(ServiceOrder.public_id).where(
        ServiceOrder.quote_number == quote.number, ServiceOrder.account_id == quote.account_id
    )
    asked = select(QuoteRequest.public_id).where(QuoteRequest.quote_id == quote.id)
    return [quote.public_id, *db.session().scalars(union(orders, asked))]


def _of_invoice(invoice_id: int) -> list[str]:
    """The invoice, its credit notes and reminders, and the money that was paid on it and left again. One statement."""
    paid = select(PaymentTarget.payment_id).where(PaymentTarget.invoice_id == invoice_id)
    proposed = select(PaymentProposalPart.proposal_id).where(PaymentProposalPart.invoice_id == invoice_id)
    booked = select(Allocation.reference).where(Allocation.invoice_id == invoice_id, Allocation.kind == "incoming")
    reminded = select(ReminderItem.reminder_id).where(ReminderItem.invoice_id == invoice_id)
    parts: tuple[Select[Any], ...] = (
        select(Invoice.public_id).where(Invoice.id == invoice_id),
        select(CreditNote.public_id).where(CreditNote.invoice_id == invoice_id),
        select(Payment.public_id).where(Payment.id.in_(paid)),
        select(PaymentProposal.public_id).where(PaymentProposal.id.in_(proposed)),
        select(Refund.public_id).where(Refund.payment_id.in_(paid)),
        select(Dispute.public_id).where(Dispute.payment_id.in_(paid)),
        select(IncomingPayment.public_id).where(IncomingPayment.public_id.in_(booked)),
        select(Reminder.public_id).where(Reminder.id.in_(reminded)),
    )
    return list(db.session().scalars(union(*parts)))


def _told(entries: Sequence[AuditEntry]) -> list[Told]:
    """The entries with the names that they mean. Seven statements, whatever their number."""
    actors = {entry.actor: entry.actor.partition(":")[2] for entry in entries}
    people = _by_id(Person, actors.values())
    programs = _by_id(ApiToken, actors.values())
    documents = _numbers({entry.subject for entry in entries})
    accounts = _accounts_of(entries)
    functions = _functions(people.values(), accounts)
    told = []
    for entry in entries:
        one = Told(entry, people.get(actors[entry.actor]), document=documents.get(entry.subject, ""))
        account = accounts.get(entry.account_id or 0)
        function = functions.get((one.person.id, account.id), "") if one.person and account else ""
        program = programs.get(actors[entry.actor])
        told.append(replace(one, account=account, function=function, program=program.name if program else ""))
    return told


def _by_id(table: Any, public_ids: Iterable[str]) -> dict[str, Any]:
    named = select(table).where(table.public_id.in_(sorted({one for one in public_ids if one})))
    return {row.public_id: row for row in db.session().scalars(named)}


def _accounts_of(entries: Sequence[AuditEntry]) -> dict[int, Account]:
    named = select(Account).where(Account.id.in_({entry.account_id for entry in entries if entry.account_id}))
    return {account.id: account for account in db.session().scalars(named)}


def _functions(people: Iterable[Person], accounts: dict[int, Account]) -> dict[tuple[int, int], str]:
    """Of persons in accounts, also of those who are no contacts any more."""
    persons = [person.id for person in people]
    held = select(BillingContact).where(BillingContact.person_id.in_(persons), BillingContact.account_id.in_(accounts))
    return {(row.person_id, row.account_id): row.function for row in db.session().scalars(held)}


def _numbers(subjects: set[str]) -> dict[str, str]:
    """The numbers of documents, by public id. One statement."""
    tables: tuple[Any, ...] = (Quote, ServiceOrder, Invoice, CreditNote)
    parts = [select(table.public_id, table.number).where(table.public_id.in_(sorted(subjects))) for table in tables]
    return {row[0]: row[1] for row in db.session().execute(union(*parts))}
