"""Several people, tabs and tellers at the same moment, through the services, each with its control."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from billing_core import db
from billing_core.errors import Refusal
from billing_core.ledger.models import AccountBalance, Allocation, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import beginning, service
from billing_core.payments.models import Payment
from billing_core.permissions import Viewer
from tests.billing_core.payments.conftest import payer_of
from tests.factories import ledger
from tests.factories.till import CardTill, payment_named

TABS = 6


def at_once(invoice: Invoice, viewers: list[Viewer], amount: int | None) -> list[Payment | Refusal]:
    """Everybody presses the button at the same moment."""
    barrier = Barrier(len(viewers))

    def press(viewer: Viewer) -> Payment | Refusal:
        barrier.wait()
        try:
            return service.pay_invoice(viewer, invoice.public_id, amount)
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(viewers)) as pool:
        return list(pool.map(press, viewers))


def begun(outcomes: list[Payment | Refusal]) -> list[Payment]:
    return [outcome for outcome in outcomes if isinstance(outcome, Payment)]


def test_one_of_many_tabs_pays_the_full_balance(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    others = [payer_of(invoice) for _ in range(2)]
    winners = begun(at_once(invoice, [payer, *others] * (TABS // 3), None))
    assert len(winners) == 1
    assert len(till.sessions()) == 1


def test_parts_at_the_same_moment_never_exceed_the_balance(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    winners = begun(at_once(invoice, [payer] * TABS, 4000))
    assert len(winners) == 2
    for payment in winners:
        till.enter_card(payment)
        service.settle(payment.public_id)
    assert ledger.reread(invoice).balance == 2000


def test_without_the_guard_the_money_is_taken_twice(
    till: CardTill, invoice: Invoice, payer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it is the held amount, looked at under the lock, that stops the second tab, and nothing else."""
    monkeypatch.setattr(beginning, "held_on_each", lambda ids: dict.fromkeys(ids, 0))
    winners = begun(at_once(invoice, [payer] * TABS, None))
    assert len(winners) > 1
    for payment in winners:
        till.enter_card(payment)
        service.settle(payment.public_id)
    with db.reading() as session:
        kept = session.scalars(select(AccountBalance)).one()
    assert (kept.open, kept.credit) == (0, 10000 * (len(winners) - 1))


def test_the_same_form_twice_at_once_is_one_payment(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    barrier = Barrier(4)

    def submit(_: int) -> Payment:
        barrier.wait()
        return service.pay_invoice(payer, invoice.public_id, 4000, form_key="form_1")

    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(submit, range(4)))
    assert len({payment.public_id for payment in made}) == 1
    assert len(till.sessions()) == 1
    assert payment_named(made[0].public_id).state == "open"


def test_every_teller_at_once_books_once(till: CardTill, invoice: Invoice, payer: Viewer) -> None:
    """The payer comes back twice, the webhook and the reconciler at the same moment."""
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    tellers = [
        lambda: service.come_back(payer, payment.public_id),
        lambda: service.come_back(payer, payment.public_id),
        lambda: service.settle(payment.public_id),
        till.deliver,
        service.reconcile_due,
        lambda: service.cancel_payment(payer, payment.public_id),
    ]
    barrier = Barrier(len(tellers))

    def tell(teller: object) -> object:
        barrier.wait()
        return teller()  # type: ignore[operator]

    with ThreadPoolExecutor(len(tellers)) as pool:
        list(pool.map(tell, tellers))
    assert payment_named(payment.public_id).state == "succeeded"
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == 1
        assert session.scalar(select(func.count()).select_from(OutboxMail)) == 1
    assert len(till.charges()) == 1


def test_paying_and_cancelling_at_once_agree_with_the_processor(
    till: CardTill, invoice: Invoice, payer: Viewer
) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None)
    barrier = Barrier(2)

    def enter() -> None:
        barrier.wait()
        till.enter_card(payment)

    def cancel() -> None:
        barrier.wait()
        service.cancel_payment(payer, payment.public_id)

    with ThreadPoolExecutor(2) as pool:
        waiting = [pool.submit(enter), pool.submit(cancel)]
        for outcome in waiting:
            outcome.exception()
    service.settle(payment.public_id)
    taken = len(till.charges())
    assert payment_named(payment.public_id).state == ("succeeded" if taken else "cancelled")
    assert ledger.reread(invoice).balance == 10000 * (1 - taken)
