"""Statements as banks write them, and everything that is refused with a sentence before anything is kept."""

from datetime import date

import pytest

from billing_core import words
from billing_core.bank import guarded_xml
from billing_core.bank.camt import ReadStatement, read_statements
from billing_core.bank.refusals import UnreadableFile
from tests.factories.camt import OURS, THEIRS, Detail, Entry, file, one_file, statement, transfer

ENTITIES = (
    '<!DOCTYPE Document [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;&b;">]>'
)


def read_one(content: bytes) -> ReadStatement:
    (found,) = read_statements(content)
    return found


def sentence(content: bytes) -> str:
    """Why the file is refused, at the field of the file."""
    with pytest.raises(UnreadableFile) as refused:
        read_statements(content)
    assert refused.value.field == "file"
    return words.sentence(refused.value)


@pytest.mark.parametrize("version", ["02", "03", "04", "06", "08", "10", "13"])
@pytest.mark.parametrize("prefix", ["", "ns2"])
def test_the_versions_say_the_same(version: str, prefix: str) -> None:
    entry = transfer("148.15", "RE 10417", end_to_end="E2E-1", bank_reference="BR-1", party="Müller & Söhne")
    content = file(statement(entry, transfer("-20.00"), version=version), version=version, prefix=prefix)
    found = read_one(content)
    assert (found.iban, found.name, found.currency) == (OURS, "STMT-1", "EUR")
    assert (found.opening, found.closing, found.closed_on) == (100000, 112815, date(2026, 3, 2))
    came, went = found.entries
    assert (came.amount, came.party, came.party_iban) == (14815, "Müller & Söhne", THEIRS)
    assert (came.remittance, came.end_to_end_id, came.bank_reference) == ("RE 10417", "E2E-1", "BR-1")
    assert (went.amount, went.end_to_end_id) == (-2000, "")


@pytest.mark.parametrize("version", ["02", "08"])
def test_a_batch_is_read_by_its_transactions(version: str) -> None:
    batch = Entry("300.00", [Detail("100.00", text="A"), Detail("200.00", text="B")], bank_reference="BATCH")
    found = read_one(one_file(batch, version=version))
    assert [(one.amount, one.remittance, one.bank_reference) for one in found.entries] == [
        (10000, "A", "BATCH"), (20000, "B", "BATCH"),
    ]  # fmt: skip


@pytest.mark.parametrize("second", ["", "199.99"])
def test_a_batch_that_is_not_told_apart_stays_one_entry(second: str) -> None:
    batch = Entry("300.00", [Detail("100.00", text="A", end_to_end="X"), Detail(second, text="B", end_to_end="Y")])
    (found,) = read_one(one_file(batch)).entries
    assert (found.amount, found.remittance, found.end_to_end_id) == (30000, "A B", "")


def test_an_entry_without_details_is_read() -> None:
    (found,) = read_one(one_file(Entry("-4.90", []))).entries
    assert (found.amount, found.party, found.remittance) == (-490, "", "")


def test_text_in_pieces_structured_references_and_returns() -> None:
    debit = transfer("-50.00", "zurück", return_reason="AC04", end_to_end="E2E-9", reversal="yes")
    credit = Entry("70.00", [Detail(text=["Rechnung", " RE-1 "], reference="RF18539007547034")], family="IDDT")
    came, went = read_one(one_file(credit, debit)).entries
    assert (came.remittance, came.creditor_reference, came.method) == (
        "Rechnung RE-1", "RF18539007547034", "direct_debit",
    )  # fmt: skip
    assert (went.amount, went.is_reversal, went.return_reason, went.party_iban) == (-5000, True, "AC04", THEIRS)


def test_what_is_announced_is_no_entry_yet() -> None:
    assert read_one(one_file(Entry("5.00", status="PDNG"), Entry("6.00", status="INFO"))).entries == ()


@pytest.mark.parametrize(("currency", "written", "units"), [("JPY", "1200", 1200), ("JPY", "1200.00", 1200),
                                                            ("KWD", "1.234", 1234), ("EUR", "1.5", 150)])  # fmt: skip
def test_amounts_follow_their_currency(currency: str, written: str, units: int) -> None:
    (found,) = read_one(one_file(Entry(written), currency=currency, opening="0")).entries
    assert found.amount == units


def test_a_balance_below_zero_and_a_previous_closing_balance() -> None:
    found = read_one(one_file(Entry("10.00"), opening="-25.50", kind="PRCD"))
    assert (found.opening, found.closing) == (-2550, -1550)


def test_several_statements_in_one_file() -> None:
    found = read_statements(file(statement(name="A"), statement(Entry("1.00"), name="B", iban="12345678")))
    assert [(one.name, one.iban, len(one.entries)) for one in found] == [("A", OURS, 0), ("B", "12345678", 1)]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "not an XML file"), (b"   \n", "not an XML file"), (b"Datum;Betrag\n1;2", "not an XML file"),
        (b"\x00\x01\x02\xff", "not an XML file"), (b"PK\x03\x04zip", "ZIP"),
        (b":20:STARTUMSE\n:25:12030000/0000202051\n", "MT940"), (b"{1:F01BYLADEM1AXXX}", "MT940"),
        (b"<a/>", "no bank statement"), (b"<html><body/></html>", "no bank statement"),
        (file(statement()).replace(b"camt.053", b"camt.052"), "camt.052"),
        (file(statement()).replace(b"camt.053", b"camt.054"), "camt.054"),
        (file(statement()).replace(b"camt.053.001.08", b"pain.001.001.03"), "pain.001"),
        (b"<Document><BkToCstmrDbtCdtNtfctn/></Document>", "camt.054"),
        (file(), "contains no statement"),
        (file(statement())[:-30], "damaged: line 1"),
        (b'<?xml version="1.0" encoding="klingon"?><Document/>', "XML"),
        (one_file(Entry("10.00"), closing="1010.01"), "does not add up"),
        (one_file(Entry("10.00", currency="USD")), "kept in EUR but contains an entry in USD"),
        (one_file(Entry("1e5"), closing="1"), "“1e5” is not a value"),
        (one_file(Entry("1.234"), closing="1"), "“1.234” is not a value"),
        (one_file(Entry("99999999999999999"), closing="1"), "is not a value"),
        (one_file(Entry("1.00", booked="2026-02-30")), "2026-02-30"),
        (one_file(Entry("1.00")).replace(b"CRDT</CdtDbtInd><Sts>", b"BOTH</CdtDbtInd><Sts>"), "BOTH"),
        (one_file(Entry("1.00")).replace(b"OPBD", b"ITBD"), "lacks Bal OPBD"),
        (one_file(name=""), "lacks Stmt/Id"), (one_file(iban=""), "lacks Acct/Id/IBAN"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_a_sentence(content: bytes, said: str) -> None:
    assert said in sentence(content)


@pytest.mark.parametrize(
    "head",
    [
        ENTITIES, "<!DOCTYPE Document>", '<!DOCTYPE Document SYSTEM "file:///etc/passwd">',
        '<!DOCTYPE Document [<!ENTITY x SYSTEM "file:///etc/passwd">]>',
        '<!DOCTYPE Document [<!ENTITY % p SYSTEM "http://127.0.0.1:9/x"> %p;]>',
    ],
)  # fmt: skip
def test_a_document_type_is_refused_before_it_is_read(head: str) -> None:
    content = file(statement(transfer("1.00", "x")), head=head).replace(b">x<", b">&c;&x;<")
    assert "declares a document type" in sentence(content)


def test_an_entity_of_nobody_is_damage() -> None:
    assert "damaged" in sentence(one_file(transfer("1.00", "x")).replace(b">x<", b">&who;<"))


def test_too_deep_too_many_and_too_large(monkeypatch: pytest.MonkeyPatch) -> None:
    assert "nested" in sentence(b"<a>" * 10_000)
    assert "larger" in sentence(file(*[statement(name=f"S{n}") for n in range(201)]))
    monkeypatch.setattr(guarded_xml, "MOST_ELEMENTS", 50)
    assert "nested" in sentence(one_file(*[Entry("1.00")] * 10))
    monkeypatch.setattr(guarded_xml, "LARGEST_FILE", 100)
    assert "larger" in sentence(one_file(Entry("1.00")))
