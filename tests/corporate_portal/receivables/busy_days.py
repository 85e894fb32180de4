"""Many movements over some days, at odd hours, by the verbs themselves; and what the balances were each midnight."""

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import time_machine
from sqlalchemy import func, select

from billing_core import db
from billing_core.accounts import Account
from billing_core.errors import Refusal
from billing_core.ledger.models import AccountBalance, IncomingPayment, Invoice
from billing_core.payments import booking, refunding
from billing_core.payments.disputing import learn_money_back
from billing_core.payments.gateway import DisputeState, RefundState
from billing_core.payments.models import Payment
from billing_core.people import Person
from billing_core.permissions import Viewer
from billing_core.sellers.models import Seller
from tests.corporate_portal.receivables.conftest import finance, paid
from tests.factories import core, ledger

CURRENCIES = ("EUR", "JPY", "KWD")
Key = tuple[int, str]
"""Seller and currency."""


@dataclass
class BusyDays:
    """Two sellers in one zone, each with customers in three currencies, on days that follow one another."""

    seed: int
    zone: str
    first: date
    days: int
    sellers: list[Seller] = field(default_factory=list)
    accounts: list[Account] = field(default_factory=list)
    payers: dict[int, Person] = field(default_factory=dict)
    kept: dict[tuple[Key, date], tuple[int, int]] = field(default_factory=dict)
    """What was open and what was left at the end of each day, as the balances said at that moment."""

    def __post_init__(self) -> None:
        self.chance = random.Random(self.seed)  # noqa: S311 - the same days each time
        self.clerk: Viewer = finance()
        for _ in range(2):
            seller = core.seller(timezone=self.zone)
            self.sellers.append(seller)
            for currency in CURRENCIES:
                account = core.account(seller, currency=currency)
                self.accounts.append(account)
                self.payers[account.id] = ledger.payer(account)

    @property
    def last(self) -> date:
        """The last of the days."""
        return self.first + timedelta(days=self.days - 1)

    def live(self, deeds_a_day: int) -> None:
        """Let the days go by."""
        for number in range(self.days):
            day = self.first + timedelta(days=number)
            for instant in self._instants(day, deeds_a_day):
                with time_machine.travel(instant, tick=False):
                    self._do_something()
            self._note(day)

    def _instants(self, day: date, count: int) -> list[datetime]:
        """Moments of a day on the seller's clock: often its very first and last minute, and the hours that shift."""
        begins = datetime(day.year, day.month, day.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        after = day + timedelta(days=1)
        ends = datetime(after.year, after.month, after.day, tzinfo=ZoneInfo(self.zone)).astimezone(UTC)
        whole = int((ends - begins).total_seconds())
        favourite = [0, 1, whole - 1, whole - 60, 3600, 2 * 3600 - 1, 2 * 3600, 3 * 3600]
        seconds = [
            self.chance.choice(favourite) if self.chance.random() < 0.5 else self.chance.randrange(whole)
            for _ in range(count)
        ]
        return [begins + timedelta(seconds=moment) for moment in sorted(seconds)]

    def _do_something(self) -> None:
        deeds: list[Callable[[Account], object]] = [
            self._invoice, self._invoice, self._invoice, self._imported, self._money, self._money, self._card,
            self._card, self._credit_note, self._use_credit, self._refund, self._dispute, self._return,
        ]  # fmt: skip
        account = self.chance.choice(self.accounts)
        try:
            self.chance.choice(deeds)(account)
        except Refusal:
            self._invoice(account)

    def _amount(self) -> int:
        return self.chance.choice([1000, 5000, 12340, 99990, 100000])

    def _invoice(self, account: Account) -> None:
        rate = self.chance.choice([0, 700, 1900])
        lines = [ledger.line(self._amount(), rate), ledger.line(self._amount(), 1900)]
        from billing_core.ledger.service import issue_invoice

        db.perform(issue_invoice, ledger.draft(account, *lines), "test")

    def _imported(self, account: Account) -> None:
        amount = self._amount()
        ledger.imported_invoice(account, db.public_id("old"), amount, self.chance.choice([0, amount // 2, amount]))

    def _money(self, account: Account) -> None:
        paid(
            account,
            self._amount() + self._owed(account) // 2,
            self.chance.choice(["bank_transfer", "direct_debit", "cheque"]),
        )

    def _owed(self, account: Account) -> int:
        with db.reading() as session:
            return int(session.scalar(select(func.sum(Invoice.balance)).where(Invoice.account_id == account.id)) or 0)

    def _card(self, account: Account) -> None:
        for invoice in self._some(Invoice, Invoice.account_id == account.id, Invoice.balance > 0):
            if invoice.currency == "KWD" and invoice.balance % 10:
                continue
            ledger.paid_by_card(invoice, self.payers[account.id])

    def _some(self, table: type, *conditions: object) -> Iterator[object]:
        """At most one of the rows."""
        with db.reading() as session:
            found = session.scalars(select(table).where(*conditions).order_by(table.id)).all()  # type: ignore[attr-defined]
        if found:
            yield self.chance.choice(found)

    def _credit_note(self, account: Account) -> None:
        named = next(self._some(Invoice, Invoice.account_id == account.id), None)
        ledger.credit_note(account, self._amount() // 10, named)  # type: ignore[arg-type]

    def _use_credit(self, account: Account) -> None:
        for invoice in self._some(Invoice, Invoice.account_id == account.id, Invoice.balance > 0):
            db.perform(booking.use_credit, self.clerk, invoice.public_id, None, db.public_id("key"))  # type: ignore[attr-defined]

    def _refund(self, account: Account) -> None:
        for payment in self._some(Payment, Payment.account_id == account.id, Payment.state == "succeeded"):
            assert isinstance(payment, Payment)
            with db.reading():
                left = refunding.standing_of(payment.id)
                invoices = [db.session().get_one(Invoice, one) for one in left.invoices]
            wishes = {invoice.public_id: min(left.invoices[invoice.id], 500) for invoice in invoices}
            refund = db.perform(refunding.ask_refund, self.clerk, payment.public_id, wishes, "Why", db.public_id("key"))
            if refund.state == "begun":
                status = self.chance.choice(["succeeded", "failed"])
                seen = RefundState(f"re_{refund.public_id}", refund.public_id, status, refund.amount, refund.currency)
                db.perform(learn_money_back, payment.public_id, [seen], [])

    def _dispute(self, account: Account) -> None:
        for payment in self._some(Payment, Payment.account_id == account.id, Payment.state == "succeeded"):
            assert isinstance(payment, Payment)
            status = self.chance.choice(["disputed", "won", "lost"])
            seen = DisputeState(f"dp_{payment.public_id}", status, payment.amount, payment.currency, "fraudulent", None)
            db.perform(learn_money_back, payment.public_id, [], [seen])

    def _return(self, account: Account) -> None:
        for came in self._some(IncomingPayment, IncomingPayment.account_id == account.id):
            db.perform(booking.return_incoming, self.clerk, came.public_id, "Bounced")  # type: ignore[attr-defined]

    def _note(self, day: date) -> None:
        """What the balances say now."""
        for seller in self.sellers:
            for currency in CURRENCIES:
                self.kept[(seller.id, currency), day] = balances_of(seller.id, currency)


def balances_of(seller_id: int, currency: str) -> tuple[int, int]:
    """Open and credit of a seller's customers, by the plainest sums."""
    owed = select(func.sum(Invoice.balance)).where(Invoice.seller_id == seller_id, Invoice.currency == currency)
    left = (
        select(func.sum(AccountBalance.credit))
        .join(Account, Account.id == AccountBalance.account_id)
        .where(Account.seller_id == seller_id, AccountBalance.currency == currency)
    )
    with db.reading() as session:
        return int(session.scalar(owed) or 0), int(session.scalar(left) or 0)
