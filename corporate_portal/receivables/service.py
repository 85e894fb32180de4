"""The verbs of reminders: send the step that is due, end a row that is settled, hold reminders back, resume them.

Each is one verb for `db.perform` and begins with the account's lock, so that nothing that is paid at the same moment is
asked for.
"""

import logging
from collections.abc import Sequence
from datetime import date

from sqlalchemy import exists, select, update

from billing_core import audit, clock, db, money
from billing_core.accounts import Account
from billing_core.errors import Invalid
from billing_core.ledger.incoming import credit_of
from billing_core.ledger.models import Invoice
from billing_core.ledger.service import lock_account, lock_invoices
from billing_core.mail.service import is_address
from billing_core.payments.booking import account_for_finance
from billing_core.payments.limits import least_total
from billing_core.payments.queries import disputed_among, held_on_each
from billing_core.people import BillingContact, contacts_of
from billing_core.permissions import Viewer
from billing_core.sellers.models import Seller
from billing_core.words import mark
from corporate_portal.receivables import mails, states
from corporate_portal.receivables.models import Dunning, DunningPause, Reminder, ReminderItem, ReminderMail
from corporate_portal.receivables.refusals import NotPaused

LONGEST_NOTE = 500
LONGEST_PAUSE = 366
"""Days for which reminders can be held back at once."""

log = logging.getLogger(__name__)


def remind_account(account_id: int, seller_id: int, currency: str, actor: str) -> Reminder | None:
    """Send the highest step that is due, if it was not sent in the present row; None where nothing is to be sent.

    What is disputed, or held by a payment whose outcome is not known, counts neither for the step nor for the sum; nor
    does what an online account owes because it was too little for a card: its next charge collects it (domain.md 6).
    Locks account, invoices and the row of steps.
    """
    account = lock_account(account_id)
    seller = db.session().get_one(Seller, seller_id)
    today = clock.today(seller.timezone)
    if is_paused(account_id, today):
        return None
    least = 1 if account.is_corporate else least_total(currency)
    items = [one for one in _items(account_id, seller_id, currency, today) if one.balance >= least]
    if not items:
        return None
    row = _open_row(account_id, seller_id, currency)
    if row is not None and _is_settled(row):
        _end(row, actor)
        row = None
    step = states.step_after((today - items[0].due_on).days)
    if step == 0 or (row is not None and _sent_until(row) >= step):
        return None
    addressed = _addressees(account_id, items)
    if not addressed:
        log.warning("account %s has nobody who could be reminded", account.number)
        return None
    row = row or _begin(account_id, seller_id, currency)
    return _send(row, step, account, seller, items, addressed, actor)


def _items(account_id: int, seller_id: int, currency: str, today: date) -> list[Invoice]:
    """What is past due and may be asked for, locked, the oldest first."""
    late = select(Invoice.id).where(
        Invoice.account_id == account_id, Invoice.seller_id == seller_id, Invoice.currency == currency,
        Invoice.balance > 0, Invoice.due_on < today,
    )  # fmt: skip
    locked = lock_invoices(db.session().scalars(late))
    ids = [invoice.id for invoice in locked]
    held, disputed = held_on_each(ids), disputed_among(ids)
    asked = [one for one in locked if one.balance > 0 and not held[one.id] and one.id not in disputed]
    return sorted(asked, key=lambda one: (one.due_on, one.id))


def _open_row(account_id: int, seller_id: int, currency: str) -> Dunning | None:
    row = select(Dunning).where(
        Dunning.account_id == account_id, Dunning.seller_id == seller_id, Dunning.currency == currency,
        Dunning.ended_at.is_(None),
    )  # fmt: skip
    return db.session().scalar(row.with_for_update().execution_options(populate_existing=True))


def _is_settled(row: Dunning) -> bool:
    """Nothing that the row's reminders named is owed any more."""
    owed = exists().where(
        ReminderItem.reminder_id == Reminder.id, Reminder.dunning_id == row.id, Invoice.id == ReminderItem.invoice_id,
        Invoice.balance > 0,
    )  # fmt: skip
    return not db.session().scalar(select(owed))


def _sent_until(row: Dunning) -> int:
    steps = select(Reminder.step).where(Reminder.dunning_id == row.id).order_by(Reminder.step.desc()).limit(1)
    return db.session().scalar(steps) or 0


def _begin(account_id: int, seller_id: int, currency: str) -> Dunning:
    row = Dunning(account_id=account_id, seller_id=seller_id, currency=currency, begun_at=clock.now())
    db.session().add(row)
    db.session().flush()
    return row


def _end(row: Dunning, actor: str) -> None:
    row.ended_at = clock.now()
    db.session().flush()
    audit.record(actor, "dunning.ended", f"dunning {row.id}", row.account_id, currency=row.currency)


def _addressees(account_id: int, items: Sequence[Invoice]) -> list[BillingContact]:
    """The active contacts to whom the invoices went; where there is none any more, the first of the account's."""
    contacts = [contact for contact in contacts_of(account_id) if is_address(contact.person.email)]
    named = {invoice.contact_id for invoice in items}
    return [contact for contact in contacts if contact.id in named] or contacts[:1]


def _send(
    row: Dunning, step: int, account: Account, seller: Seller, items: Sequence[Invoice],
    addressed: Sequence[BillingContact], actor: str,
) -> Reminder:  # fmt: skip
    total = sum(invoice.balance for invoice in items)
    reminder = Reminder(
        public_id=db.public_id("rem"), dunning_id=row.id, step=step, tone=states.tone_of(step),
        oldest_due_on=items[0].due_on, total=total, sent_at=clock.now(),
        items=[ReminderItem(invoice_id=invoice.id, balance=invoice.balance) for invoice in items],
        mails=[],
    )  # fmt: skip
    db.session().add(reminder)
    db.session().flush()
    credit = credit_of(account.id, row.currency)
    for contact in addressed:
        person = contact.person
        amount = money.show(total, row.currency, person.locale)
        mail = mails.remind(reminder, account, seller, contact, items, credit, amount)
        reminder.mails.append(ReminderMail(mail=mail, name=person.name, email=person.email))
    named = {invoice.number: invoice.balance for invoice in items}
    audit.record(
        actor, "reminder.sent", reminder.public_id, account.id, step=step, total=total, currency=row.currency,
        invoices=named, to=[mail.email for mail in reminder.mails],
    )  # fmt: skip
    return reminder


def end_settled(dunning_id: int, actor: str) -> bool:
    """End a row whose reminders have all been answered by payment, so that the next one begins anew; whether it did."""
    account_id = db.session().scalar(select(Dunning.account_id).where(Dunning.id == dunning_id))
    if account_id is None:
        return False
    lock_account(account_id)
    locked = select(Dunning).where(Dunning.id == dunning_id).with_for_update()
    row = db.session().scalars(locked.execution_options(populate_existing=True)).one()
    if row.ended_at is not None or not _is_settled(row):
        return False
    _end(row, actor)
    return True


def is_paused(account_id: int, today: date) -> bool:
    """Whether finance holds the account's reminders back on this day."""
    pause = exists().where(
        DunningPause.account_id == account_id, DunningPause.ended_at.is_(None), DunningPause.until >= today
    )
    return bool(db.session().scalar(select(pause)))


def pause_reminders(viewer: Viewer, account: str, until: date | None, note: str) -> DunningPause:
    """Send the account no reminders until the end of that day; for finance alone. An earlier pause is replaced.

    The same again changes nothing. Raises NotAllowed, NotFound, and Invalid which names the field.
    """
    found = account_for_finance(viewer, account)
    today = clock.today(found.seller.timezone)
    if until is None or not 0 <= (until - today).days <= LONGEST_PAUSE:
        raise Invalid(mark("Choose a day from today to at most a year from now."), field="until")
    if not note.strip() or len(note) > LONGEST_NOTE:
        raise Invalid(mark("Say why, in at most %(max)d characters."), field="note", max=LONGEST_NOTE)
    lock_account(found.id)
    earlier = _open_pause(found.id)
    if earlier is not None and (earlier.until, earlier.note) == (until, note.strip()):
        return earlier
    _end_pause(found.id, viewer)
    pause = DunningPause(
        account_id=found.id, until=until, note=note.strip(), begun_by=viewer.person_id, begun_at=clock.now()
    )
    db.session().add(pause)
    db.session().flush()
    about = {"until": until.isoformat(), "note": pause.note}
    audit.record(viewer.actor, "reminders.paused", found.public_id, found.id, **about)
    return pause


def resume_reminders(viewer: Viewer, account: str) -> None:
    """Let reminders go out again from the next run on. Raises NotAllowed, NotFound and NotPaused."""
    found = account_for_finance(viewer, account)
    today = clock.today(found.seller.timezone)
    lock_account(found.id)
    if not is_paused(found.id, today):
        raise NotPaused
    _end_pause(found.id, viewer)
    audit.record(viewer.actor, "reminders.resumed", found.public_id, found.id)


def _open_pause(account_id: int) -> DunningPause | None:
    pause = select(DunningPause).where(DunningPause.account_id == account_id, DunningPause.ended_at.is_(None))
    return db.session().scalar(pause)


def _end_pause(account_id: int, viewer: Viewer) -> None:
    pause = update(DunningPause).where(DunningPause.account_id == account_id, DunningPause.ended_at.is_(None))
    db.session().execute(pause.values(ended_at=clock.now(), ended_by=viewer.person_id))
