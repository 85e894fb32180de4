"""A file is taken in whole or not at all; no statement and no entry comes twice, whoever brings it."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import func, select

from billing_core import db
from billing_core.audit import AuditEntry
from billing_core.bank import importing
from billing_core.bank.models import BankEntry, BankStatement
from billing_core.bank.refusals import EntriesKnown, FileKnown, StatementKnown, UnreadableFile
from billing_core.documents.service import content
from billing_core.errors import NotAllowed, Refusal
from billing_core.permissions import Realm
from tests.billing_core.bank.conftest import Bank, another_clerk
from tests.factories import core
from tests.factories.camt import Entry, file, one_file, statement, transfer


@pytest.fixture(autouse=True)
def seller(database: object) -> None:
    """Whose account it is."""
    core.seller(iban="de02 1203 0000 0000 2020 51")


def counts() -> tuple[int, int]:
    """Statements and entries that are kept."""
    with db.reading() as session:
        numbers = (session.scalar(select(func.count()).select_from(table)) for table in (BankStatement, BankEntry))
        first, second = numbers
        return int(first or 0), int(second or 0)


def test_the_file_is_kept_as_evidence(bank: Bank) -> None:
    bytes_ = one_file(transfer("10.00", "a"), transfer("-5.00", "b"))
    (kept,) = bank.take(bytes_)
    with db.reading() as session:
        stored = content(kept.public_id, importing.FILE)
        audited = session.scalars(select(AuditEntry.action)).all()
    assert stored is not None
    assert (stored.data, stored.filename, stored.sha256) == (bytes_, "camt.xml", kept.sha256)
    assert audited == ["bank_statement.imported"]
    assert counts() == (1, 2)


def test_the_same_file_and_the_same_statement_are_refused(bank: Bank) -> None:
    bytes_ = one_file(transfer("10.00", "a"))
    bank.take(bytes_)
    with pytest.raises(FileKnown):
        bank.take(bytes_)
    with pytest.raises(StatementKnown):
        bank.take(one_file(transfer("11.00", "other")))
    bank.take(one_file(transfer("11.00", "other"), name="STMT-2"))
    assert counts() == (2, 2)


def test_a_file_with_one_wrong_statement_brings_nothing(bank: Bank) -> None:
    bank.take(one_file(transfer("10.00", "a"), name="A"))
    for other in (statement(Entry("1.00"), name="A"), statement(Entry("1.00"), iban="GB29NWBK60161331926819")):
        with pytest.raises(Refusal):
            bank.take(file(statement(transfer("12.00", "b"), name="B"), other))
    assert counts() == (1, 1)
    with pytest.raises(UnreadableFile) as refused:
        bank.take(one_file(iban="GB29NWBK60161331926819"))
    assert refused.value.params == {"iban": "GB29NWBK60161331926819"}


def test_what_an_earlier_statement_brought_is_counted_and_not_kept_twice(bank: Bank) -> None:
    twins = [transfer("10.00", "a", bank_reference="R1"), transfer("10.00", "a", bank_reference="R1")]
    by_payer = transfer("20.00", "b", end_to_end="E1")
    bank.take(one_file(*twins, by_payer, name="MORNING"))
    assert counts() == (1, 3)
    (evening,) = bank.take(one_file(*twins, by_payer, transfer("30.00", "c", bank_reference="R2"), name="EVENING"))
    assert (evening.known, evening.known_sum) == (3, 4000)
    assert counts() == (2, 4)
    with pytest.raises(EntriesKnown):
        bank.take(one_file(*twins, name="NIGHT"))


def test_money_without_a_reference_is_never_taken_for_other_money(bank: Bank) -> None:
    bank.take(one_file(transfer("10.00", "a"), transfer("10.00", "a"), name="A"))
    (second,) = bank.take(one_file(transfer("10.00", "a"), name="B"))
    assert second.known == 0
    assert counts() == (2, 3)


@pytest.mark.parametrize("changed", [{"booked": "2026-03-03"}, {"bank_reference": "R2"}, {"end_to_end": "E2"}])
def test_another_day_or_reference_is_another_entry(bank: Bank, changed: dict[str, str]) -> None:
    alike = {"bank_reference": "R1", "end_to_end": "E1"}
    bank.take(one_file(transfer("10.00", "a", **alike), name="A"))
    bank.take(one_file(transfer("10.00", "a", **(alike | changed)), name="B"))
    assert counts() == (2, 2)


def test_clerks_with_files_that_overlap_bring_each_entry_once(bank: Bank) -> None:
    entries = [transfer(f"{n}.00", "x", bank_reference=f"R{n}") for n in range(1, 6)]
    files = [
        one_file(*entries, name="A"),
        one_file(*entries, name="A"),
        one_file(*entries[1:], Entry("9.00"), name="B"),
    ]
    barrier = Barrier(len(files))

    def bring(bytes_: bytes) -> object:
        barrier.wait()
        try:
            return bank.take(bytes_, another_clerk())
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(files)) as pool:
        done = list(pool.map(bring, files))
    assert sum(isinstance(one, FileKnown) for one in done) == 1
    assert counts() == (2, 6)


def test_only_finance_imports(bank: Bank) -> None:
    for role in ("rep", "rep_manager", "support"):
        with pytest.raises(NotAllowed):
            bank.take(one_file(Entry("1.00")), core.viewer(core.staff(role), Realm.DESK))
    assert counts() == (0, 0)
