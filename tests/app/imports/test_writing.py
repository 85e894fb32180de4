"""What an import writes: everything or nothing, once, and again only what has changed in the source."""

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select
from sqlalchemy.orm import selectinload

from app.imports import importing, writes
from app.imports.importing import import_directory
from app.imports.report import Counts, ImportReport
from billing_core import clock, db, people
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.catalogue.models import Price
from billing_core.credentials import links, sessions
from billing_core.credentials.models import PasswordLink, SignInSession
from billing_core.documents import service as documents
from billing_core.ledger.models import AccountBalance, Allocation, Invoice
from billing_core.people import BillingContact, LoginIdentifier, Membership, Person
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from corporate_portal.quotes.models import Quote, QuoteVersion
from tests.app.imports import directories as d
from tests.factories import core

pytestmark = pytest.mark.usefixtures("database")

Files = dict[str, list[dict[str, Any]]]
LINES = ("quote_lines.csv", "invoice_lines.csv")


def run(tmp_path: Path, files: Files, **more: Any) -> ImportReport:
    report = import_directory(d.write(tmp_path / "dir", files), source="erp", **more)
    assert [str(problem) for problem in report.problems] == []
    return report


def one(table: Any, **where: Any) -> Any:
    with db.reading() as session:
        return session.scalars(select(table).filter_by(**where)).one()


def every(table: Any, *, order: Any = None) -> list[Any]:
    with db.reading() as session:
        return list(session.scalars(select(table).order_by(order if order is not None else table.id)))


def told(action: str) -> list[dict[str, Any]]:
    """What the trail keeps of these deeds, in their order."""
    with db.reading() as session:
        entries = select(AuditEntry).where(AuditEntry.action == action).order_by(AuditEntry.id)
        return [json.loads(entry.detail) for entry in session.scalars(entries)]


def test_one_of_everything(tmp_path: Path) -> None:
    report = run(tmp_path, d.whole())
    assert {file: counts.added for file, counts in report.counts.items()} == {
        name: len(rows) for name, rows in d.whole().items() if name not in LINES
    }
    account = one(Account, external_id="acme")
    assert (account.currency, account.kind, account.source, account.payment_days) == ("EUR", "corporate", "erp", 30)
    subscription = one(Subscription, external_id="s1")
    assert (subscription.seats, subscription.unit_price) == (5, 16000)
    quote = one(QuoteVersion)
    assert (quote.state, quote.net, quote.total) == ("draft", 80000, 95200)
    invoice = one(Invoice, number="OLD-1")
    assert (invoice.net, invoice.tax, invoice.total, invoice.balance) == (10000, 1900, 11900, 11900)
    assert invoice.issued_elsewhere
    assert one(AccountBalance).open == 11900
    identifiers = {row.canonical for row in every(LoginIdentifier, order=LoginIdentifier.canonical)}
    assert identifiers == {"annie", "ann@customer.example", "rep@customer.example"}
    assert one(BillingContact).user_id == "annie"
    with db.reading():
        [contact] = people.contacts_of(account.id)
        assert (contact.may_accept, contact.may_pay, contact.function) == (True, False, "Buyer")


def test_the_same_again_is_skipped_whatever_the_day(tmp_path: Path) -> None:
    run(tmp_path, d.whole())
    before = len(every(AuditEntry))
    report = run(tmp_path, d.whole(), today=date.today() + timedelta(days=400))  # noqa: DTZ011
    assert all(c == Counts(skipped=c.skipped) and c.skipped for c in report.counts.values())
    assert len(every(AuditEntry)) == before


def test_what_the_portal_changed_stays_unless_the_source_changes_it(tmp_path: Path) -> None:
    run(tmp_path, d.whole())

    def moved() -> None:
        db.session().scalars(select(Account)).one().street = "Neue Straße 5"

    db.perform(moved)
    run(tmp_path, d.whole())
    assert one(Account).street == "Neue Straße 5"
    files = d.whole()
    files["accounts.csv"][0]["phone"] = "+49 40 66969 1"
    assert run(tmp_path, files).counts["accounts.csv"] == Counts(updated=1)
    assert (one(Account).street, one(Account).phone) == ("Nebenweg 2", "+49 40 66969 1")


def test_changed_rows_are_updated_and_audited(tmp_path: Path) -> None:
    run(tmp_path, d.whole())
    files = d.whole()
    files["people.csv"][1]["name"] = "Ann Lee"
    files["accounts.csv"][0]["currency"] = "EUR"
    files["accounts.csv"][0]["name"] = "Acme Söhne AG"
    files["prices.csv"][0]["amount"] = "170.00"
    files["contacts.csv"][0]["may_pay"] = "yes"
    files["contacts.csv"][0]["role"] = "admin"
    report = run(tmp_path, files)
    changed = {file for file, counts in report.counts.items() if counts.updated}
    assert changed == {"people.csv", "accounts.csv", "prices.csv", "contacts.csv"}
    assert one(Person, external_id="ann").name == "Ann Lee"
    assert (one(Account).name, one(Account).name_folded) == ("Acme Söhne AG", "acme söhne ag")
    assert one(Price).amount == 17000
    assert one(BillingContact).may_pay
    assert one(Membership).is_admin
    said = {(entry.action, entry.detail) for entry in every(AuditEntry) if entry.action.endswith(".changed")}
    assert ("person.changed", b'{"before":{"name":"Ann"}}') in said
    assert ("contact.changed", b'{"before":{"is_admin":false,"may_pay":"False"},"role":"admin"}') in said
    # The draft was priced at import and says so until its own row changes.
    assert one(QuoteVersion).net == 80000


def test_a_column_that_is_left_out_keeps_what_is_stored(tmp_path: Path) -> None:
    files = d.whole()
    files["accounts.csv"][0] |= {"phone": "+49 40 1", "vat_id": "DE136695976", "vat_confirmed_on": "today-1"}
    run(tmp_path, files)
    short = d.whole()
    short["accounts.csv"][0] |= {"vat_id": "DE136695976"}
    run(tmp_path, short)
    kept = one(Account)
    assert kept.phone == "+49 40 1"
    assert kept.vat_confirmed_at is not None
    short["accounts.csv"][0] |= {"vat_id": "ATU13585627", "country": "AT"}
    run(tmp_path, short)
    assert one(Account).vat_confirmed_at is None


def test_an_amount_above_which_two_accept_comes_in_and_goes(tmp_path: Path) -> None:
    files = d.whole()
    files["accounts.csv"][0]["second_above"] = "5000.50"
    run(tmp_path, files)
    assert one(Account).second_above == 500_050
    files["accounts.csv"][0]["second_above"] = ""
    run(tmp_path, files)
    assert one(Account).second_above is None
    files["accounts.csv"][0]["second_above"] = "-1"
    refused = import_directory(d.write(tmp_path / "dir", files), source="erp")
    assert "second_above" in str(refused.problems[0])


def test_people_may_exchange_what_they_sign_in_with(tmp_path: Path) -> None:
    files: Files = {"people.csv": [d.person("a", username="first"), d.person("b", username="second")]}
    run(tmp_path, files)
    files["people.csv"] = [d.person("a", username="second"), d.person("b", username="first")]
    run(tmp_path, files)
    owner = {row.canonical: row.person_id for row in every(LoginIdentifier, order=LoginIdentifier.canonical)}
    assert owner["first"] == one(Person, external_id="b").id
    assert owner["second"] == one(Person, external_id="a").id
    assert len(owner) == 4


def test_a_new_user_id_is_printed_from_then_on(tmp_path: Path) -> None:
    run(tmp_path, d.whole())
    files = d.whole()
    files["people.csv"][1]["username"] = "ann.lee"
    run(tmp_path, files)
    assert one(BillingContact).user_id == "ann.lee"
    assert told("person.changed") == [
        {"before": {"user_ids": ["annie"]}},
        {"before": {"user_ids": "ann@customer.example"}},
    ]
    assert "annie" not in {row.canonical for row in every(LoginIdentifier, order=LoginIdentifier.canonical)}


@pytest.mark.parametrize(
    ("file", "line", "changes"),
    [
        ("people.csv", 1, {"email": "new@customer.example"}),
        ("people.csv", 1, {"username": "ann.lee"}),
        ("people.csv", 1, {"email_signs_in": "no"}),
        ("people.csv", 1, {"disabled": "yes"}),
        ("contacts.csv", 0, {"may_accept": "no"}),
        ("contacts.csv", 0, {"may_manage": "yes"}),
        ("contacts.csv", 0, {"billing_contact": "no", "may_accept": "no"}),
        ("contacts.csv", 0, {"role": "none", "billing_contact": "no", "may_accept": "no"}),
    ],
)
def test_who_signs_in_otherwise_or_has_other_rights_is_signed_out(
    tmp_path: Path, file: str, line: int, changes: dict[str, str]
) -> None:
    files = d.whole()
    for row in files["people.csv"]:
        row.update({"disabled": "no", "email_signs_in": "yes"})
    run(tmp_path, files)
    ann = one(Person, external_id="ann").id
    db.perform(links.make_link, ann, timedelta(minutes=30))
    db.perform(sessions.begin_session, Realm.PORTAL, ann)
    files["people.csv"][1]["name"] = "Ann Lee-Smith"
    run(tmp_path, files)
    assert (one(PasswordLink).voided_at, one(SignInSession).ended_at) == (None, None)
    files[file][line].update(changes)
    run(tmp_path, files)
    assert None not in (one(PasswordLink).voided_at, one(SignInSession).ended_at)
    assert one(Person, external_id="ann").is_active is ("disabled" not in changes)


def test_another_role_signs_out(tmp_path: Path) -> None:
    files: Files = {"people.csv": [d.person("f", staff_role="finance")]}
    run(tmp_path, files)
    db.perform(sessions.begin_session, Realm.DESK, one(Person).id)
    files["people.csv"][0]["staff_role"] = "support"
    run(tmp_path, files)
    assert one(SignInSession).ended_at is not None


def test_the_primary_contact_changes_and_a_member_leaves(tmp_path: Path) -> None:
    files = d.whole()
    files["people.csv"].append(d.person("bob"))
    files["contacts.csv"] = [d.contact(is_primary="yes"), d.contact(person="bob")]
    run(tmp_path, files)
    files["contacts.csv"] = [d.contact(person="bob", is_primary="yes")]
    run(tmp_path, files)
    account = one(Account)
    with db.reading():
        assert [c.person.external_id for c in people.contacts_of(account.id)] == ["bob", "ann"]
    assert told("contact.changed") == [
        {"before": {"is_primary": "True"}},
        {"role": "user", "before": {"is_primary": "False"}},
    ]
    files["contacts.csv"] = [d.contact(person="bob", role="none", billing_contact="no", may_accept="no")]
    run(tmp_path, files)
    with db.reading():
        assert [c.person.external_id for c in people.contacts_of(account.id)] == ["ann"]
    assert len(every(Membership)) == 1
    files["contacts.csv"] = [d.contact(person="bob")]
    run(tmp_path, files)
    with db.reading():
        assert [c.person.external_id for c in people.contacts_of(account.id)] == ["ann", "bob"]


def test_a_changed_quote_is_a_new_version_while_it_is_a_draft(tmp_path: Path) -> None:
    run(tmp_path, d.whole())
    files = d.whole()
    files["quote_lines.csv"][0]["quantity"] = "6"
    assert run(tmp_path, files).counts["quotes.csv"] == Counts(updated=1)
    first, second = every(QuoteVersion)
    assert (first.state, first.is_current, first.net) == ("superseded", False, 80000)
    assert (second.state, second.is_current, second.net, second.version) == ("draft", True, 96000, 2)
    files["quotes.csv"][0]["state"] = "sent"
    run(tmp_path, files)
    third = every(QuoteVersion)[2]
    assert (third.state, third.version) == ("sent", 3)
    assert third.sha256 is not None
    assert run(tmp_path, files).counts["quotes.csv"] == Counts(skipped=1)
    number = one(Quote).number
    files["quote_lines.csv"][0]["quantity"] = "7"
    files["people.csv"][1]["name"] = "Not written either"
    report = import_directory(d.write(tmp_path / "dir", files), source="erp")
    [problem] = report.problems
    assert (problem.file, problem.line, problem.column) == ("quotes.csv", 2, "external_id")
    assert problem.reason == f"quote {number} is sent: its content can no longer be changed by an import"
    assert one(Person, external_id="ann").name == "Ann"


def test_dates_may_count_from_the_day_of_the_import(tmp_path: Path) -> None:
    files = d.whole()
    files["quotes.csv"][0] |= {"state": "sent", "starts_on": "today", "valid_until": "today-2"}
    files["invoices.csv"][0] |= {"issued_on": "today-30", "due_on": "2026-12-31"}
    day = date(2026, 3, 31)
    run(tmp_path, files, today=day)
    version = one(QuoteVersion)
    assert (version.starts_on, version.valid_until) == (day, date(2026, 3, 29))
    assert version.shown_state(clock.now()) == "expired"
    assert (one(Invoice).issued_on, one(Invoice).due_on) == (date(2026, 3, 1), date(2026, 12, 31))


def test_yen_have_no_decimals_and_what_was_paid_is_allocated(tmp_path: Path) -> None:
    files = d.whole()
    files["accounts.csv"][0]["currency"] = "JPY"
    files["prices.csv"][0] |= {"currency": "JPY", "amount": "24000"}
    files["subscriptions.csv"][0] |= {"currency": "JPY", "unit_price": "24000"}
    files["quotes.csv"][0]["currency"] = "JPY"
    files["invoices.csv"][0] |= {"currency": "JPY", "total": "119", "paid": "19"}
    files["invoice_lines.csv"][0]["unit_price"] = "50"
    run(tmp_path, files)
    assert (one(Invoice).total, one(Invoice).balance, one(Allocation).amount) == (119, 100, 19)
    assert (one(AccountBalance).currency, one(AccountBalance).open) == ("JPY", 100)


def test_the_received_pdf_is_kept_as_it_is_and_a_changed_invoice_is_refused(tmp_path: Path) -> None:
    files = d.whole()
    files["invoices.csv"][0] |= {"pdf": "OLD-1.pdf", "number": "OLD/1"}
    folder = tmp_path / "dir"
    folder.mkdir()
    (folder / "OLD-1.pdf").write_bytes(b"%PDF-1.4 as received")
    run(tmp_path, files)
    with db.reading():
        kept = documents.content(one(Invoice).public_id, "invoice")
    assert kept is not None
    assert (kept.data, kept.filename) == (b"%PDF-1.4 as received", "OLD-1.pdf")
    assert run(tmp_path, files).counts["invoices.csv"] == Counts(skipped=1)
    reason = "has been imported with other content, and an issued invoice never changes"
    refused = [f"invoices.csv, line 2, column external_id: {reason}"]
    (folder / "OLD-1.pdf").write_bytes(b"%PDF-1.4 another")
    report = import_directory(folder, source="erp")
    assert [str(problem) for problem in report.problems] == refused
    (folder / "OLD-1.pdf").write_bytes(b"%PDF-1.4 as received")
    files["invoice_lines.csv"][0]["description"] = "Something else"
    report = import_directory(d.write(folder, files), source="erp")
    assert [str(problem) for problem in report.problems] == refused


def test_rows_may_come_in_any_order_and_in_several_imports(tmp_path: Path) -> None:
    files = d.whole()
    files["invoices.csv"] = [d.invoice(external_id=f"i{n}", number=f"OLD-{n}") for n in range(600)]
    lines = [
        d.invoice_line(invoice=f"i{n}", position=p, unit_price="25.00") for p in (2, 1) for n in range(599, -1, -1)
    ]
    later = {name: files.pop(name) for name in ("invoices.csv", "quotes.csv", "quote_lines.csv")}
    files.pop("invoice_lines.csv")
    run(tmp_path, files)
    for name in files:
        (tmp_path / "dir" / name).unlink()
    report = run(tmp_path, later | {"invoice_lines.csv": lines})
    assert report.counts["invoices.csv"] == Counts(added=600)
    with db.reading() as session:
        stored = session.scalars(select(Invoice).options(selectinload(Invoice.lines))).all()
        assert {tuple(line.position for line in invoice.lines) for invoice in stored} == {(1, 2)}
    assert one(AccountBalance).open == 600 * 11900


def test_a_fault_in_the_middle_of_writing_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: Any) -> None:
        raise RuntimeError("power cut")

    monkeypatch.setitem(writes._WRITES, "quotes.csv", fail)
    with pytest.raises(RuntimeError):
        import_directory(d.write(tmp_path, d.whole()), source="erp")
    assert every(Account) == []
    assert every(Invoice) == []
    assert every(AuditEntry) == []
    monkeypatch.undo()
    assert import_directory(tmp_path, source="erp").accepted


def test_what_somebody_else_took_after_the_check_is_a_refusal(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write = importing.write

    def beaten(*arguments: Any) -> Any:
        core.person(user_id="annie")
        return write(*arguments)

    monkeypatch.setattr(importing, "write", beaten)
    report = import_directory(d.write(tmp_path, d.whole()), source="erp")
    assert [str(problem) for problem in report.problems] == [
        "people.csv, line 2: somebody else wrote the same at the same moment; run the import again"
    ]
    assert every(Person) == []


def test_two_sources_have_keys_of_their_own(tmp_path: Path) -> None:
    run(tmp_path, d.whole())
    other = {"people.csv": [d.person("ann", email="ann@other.example")]}
    report = import_directory(d.write(tmp_path / "other", other), source="crm")
    assert report.counts["people.csv"] == Counts(added=1)
    assert {(p.source, p.name) for p in every(Person)} == {("erp", "Rep"), ("erp", "Ann"), ("crm", "Ann")}


def test_lines_that_change_subscriptions_and_credits_come_in(tmp_path: Path) -> None:
    files = d.whole()
    files["subscriptions.csv"] = [d.subscription(external_id="s-1", period_start="today-100", period_end="today+265")]
    blank = {"effect": "", "subscription": "", "description": "", "credited": "", "starts_on": "", "term_months": ""}
    changes = [
        {"effect": "add", "subscription": "s-1", "starts_on": "today+10"},
        {"effect": "remove", "subscription": "s-1"},
        {"effect": "remove", "subscription": "s-1", "credited": "yes"},
        {"effect": "renew", "subscription": "s-1", "term_months": "24"},
        {"effect": "free", "frequency": "once", "unit_price": "-12.50", "description": "For the outage"},
    ]
    files["quotes.csv"] = [d.quote() | {"discount_percent": "2.5", "zone": "Asia/Tokyo"}]
    files["quote_lines.csv"] = [
        d.quote_line(position=str(number), quantity="1") | blank | change for number, change in enumerate(changes, 1)
    ]
    run(tmp_path, files)
    with db.reading() as session:
        version = session.scalars(select(QuoteVersion).options(selectinload(QuoteVersion.lines))).one()
    assert (version.percent_off, version.zone) == (250, "Asia/Tokyo")
    assert [line.effect for line in version.lines] == ["add", "remove", "remove", "renew", "free"]
    assert [line.due < 0 for line in version.lines] == [False, False, True, False, True]
    assert version.lines[4].unit_price == -1250


def test_a_representative_gets_a_manager_whatever_the_order_of_the_rows(tmp_path: Path) -> None:
    boss = d.person("boss", staff_role="rep_manager") | {"manager": ""}
    people = [d.rep() | {"manager": "boss"}, boss]
    report = run(tmp_path, {"people.csv": people})
    rep, manager = (one(Person, external_id=key) for key in (people[0]["external_id"], "boss"))
    assert (report.counts["people.csv"].added, rep.manager_id, manager.manager_id) == (2, manager.id, None)
    before = len(every(AuditEntry))
    run(tmp_path, {"people.csv": people})
    assert len(every(AuditEntry)) == before
    run(tmp_path, {"people.csv": [people[0] | {"manager": ""}]})
    assert one(Person, external_id=people[0]["external_id"]).manager_id is None
    last = every(AuditEntry)[-1]
    assert (last.action, last.subject) == ("person.changed", rep.public_id)


def test_a_file_without_the_column_leaves_the_manager(tmp_path: Path) -> None:
    boss = d.person("boss", staff_role="rep_manager") | {"manager": ""}
    run(tmp_path, {"people.csv": [d.rep() | {"manager": "boss"}, boss]})
    run(tmp_path, {"people.csv": [d.rep(name="Another Name")]})
    rep = one(Person, external_id=d.rep()["external_id"])
    assert (rep.name, rep.manager_id) == ("Another Name", one(Person, external_id="boss").id)
