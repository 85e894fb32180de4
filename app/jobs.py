"""Every kind of job and who does it, and what comes again by itself."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial

from app.ports import Ports
from billing_core import clock, db, jobs
from billing_core.credentials import service as credentials
from billing_core.documents import printing
from billing_core.documents import service as documents
from billing_core.mail import service as mail
from billing_core.orders import jobs as orders
from billing_core.payments import booking, events, giving_back, moves
from billing_core.payments import service as payments
from billing_core.payments.cards import adopting, keeping
from billing_core.payments.cards import service as cards
from billing_core.payments.reconciliation import running as reconciliation
from billing_core.renewals import notices
from billing_core.renewals import service as renewals
from billing_core.vat_ids import asking, checking
from corporate_portal.api import jobs as api
from corporate_portal.invoices import jobs as invoices
from corporate_portal.invoices.prints import credit_note_print, invoice_print
from corporate_portal.quotes import jobs as quotes
from corporate_portal.quotes.prints import certificate_print, quote_print
from corporate_portal.receivables import jobs as receivables
from corporate_portal.statement.prints import receipt_print, statement_print

Handler = Callable[..., object]
"""Called with the job's arguments, outside any transaction; may run twice for one job."""

PRINTS: dict[str, printing.Builder] = {
    "invoice": invoice_print,
    "credit-note": credit_note_print,
    "quote": quote_print,
    "certificate": certificate_print,
    "statement": statement_print,
    "receipt": receipt_print,
}
"""Which wing prints which kind of document."""

KEPT_FOR = timedelta(days=30)
"""How long a job that is done can still be looked at."""


@dataclass(frozen=True)
class Recurring:
    """Work that is to be done again and again: one row waits for its time, however many workers there are."""

    kind: str
    every: timedelta

    @property
    def once_key(self) -> str:
        """The key under which that one row waits."""
        return f"every:{self.kind}"


RECURRING = (
    Recurring("quotes.expire", timedelta(minutes=1)),
    Recurring("quotes.remind", timedelta(minutes=5)),
    Recurring("payments.reconcile", timedelta(minutes=1)),
    Recurring("refunds.reconcile", timedelta(minutes=1)),
    Recurring("cards.reconcile", timedelta(minutes=1)),
    Recurring("invoices.issue_scheduled", timedelta(minutes=10)),
    Recurring(renewals.FIND, timedelta(minutes=10)),
    Recurring(notices.NOTIFY, timedelta(hours=1)),
    Recurring(receivables.REMIND, timedelta(days=1)),
    Recurring(credentials.TIDY, timedelta(days=1)),
    Recurring("jobs.prune", timedelta(days=1)),
    Recurring(api.PRUNE, timedelta(days=1)),
    Recurring(reconciliation.NIGHTLY, timedelta(hours=1)),
    Recurring(checking.RENEW, timedelta(hours=1)),
)


def handlers(ports: Ports) -> dict[str, Handler]:
    """The handler of each kind, given the adapters in use."""
    return {
        documents.RENDER: partial(printing.render_document, builders=PRINTS, printer=ports.printer),
        mail.SEND: partial(mail.send, transport=ports.transport),
        moves.SETTLE: events.settle_later,
        events.MONEY_BACK: events.look_later,
        booking.WITHDRAW: payments.withdraw_payment,
        "payments.reconcile": payments.reconcile_due,
        "refunds.reconcile": giving_back.reconcile_due,
        keeping.SETTLE: cards.settle,
        adopting.DETACH: cards.detach,
        "cards.reconcile": cards.reconcile_due,
        "order.fulfil": orders.fulfil_on_day,
        "invoices.issue_scheduled": invoices.issue_scheduled,
        receivables.REMIND: receivables.remind_due,
        renewals.FIND: renewals.find_due,
        renewals.ATTEMPT: renewals.attempt,
        notices.NOTIFY: notices.notify_due,
        "quotes.expire": quotes.expire_due,
        "quotes.remind": quotes.remind_due,
        credentials.SEND_LINK: credentials.send_password_link,
        credentials.TIDY: credentials.tidy,
        "jobs.prune": prune_jobs,
        api.PRUNE: api.prune_answers,
        reconciliation.NIGHTLY: reconciliation.nightly,
        reconciliation.NOW: reconciliation.run_now,
        asking.CHECK: partial(checking.ask_register, register=ports.vat_register),
        checking.RENEW: checking.renew_due,
    }


def prune_jobs() -> None:
    """Handler of `jobs.prune`: forget what was done long ago, a thousand rows a transaction."""
    before = clock.now() - KEPT_FOR
    while db.perform(jobs.prune, before):
        pass
