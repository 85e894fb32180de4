"""One card payment for several invoices: what is refused, what is held, what is booked, and who wins a race."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from threading import Barrier

import pytest
from sqlalchemy import func, select

from billing_core import clock, db, words
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.ledger.models import AccountBalance, Allocation, CreditEntry, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import beginning, moves, queries, service
from billing_core.payments.booking import book_incoming
from billing_core.payments.models import Payment
from billing_core.payments.queries import LONGEST_TITLE, session_request
from billing_core.payments.refusals import (
    AmountNotPossible,
    InvoicePaid,
    NothingToPay,
    OneCurrencyOnly,
    PayFormUsed,
    PaymentUnderWay,
    StalePayForm,
    TooManyInvoices,
    TotalNotPossible,
)
from billing_core.payments.sharing import MOST_INVOICES, Wish
from billing_core.permissions import Realm, Viewer
from tests.billing_core.payments.conftest import payer_of
from tests.factories import core, ledger
from tests.factories.till import CardTill, payment_named


@pytest.fixture
def invoices(invoice: Invoice) -> list[Invoice]:
    """60.00 due first, then the 100.00, then 0.30."""
    today = clock.today("Europe/Berlin")
    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    sooner = ledger.invoice(account, 6000, due_on=today + timedelta(days=9))
    return [sooner, invoice, ledger.invoice(account, 30, due_on=today + timedelta(days=40))]


def wishes(invoices: list[Invoice], *amounts: int | None, seen: bool = False) -> list[Wish]:
    """So much of each; without amounts all of all."""
    wanted = amounts or (None,) * len(invoices)
    return [
        Wish(invoice.public_id, amount, invoice.balance if seen else None)
        for invoice, amount in zip(invoices, wanted, strict=True)
    ]


def pay(viewer: Viewer, invoices: list[Invoice], *amounts: int | None, form_key: str | None = None) -> Payment:
    return service.pay_invoices(viewer, wishes(invoices, *amounts), form_key=form_key)


def balances(invoices: list[Invoice]) -> list[int]:
    return [ledger.reread(invoice).balance for invoice in invoices]


def counted(table: type[object]) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def test_one_payment_holds_and_pays_its_part_of_each(till: CardTill, invoices: list[Invoice], payer: Viewer) -> None:
    payment = pay(payer, list(reversed(invoices)), 30, 4000, None)
    assert (payment.state, payment.amount) == ("open", 10030)
    stored = payment_named(payment.public_id)
    assert [(target.invoice_id, target.amount) for target in stored.targets] == [
        (invoices[0].id, 6000), (invoices[1].id, 4000), (invoices[2].id, 30),
    ]  # fmt: skip
    with db.reading():
        assert queries.held_on_each([one.id for one in invoices]) == dict(
            zip([one.id for one in invoices], [6000, 4000, 30], strict=True)
        )
    (session,) = till.sessions()
    assert (session.client_reference_id, session.amount_total) == (payment.public_id, 10030)
    till.enter_card(payment)
    assert service.come_back(payer, payment.public_id).state == "succeeded"
    assert balances(invoices) == [0, 6000, 0]
    with db.reading() as reading:
        booked = reading.scalars(select(Allocation).order_by(Allocation.id)).all()
        mail = reading.scalars(select(OutboxMail)).one()
        begun = reading.scalars(select(AuditEntry).where(AuditEntry.action == "payment.begun")).one()
    assert [(one.amount, one.payment_id) for one in booked] == [(part, payment.id) for part in (6000, 4000, 30)]
    assert len({one.reference for one in booked}) == 1
    assert mail.subject == "Payment received for 3 invoices"
    text = mail.text_body.replace("\u00a0", " ")
    assert text.count("Remaining balance: €0.00") == 2
    assert "Remaining balance: €60.00" in text
    assert all(one.public_id.encode() in begun.detail for one in invoices)


@pytest.mark.usefixtures("till")
def test_nothing_is_written_where_anything_is_refused(invoices: list[Invoice], payer: Viewer) -> None:
    foreign = ledger.invoice(core.account())
    stale = Wish(invoices[2].public_id, 30, 31)
    refused: list[tuple[type[Refusal], Callable[[], object]]] = [
        (AmountNotPossible, lambda: pay(payer, invoices, 6001, None, None)),
        (AmountNotPossible, lambda: pay(payer, invoices, 5960, None, None)),
        (AmountNotPossible, lambda: pay(payer, invoices, None, None, 20)),
        (AmountNotPossible, lambda: pay(payer, invoices, 0, None, None)),
        (AmountNotPossible, lambda: pay(payer, invoices, -1, None, None)),
        (TotalNotPossible, lambda: pay(payer, [invoices[0], invoices[2]], 10, 30)),
        (NothingToPay, lambda: pay(payer, [])),
        (Invalid, lambda: pay(payer, [invoices[0], invoices[0]])),
        (NotFound, lambda: pay(payer, [*invoices, foreign])),
        (NotFound, lambda: service.pay_invoices(payer, [Wish("inv_unknown"), *wishes(invoices)])),
        (NotFound, lambda: service.pay_invoices(payer, [Wish("inv\x00"), *wishes(invoices)])),
        (NotFound, lambda: pay(core.viewer(core.contact(core.account())), invoices)),
        (NotAllowed, lambda: pay(payer_of(invoices[0], rights="accept manage"), invoices)),
        (StalePayForm, lambda: service.pay_invoices(payer, [*wishes(invoices[:2]), stale])),
        (TooManyInvoices, lambda: service.pay_invoices(payer, [Wish(f"inv_{n}") for n in range(MOST_INVOICES + 1)])),
    ]  # fmt: skip
    for kind, deed in refused:
        with pytest.raises(kind):
            deed()
    assert counted(Payment) == 0
    with db.reading():
        assert set(queries.held_on_each([one.id for one in invoices]).values()) == {0}


@pytest.mark.usefixtures("till")
def test_invoices_of_two_own_accounts_or_currencies_do_not_go_together(invoice: Invoice, payer: Viewer) -> None:
    with db.reading() as session:
        account = session.get_one(Account, invoice.account_id)
    other = core.account()
    both = replace(payer, standings=(*payer.standings, *core.viewer(core.contact(other)).standings))
    with pytest.raises(NotFound):
        pay(both, [invoice, ledger.invoice(other)])
    with pytest.raises(OneCurrencyOnly):
        pay(payer, [invoice, ledger.invoice(account, 5000, currency="USD")])
    assert counted(Payment) == 0


@pytest.mark.usefixtures("till")
def test_a_held_a_stale_and_a_paid_invoice_are_named(till: CardTill, invoices: list[Invoice], payer: Viewer) -> None:
    first = pay(payer, [invoices[0]])
    with pytest.raises(PaymentUnderWay) as refused:
        pay(payer, invoices)
    assert f"already under way for invoice {invoices[0].number}" in words.sentence(refused.value)
    part = pay(payer, [invoices[1]], 4000)
    with pytest.raises(StalePayForm) as stale:
        service.pay_invoices(payer, wishes(invoices[1:], seen=True))
    assert f"invoice {invoices[1].number} has changed" in words.sentence(stale.value)
    assert "€60.00" in words.sentence(stale.value)
    for one in (first, part):
        till.enter_card(one)
        service.settle(one.public_id)
    with pytest.raises(InvoicePaid) as paid:
        pay(payer, invoices)
    assert invoices[0].number in words.sentence(paid.value)
    assert pay(payer, invoices[1:]).amount == 6030


def test_the_same_form_is_the_same_payment_and_another_content_is_refused(
    till: CardTill, invoices: list[Invoice], payer: Viewer
) -> None:
    first = pay(payer, invoices, 6000, 4000, 30, form_key="form_1")
    assert pay(payer, list(reversed(invoices)), 30, 4000, 6000, form_key="form_1").public_id == first.public_id
    assert len(till.sessions()) == 1
    for changed in (
        lambda: pay(payer, invoices, 6000, 4100, 30, form_key="form_1"),
        lambda: pay(payer, invoices[:2], 6000, 4000, form_key="form_1"),
        lambda: pay(payer, [invoices[0]], 6000, form_key="form_1"),
        lambda: service.pay_invoice(payer, invoices[0].public_id, None, form_key="form_1", payable_seen=6000),
    ):
        with pytest.raises(PayFormUsed):
            changed()
    till.enter_card(first)
    service.settle(first.public_id)
    assert pay(payer, invoices, 6000, 4000, 30, form_key="form_1").state == "succeeded"
    assert counted(Payment) == 1


@pytest.mark.usefixtures("till")
def test_cancelling_frees_all_of_them(invoices: list[Invoice], payer: Viewer) -> None:
    payment = pay(payer, invoices)
    assert service.cancel_payment(payer, payment.public_id).state == "cancelled"
    assert [target.holds for target in payment_named(payment.public_id).targets] == [False] * 3
    assert pay(payer, invoices).state == "open"


def test_what_was_paid_otherwise_meanwhile_becomes_credit(
    till: CardTill, invoices: list[Invoice], payer: Viewer
) -> None:
    """A transfer pays the first invoice while the card page is open: the card's money is not lost."""
    from billing_core.ledger.incoming import Money

    payment = pay(payer, invoices, 6000, 4000, 30)
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    with db.reading() as session:
        account = session.get_one(Account, invoices[0].account_id)
    came = Money("cheque", 6000, clock.today("Europe/Berlin"), "No. 5", shares={invoices[0].public_id: 6000})
    db.perform(book_incoming, clerk, account.public_id, came, "key")
    till.enter_card(payment)
    assert service.settle(payment.public_id).state == "succeeded"
    assert balances(invoices) == [0, 6000, 0]
    with db.reading() as session:
        left = session.scalars(select(CreditEntry)).one()
        kept = session.scalars(select(AccountBalance)).one()
    assert (left.amount, left.payment_id, kept.open, kept.credit) == (6000, payment.id, 6000, 6000)


@pytest.mark.parametrize("order", list(permutations(["return", "webhook", "reconcile"])), ids="-".join)
def test_whoever_tells_and_in_whatever_order_it_is_booked_once(
    till: CardTill, invoices: list[Invoice], payer: Viewer, order: tuple[str, ...]
) -> None:
    payment = pay(payer, invoices)
    till.enter_card(payment)
    tell: dict[str, Callable[[], object]] = {
        "return": lambda: service.come_back(payer, payment.public_id),
        "webhook": till.deliver,
        "reconcile": lambda: service.settle(payment.public_id),
    }
    for who in order:
        tell[who]()
    assert balances(invoices) == [0, 0, 0]
    assert (counted(Allocation), counted(OutboxMail), len(till.charges())) == (3, 1, 1)


@pytest.mark.usefixtures("till")
def test_a_wrong_amount_is_set_aside_and_holds_all_of_them(
    till: CardTill, invoices: list[Invoice], payer: Viewer
) -> None:
    payment = pay(payer, invoices)
    till.enter_card(payment)
    seen = till.gateway.retrieve_session(payment.processor_session or "")
    found = db.perform(moves.learn, payment.public_id, replace(seen, received=16029))
    assert found.state == "needs_review"
    assert balances(invoices) == [6000, 10000, 30]
    with pytest.raises(PaymentUnderWay):
        pay(payer, invoices[:1])
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail)).one()
    assert all(one.number in mail.text_body for one in invoices)


@pytest.mark.parametrize(("currency", "total"), [("JPY", 5000), ("KWD", 5005), ("EUR", 5000)])
def test_every_kind_of_currency(till: CardTill, currency: str, total: int) -> None:
    account = core.account(currency=currency)
    two = [ledger.invoice(account, total) for _ in range(2)]
    payment = pay(payer_of(two[0]), two)
    till.enter_card(payment)
    assert service.settle(payment.public_id).state == "succeeded"
    (taken,) = till.charges()
    assert (taken.amount_received, taken.currency) == (2 * total, currency.lower())
    assert balances(two) == [0, 0]


def test_fifty_invoices_fit_into_one_payment_and_its_title(till: CardTill) -> None:
    account = core.account()
    many = [ledger.imported_invoice(account, f"A LONG FORMER NUMBER {n:04}", 1000) for n in range(MOST_INVOICES)]
    payment = pay(payer_of(many[0]), many)
    assert payment.state == "open"
    with db.reading():
        request, again = (session_request(payment.public_id, moves.session_end(payment)) for _ in range(2))
    assert request == again
    assert len(request.title) <= LONGEST_TITLE
    assert request.title.startswith("Invoices A LONG FORMER NUMBER 0000, A LONG")
    assert request.title.endswith("0007 and 42 more")
    till.enter_card(payment)
    service.settle(payment.public_id)
    assert set(balances(many)) == {0}
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail)).one()
    assert mail.subject == "Payment received for 50 invoices"
    assert all(one.number in mail.text_body for one in many)


@pytest.mark.usefixtures("till")
def test_the_title_speaks_the_payers_language(invoices: list[Invoice]) -> None:
    payment = pay(payer_of(invoices[0], locale="de"), invoices[:2])
    with db.reading():
        title = session_request(payment.public_id, moves.session_end(payment)).title
    assert title == f"Rechnungen {invoices[0].number}, {invoices[1].number}"


def at_once(deeds: list[Callable[[], Payment]]) -> list[Payment | Refusal]:
    """Everybody presses the button at the same moment."""
    barrier = Barrier(len(deeds))

    def press(deed: Callable[[], Payment]) -> Payment | Refusal:
        barrier.wait()
        try:
            return deed()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(press, deeds))


def overlapping(payer: Viewer, invoices: list[Invoice]) -> list[Callable[[], Payment]]:
    """Tabs whose invoices overlap, named in different orders, and one that pays a single one."""
    sets = [[0, 1], [1, 2], [2, 0], [2, 1, 0], [0, 1, 2]]
    chosen = [[invoices[place] for place in one] for one in sets]
    several = [lambda some=some: pay(payer, some) for some in chosen]
    return [*several, lambda: service.pay_invoice(payer, invoices[1].public_id, None)]


def test_tabs_with_overlapping_invoices_never_take_the_same_money(
    till: CardTill, invoices: list[Invoice], payer: Viewer
) -> None:
    outcomes = at_once(overlapping(payer, invoices))
    winners = [outcome for outcome in outcomes if isinstance(outcome, Payment)]
    assert winners
    meant = [target.invoice_id for one in winners for target in payment_named(one.public_id).targets]
    assert len(meant) == len(set(meant))
    for payment in winners:
        till.enter_card(payment)
        service.settle(payment.public_id)
    with db.reading() as session:
        assert session.scalars(select(AccountBalance)).one().credit == 0


def test_without_the_guard_the_money_is_taken_twice(
    till: CardTill, invoices: list[Invoice], payer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: what is held, looked at under the locks, is what stops the other tabs."""
    monkeypatch.setattr(beginning, "held_on_each", lambda ids: dict.fromkeys(ids, 0))
    winners = [outcome for outcome in at_once(overlapping(payer, invoices)) if isinstance(outcome, Payment)]
    assert len(winners) == 6
    for payment in winners:
        till.enter_card(payment)
        service.settle(payment.public_id)
    with db.reading() as session:
        assert session.scalars(select(AccountBalance)).one().credit > 0


def test_the_same_form_twice_at_once_is_one_payment(till: CardTill, invoices: list[Invoice], payer: Viewer) -> None:
    made = at_once([lambda: pay(payer, invoices, form_key="form_1")] * 4)
    assert len({one.public_id for one in made if isinstance(one, Payment)}) == 1
    assert not [one for one in made if isinstance(one, Refusal)]
    assert len(till.sessions()) == 1


def test_every_teller_at_once_books_each_part_once(till: CardTill, invoices: list[Invoice], payer: Viewer) -> None:
    payment = pay(payer, invoices)
    till.enter_card(payment)
    tellers: list[Callable[[], Payment]] = [
        lambda: service.come_back(payer, payment.public_id),
        lambda: service.settle(payment.public_id),
        lambda: service.cancel_payment(payer, payment.public_id),
        lambda: (till.deliver(), payment)[1],
    ]
    at_once(tellers)
    assert payment_named(payment.public_id).state == "succeeded"
    assert (counted(Allocation), counted(OutboxMail), len(till.charges())) == (3, 1, 1)
