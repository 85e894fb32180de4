"""What was sent to whom and when, and whether reminders are held back."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from sqlalchemy import func, select
from sqlalchemy.orm import joinedload, selectinload

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.mail.service import is_address
from billing_core.people import contacts_of
from corporate_portal.receivables import states
from corporate_portal.receivables.models import Dunning, DunningPause, Reminder, ReminderItem

MOST_SHOWN = 50
"""Reminders and pauses of one account on its page, the newest."""


@dataclass(frozen=True)
class Reminders:
    """Everything about the reminders of one account."""

    sent: Sequence[Reminder]
    """The newest first, with row, items, invoices and mails."""
    pauses: Sequence[DunningPause]
    """The newest first, with who began and ended them."""
    today: date
    has_recipient: bool
    """Somebody could get a reminder."""

    @property
    def pause(self) -> DunningPause | None:
        """The one that is in force."""
        return next((pause for pause in self.pauses if pause.is_in_force(self.today)), None)

    @property
    def are_off(self) -> bool:
        """No steps are configured."""
        return not states.reminder_days()


@dataclass(frozen=True)
class Step:
    """The last step that named an invoice."""

    step: int
    tone: str
    sent_on: date


def reminders_of(account: Account) -> Reminders:
    """Of an account that comes with its seller. Six statements."""
    whole = (
        joinedload(Reminder.dunning).joinedload(Dunning.seller),
        selectinload(Reminder.items).joinedload(ReminderItem.invoice),
        selectinload(Reminder.mails),
    )
    sent = select(Reminder).join(Reminder.dunning).where(Dunning.account_id == account.id).options(*whole)
    pauses = select(DunningPause).where(DunningPause.account_id == account.id).order_by(DunningPause.id.desc())
    people = (joinedload(DunningPause.clerk), joinedload(DunningPause.resumer))
    return Reminders(
        db.session().scalars(sent.order_by(Reminder.id.desc()).limit(MOST_SHOWN)).all(),
        db.session().scalars(pauses.options(*people).limit(MOST_SHOWN)).all(),
        clock.today(account.seller.timezone),
        any(is_address(contact.person.email) for contact in contacts_of(account.id)),
    )


def reminders_about(invoice_id: int) -> Sequence[ReminderItem]:
    """The reminders that named the invoice, the oldest first, with their mails. Two statements."""
    named = select(ReminderItem).where(ReminderItem.invoice_id == invoice_id).order_by(ReminderItem.id)
    whole = joinedload(ReminderItem.reminder).selectinload(Reminder.mails)
    return db.session().scalars(named.options(whole)).all()


def last_steps(invoice_ids: Collection[int], zone_of: Mapping[int, str]) -> dict[int, Step]:
    """The last step of each invoice that a row of steps which still runs has named. One statement."""
    last = (
        select(ReminderItem.invoice_id, func.max(ReminderItem.reminder_id).label("reminder_id"))
        .join(Reminder, Reminder.id == ReminderItem.reminder_id)
        .join(Dunning, Dunning.id == Reminder.dunning_id)
        .where(ReminderItem.invoice_id.in_(invoice_ids), Dunning.ended_at.is_(None))
        .group_by(ReminderItem.invoice_id)
        .subquery()
    )
    rows = (
        select(last.c.invoice_id, Reminder.step, Reminder.tone, Reminder.sent_at, Dunning.seller_id)
        .join(Reminder, Reminder.id == last.c.reminder_id)
        .join(Dunning, Dunning.id == Reminder.dunning_id)
    )
    return {
        invoice: Step(step, tone, clock.local(at, zone_of[seller]).date())
        for invoice, step, tone, at, seller in db.session().execute(rows)
    }


def last_day_of_pause(today: date) -> date:
    """What the form offers: four weeks."""
    return today + timedelta(days=28)
