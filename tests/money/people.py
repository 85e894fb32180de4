"""Everybody who moves money of one account, and the processor: each deed either happens or is refused in words."""

import json
from collections import Counter
from collections.abc import Callable, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import stripe
from sqlalchemy import select, text

from billing_core import db
from billing_core.errors import Refusal
from billing_core.ledger.models import Invoice
from billing_core.payments.cards import service as keeping
from billing_core.payments.models import Payment, PaymentTarget, Refund
from billing_core.payments.reconciliation.models import Reconciliation
from billing_core.payments.states import AWAITING
from billing_core.permissions import Realm
from tests import invariants
from tests.checker import audit
from tests.checker.till import Thing, read
from tests.conftest import Database
from tests.factories import core, sql
from tests.factories.till import CardTill
from tests.faults import recorded
from tests.faults.quiet import settle_down

HELD = text(
    "SELECT COALESCE(SUM(target.amount), 0) FROM payment_target AS target"
    " JOIN payment ON payment.id = target.payment_id WHERE target.invoice_id = :invoice"
    " AND payment.state IN ('creating', 'open', 'unknown', 'needs_review')"
)
DISPUTED = text(
    "SELECT COUNT(*) FROM dispute JOIN payment_target AS target ON target.payment_id = dispute.payment_id"
    " WHERE target.invoice_id = :invoice AND dispute.state IN ('inquiry', 'disputed')"
)


class Died(BaseException):
    """The process ended here: whatever was not committed is gone."""


class Scene:
    """One account, two contacts who may pay, two clerks, and the processor on a file of its own.

    `told` is what the deeds of people should have come to, in plain numbers: invoices, notes, and money by bank. What
    cards brought is read from the processor's file.
    """

    def __init__(self, database: Database, place: Path, currency: str) -> None:
        self.database, self.place, self.currency = database, place, currency
        self.till = CardTill(place)
        self.account = core.account(currency=currency)
        self.payers = [core.viewer(core.contact(self.account)) for _ in range(2)]
        self.clerks = [core.viewer(core.staff("finance"), Realm.DESK) for _ in range(2)]
        self.told: Counter[str] = Counter()
        self.forms = count(1)

    def restart(self) -> None:
        """A new process on the same files: nothing that was only in memory is left."""
        db.engine().dispose()
        self.till = CardTill(self.place)

    def attempt(self, verb: Callable[..., Any], *args: Any, **named: Any) -> Any:
        """What the verb returns, or None where it was refused; or where the process died, and another was started."""
        try:
            return verb(*args, **named)
        except Refusal:
            return None
        except Died:
            self.restart()
            return None

    def perform(self, verb: Callable[..., Any], *args: Any) -> Any:
        """As `attempt`, for a verb of one transaction: a refusal leaves every row as it was."""
        before = sql.rows()
        try:
            return db.perform(verb, *args)
        except Refusal:
            assert sql.rows() == before, f"{verb.__name__} was refused and wrote something"
            return None

    def at_processor(self, deed: Callable[..., Any], *args: Any) -> Any:
        """Somebody works on the processor's own pages; it may refuse, or not answer."""
        try:
            return deed(*args)
        except stripe.StripeError:
            return None

    @property
    def form(self) -> str:
        """The key of a form that nobody has sent yet."""
        return f"form_{next(self.forms):016d}"

    def invoices(self) -> Sequence[Invoice]:
        """As they are now."""
        with db.reading() as session:
            return session.scalars(select(Invoice).order_by(Invoice.id)).all()

    def one_invoice(self, at: int, *, open_if_any: bool = False) -> Invoice:
        """One of those there are."""
        found = self.invoices()
        still_open = [invoice for invoice in found if invoice.balance] if open_if_any else []
        return (still_open or found)[at % len(still_open or found)]

    def one_payment(self, at: int) -> Payment | None:
        """One of those there are, the latest first."""
        with db.reading() as session:
            found = session.scalars(select(Payment).order_by(Payment.id.desc())).all()
        return found[at % len(found)] if found else None

    def one_refund(self, at: int) -> Refund | None:
        """One of those that wait for a second person."""
        with db.reading() as session:
            found = session.scalars(select(Refund).where(Refund.state == AWAITING).order_by(Refund.id)).all()
        return found[at % len(found)] if found else None

    def keep_card(self, card: str) -> None:
        """A contact adds a card on the processor's page, as far as that is made."""
        payer = self.payers[0]
        setup = self.attempt(keeping.add_card, payer, self.account.public_id, self.form)
        if setup is not None and setup.processor_session is not None:
            self.till.enter_card_at(setup.processor_session, card)
            self.till.answer(setup.processor_session)
            self.attempt(keeping.come_back, payer, setup.public_id)

    def unexplained(self, report: Reconciliation) -> list[tuple[str, str]]:
        """Differences that should not be: all but those of a card from which more was taken than it had brought."""
        beyond = {intent for intent, left in self.left_by_intent().items() if left < 0}
        with db.reading() as session:
            rows = session.execute(select(Payment.public_id, Payment.processor_intent)).all()
        intents = {payment: intent for payment, intent in rows}  # noqa: C416 (mypy takes no rows for pairs)
        return [
            (one.about, one.what)
            for one in report.differences
            if one.about == "payment" or intents.get(one.payment) not in beyond
        ]

    def payable(self, invoice: Invoice) -> int:
        """What can be paid of it now: its balance less what attempts without an outcome hold."""
        with db.reading() as session:
            held = int(session.scalar(HELD, {"invoice": invoice.id}) or 0)
        return max(invoice.balance - held, 0)

    def shares(self, payment: Payment) -> dict[str, int]:
        """What the payment is for, by public id of the invoice."""
        meant = select(Invoice.public_id, PaymentTarget.amount).join(PaymentTarget)
        with db.reading() as session:
            rows = session.execute(meant.where(PaymentTarget.payment_id == payment.id)).all()
        return {invoice: amount for invoice, amount in rows}  # noqa: C416 (mypy takes no rows for pairs)

    def is_disputed(self, invoice: Invoice) -> bool:
        """A bank has asked about money that was paid on it, and not decided."""
        with db.reading() as session:
            return bool(session.scalar(DISPUTED, {"invoice": invoice.id}))

    def hand_over(self, nth: int, times: int) -> None:
        """The nth message that the processor ever wrote arrives now, perhaps again, perhaps before others."""
        if events := list(read(self.place).events.values()):
            message = json.dumps(events[nth % len(events)], indent=2).encode()
            for _ in range(times):
                self.attempt(recorded.hand_over, message)

    def settle_down(self) -> None:
        """All that happens by itself, once."""
        self.attempt(settle_down, self.till)

    def check(self, *, quiet: bool = False) -> None:
        """I1, I5 and I9 by the portal's own laws, and all with I4 by the auditor who knows none of its code."""
        with db.reading() as session:
            invariants.check(session.connection())
        audit(self.database.url, self.place, quiet=quiet)

    def check_sums(self) -> None:
        """No money was made or lost: what is owed less the credit is what was charged less what came in.

        True at each moment for the portal's own documents, and for cards once everything is quiet.
        """
        owed = "SELECT COALESCE(SUM(balance), 0) FROM invoice"
        credit = "SELECT COALESCE(SUM(amount), 0) FROM credit_entry"
        with db.reading() as session:
            found = int(session.scalar(text(owed)) or 0) - int(session.scalar(text(credit)) or 0)
        wanted = self.told["invoices"] - self.told["notes"] - self.told["bank"] - self.by_card()
        assert found == wanted, f"{found} is owed less credit, {wanted} should be: {dict(self.told)}"

    def by_card(self) -> int:
        """What the processor took, less what it sent back and what banks have taken from it; in its unit, as ours.

        A bank may take what was sent back already. The books show no payment below zero (docs/adr/0022): the loss is
        in the mail to finance.
        """
        return sum(max(left, 0) for left in self.left_by_intent().values())

    def left_by_intent(self) -> dict[str, int]:
        """What is left of each payment that took money; below zero where more went than it had brought."""
        till = read(self.place)
        left = {intent["id"]: intent["amount_received"] for intent in till.taken}
        for refund in till.refunds:
            left[refund["payment_intent"]] -= refund["amount"] if refund["status"] in ("pending", "succeeded") else 0
        for dispute in till.disputes:
            left[dispute["payment_intent"]] -= dispute["amount"] if is_away(dispute) else 0
        return left


def is_away(dispute: Thing) -> bool:
    """The bank holds the money: neither an inquiry nor won."""
    return dispute["status"] in ("needs_response", "under_review", "lost")
