"""Money that finance books and account credit that pays: what is refused, where it goes, and nothing goes twice."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import date, timedelta
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from billing_core import clock, db, words
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.jobs import Job
from billing_core.ledger.incoming import Money, NotOpen, SharesTooLarge, ShareTooLarge
from billing_core.ledger.models import AccountBalance, IncomingPayment, Invoice
from billing_core.payments import booking, service
from billing_core.payments.booking import BookingFormUsed, CreditNotPossible, NoCredit
from billing_core.payments.refusals import InvoicePaid, PaymentUnderWay
from billing_core.permissions import Realm, Viewer
from tests.billing_core.payments.conftest import payer_of
from tests.factories import core, ledger
from tests.factories.till import CardTill, payment_named


@pytest.fixture
def clerk(database: object) -> Viewer:
    """Finance, at the desk."""
    return core.viewer(core.staff("finance"), Realm.DESK)


@pytest.fixture
def account(database: object) -> Account:
    """In EUR, without invoices."""
    return core.account()


def money(amount: int, **changes: Any) -> Money:
    values: dict[str, Any] = {
        "method": "bank_transfer", "amount": amount, "received_on": date(2026, 3, 2), "reference": "RE 1",
    }  # fmt: skip
    return Money(**(values | changes))


def book(clerk: Viewer, account: Account, incoming: Money, key: str = "key") -> IncomingPayment:
    return db.perform(booking.book_incoming, clerk, account.public_id, incoming, key)


def use(viewer: Viewer, invoice: Invoice, amount: int | None = None, key: str = "key") -> Invoice:
    return db.perform(booking.use_credit, viewer, invoice.public_id, amount, key)


def due_in(account: Account, total: int, days: int) -> Invoice:
    return ledger.invoice(account, total, due_on=clock.today("Europe/Berlin") + timedelta(days=days))


def balances(*invoices: Invoice) -> list[int]:
    return [ledger.reread(invoice).balance for invoice in invoices]


def kept(account: Account) -> tuple[int, int]:
    """Open and credit, as they are kept."""
    with db.reading() as session:
        found = session.get_one(AccountBalance, (account.id, "EUR"))
        return found.open, found.credit


def actions(prefix: str) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(AuditEntry.action).where(AuditEntry.action.like(f"{prefix}%"))))


@pytest.mark.parametrize(
    ("amount", "left", "credit"),
    [(500, [10000, 500], 0), (1000, [10000, 0], 0), (4000, [7000, 0], 0), (12000, [0, 0], 1000)],
)
def test_the_oldest_due_is_paid_first_and_the_rest_is_credit(
    clerk: Viewer, account: Account, amount: int, left: list[int], credit: int
) -> None:
    late, soon = due_in(account, 10000, 20), due_in(account, 1000, 10)
    booked = book(clerk, account, money(amount, reference=" RE 1 ", note="came twice"))
    assert balances(late, soon) == left
    assert kept(account) == (sum(left), credit)
    assert (booked.amount, booked.reference, booked.note, booked.currency) == (amount, "RE 1", "came twice", "EUR")
    assert actions("incoming.") == ["incoming.booked"]


def test_finance_says_which_invoice_gets_how_much(clerk: Viewer, account: Account) -> None:
    first, second = due_in(account, 10000, 10), due_in(account, 5000, 20)
    shares = {second.public_id: 5000, first.public_id: 1}
    book(clerk, account, money(6000, shares=shares))
    assert balances(first, second) == [9999, 0]
    assert kept(account) == (9999, 999)


def test_money_without_an_open_invoice_is_credit(clerk: Viewer, account: Account) -> None:
    book(clerk, account, money(700))
    assert kept(account) == (0, 700)


def test_invoices_of_others_and_in_other_currencies_get_nothing(clerk: Viewer, account: Account) -> None:
    elsewhere = ledger.invoice(core.account(), 1000)
    foreign = ledger.invoice(account, 1000, currency="USD")
    book(clerk, account, money(5000))
    for other in (elsewhere, foreign):
        with pytest.raises(NotOpen):
            book(clerk, account, money(5000, shares={other.public_id: 1000}), key="other")
    assert balances(elsewhere, foreign) == [1000, 1000]
    assert kept(account) == (0, 5000)


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"amount": 0}, "amount"), ({"amount": -1}, "amount"), ({"amount": 10**16}, "amount"),
        ({"method": "cash"}, "method"),
        ({"reference": "  "}, "reference"), ({"reference": "x" * 141}, "reference"), ({"note": "x" * 501}, "note"),
        ({"received_on": date(2100, 1, 1)}, "received_on"),
    ],
)  # fmt: skip
def test_what_cannot_be_booked_is_said_at_its_field_and_changes_nothing(
    clerk: Viewer, account: Account, changes: dict[str, Any], field: str
) -> None:
    invoice = ledger.invoice(account, 10000)
    with pytest.raises(Invalid) as refused:
        book(clerk, account, money(**({"amount": 100} | changes)))
    assert refused.value.field == field
    assert balances(invoice) == [10000]
    assert actions("incoming.") == []


def test_no_invoice_gets_more_than_its_balance_nor_all_more_than_came(clerk: Viewer, account: Account) -> None:
    first, second = due_in(account, 10000, 10), due_in(account, 5000, 20)
    with pytest.raises(ShareTooLarge) as large:
        book(clerk, account, money(90000, shares={first.public_id: 10001}))
    assert first.number in words.sentence(large.value)
    with pytest.raises(ShareTooLarge):
        book(clerk, account, money(90000, shares={first.public_id: -1}))
    with pytest.raises(SharesTooLarge):
        book(clerk, account, money(14999, shares={first.public_id: 10000, second.public_id: 5000}))
    assert balances(first, second) == [10000, 5000]


def test_only_finance_books(account: Account) -> None:
    ledger.invoice(account, 10000)
    others = [core.viewer(core.staff(role), Realm.DESK) for role in ("rep", "rep_manager", "support")]
    for viewer in [*others, core.viewer(core.contact(account))]:
        with pytest.raises(NotAllowed):
            book(viewer, account, money(100))


def test_an_unknown_account_is_not_found(clerk: Viewer) -> None:
    with pytest.raises(NotFound):
        db.perform(booking.book_incoming, clerk, "acc_nothing", money(100), "key")


def test_the_same_form_books_once(clerk: Viewer, account: Account) -> None:
    invoice = ledger.invoice(account, 10000)
    first = book(clerk, account, money(4000))
    assert book(clerk, account, money(4000)).public_id == first.public_id
    with pytest.raises(BookingFormUsed):
        book(clerk, account, money(4001))
    assert balances(invoice) == [6000]
    book(clerk, account, money(4000), key="another")
    assert balances(invoice) == [2000]


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """All at the same time, each with what it returned or raised."""
    barrier = Barrier(len(deeds))

    def run(deed: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return deed()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(run, deeds))


def test_clerks_who_press_at_the_same_moment_lose_nothing(account: Account) -> None:
    invoice = ledger.invoice(account, 10000)
    clerks = [core.viewer(core.staff("finance"), Realm.DESK) for _ in range(4)]
    deeds = [lambda who=who: book(who, account, money(3000)) for who in [*clerks, *clerks]]
    at_once(*deeds)
    assert balances(invoice) == [0]
    assert kept(account) == (0, 2000)


def test_credit_pays_an_invoice(clerk: Viewer, account: Account) -> None:
    book(clerk, account, money(5000))
    invoice = ledger.invoice(account, 10000)
    payer = payer_of(invoice)
    assert use(payer, invoice, 2000).balance == 8000
    assert use(payer, invoice, 2000).balance == 8000, "the same form again"
    assert kept(account) == (8000, 3000)
    use(clerk, invoice)
    assert kept(account) == (5000, 0)
    assert actions("credit.") == ["credit.used", "credit.used"]


def test_no_more_credit_than_there_is_and_than_is_owed(clerk: Viewer, account: Account) -> None:
    invoice = ledger.invoice(account, 1000)
    payer = payer_of(invoice)
    with pytest.raises(NoCredit):
        use(payer, invoice)
    book(clerk, account, money(3000, shares={}))
    for amount in (0, -1, 1001):
        with pytest.raises(CreditNotPossible):
            use(payer, invoice, amount)
    use(payer, invoice)
    assert kept(account) == (0, 2000)
    with pytest.raises(InvoicePaid):
        use(payer, invoice, key="again")


def test_who_may_use_credit(clerk: Viewer, account: Account) -> None:
    book(clerk, account, money(3000))
    invoice = ledger.invoice(account, 1000)
    with pytest.raises(NotFound):
        use(core.viewer(core.contact(core.account())), invoice)
    with pytest.raises(NotFound):
        use(core.viewer(core.staff("rep"), Realm.DESK), invoice)
    with pytest.raises(NotAllowed):
        use(payer_of(invoice, rights="accept"), invoice)
    assert balances(invoice) == [1000]


def test_several_who_use_the_last_credit_use_it_once(clerk: Viewer, account: Account) -> None:
    book(clerk, account, money(1000))
    invoices = [ledger.invoice(account, 1000) for _ in range(4)]
    payer = payer_of(invoices[0])
    done = at_once(*[lambda one=one: use(payer, one) for one in invoices])
    assert sorted(balances(*invoices)) == [0, 1000, 1000, 1000]
    assert sum(isinstance(one, NoCredit) for one in done) == 3
    assert kept(account) == (3000, 0)


def test_credit_does_not_pay_what_a_card_is_about_to_pay(clerk: Viewer, account: Account, till: CardTill) -> None:
    book(clerk, account, money(5000))
    invoice = ledger.invoice(account, 1000)
    payer = payer_of(invoice)
    service.pay_invoice(payer, invoice.public_id, 600)
    with pytest.raises(CreditNotPossible):
        use(payer, invoice, 401)
    use(payer, invoice, 400)
    with pytest.raises(PaymentUnderWay):
        use(payer, invoice, key="again")


def waiting() -> list[dict[str, Any]]:
    with db.reading() as session:
        return [job.arguments for job in session.scalars(select(Job).where(Job.kind == booking.WITHDRAW))]


def test_an_open_card_page_for_money_that_came_is_closed(clerk: Viewer, account: Account, till: CardTill) -> None:
    invoice = ledger.invoice(account, 10000)
    payment = service.pay_invoice(payer_of(invoice), invoice.public_id, 4000)
    book(clerk, account, money(6000))
    assert waiting() == [], "both fit"
    book(clerk, account, money(1), key="another")
    assert waiting() == [{"payment": payment.public_id}]
    service.withdraw_payment(payment.public_id)
    assert payment_named(payment.public_id).state == "cancelled"
    assert not till.is_open(payment)
    assert balances(invoice) == [3999]


def test_money_that_came_by_card_and_by_transfer_is_kept_as_credit(
    clerk: Viewer, account: Account, till: CardTill
) -> None:
    invoice = ledger.invoice(account, 10000)
    payment = service.pay_invoice(payer_of(invoice), invoice.public_id, 10000)
    till.enter_card(payment)
    book(clerk, account, money(10000))
    service.withdraw_payment(payment.public_id)
    assert payment_named(payment.public_id).state == "succeeded"
    assert kept(account) == (0, 10000)
