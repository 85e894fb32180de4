"""Each way to decide an entry: once only, by one clerk of many, whole or not at all."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import pytest
from sqlalchemy import select

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.bank import service
from billing_core.bank.models import BankEntry
from billing_core.bank.queries import waiting_sums
from billing_core.bank.refusals import (
    EntryDecided,
    NotDismissed,
    NotThisBooking,
    OtherCurrency,
    OtherSeller,
    StaleProposal,
)
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.ledger.incoming import Money, NotOpen, SharesTooLarge
from billing_core.ledger.models import IncomingPayment, IncomingReturn
from billing_core.payments.booking import book_incoming, return_incoming
from billing_core.permissions import Realm, Viewer
from tests.billing_core.bank.conftest import Bank, another_clerk, came, kept, owed
from tests.factories import core, ledger
from tests.factories.camt import transfer


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


def actions(prefix: str) -> list[str]:
    with db.reading() as session:
        found = select(AuditEntry.action).where(AuditEntry.action.like(f"{prefix}%"))
        return list(session.scalars(found.order_by(AuditEntry.id)))


def book_by_hand(bank: Bank, account: Account, entry: BankEntry, reference: str = "by hand") -> IncomingPayment:
    """The same money, before its statement was looked at."""
    money = Money("bank_transfer", entry.amount, entry.valued_on, reference, shares={})
    return db.perform(book_incoming, bank.clerk, account.public_id, money, db.public_id("key"))


def test_what_is_proposed_is_booked_as_incoming_money(bank: Bank, account: Account) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("120.00", f"  {invoice.number}  danke", party="Lindner"))
    bank.accept(entry)
    (booked,) = came()
    assert (booked.amount, booked.currency, booked.method) == (12000, "EUR", "bank_transfer")
    assert (booked.reference, booked.note) == (f"{invoice.number} danke", "Lindner")
    assert booked.received_on == entry.valued_on
    assert ledger.reread(invoice).balance == 0
    assert kept(account) == (0, 2000)
    now = bank.again(entry)
    assert (now.state, now.incoming_id) == ("booked", booked.id)
    assert actions("bank_entry") == ["bank_entry.booked"]
    with pytest.raises(EntryDecided):
        db.perform(service.accept_proposal, bank.clerk, entry.public_id, account.public_id)


def test_a_value_day_to_come_is_today(bank: Bank, account: Account) -> None:
    (entry,) = bank.bring(transfer("1.00", "x", valued="2099-01-01"))
    db.perform(service.book_entry, bank.clerk, entry.public_id, account.public_id, {})
    assert came()[0].received_on == clock.today("Europe/Berlin")


def test_only_what_the_page_showed_is_booked(bank: Bank, account: Account) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("100.00", invoice.number))
    seen = bank.proposal(entry).seen
    book_by_hand(bank, account, entry, "else")
    (other,) = bank.bring(transfer("1.00", "x"), name="B")
    db.perform(service.book_entry, bank.clerk, other.public_id, account.public_id, {invoice.public_id: 100})
    with pytest.raises(StaleProposal):
        db.perform(service.accept_proposal, bank.clerk, entry.public_id, seen)
    with pytest.raises(NotFound):
        db.perform(service.accept_proposal, bank.clerk, entry.public_id, "nonsense")
    assert bank.again(entry).state == "unmatched"


def test_certain_is_asked_again_when_it_is_booked(bank: Bank, account: Account) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("100.00", invoice.number))
    seen = bank.proposal(entry).seen
    book_by_hand(bank, account, entry)
    with pytest.raises(StaleProposal):
        db.perform(service.accept_proposal, bank.clerk, entry.public_id, seen, certain=True)
    db.perform(service.accept_proposal, bank.clerk, entry.public_id, seen)
    assert len(came()) == 2


def test_clerks_who_press_at_the_same_moment_book_an_entry_once(bank: Bank, account: Account) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("100.00", invoice.number))
    seen, clerks = bank.proposal(entry).seen, [another_clerk() for _ in range(3)]
    deeds: list[Callable[[], object]] = [
        lambda who=who: db.perform(service.accept_proposal, who, entry.public_id, seen) for who in clerks  # type: ignore[misc]
    ]  # fmt: skip
    shares = {invoice.public_id: 10000}
    deeds.append(lambda: db.perform(service.book_entry, another_clerk(), entry.public_id, account.public_id, shares))
    deeds.append(lambda: db.perform(service.dismiss_entry, another_clerk(), entry.public_id, "not ours"))
    done = at_once(*deeds)
    assert sum(isinstance(one, EntryDecided) for one in done) == 4
    assert len(came()) == (bank.again(entry).state == "booked")


def test_without_the_lock_an_entry_is_booked_twice(
    bank: Bank, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: a clerk who does not look again under the lock books what another one has booked."""
    (entry,) = bank.bring(transfer("100.00", "x"))
    db.perform(service.book_entry, bank.clerk, entry.public_id, account.public_id, {})
    monkeypatch.setattr(service, "_to_decide", service._locked)
    db.perform(service.book_entry, another_clerk(), entry.public_id, account.public_id, {})
    assert len(came()) == 2
    undone = came()[0].public_id
    with db.reading() as session:
        linked = session.scalar(select(BankEntry.incoming_id))
    assert linked == came()[1].id
    db.perform(return_incoming, bank.clerk, undone, "the control has shown it")


def test_a_booking_by_hand_at_the_same_moment_makes_it_no_longer_certain(bank: Bank, account: Account) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("100.00", invoice.number))
    seen = bank.proposal(entry).seen
    done = at_once(
        lambda: db.perform(service.accept_proposal, bank.clerk, entry.public_id, seen, certain=True),
        lambda: book_by_hand(bank, account, entry),
    )
    is_booked = bank.again(entry).state == "booked"
    assert isinstance(done[0], StaleProposal) != is_booked
    assert len(came()) == 1 + is_booked


@pytest.mark.parametrize("where", ["audit", "booking"])
def test_a_crash_in_the_middle_leaves_nothing(
    bank: Bank, account: Account, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("100.00", invoice.number))
    seen = bank.proposal(entry).seen

    def crash(*_args: Any, **_about: Any) -> None:
        raise RuntimeError("the process was killed")

    with monkeypatch.context() as patch:
        if where == "audit":
            patch.setattr(service.audit, "record", lambda actor, action, *a, **k: (
                crash() if action.startswith("bank_entry") else audit.AuditEntry
            ))  # fmt: skip
        else:
            patch.setattr(service, "_decided", crash)
        with pytest.raises(RuntimeError):
            db.perform(service.accept_proposal, bank.clerk, entry.public_id, seen)
    assert came() == []
    assert (bank.again(entry).state, bank.again(entry).bookings) == ("unmatched", 0)
    assert ledger.reread(invoice).balance == 10000
    bank.accept(entry)
    assert len(came()) == 1


def test_what_cannot_be_booked_changes_nothing(bank: Bank, account: Account) -> None:
    invoice, elsewhere = owed(account, 10000), core.account(core.seller(iban="DE89370400440532013000"))
    foreign = core.account(currency="USD")
    credit, debit = bank.bring(transfer("50.00", "x"), transfer("-50.00", "y"))

    def book(entry: BankEntry, whose: Account, shares: dict[str, int], who: Viewer = bank.clerk) -> None:
        db.perform(service.book_entry, who, entry.public_id, whose.public_id, shares)

    with pytest.raises(OtherSeller):
        book(credit, elsewhere, {})
    with pytest.raises(OtherCurrency):
        book(credit, foreign, {})
    with pytest.raises(SharesTooLarge):
        book(credit, account, {invoice.public_id: 5001})
    with pytest.raises(NotOpen):
        book(credit, account, {"inv_nothing": 1})
    with pytest.raises(EntryDecided):
        book(debit, account, {})
    for role in ("rep", "rep_manager", "support"):
        with pytest.raises(NotAllowed):
            book(credit, account, {}, core.viewer(core.staff(role), Realm.DESK))
    with pytest.raises(NotFound):
        db.perform(service.book_entry, bank.clerk, "ben_nothing", account.public_id, {})
    assert came() == []
    assert (bank.again(credit).state, bank.again(credit).bookings) == ("unmatched", 0)


def test_an_entry_can_be_a_booking_of_before(bank: Bank, account: Account) -> None:
    first, second, other = bank.bring(transfer("50.00", "a"), transfer("50.00", "b"), transfer("60.00", "c"))
    booked = book_by_hand(bank, account, first)

    def link(entry: BankEntry) -> None:
        db.perform(service.link_booking, bank.clerk, entry.public_id, booked.public_id)

    with pytest.raises(NotThisBooking):
        link(other)
    link(first)
    assert (bank.again(first).state, bank.again(first).incoming_id) == ("booked", booked.id)
    with pytest.raises(NotThisBooking):
        link(second)
    assert [one.id for one in came()] == [booked.id]


def test_an_entry_is_no_booking_that_was_undone(bank: Bank, account: Account) -> None:
    (entry,) = bank.bring(transfer("50.00", "a"))
    booked = book_by_hand(bank, account, entry)
    db.perform(return_incoming, bank.clerk, booked.public_id, "a mistake")
    with pytest.raises(NotThisBooking):
        db.perform(service.link_booking, bank.clerk, entry.public_id, booked.public_id)


def test_a_dismissal_needs_a_note_and_can_be_taken_back(bank: Bank, account: Account) -> None:
    (entry,) = bank.bring(transfer("50.00", "interest"))
    for note in ("", "  ", "x" * 301):
        with pytest.raises(Invalid):
            db.perform(service.dismiss_entry, bank.clerk, entry.public_id, note)
    with pytest.raises(NotDismissed):
        db.perform(service.restore_entry, bank.clerk, entry.public_id)
    db.perform(service.dismiss_entry, bank.clerk, entry.public_id, " interest of the bank ")
    assert (bank.again(entry).state, bank.again(entry).note) == ("dismissed", "interest of the bank")
    with pytest.raises(EntryDecided):
        db.perform(service.book_entry, bank.clerk, entry.public_id, account.public_id, {})
    db.perform(service.restore_entry, bank.clerk, entry.public_id)
    assert (bank.again(entry).state, bank.again(entry).note) == ("unmatched", "")
    assert actions("bank_entry") == ["bank_entry.dismissed", "bank_entry.restored"]


def test_an_undone_booking_waits_again_and_is_booked_elsewhere(bank: Bank, account: Account) -> None:
    wrong = core.account()
    (entry,) = bank.bring(transfer("50.00", "x"))
    db.perform(service.book_entry, bank.clerk, entry.public_id, wrong.public_id, {})
    with pytest.raises(NotDismissed):
        db.perform(service.restore_entry, bank.clerk, entry.public_id)
    db.perform(return_incoming, bank.clerk, came()[0].public_id, "the wrong customer")
    with db.reading():
        assert [one.number for one in waiting_sums(bank.clerk)] == [1]
    db.perform(service.restore_entry, bank.clerk, entry.public_id)
    db.perform(service.book_entry, bank.clerk, entry.public_id, account.public_id, {})
    assert (kept(wrong), kept(account)) == ((0, 0), (0, 5000))
    assert len(came()) == 2


@pytest.mark.parametrize("mark", [{"end_to_end": "E2E-7"}, {"end_to_end": "E2E-7", "return_reason": "AC04"}])
def test_a_returned_debit_undoes_its_booking(bank: Bank, account: Account, mark: dict[str, str]) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("100.00", invoice.number, end_to_end="E2E-7", family="IDDT"), name="A")
    bank.accept(entry)
    assert came()[0].method == "direct_debit"
    (debit,) = bank.bring(transfer("-100.00", "zurück", **mark), name="B")
    offered = bank.return_proposal(debit)
    assert offered is not None
    assert offered.incoming.id == came()[0].id
    db.perform(service.return_entry, bank.clerk, debit.public_id, offered.incoming.public_id)
    assert ledger.reread(invoice).balance == 10000
    assert bank.again(debit).state == "booked"
    with pytest.raises(NotDismissed):
        db.perform(service.restore_entry, bank.clerk, entry.public_id)
    with db.reading():
        assert waiting_sums(bank.clerk) == []
    (again,) = bank.bring(transfer("-100.00", "zurück", **(mark | {"booked": "2026-03-04"})), name="C")
    assert bank.return_proposal(again) is None, "it was taken back once"
    with pytest.raises(StaleProposal):
        db.perform(service.return_entry, bank.clerk, again.public_id, offered.incoming.public_id)


def test_clerks_who_return_at_the_same_moment_undo_once(bank: Bank, account: Account) -> None:
    (entry,) = bank.bring(transfer("100.00", "x", end_to_end="E2E-7"), name="A")
    db.perform(service.book_entry, bank.clerk, entry.public_id, account.public_id, {})
    (debit,) = bank.bring(transfer("-100.00", "y", end_to_end="E2E-7"), name="B")
    incoming = came()[0].public_id
    clerks = [another_clerk() for _ in range(3)]
    done = at_once(
        *[lambda who=who: db.perform(service.return_entry, who, debit.public_id, incoming) for who in clerks],
        lambda: db.perform(return_incoming, bank.clerk, incoming, "at the desk"),
    )
    assert sum(isinstance(one, EntryDecided) for one in done) == 2
    assert kept(account) == (0, 0)
    with db.reading() as session:
        assert len(session.scalars(select(IncomingReturn)).all()) == 1


def test_charges_of_a_return_are_ours(bank: Bank, account: Account) -> None:
    (entry,) = bank.bring(transfer("100.00", "x", end_to_end="E2E-7"), name="A")
    db.perform(service.book_entry, bank.clerk, entry.public_id, account.public_id, {})
    dearer = transfer("-103.00", "y", end_to_end="E2E-7")
    marked, plain = bank.bring(transfer("-103.00", "y", end_to_end="E2E-7", return_reason="MD06"), dearer, name="B")
    assert bank.return_proposal(plain) is None
    offered = bank.return_proposal(marked)
    assert offered is not None
    assert "€3.00 more went out" in " ".join(map(str, offered.reasons))
    db.perform(service.return_entry, bank.clerk, marked.public_id, offered.incoming.public_id)
    assert kept(account) == (0, 0)


def test_a_booking_by_hand_is_found_by_its_reference(bank: Bank, account: Account) -> None:
    came_in = Money("direct_debit", 10000, clock.today("Europe/Berlin"), "Lastschrift 4711", shares={})
    booked = db.perform(book_incoming, bank.clerk, account.public_id, came_in, "key")
    db.perform(return_incoming, bank.clerk, booked.public_id, "told by phone")
    other, debit = bank.bring(
        transfer("-100.00", "Lastschrift 4711"), transfer("-100.00", "Lastschrift 4711", return_reason="AM04"),
    )  # fmt: skip
    assert bank.return_proposal(other) is None
    offered = bank.return_proposal(debit)
    assert offered is not None
    assert "already" in " ".join(map(str, offered.reasons))
    db.perform(service.return_entry, bank.clerk, debit.public_id, booked.public_id)
    assert kept(account) == (0, 0)


def test_other_debits_are_dismissed_in_one_go(bank: Bank, account: Account) -> None:
    (first,) = bank.bring(transfer("100.00", "x", end_to_end="E2E-7"), name="A")
    db.perform(service.book_entry, bank.clerk, first.public_id, account.public_id, {})
    entries = bank.bring(
        transfer("-1.00", "fee"), transfer("-2.00", "rent"), transfer("-100.00", "y", end_to_end="E2E-7"),
        transfer("-5.00", "z", return_reason="AC04"), transfer("6.00", "in"), transfer("-7.00", "not shown"), name="B",
    )  # fmt: skip
    shown = [entry.public_id for entry in entries[:5]]
    statement = entries[0].statement.public_id
    with pytest.raises(Invalid):
        db.perform(service.dismiss_debits, bank.clerk, statement, shown, " ")
    assert db.perform(service.dismiss_debits, bank.clerk, statement, shown, "own payments") == 2
    assert [bank.again(entry).state for entry in entries] == ["dismissed"] * 2 + ["unmatched"] * 4
    assert db.perform(service.dismiss_debits, bank.clerk, statement, shown, "own payments") == 0
    assert db.perform(service.dismiss_debits, bank.clerk, first.statement.public_id, shown[2:], "x") == 0
