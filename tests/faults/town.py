"""Accounts that order and renew, one for each death, at one counter and one processor."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import time_machine
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.orders.online.models import OnlineOrder
from billing_core.orders.online.wishes import Wish
from billing_core.payments import moves, service
from billing_core.payments.models import Payment
from billing_core.payments.sharing import NEW_CARD, Means
from billing_core.permissions import Realm
from billing_core.renewals import service as renewals
from billing_core.renewals.models import RenewalAttempt
from tests.factories import core
from tests.factories.shop import Shop, shop
from tests.factories.till import CardTill
from tests.faults.countdown import Deed
from tests.faults.quiet import settle_down, work_off


@dataclass
class Town:
    """One catalogue and one processor, and a new account for each number of a journey."""

    till: CardTill
    at: Shop = field(default_factory=shop)
    charged: int = 0
    """What the processor had taken before the present number."""

    def newcomer(self) -> Shop:
        """Another account at the same counter."""
        account = core.account(kind="online")
        self.at = Shop(account, core.viewer(core.contact(account), Realm.MY), self.at.product, self.at.other)
        self.charged = len(self.till.charges())
        return self.at

    def converge(self) -> None:
        """All that happens by itself, until the leases of the dead are over."""
        for minutes in (0, 7, 70):
            with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
                renewals.find_due()
                settle_down(self.till)

    def converge_soon(self) -> None:
        """The same, all at its end."""
        with time_machine.travel(clock.now() + timedelta(minutes=70), tick=False):
            renewals.find_due()
            settle_down(self.till)

    def payments(self) -> Sequence[Payment]:
        """Those of the present account."""
        with db.reading() as session:
            own = select(Payment).where(Payment.account_id == self.at.account.id).order_by(Payment.id)
            return session.scalars(own).all()

    def orders(self) -> list[str]:
        """Their states."""
        with db.reading() as session:
            own = select(OnlineOrder.state).where(OnlineOrder.account_id == self.at.account.id)
            return list(session.scalars(own.order_by(OnlineOrder.id)))

    def look_later(self) -> None:
        """The reconciler, when its time has come."""
        with time_machine.travel(clock.now() + timedelta(minutes=7), tick=False):
            service.reconcile_due()

    def enter_card(self) -> None:
        """Wherever the processor's page still takes one, or its bank asks."""
        for payment in self.payments():
            if payment.can_go_on and payment.processor_session and self.till.is_open(payment):
                self.till.enter_card(payment)
            elif payment.is_on_file and payment.hosted_url:
                self.till.answer_bank(payment)

    def come_back(self) -> None:
        """The payer returns from wherever the payment was."""
        for payment in self.payments():
            service.come_back(self.at.buyer, payment.public_id)

    def work(self) -> None:
        """The worker is told that the payer came back, and finds out what became of it."""
        for payment in self.payments():
            db.perform(moves.note_return, payment.public_id)
        work_off()

    def placing(self, wish: Wish, means: Means = NEW_CARD) -> Deed:
        """Place Order, always with the same form."""
        at, seen = self.at, self.at.see(wish).digest
        return lambda: at.order(wish, form="form_1", seen=seen, means=means)

    def count(self, *where: Any) -> int:
        """How many rows there are."""
        with db.reading() as session:
            return int(session.scalar(select(func.count()).where(*where)) or 0)

    def is_bought_once(self) -> None:
        """One order, one subscription, one charge, one invoice and one mail."""
        mails = self.count(OutboxMail.kind == "order-confirmed", OutboxMail.account_id == self.at.account.id)
        invoices = self.count(Invoice.account_id == self.at.account.id)
        taken = len(self.till.charges()) - self.charged
        found = (self.orders(), len(self.at.subscriptions()), taken, invoices, mails)
        assert found == (["fulfilled"], 1, 1, 1, 1), found

    def is_tried_once(self) -> None:
        """One order and one trial, and nothing to pay."""
        found = (self.orders(), len(self.at.subscriptions()), len(self.till.charges()) - self.charged)
        assert found == (["fulfilled"], 1, 0), found

    def is_renewed_once(self) -> None:
        """The period that was due began, for one attempt, one charge and one invoice more."""
        found = self.at.subscription()
        attempts = self.count(RenewalAttempt.subscription_id == found.id, RenewalAttempt.failure == "")
        invoices = self.count(Invoice.account_id == self.at.account.id)
        mails = self.count(OutboxMail.kind == "subscription-renewed", OutboxMail.account_id == self.at.account.id)
        taken = len(self.till.charges()) - self.charged
        today = clock.today(self.at.account.timezone)
        assert (found.period_start, taken, invoices, mails) == (today, 2, 2, 1), (found.period_start, taken, invoices)
        assert attempts <= 1
