"""CAMT.053, the bank-to-customer statement of ISO 20022, versions camt.053.001.02 and later, as plain values.

The versions differ in where a party's name, an entry's status and a transaction's amount stand; each place is tried.
What is read must add up to the balances that the bank states, so nothing that was overlooked can go unnoticed.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from xml.etree.ElementTree import Element

from billing_core import money
from billing_core.bank.guarded_xml import TOO_LARGE, read_xml
from billing_core.bank.refusals import UnreadableFile
from billing_core.errors import Invalid
from billing_core.ledger.incoming import BANK_TRANSFER, CHEQUE, DIRECT_DEBIT
from billing_core.words import mark, shown

MT940 = mark("This is a statement in the format MT940. Ask the bank for camt.053.")
ZIPPED = mark("This is a ZIP file. Unpack it and upload the statements one by one.")
OTHER_MESSAGE = mark("This is a message of the kind %(kind)s. Upload a bank statement, camt.053.")
OTHER_XML = mark("This XML file is no bank statement in the format camt.053.")
NO_STATEMENT = mark("The file contains no statement.")
MISSING = mark("Statement %(name)s lacks %(part)s, which a bank statement must have. Nothing was imported.")
WRONG_VALUE = mark("“%(value)s” is not a value that %(part)s can have. Nothing was imported.")
TWO_CURRENCIES = mark(
    "Statement %(name)s is kept in %(kept)s but contains an entry in %(found)s. Nothing was imported."
)
DOES_NOT_ADD_UP = mark(
    "Statement %(name)s does not add up: it begins with %(opening)s, its entries come to %(sum)s, and it should end "
    "with %(expected)s, but it says %(closing)s. Nothing was imported."
)

_MESSAGE = re.compile(r"(camt|pain|pacs)\.(\d{3})\.001\.(\d{2})")
_OTHERS = {"BkToCstmrAcctRpt": "camt.052", "BkToCstmrDbtCdtNtfctn": "camt.054"}
_AMOUNT = re.compile(r"[0-9]{1,18}(\.[0-9]{0,5})?")
_NOTHING_SAID = frozenset({"NOTPROVIDED", "NONREF", "NOREF", "NOT PROVIDED", "0"})
_METHODS = {"IDDT": DIRECT_DEBIT, "ICHQ": CHEQUE, "RCHQ": CHEQUE, "MCHQ": CHEQUE}
"""Families of the domain PMNT; everything else that comes in is a transfer."""
LONGEST_TEXT = 2000
MOST_STATEMENTS = 200
"""In one file; each is written by itself."""


@dataclass(frozen=True)
class ReadEntry:
    """One movement; amount in smallest units, below zero where money went out."""

    amount: int
    booked_on: date
    valued_on: date
    party: str = ""
    party_iban: str = ""
    remittance: str = ""
    creditor_reference: str = ""
    end_to_end_id: str = ""
    bank_reference: str = ""
    method: str = BANK_TRANSFER
    is_reversal: bool = False
    return_reason: str = ""


@dataclass(frozen=True)
class ReadStatement:
    """One statement whose opening balance and entries come to its closing balance."""

    iban: str
    name: str
    currency: str
    opened_on: date
    closed_on: date
    opening: int
    closing: int
    entries: tuple[ReadEntry, ...]


def plain_account(number: str) -> str:
    """An IBAN or account number without blanks, in capitals, as it is compared."""
    return re.sub(r"\s", "", number).upper()


def read_statements(content: bytes) -> list[ReadStatement]:
    """Every statement of the file. Raises UnreadableFile, whose sentence says what is wrong with it."""
    _demand_xml(content)
    namespace, root = read_xml(content)
    _demand_statement(namespace, root)
    elements = root.findall("BkToCstmrStmt/Stmt")
    if not elements:
        raise UnreadableFile(NO_STATEMENT)
    if len(elements) > MOST_STATEMENTS:
        raise UnreadableFile(TOO_LARGE)
    return [_statement(element) for element in elements]


def _demand_xml(content: bytes) -> None:
    start = content[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith(b"PK\x03\x04"):
        raise UnreadableFile(ZIPPED)
    if start.startswith((b":20:", b"{1:")) or b"\n:25:" in content[:400]:
        raise UnreadableFile(MT940)
    if not start.startswith((b"<", b"\xff\xfe<", b"\xfe\xff\x00<")):
        raise UnreadableFile


def _demand_statement(namespace: str, root: Element) -> None:
    message = _MESSAGE.search(namespace)
    kind = (
        f"{message[1]}.{message[2]}" if message else next((_OTHERS[one.tag] for one in root if one.tag in _OTHERS), "")
    )
    if kind not in ("", "camt.053"):
        raise UnreadableFile(OTHER_MESSAGE, kind=kind)
    if root.find("BkToCstmrStmt") is None:
        raise UnreadableFile(OTHER_XML)


def _statement(element: Element) -> ReadStatement:
    name = _text(element, "Id", longest=70)
    iban = plain_account(_text(element, "Acct/Id/IBAN") or _text(element, "Acct/Id/Othr/Id"))
    if not name:
        raise UnreadableFile(MISSING, name="?", part="Stmt/Id")
    if not 0 < len(iban) <= 40:
        raise UnreadableFile(MISSING, name=name, part="Acct/Id/IBAN")
    first, last = _balance(element, name, "OPBD", "PRCD"), _balance(element, name, "CLBD")
    currency = _currency(last, name)
    entries = tuple(_entries(element, name, currency, iban))
    read = ReadStatement(
        iban, name, currency, _day(first, "Dt") or _needed_day(last, name), _needed_day(last, name),
        _signed(first, name, currency), _signed(last, name, currency), entries,
    )  # fmt: skip
    _demand_sum(read)
    return read


def _demand_sum(read: ReadStatement) -> None:
    came = sum(entry.amount for entry in read.entries)
    if read.opening + came != read.closing:
        raise UnreadableFile(
            DOES_NOT_ADD_UP, name=read.name, opening=shown(read.opening, read.currency),
            sum=shown(came, read.currency), expected=shown(read.opening + came, read.currency),
            closing=shown(read.closing, read.currency),
        )  # fmt: skip


def _balance(statement: Element, name: str, *codes: str) -> Element:
    for code in codes:
        for balance in statement.findall("Bal"):
            if _text(balance, "Tp/CdOrPrtry/Cd") == code:
                return balance
    raise UnreadableFile(MISSING, name=name, part=f"Bal {codes[0]}")


def _entries(statement: Element, name: str, currency: str, iban: str) -> Iterator[ReadEntry]:
    for entry in statement.findall("Ntry"):
        status = _text(entry, "Sts/Cd") or _text(entry, "Sts")
        if status and status != "BOOK":  # announced, not booked: no part of the balance
            continue
        amount = _signed(entry, name, currency)
        details = entry.findall("NtryDtls/TxDtls")
        parts = [_part(detail, amount, name, currency) for detail in details]
        if len(details) > 1 and None not in parts and sum(part or 0 for part in parts) == amount:
            for detail, part in zip(details, parts, strict=True):
                if part:
                    yield _entry(entry, [detail], part, name, iban)
        elif amount:  # details without amounts, or after charges: the entry is what moved, with all that they say
            yield _entry(entry, details, amount, name, iban)


def _part(detail: Element, whole: int, name: str, currency: str) -> int | None:
    """The amount of one transaction of a batch in the account's currency; none where the bank does not say it."""
    for path in ("Amt", "AmtDtls/TxAmt/Amt"):
        found = detail.find(path)
        if found is not None and found.get("Ccy") == currency:
            amount = _amount(found, currency)
            side = _text(detail, "CdtDbtInd") or ("CRDT" if whole > 0 else "DBIT")
            return amount if side == "CRDT" else -amount
    return None


def _entry(entry: Element, details: list[Element], amount: int, name: str, iban: str) -> ReadEntry:
    booked_on = _day(entry, "BookgDt") or _day(entry, "ValDt")
    if booked_on is None:
        raise UnreadableFile(MISSING, name=name, part="BookgDt")
    places = [*details, entry]
    party, party_iban = _party(details, amount, iban)
    return ReadEntry(
        amount=amount,
        booked_on=booked_on,
        valued_on=_day(entry, "ValDt") or booked_on,
        party=party,
        party_iban=party_iban,
        remittance=_remittance(entry, details),
        creditor_reference=_joined(details, "RmtInf/Strd/CdtrRefInf/Ref", 140),
        end_to_end_id=_reference(details, "Refs/EndToEndId"),
        bank_reference=_reference(details, "Refs/AcctSvcrRef") or _reference([entry], "AcctSvcrRef"),
        method=_METHODS.get(_first(places, "BkTxCd/Domn/Fmly/Cd"), BANK_TRANSFER),
        is_reversal=_text(entry, "RvslInd") in ("true", "1"),
        return_reason=_return_reason(details),
    )


def _party(details: list[Element], amount: int, iban: str) -> tuple[str, str]:
    """Name and account of the other side: of a returned transaction, whose parties stay as they were, who is not us."""
    for detail in details[:1]:
        for role in ("Dbtr", "Cdtr") if amount > 0 else ("Cdtr", "Dbtr"):
            account = f"RltdPties/{role}Acct/Id"
            number = plain_account(_text(detail, f"{account}/IBAN") or _text(detail, f"{account}/Othr/Id"))
            names = (f"RltdPties/{role}/Nm", f"RltdPties/{role}/Pty/Nm", f"RltdPties/Ultmt{role}/Nm",
                     f"RltdPties/Ultmt{role}/Pty/Nm")  # fmt: skip
            name = next((text for path in names if (text := _text(detail, path, 140))), "")
            if (name or number) and number != iban:
                return name, number[:40]
    return "", ""


def _remittance(entry: Element, details: list[Element]) -> str:
    written = _joined(details, "RmtInf/Ustrd", LONGEST_TEXT)
    documents = _joined(details, "RmtInf/Strd/RfrdDocInf/Nb", LONGEST_TEXT)
    more = _joined(details, "RmtInf/Strd/AddtlRmtInf", LONGEST_TEXT)
    said = " ".join(part for part in (written, documents, more) if part)
    return (said or _joined(details, "AddtlTxInf", LONGEST_TEXT) or _text(entry, "AddtlNtryInf", LONGEST_TEXT))[
        :LONGEST_TEXT
    ]


def _return_reason(details: list[Element]) -> str:
    for detail in details:
        found = detail.find("RtrInf")
        if found is not None:
            code = _text(found, "Rsn/Cd") or _text(found, "Rsn/Prtry")
            return " ".join(part for part in (code, _text(found, "AddtlInf")) if part)[:140] or "-"
    return ""


def _reference(places: list[Element], path: str) -> str:
    found = _first(places, path, 70) if len(places) == 1 else ""
    return "" if found.upper() in _NOTHING_SAID else found


def _signed(element: Element, name: str, currency: str) -> int:
    found = element.find("Amt")
    if found is None:
        raise UnreadableFile(MISSING, name=name, part="Amt")
    if found.get("Ccy") != currency:
        raise UnreadableFile(TWO_CURRENCIES, name=name, kept=currency, found=found.get("Ccy") or "?")
    side = _text(element, "CdtDbtInd")
    if side not in ("CRDT", "DBIT"):
        raise UnreadableFile(WRONG_VALUE, value=side[:40], part="CdtDbtInd")
    amount = _amount(found, currency)
    return amount if side == "CRDT" else -amount


def _amount(found: Element, currency: str) -> int:
    text = (found.text or "").strip()
    if not _AMOUNT.fullmatch(text):
        raise UnreadableFile(WRONG_VALUE, value=text[:40], part="Amt")
    try:
        return money.from_decimal(Decimal(text), currency)
    except Invalid:
        raise UnreadableFile(WRONG_VALUE, value=text[:40], part="Amt") from None


def _currency(balance: Element, name: str) -> str:
    found = balance.find("Amt")
    currency = (found.get("Ccy") or "") if found is not None else ""
    if not re.fullmatch("[A-Z]{3}", currency):
        raise UnreadableFile(MISSING, name=name, part="Bal/Amt Ccy")
    return currency


def _needed_day(element: Element, name: str) -> date:
    found = _day(element, "Dt")
    if found is None:
        raise UnreadableFile(MISSING, name=name, part="Bal/Dt")
    return found


def _day(element: Element, path: str) -> date | None:
    """The calendar day of a date or a point in time, as the bank writes it in its own zone."""
    text = _text(element, f"{path}/Dt") or _text(element, f"{path}/DtTm")
    if not text:
        return None
    try:
        return date.fromisoformat(text[:10])
    except ValueError:
        raise UnreadableFile(WRONG_VALUE, value=text[:40], part=path) from None


def _first(places: list[Element], path: str, longest: int = 140) -> str:
    return next((text for place in places if (text := _text(place, path, longest))), "")


def _joined(places: list[Element], path: str, longest: int) -> str:
    found = (" ".join((one.text or "").split()) for place in places for one in place.findall(path))
    return " ".join(text for text in found if text)[:longest]


def _text(element: Element, path: str, longest: int = 140) -> str:
    return " ".join((element.findtext(path) or "").split())[:longest]
