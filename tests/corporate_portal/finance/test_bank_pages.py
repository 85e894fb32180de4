"""The pages of bank statements: from the file to money that is booked, by clerks who see what they book."""

from io import BytesIO

import pytest
from sqlalchemy import select
from werkzeug.datastructures import FileStorage
from werkzeug.test import encode_multipart

from billing_core import db
from billing_core.accounts import Account
from billing_core.bank.guarded_xml import LARGEST_FILE
from billing_core.bank.models import BankEntry, BankStatement
from billing_core.ledger.incoming import Money
from billing_core.ledger.models import IncomingPayment, Invoice
from billing_core.payments.booking import book_incoming
from billing_core.people import Person
from billing_core.permissions import Realm
from corporate_portal.finance.views import bank as views
from tests.client import Client, Page
from tests.factories import core, ledger
from tests.factories.camt import one_file, transfer


@pytest.fixture
def account(client: Client) -> Account:
    """Billed in EUR."""
    return core.account(name="Lindner AG", name_folded="lindner ag")


@pytest.fixture
def person(client: Client) -> Person:
    """Somebody of finance."""
    return core.staff("finance", name="Mara Thiele")


@pytest.fixture
def clerk(client: Client, person: Person) -> Client:
    """Finance is signed in."""
    client.sign_in(person, Realm.DESK)
    return client


def upload(clerk: Client, content: bytes, name: str = "kontoauszug.xml") -> Page:
    return clerk.post("/desk/bank", {"file": (BytesIO(content), name)}, content_type="multipart/form-data")


def upload_large(clerk: Client, content: bytes, path: str = "/desk/bank") -> int:
    """The status; without the temporary file that Werkzeug's own test client would leave open."""
    fields = {"csrf_token": clerk.token(clerk.get("/desk/bank")), "file": FileStorage(BytesIO(content), "k.xml")}
    boundary, body = encode_multipart(fields)
    kind = f"multipart/form-data; boundary={boundary}"
    return clerk.browser.post(path, data=body, content_type=kind).status_code


def entries() -> list[BankEntry]:
    with db.reading() as session:
        return list(session.scalars(select(BankEntry).order_by(BankEntry.id)))


def states() -> list[str]:
    return [entry.state for entry in entries()]


def came() -> list[IncomingPayment]:
    with db.reading() as session:
        return list(session.scalars(select(IncomingPayment).order_by(IncomingPayment.id)))


def statement() -> str:
    with db.reading() as session:
        return f"/desk/bank/statements/{session.scalars(select(BankStatement.public_id)).one()}"


def place_of(entry: BankEntry) -> str:
    return f"/desk/bank/entries/{entry.public_id}"


def test_from_the_file_to_what_is_booked(clerk: Client, account: Account) -> None:
    certain, also, by_amount = (ledger.invoice(account, total) for total in (10000, 20000, 4711))
    content = one_file(
        transfer("100.00", certain.number), transfer("200.00", also.number.lower()), transfer("47.11", "thanks"),
        transfer("1.23", "who knows", iban="", party=""), transfer("-9.90", "fee"),
    )  # fmt: skip
    done = upload(clerk, content)
    assert done.status == 303
    page = clerk.follow(done)
    assert "The statement was imported." in page.text
    assert "Book 2 certain entries" in page.text
    assert "No proposal" in page.text
    assert "Sender unknown" in page.text
    assert "went out" in page.words
    wanted = [field["value"] for field in page.html.select("input[name=certain]")]
    after = clerk.follow(clerk.post(f"{statement()}/book", {"certain": wanted}, page=page))
    assert "2 entries are booked." in after.text
    assert [ledger.reread(one).balance for one in (certain, also, by_amount)] == [0, 0, 4711]
    accept = f"{place_of(entries()[2])}/accept"
    assert clerk.post(accept, after.form(accept)).status == 303
    assert ledger.reread(by_amount).balance == 0
    assert states() == ["booked", "booked", "booked", "unmatched", "unmatched"]
    again = clerk.follow(clerk.post(f"{statement()}/book", {"certain": wanted}, page=page))
    assert "Some entries were not booked" in again.text
    assert len(came()) == 3
    for show in ("booked", "dismissed", "all", "nonsense"):
        assert clerk.get(f"{statement()}?show={show}").status == 200
    assert clerk.get(f"{statement()}/file").response.data == content


@pytest.mark.parametrize(
    ("content", "status", "said"),
    [
        (b"", 400, "not an XML file"), (b"GIF89a", 400, "not an XML file"), (b":20:X\n:25:Y", 400, "MT940"),
        (one_file(iban="GB29NWBK60161331926819"), 400, "belongs to none of the sellers"),
        (one_file(closing="7"), 400, "does not add up"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', 400, "declares a document type"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_refused_at_its_field(
    clerk: Client, account: Account, content: bytes, status: int, said: str
) -> None:
    refused = upload(clerk, content)
    assert refused.status == status
    assert said in refused.words
    assert refused.html.select_one("#file-error") is not None
    assert entries() == []


def test_no_file_at_all(clerk: Client, account: Account) -> None:
    assert clerk.post("/desk/bank", {}).status == 400


def test_the_same_file_twice(clerk: Client, account: Account) -> None:
    content = one_file(transfer("1.00", "x"))
    upload(clerk, content)
    refused = upload(clerk, content)
    assert (refused.status, "This file was imported before" in refused.text) == (409, True)
    assert len(entries()) == 1


def test_large_files_are_taken_here_and_nowhere_else(clerk: Client, account: Account) -> None:
    many = [transfer("1.00", f"text {n} {'x' * 400}") for n in range(1700)]
    content = one_file(*many)
    assert len(content) > 1_100_000
    assert upload_large(clerk, content) == 303
    assert len(entries()) == 1700
    page = clerk.get(statement())
    assert clerk.get(page.html.select_one("a[rel=next]")["href"]).status == 200
    assert upload_large(clerk, b"<a>" + b" " * LARGEST_FILE) == 400
    assert upload_large(clerk, b"<a>" + b" " * (LARGEST_FILE + 20_000)) == 413
    assert upload_large(clerk, content, f"/desk/accounts/{account.public_id}/money/book") == 413


def test_by_hand(clerk: Client, account: Account) -> None:
    first, second = ledger.invoice(account, 10000), ledger.invoice(account, 10000)
    upload(clerk, one_file(transfer("150.00", "x")))
    (entry,) = entries()
    found = clerk.get(f"{place_of(entry)}?search=lindner")
    assert "Lindner AG" in found.text
    assert "Lindner AG" in clerk.get(f"{place_of(entry)}?search={second.number_plain.lower()}").text
    assert "No account found" in clerk.get(f"{place_of(entry)}?search=nobody").text
    chosen = clerk.get(f"{place_of(entry)}?account={account.public_id}&back=unmatched")
    book = f"{place_of(entry)}/book"
    fields = chosen.form(book)
    assert [fields["shares-0-amount"], fields["shares-1-amount"]] == ["100.00", "50.00"]
    too_much = clerk.post(book, fields | {"shares-1-amount": "60.00"}, page=chosen)
    assert (too_much.status, "get more than the amount" in too_much.text) == (400, True)
    beyond = clerk.post(book, fields | {"shares-0-amount": "100.01"}, page=chosen)
    assert f"More than the balance of invoice {first.number}" in beyond.text
    done = clerk.post(book, fields | {"shares-0-amount": "10", "shares-1-amount": "30"}, page=chosen)
    assert done.location.endswith("/desk/bank/unmatched")
    assert [ledger.reread(one).balance for one in (first, second)] == [9000, 7000]
    assert states() == ["booked"]
    decided = clerk.get(place_of(entry))
    assert "Mara Thiele" in decided.text
    late = clerk.post(book, fields, page=chosen)
    assert (late.status, "booked or dismissed in the meantime" in late.text) == (409, True)


def test_money_for_an_account_without_open_invoices(clerk: Client, account: Account) -> None:
    upload(clerk, one_file(transfer("150.00", "x")))
    (entry,) = entries()
    chosen = clerk.get(f"{place_of(entry)}?account={account.public_id}")
    assert "Nothing is open." in chosen.text
    clerk.post(f"{place_of(entry)}/book", chosen.form("/book"), page=chosen)
    assert states() == ["booked"]


def test_what_was_booked_by_hand_before_is_pointed_at(clerk: Client, account: Account, person: Person) -> None:
    invoice = ledger.invoice(account, 10000)
    upload(clerk, one_file(transfer("40.00", f"{invoice.number} a"), transfer("40.00", f"{invoice.number} b")))
    first, second = entries()
    money = Money("bank_transfer", 4000, first.valued_on, "counter 7", shares={})
    booked = db.perform(book_incoming, core.viewer(person, Realm.DESK), account.public_id, money, "key")
    listed = clerk.get(statement())
    assert "Perhaps booked already" in listed.text
    shown = clerk.get(place_of(first))
    assert "counter 7" in shown.text
    assert "counter 7" in clerk.get(f"{place_of(first)}?account={account.public_id}").text
    link = f"{place_of(first)}/link"
    assert clerk.post(link, shown.form(link), page=shown).status == 303
    assert len(came()) == 1
    assert entries()[0].incoming_id == booked.id
    assert "Perhaps booked already" not in clerk.get(place_of(second)).text
    wrong = clerk.post(f"{place_of(second)}/link", {"incoming": booked.public_id}, page=shown)
    assert (wrong.status, "cannot be that booking" in wrong.text) == (409, True)


def test_dismissed_and_taken_back(clerk: Client, account: Account) -> None:
    upload(clerk, one_file(transfer("-1.00", "fee"), transfer("-2.00", "rent"), transfer("3.00", "interest")))
    page = clerk.get(statement())
    out = [field["value"] for field in page.html.select("input[name=entry]")]
    assert len(out) == 2
    dismiss = f"{statement()}/dismiss"
    refused = clerk.post(dismiss, {"entry": out, "note": " "}, page=page)
    assert refused.status == 400
    assert (
        "2 entries are dismissed." in clerk.follow(clerk.post(dismiss, {"entry": out, "note": "own"}, page=page)).text
    )
    assert states() == ["dismissed", "dismissed", "unmatched"]
    fee = place_of(entries()[0])
    shown = clerk.get(fee)
    assert "own" in shown.words
    clerk.post(f"{fee}/restore", shown.form("restore"), page=shown)
    assert states()[0] == "unmatched"
    shown = clerk.get(fee)
    assert clerk.post(f"{fee}/dismiss", shown.form("dismiss"), page=shown).status == 400
    clerk.post(f"{fee}/dismiss", shown.form("dismiss") | {"note": "fee"}, page=shown)
    assert states()[0] == "dismissed"


def test_a_return_is_proposed_and_undone(clerk: Client, account: Account) -> None:
    invoice = ledger.invoice(account, 10000)
    upload(clerk, one_file(transfer("100.00", invoice.number, end_to_end="E7", family="IDDT"), name="A"))
    accept = f"{place_of(entries()[0])}/accept"
    clerk.post(accept, clerk.get(statement()).form(accept))
    upload(clerk, one_file(transfer("-100.00", "x", end_to_end="E7", return_reason="AC04"), name="B", opening="1100"))
    debit = place_of(entries()[1])
    shown = clerk.get(debit)
    assert "same end-to-end reference" in shown.text
    assert "AC04" in shown.text
    done = clerk.post(f"{debit}/return", shown.form("return"), page=shown)
    assert "The booking is undone." in clerk.follow(done).text
    assert ledger.reread(invoice).balance == 10000
    assert clerk.get(debit).status == 200
    assert "Decide again" not in clerk.get(place_of(entries()[0])).text
    assert states() == ["booked", "booked"]


def test_unmatched_money_has_its_age_and_its_sums(clerk: Client, account: Account) -> None:
    empty = clerk.get("/desk/bank/unmatched")
    assert "No entry waits" in empty.text
    assert "Look at unmatched money" not in clerk.get("/desk/money").text
    core.seller(iban="JP 12345")
    upload(clerk, one_file(transfer("10.00", "x"), transfer("-4.00", "y"), transfer("2.50", "z"), name="A"))
    upload(clerk, one_file(transfer("700", "yen"), currency="JPY", opening="0", iban="JP12345", name="B"))
    page = clerk.get("/desk/bank/unmatched")
    assert "€12.50" in page.text
    assert "-€4.00" in page.text
    assert "¥700" in page.text
    assert "days ago" in page.text
    assert "4 entries of the bank wait" in clerk.get("/desk/money").text


def test_a_gap_between_statements_is_told(clerk: Client, account: Account) -> None:
    upload(clerk, one_file(transfer("10.00", "x"), name="A", day="2026-03-02"))
    upload(clerk, one_file(transfer("10.00", "y"), name="B", day="2026-03-03", opening="1010.00"))
    upload(clerk, one_file(transfer("10.00", "z"), name="C", day="2026-03-05", opening="5000.00"))
    with db.reading() as session:
        _, second, third = session.scalars(select(BankStatement.public_id).order_by(BankStatement.id)).all()
    assert "may be missing" not in clerk.get(f"/desk/bank/statements/{second}").text
    assert "ended with €1,020.00" in clerk.get(f"/desk/bank/statements/{third}").text


def test_a_crash_among_several_leaves_each_whole(
    clerk: Client, account: Account, monkeypatch: pytest.MonkeyPatch
) -> None:
    invoices: list[Invoice] = [ledger.invoice(account, 1000 + n) for n in range(4)]
    upload(clerk, one_file(*(transfer(f"{one.total / 100:.2f}", one.number) for one in invoices)))
    page = clerk.get(statement())
    wanted = [field["value"] for field in page.html.select("input[name=certain]")]
    accept, done = views.service.accept_proposal, []

    def dying(*args: object, **how: object) -> BankEntry:
        if len(done) == 2:
            raise RuntimeError("the process was killed")
        done.append(accept(*args, **how))  # type: ignore[arg-type]
        return done[-1]

    with monkeypatch.context() as patch:
        patch.setattr(views.service, "accept_proposal", dying)
        with pytest.raises(RuntimeError):
            clerk.post(f"{statement()}/book", {"certain": wanted}, page=page)
    assert states() == ["booked", "booked", "unmatched", "unmatched"]
    clerk.post(f"{statement()}/book", {"certain": wanted}, page=page)
    assert states() == ["booked"] * 4
    assert [one.amount for one in came()] == [1000, 1001, 1002, 1003]


@pytest.mark.parametrize("role", ["rep", "rep_manager", "support"])
def test_others_at_the_desk_are_refused(client: Client, account: Account, person: Person, role: str) -> None:
    client.sign_in(person, Realm.DESK)
    upload(client, one_file(transfer("1.00", "x")))
    there = [statement(), f"{statement()}/file", place_of(entries()[0])]
    client.sign_in(core.staff(role), Realm.DESK)
    for path in ("/desk/bank", "/desk/bank/unmatched", *there):
        assert client.get(path).status == 403


def test_what_is_not_there_is_not_found(clerk: Client, account: Account) -> None:
    for path in ("/desk/bank/statements/bst_x", "/desk/bank/statements/bst_x/file", "/desk/bank/entries/ben_x"):
        assert clerk.get(path).status == 404
