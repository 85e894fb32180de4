"""Clerks, a payer and a transfer at the same moment: an invoice is never credited beyond itself."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy.exc import IntegrityError

from billing_core import db
from billing_core.errors import Refusal
from billing_core.ledger.correcting import Creditable, CreditedInFull, Part, PartTooLarge
from billing_core.ledger.incoming import Money
from billing_core.ledger.models import CreditNote, Invoice
from billing_core.payments import booking
from corporate_portal.finance.queries import crediting
from corporate_portal.finance.refusals import StalePreview
from corporate_portal.finance.service import Seen
from tests.corporate_portal.finance.conftest import ALL, TOTAL, Books, credit, finance, notes

CLERKS = 4


def at_once(*deeds: Callable[[], object]) -> list[object]:
    """Everybody presses the button at the same moment."""
    barrier = Barrier(len(deeds))

    def press(deed: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return deed()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(press, deeds))


def test_one_of_several_clerks_credits_the_whole_invoice(books: Books) -> None:
    clerks = [finance() for _ in range(CLERKS)]
    done = at_once(*[lambda who=who: credit(who, books.invoice, ALL) for who in clerks])
    assert sum(isinstance(one, CreditNote) for one in done) == 1
    assert sum(isinstance(one, CreditedInFull) for one in done) == CLERKS - 1
    assert (books.now().credited, books.kept()) == (TOTAL, (0, 0))


def test_parts_that_fit_are_all_issued_and_the_others_refused(books: Books) -> None:
    clerks = [finance() for _ in range(CLERKS)]
    done = at_once(*[lambda who=who: credit(who, books.invoice, {1: Part(net=5000)}) for who in clerks])
    assert sum(isinstance(one, CreditNote) for one in done) == 2
    assert sum(isinstance(one, PartTooLarge) for one in done) == CLERKS - 2
    assert [note.total for note in notes()] == [5950, 5950]


def test_the_same_form_from_several_tabs_is_one_credit_note(books: Books) -> None:
    done = at_once(*[lambda: books.credit({1: Part(net=100)}) for _ in range(CLERKS)])
    assert {one.public_id for one in done if isinstance(one, CreditNote)} == {notes()[0].public_id}
    assert len(notes()) == 1


def test_a_transfer_at_the_same_moment_loses_nothing(books: Books) -> None:
    money = Money("bank_transfer", 10000, books.invoice.issued_on, "RE 1")

    def book() -> object:
        return db.perform(booking.book_incoming, finance(), books.account.public_id, money, "key")

    _, credited = at_once(book, lambda: books.credit(ALL, seen=Seen(TOTAL, TOTAL)))
    if isinstance(credited, StalePreview):
        assert (books.now().balance, books.kept()) == (TOTAL - 10000, (TOTAL - 10000, 0))
    else:
        assert (books.now().settlement, books.kept()) == ("cancelled", (0, 10000))


def test_without_the_look_under_the_lock_the_database_still_refuses(
    books: Books, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it is the look at earlier credit notes that refuses, and behind it stands a constraint."""

    def blind(invoice: Invoice) -> Creditable:
        return Creditable(invoice, {}, {})

    books.credit({1: Part(net=12000)})
    monkeypatch.setattr(crediting, "creditable", blind)
    with pytest.raises(IntegrityError):
        books.credit({1: Part(net=12000)}, key="again")
    assert len(notes()) == 1
