"""An invoice that was paid and then credited: its money goes back from the credit, and it is never owed again."""

from pathlib import Path

import pytest

from billing_core.errors import Invalid
from billing_core.payments import giving_back
from tests.billing_core.payments.paid import pay
from tests.corporate_portal.finance.conftest import ALL, TOTAL, Books
from tests.factories.till import CardTill, impatient


def test_a_refund_comes_from_the_credit(books: Books, tmp_path: Path) -> None:
    with impatient():
        till = CardTill(tmp_path / "sandbox.sqlite")
        payment = pay(till, books.invoice)
        books.credit(ALL)
        assert books.kept() == (0, TOTAL)
        with pytest.raises(Invalid):
            giving_back.refund_payment(books.clerk, payment.public_id, {books.invoice.public_id: 1}, "Why", "key")
        giving_back.refund_payment(books.clerk, payment.public_id, {"credit": TOTAL}, "Seats were cancelled.", "key")
    assert (books.kept(), books.now().settlement) == ((0, 0), "cancelled")


def test_a_refund_at_the_processor_comes_from_the_credit(books: Books, tmp_path: Path) -> None:
    """Found by tests/money: it was taken for more than the payment had brought, and the credit stayed."""
    with impatient():
        till = CardTill(tmp_path / "sandbox.sqlite")
        payment = pay(till, books.invoice)
        books.credit(ALL)
        till.stripe.v1.refunds.create({"payment_intent": payment.processor_intent or ""})
        till.deliver()
    assert (books.kept(), books.now().settlement) == ((0, 0), "cancelled")


def test_a_dispute_comes_from_the_credit(books: Books, tmp_path: Path) -> None:
    with impatient():
        till = CardTill(tmp_path / "sandbox.sqlite")
        payment = pay(till, books.invoice)
        books.credit(ALL)
        till.sandbox.dispute(payment.processor_intent or "")
        till.deliver()
    assert (books.kept(), books.now().settlement) == ((0, 0), "cancelled")


def test_of_an_invoice_that_was_credited_in_part_the_rest_can_be_owed_again(books: Books, tmp_path: Path) -> None:
    with impatient():
        till = CardTill(tmp_path / "sandbox.sqlite")
        payment = pay(till, books.invoice)
        note = books.credit({1: ALL[1]})
        till.sandbox.dispute(payment.processor_intent or "")
        till.deliver()
    assert books.kept() == (TOTAL - note.total, 0)
