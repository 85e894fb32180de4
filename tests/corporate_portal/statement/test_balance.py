"""Opening balance and entries are the closing balance, whatever was booked and however the days are cut."""

from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
import time_machine

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.ledger.models import AccountBalance, Allocation, CreditEntry, Invoice
from billing_core.ledger.service import allocate, lock_account, lock_invoices
from billing_core.payments.booking import use_credit
from billing_core.permissions import Realm
from corporate_portal.statement import queries
from corporate_portal.statement.books.entries import Entry, Period
from corporate_portal.statement.books.movements import Scope, Sums, entries_of, sums_of
from tests.conftest import Database
from tests.corporate_portal.statement.conftest import came
from tests.factories import core, ledger

BEGAN = datetime(2026, 1, 5, 9, tzinfo=UTC)
BEFORE = date(2025, 12, 1)


def read(of: Account, first: date, last: date, currency: str = "EUR") -> tuple[Sums, list[Entry]]:
    """What a statement of these days says."""
    with db.reading():
        scope = scope_of(of, first, last, currency)
        sums = sums_of(scope)
        return sums, list(entries_of(scope, sums.opening))


def scope_of(of: Account, first: date, last: date, currency: str = "EUR") -> Scope:
    account = db.session().get_one(Account, of.id)
    db.session().refresh(account, ["seller"])
    return queries.scope_of(account, currency, Period(first, last))


def places(entries: list[Entry]) -> list[list[object]]:
    """Which rows stand in which entries."""
    return [[row.order for row in entry.rows] for entry in entries]


class Life:
    """Anything that moves an account's money, by chance, over some weeks."""

    def __init__(self, chance: Random) -> None:
        self.chance, self.account = chance, core.account()
        self.clerk = core.viewer(core.staff("finance"), Realm.DESK)
        self.invoices: list[Invoice] = []
        self.day = clock.today("Europe/Berlin")

    def something(self) -> None:
        acts = (self.invoice, self.invoice, self.imported, self.money, self.note, self.credit, self.card, self.back)
        self.chance.choice(acts)()

    def amount(self) -> int:
        return self.chance.randint(1, 20_000)

    def invoice(self) -> None:
        self.invoices.append(ledger.invoice(self.account, self.amount()))

    def imported(self) -> None:
        total = self.amount()
        self.invoices.append(
            ledger.imported_invoice(
                self.account, db.public_id("old"), total, paid=self.chance.choice([0, total // 2, total])
            )
        )

    def money(self) -> None:
        came(self.account, self.amount(), on=clock.today("Europe/Berlin"))

    def note(self) -> None:
        ledger.credit_note(self.account, self.amount(), self.chance.choice([None, *self.invoices]))

    def credit(self) -> None:
        for invoice in self.invoices:
            now = ledger.reread(invoice)
            with db.reading() as session:
                kept = session.get(AccountBalance, (self.account.id, "EUR"))
            if now.balance and kept and kept.credit:
                db.perform(use_credit, self.clerk, invoice.public_id, None, db.public_id("key"))
                return

    def card(self) -> None:
        if self.invoices:
            db.perform(self._paid, self.chance.choice(self.invoices).id, self.amount())

    def _paid(self, invoice_id: int, amount: int) -> None:
        lock_account(self.account.id)
        (invoice,) = lock_invoices([invoice_id])
        allocate(invoice, amount, "card", db.public_id("pi"))

    def back(self) -> None:
        """Money that is taken back, of a kind that nobody has named yet."""
        for invoice in map(ledger.reread, self.invoices):
            if invoice.paid:
                db.perform(self._taken_back, invoice.id, min(invoice.paid, self.amount()))
                return

    def _taken_back(self, invoice_id: int, amount: int) -> None:
        from billing_core.ledger.service import move_balance, take_off

        lock_account(self.account.id)
        (invoice,) = lock_invoices([invoice_id])
        take_off(invoice, -amount, "brand_new", db.public_id("re"))
        db.session().flush()
        move_balance(self.account.id, "EUR", opened=amount)


@pytest.mark.parametrize("seed", range(6))
def test_opening_and_entries_are_the_closing_balance(database: Database, seed: int) -> None:
    chance = Random(seed)  # noqa: S311 - no secret
    with time_machine.travel(BEGAN, tick=True) as travel:
        life = Life(chance)
        for _ in range(24):
            travel.shift(timedelta(hours=chance.choice([0, 1, 20, 60])))
            life.something()
        last = clock.today("Europe/Berlin")
        whole, entries = read(life.account, BEFORE, last)
        with db.reading() as session:
            kept = session.get(AccountBalance, (life.account.id, "EUR"))
        assert kept is not None
        assert whole.opening == 0
        assert whole.closing == kept.open - kept.credit
        assert whole.closing == sum(entry.amount for entry in entries)
        assert whole.closing == (entries[-1].balance if entries else 0)
        for _ in range(5):
            cut = BEGAN.date() + timedelta(days=chance.randint(-2, (last - BEGAN.date()).days + 1))
            before, earlier = read(life.account, BEFORE, cut)
            behind, later = read(life.account, cut + timedelta(days=1), max(last, cut + timedelta(days=1)))
            assert before.closing == behind.opening
            assert behind.closing == whole.closing
            assert before.closing == before.opening + sum(entry.amount for entry in earlier)
            assert places(earlier + later) == places(entries)
            parts = behind.invoiced + behind.credited + behind.paid + behind.other
            assert behind.opening + parts == behind.closing
    used = [entry for entry in entries if entry.kind == "credit"]
    assert all(entry.amount == 0 and entry.moved > 0 for entry in used)
    balance = 0
    for entry in entries:
        balance += entry.amount
        assert entry.balance == balance


def test_days_are_those_of_the_seller(database: Database) -> None:
    for instant, day in (
        (datetime(2026, 6, 30, 21, 59, 59, tzinfo=UTC), date(2026, 6, 30)),
        (datetime(2026, 6, 30, 22, 0, 0, tzinfo=UTC), date(2026, 7, 1)),
    ):
        with time_machine.travel(instant, tick=False):
            of = core.account()
            came(of, 500)
            _, (entry,) = read(of, day, day)
            assert entry.day == day
            assert read(of, day - timedelta(days=9), day - timedelta(days=1))[1] == []
            assert read(of, day + timedelta(days=1), day + timedelta(days=9))[0].opening == -500


def test_a_statement_of_days_that_are_over_never_changes(database: Database) -> None:
    with time_machine.travel(BEGAN) as travel:
        of = core.account()
        invoice = ledger.invoice(of, 1000)
        travel.shift(timedelta(days=40))
        before = read(of, date(2026, 1, 1), date(2026, 1, 31))
        came(of, 1000, on=date(2026, 1, 20))
        ledger.credit_note(of, 300, invoice)
        after = read(of, date(2026, 1, 1), date(2026, 1, 31))
    assert before[0].closing == after[0].closing == 1000
    assert [entry.amount for entry in after[1]] == [1000]


def test_what_comes_later_is_not_in_a_statement_that_was_begun_before(database: Database) -> None:
    of, day = core.account(), clock.today("Europe/Berlin")
    invoice = ledger.invoice(of, 1000)
    with db.reading():
        scope = scope_of(of, day, day)
    came(of, 400)
    ledger.credit_note(of, 100, invoice)
    came(of, 10_000)
    ledger.invoice(of, 50)
    with db.reading():
        assert sums_of(scope).closing == 1000
        assert [entry.amount for entry in entries_of(scope, 0)] == [1000]


def test_another_currency_and_another_account_move_nothing(database: Database) -> None:
    of, other, day = core.account(), core.account(), clock.today("Europe/Berlin")
    ledger.invoice(of, 1000)
    ledger.invoice(of, 70, currency="USD")
    came(other, 500)
    assert read(of, day, day)[0].closing == 1000
    assert read(of, day, day, "USD")[0].closing == 70


def test_rows_of_one_event_are_one_entry_even_across_pages(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    from corporate_portal.statement.books import movements

    of, day = core.account(), clock.today("Europe/Berlin")
    for _ in range(7):
        ledger.invoice(of, 100)
    came(of, 1000)
    came(of, 5)
    whole = read(of, day, day)[1]
    monkeypatch.setattr(movements, "AT_A_TIME", 2)
    assert [entry.amount for entry in whole] == [100] * 7 + [-1000, -5]
    assert places(read(of, day, day)[1]) == places(whole)
    with db.reading() as session:
        assert session.query(Allocation).count() == 7
        assert session.query(CreditEntry).count() == 2
