"""Whose money an entry is: by number, by payer, by amount; what is certain and what is only proposed."""

import pytest

from billing_core import db
from billing_core.accounts import Account
from billing_core.bank import service
from billing_core.bank.matching import Proposal
from billing_core.ledger.incoming import Money
from billing_core.payments.booking import book_incoming, return_incoming
from tests.billing_core.bank.conftest import Bank, came, owed
from tests.factories import core, ledger
from tests.factories.camt import transfer
from tests.factories.sql import statements


def shares(proposal: Proposal) -> list[tuple[str, int]]:
    return [(share.invoice.number, share.amount) for share in proposal.spread.shares]


def words_of(proposal: Proposal) -> str:
    return " ".join(map(str, proposal.reasons))


@pytest.mark.parametrize("typed", ["{}", "Rechnung {} vom 2.3.", "re {plain}", "{lower}", "{blanks} danke"])
def test_number_and_amount_that_agree_are_certain(bank: Bank, account: Account, typed: str) -> None:
    invoice, other = owed(account, 10000), owed(account, 5000, 10)
    plain = invoice.number_plain
    text = typed.format(invoice.number, plain=plain, lower=plain.lower(), blanks=invoice.number.replace("-", " "))
    (entry,) = bank.bring(transfer("100.00", text))
    found = bank.proposal(entry)
    assert found.is_certain
    assert shares(found) == [(invoice.number, 10000)]
    assert found.spread.rest == 0
    assert invoice.number in words_of(found)
    assert "exactly this amount" in words_of(found)
    assert other.number not in words_of(found)


@pytest.mark.parametrize("field", ["reference", "end_to_end"])
def test_the_number_may_stand_in_a_reference(bank: Bank, account: Account, field: str) -> None:
    invoice = ledger.imported_invoice(account, "539007547034")
    said = {"reference": "RF18539007547034", "end_to_end": "539007547034"}[field]
    (entry,) = bank.bring(transfer("100.00", **{field: said}))
    assert bank.proposal(entry).is_certain
    assert shares(bank.proposal(entry)) == [(invoice.number, 10000)]


def test_several_numbers_in_one_transfer(bank: Bank, account: Account) -> None:
    late, soon = owed(account, 10000, 20), owed(account, 5000, 10)
    exact, less, more = bank.bring(
        transfer("150.00", f"{late.number} + {soon.number}"), transfer("120.00", f"{late.number}, {soon.number}"),
        transfer("160.00", f"{late.number} {soon.number}"),
    )  # fmt: skip
    assert bank.proposal(exact).is_certain
    assert shares(bank.proposal(exact)) == [(soon.number, 5000), (late.number, 10000)]
    assert not bank.proposal(less).is_certain
    assert shares(bank.proposal(less)) == [(soon.number, 5000), (late.number, 7000)]
    assert not bank.proposal(more).is_certain
    assert bank.proposal(more).spread.rest == 1000
    assert "€150.00" in words_of(bank.proposal(more))


def test_a_paid_invoice_is_named_and_the_money_goes_elsewhere(bank: Bank, account: Account) -> None:
    paid = owed(account, 10000)
    (first,) = bank.bring(transfer("100.00", paid.number), name="A")
    bank.accept(first)
    rest = owed(account, 3000)
    (entry,) = bank.bring(transfer("100.00", paid.number), name="B")
    found = bank.proposal(entry)
    assert not found.is_certain
    assert "which is paid" in words_of(found)
    assert shares(found) == [(rest.number, 3000)]
    assert found.spread.rest == 7000


def test_invoices_of_several_customers_are_nobody_s_for_certain(bank: Bank, account: Account) -> None:
    mine, theirs = owed(account, 10000), owed(core.account(), 10000)
    (entry,) = bank.bring(transfer("100.00", f"{mine.number} {theirs.number}"))
    found = bank.proposals(entry)
    assert {one.account.id for one in found} == {mine.account_id, theirs.account_id}
    assert not any(one.is_certain for one in found)


def test_an_amount_counts_where_only_one_owes_it(bank: Bank, account: Account) -> None:
    one = owed(account, 12345)
    owed(account, 100)
    (entry,) = bank.bring(transfer("123.45", "thanks"))
    found = bank.proposal(entry)
    assert shares(found) == [(one.number, 12345)]
    assert not found.is_certain
    owed(core.account(), 12345)
    assert bank.proposals(entry) == []


def test_a_whole_balance_counts_where_only_one_owes_it(bank: Bank, account: Account) -> None:
    late, soon = owed(account, 10000, 20), owed(account, 5000, 10)
    (entry,) = bank.bring(transfer("150.00", "all of it"))
    assert shares(bank.proposal(entry)) == [(soon.number, 5000), (late.number, 10000)]
    owed(core.account(), 15000)
    assert bank.proposals(entry) == []


def test_a_payer_is_known_from_what_was_booked_and_not_undone(bank: Bank, account: Account) -> None:
    (first,) = bank.bring(transfer("10.00", "x"), name="A")
    db.perform(service.book_entry, bank.clerk, first.public_id, account.public_id, {})
    late, soon = owed(account, 10000, 20), owed(account, 5000, 10)
    owed(core.account(), 10000)
    oldest, exact = bank.bring(transfer("77.00", "x"), transfer("100.00", "x"), name="B")
    assert shares(bank.proposal(oldest)) == [(soon.number, 5000), (late.number, 2700)]
    assert shares(bank.proposal(exact)) == [(late.number, 10000)]
    assert "from this bank account" in words_of(bank.proposal(exact))
    db.perform(return_incoming, bank.clerk, came()[0].public_id, "a mistake")
    assert bank.proposals(oldest) == []


def test_customers_of_other_sellers_and_currencies_are_left_out(bank: Bank, account: Account) -> None:
    elsewhere = core.account(core.seller(iban="DE89370400440532013000"))
    foreign = core.account(currency="USD")
    invoices = [owed(elsewhere, 4321), owed(foreign, 4321, currency="USD"), owed(account, 4321, currency="USD")]
    texts = [transfer("43.21", invoice.number) for invoice in invoices]
    entries = bank.bring(*texts, transfer("43.21", "x"))
    assert [bank.proposals(entry) for entry in entries] == [[], [], [], []]


def test_a_booking_by_hand_of_the_same_money_is_pointed_at(bank: Bank, account: Account) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("40.00", f"{invoice.number} Teil 1", valued="2026-03-02"))
    booked = Money("bank_transfer", 4000, entry.valued_on, "by hand", shares={})
    db.perform(book_incoming, bank.clerk, account.public_id, booked, "key")
    assert bank.proposal(entry).twin is not None
    assert not bank.proposal(entry).is_certain
    db.perform(return_incoming, bank.clerk, came()[0].public_id, "a mistake")
    assert bank.proposal(entry).twin is None


@pytest.mark.parametrize(
    ("day", "reference", "is_twin"), [(1, f"{'INV'}", False), (1, "Zahlung 4711", True), (2, "else", True)]
)
def test_a_twin_is_of_the_same_day_or_reference(
    bank: Bank, account: Account, day: int, reference: str, *, is_twin: bool
) -> None:
    owed(account, 10000)
    (entry,) = bank.bring(transfer("100.00", "Zahlung 4711"))
    booked = Money("bank_transfer", 10000, entry.valued_on.replace(day=day), reference, shares={})
    db.perform(book_incoming, bank.clerk, account.public_id, booked, "key")
    assert (bank.proposal(entry).twin is not None) == is_twin


def test_money_that_came_back_to_us_is_not_certain(bank: Bank, account: Account) -> None:
    invoice = owed(account, 10000)
    (entry,) = bank.bring(transfer("100.00", invoice.number, reversal="yes"))
    assert not bank.proposal(entry).is_certain


def test_many_entries_cost_no_more_statements_than_few(bank: Bank, account: Account) -> None:
    invoices = [owed(account, 1000 + n, n) for n in range(12)]
    entries = bank.bring(*(transfer(f"{one.total / 100:.2f}", one.number, iban=f"X{one.id}") for one in invoices))
    from billing_core.bank.matching import propose

    counted = []
    for some in (entries[:2], entries):
        with db.reading(), statements() as seen:
            assert len(propose(some)) == len(some)
        counted.append(len(seen))
    assert counted[0] == counted[1]
