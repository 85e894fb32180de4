"""Bank statements as a bank would write them, in several versions of camt.053."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from xml.sax.saxutils import escape

OURS = "DE02120300000000202051"
"""The account of the sellers of `factories.core`."""
THEIRS = "DE75512108001245126199"
NAMESPACE = "urn:iso:std:iso:20022:tech:xsd:camt.053.001."


@dataclass(frozen=True)
class Detail:
    """One transaction; the amount is written as the bank does, with a point."""

    amount: str = ""
    party: str = "Lindner AG"
    iban: str = THEIRS
    text: str | Sequence[str] = ""
    reference: str = ""
    end_to_end: str = "NOTPROVIDED"
    bank_reference: str = ""
    return_reason: str = ""


@dataclass(frozen=True)
class Entry:
    """What moved. Below zero it went out."""

    amount: str
    details: Sequence[Detail] = field(default_factory=lambda: [Detail()])
    booked: str = "2026-03-02"
    valued: str = "2026-03-02"
    bank_reference: str = ""
    reversal: bool = False
    status: str = "BOOK"
    family: str = "RCDT"
    currency: str = ""


def transfer(amount: str, text: str = "", **changes: str) -> Entry:
    """One transaction that is the whole entry."""
    of_entry = {name: changes.pop(name) for name in ("booked", "valued", "bank_reference", "family") if name in changes}
    reversal = bool(changes.pop("reversal", ""))
    return Entry(amount, [Detail(text=text, **changes)], reversal=reversal, **of_entry)  # type: ignore[arg-type]


def statement(
    *entries: Entry, name: str = "STMT-1", iban: str = OURS, currency: str = "EUR", opening: str = "1000.00",
    closing: str | None = None, version: str = "08", day: str = "2026-03-02", kind: str = "OPBD",
) -> str:  # fmt: skip
    """One Stmt element that adds up, unless `closing` says otherwise."""
    moved = sum((Decimal(one.amount) for one in entries if one.status == "BOOK"), Decimal(0))
    end = closing if closing is not None else str(Decimal(opening) + moved)
    account = f"<IBAN>{iban}</IBAN>" if iban[:2].isalpha() else f"<Othr><Id>{iban}</Id></Othr>"
    return (
        f"<Stmt><Id>{escape(name)}</Id><CreDtTm>{day}T18:00:00</CreDtTm>"
        f"<Acct><Id>{account}</Id><Ccy>{currency}</Ccy></Acct>"
        f"{_balance(kind, opening, currency, day)}{_balance('CLBD', end, currency, day)}"
        f"{''.join(_entry(one, currency, version) for one in entries)}</Stmt>"
    )


def file(*statements: str, version: str = "08", prefix: str = "", head: str = "") -> bytes:
    """The whole message; with a prefix as some banks write it."""
    body = f"<BkToCstmrStmt><GrpHdr><MsgId>M</MsgId></GrpHdr>{''.join(statements)}</BkToCstmrStmt>"
    if prefix:
        body = body.replace("</", "\0").replace("<", f"<{prefix}:").replace("\0", f"</{prefix}:")
        root = f'<{prefix}:Document xmlns:{prefix}="{NAMESPACE}{version}">{body}</{prefix}:Document>'
    else:
        root = f'<Document xmlns="{NAMESPACE}{version}">{body}</Document>'
    return f'<?xml version="1.0" encoding="UTF-8"?>{head}{root}'.encode()


def one_file(*entries: Entry, **of_statement: str) -> bytes:
    """A file with one statement."""
    version = of_statement.get("version", "08")
    return file(statement(*entries, **of_statement), version=version)  # type: ignore[arg-type]


def _balance(kind: str, amount: str, currency: str, day: str) -> str:
    side = "DBIT" if amount.startswith("-") else "CRDT"
    return (
        f"<Bal><Tp><CdOrPrtry><Cd>{kind}</Cd></CdOrPrtry></Tp>"
        f'<Amt Ccy="{currency}">{amount.removeprefix("-")}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"<Dt><Dt>{day}</Dt></Dt></Bal>"
    )


def _entry(one: Entry, currency: str, version: str) -> str:
    side = "DBIT" if one.amount.startswith("-") else "CRDT"
    status = one.status if version < "06" else f"<Cd>{one.status}</Cd>"
    details = "".join(_detail(detail, one, currency, version) for detail in one.details)
    reference = f"<AcctSvcrRef>{one.bank_reference}</AcctSvcrRef>" if one.bank_reference else ""
    return (
        f'<Ntry><Amt Ccy="{one.currency or currency}">{one.amount.removeprefix("-")}</Amt><CdtDbtInd>{side}</CdtDbtInd>'
        f"{'<RvslInd>true</RvslInd>' if one.reversal else ''}<Sts>{status}</Sts>"
        f"<BookgDt><Dt>{one.booked}</Dt></BookgDt><ValDt><Dt>{one.valued}</Dt></ValDt>{reference}"
        f"<BkTxCd><Domn><Cd>PMNT</Cd><Fmly><Cd>{one.family}</Cd></Fmly></Domn></BkTxCd>"
        f"{f'<NtryDtls>{details}</NtryDtls>' if details else ''}</Ntry>"
    )


def _detail(one: Detail, of: Entry, currency: str, version: str) -> str:
    incoming = not of.amount.startswith("-")
    role = "Dbtr" if incoming or one.return_reason else "Cdtr"
    name = f"<Nm>{escape(one.party)}</Nm>" if version < "06" else f"<Pty><Nm>{escape(one.party)}</Nm></Pty>"
    texts = [one.text] if isinstance(one.text, str) else one.text
    written = "".join(f"<Ustrd>{escape(text)}</Ustrd>" for text in texts if text)
    structured = f"<Strd><CdtrRefInf><Ref>{one.reference}</Ref></CdtrRefInf></Strd>" if one.reference else ""
    bank = f"<AcctSvcrRef>{one.bank_reference}</AcctSvcrRef>" if one.bank_reference else ""
    amount = ""
    if one.amount:
        amount = f'<Amt Ccy="{currency}">{one.amount}</Amt>'
        if version < "04":
            amount = f"<AmtDtls><TxAmt>{amount}</TxAmt></AmtDtls>"
    back = f"<RtrInf><Rsn><Cd>{one.return_reason}</Cd></Rsn></RtrInf>" if one.return_reason else ""
    account = f"<{role}Acct><Id><IBAN>{one.iban}</IBAN></Id></{role}Acct>" if one.iban else ""
    return (
        f"<TxDtls><Refs>{bank}<EndToEndId>{one.end_to_end}</EndToEndId></Refs>{amount}"
        f"<RltdPties>{f'<{role}>{name}</{role}>' if one.party else ''}{account}</RltdPties>"
        f"<RmtInf>{written}{structured}</RmtInf>{back}</TxDtls>"
    )
