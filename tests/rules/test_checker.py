"""The checker of money: it knows none of the programs that it checks, and finds a seeded violation of each rule."""

import ast
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

import pytest
from sqlalchemy import select

from billing_core import db
from billing_core.accounts import Account
from billing_core.bank import importing
from billing_core.bank import service as bank
from billing_core.bank.camt import read_statements
from billing_core.bank.models import BankEntry
from billing_core.ledger.models import Invoice
from billing_core.orders.online.wishes import Buy
from billing_core.payments import giving_back, service
from billing_core.payments.models import Dispute, Payment
from billing_core.payments.sharing import Means
from billing_core.permissions import Realm, Viewer
from tests.checker import RULES, audit, broken_rules
from tests.checker.books import opened
from tests.checker.units import at_processor, is_chargeable
from tests.conftest import Database
from tests.factories import cards, core, ledger
from tests.factories.camt import one_file, transfer
from tests.factories.shop import shop
from tests.factories.till import CardTill, payment_named
from tests.faults.quiet import work_off
from tests.rules.checker_seeds import SEEDS
from tests.tampering import unguard

HOME = Path(__file__).parents[2]
OURS = {"app", "billing_core", "corporate_portal", "online_bridge", "stripe_sandbox"}
DYNAMIC = {"importlib", "runpy", "pkgutil"}


def imports_of(module: Path) -> set[str]:
    found: set[str] = set()
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0
            found |= {str(node.module), *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Name):
            assert node.id not in ("__import__", "exec", "eval"), module
    return found


def reached_from(start: set[Path]) -> dict[str, Path]:
    """Everything that the modules import, directly or through modules of tests/, and where it is said first."""
    reached: dict[str, Path] = {}
    waiting, seen = sorted(start), set(start)
    while waiting:
        module = waiting.pop()
        for name in imports_of(module):
            reached.setdefault(name, module)
            place = HOME.joinpath(*name.split("."))
            for found in (place.with_suffix(".py"), place / "__init__.py"):
                if name.startswith("tests") and found.exists() and found not in seen:
                    seen.add(found)
                    waiting.append(found)
    return reached


def test_the_checker_imports_nothing_of_the_programs_that_it_checks() -> None:
    reached = reached_from(set((HOME / "tests" / "checker").glob("*.py")))
    assert {"sqlite3", "psycopg", "tests.checker.till"} <= reached.keys()
    assert {name: place for name, place in reached.items() if name.split(".")[0] in OURS | DYNAMIC} == {}
    said = "import sys, tests.checker; print(*sys.modules)"
    loaded = subprocess.run([sys.executable, "-c", said], cwd=HOME, check=True, capture_output=True, text=True)
    assert not {name.split(".")[0] for name in loaded.stdout.split()} & OURS


def test_the_walk_finds_an_import_behind_another_module() -> None:
    assert "billing_core" in reached_from({HOME / "tests" / "faults" / "dying.py"})


@dataclass
class Scene:
    """100.00 paid, 40.00 of another 100.00 paid and 30.00 of it under way, and 25.00 of account credit.

    5.00 of the credit came with an entry of the bank. Besides three times 100.00 paid: of one 30.00 went back, one is
    disputed, and one dispute was won. An online account has a
    subscription, and pays for another one.
    """

    till: CardTill
    names: dict[str, Any]


@pytest.fixture
def scene(database: Database, tmp_path: Path) -> Scene:
    till = CardTill(tmp_path / "sandbox.sqlite")
    account = core.account()
    payer = core.viewer(core.contact(account))
    whole, part = ledger.invoice(account, 10000), ledger.invoice(account, 10000)
    paid, partly = service.pay_invoice(payer, whole.public_id, None), service.pay_invoice(payer, part.public_id, 4000)
    for payment in (paid, partly):
        till.enter_card(payment)
    till.deliver()
    work_off()
    third, card = ledger.invoice(account, 500), cards.saved(till, account, payer, "pm_card_mastercard")
    on_file = service.pay_invoice(payer, third.public_id, None, means=Means(card.public_id))
    failing = cards.saved(till, account, payer, "pm_card_chargeCustomerFail")
    fourth = ledger.invoice(account, 600)
    declined = service.pay_invoice(payer, fourth.public_id, None, means=Means(failing.public_id))
    assert declined.state == "failed"
    core.account()
    till.deliver()
    work_off()
    open_one = service.pay_invoice(payer, part.public_id, 3000)
    ledger.credit_note(account, 2000)
    book_from_bank(account)
    sent_back, disputed, won = (paid_by_card(till, payer, ledger.invoice(account, 10000)) for _ in range(3))
    (target,) = payment_named(sent_back.public_id).targets
    with db.reading() as session:
        gives = session.get_one(Invoice, target.invoice_id).public_id
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    giving_back.refund_payment(clerk, sent_back.public_id, {gives: 3000}, "Why", "key")
    disputes = [till.sandbox.dispute(one.processor_intent or "") for one in (disputed, won)]
    evidence = {"evidence": {"uncategorized_text": "winning_evidence"}}
    till.stripe.v1.disputes.update(disputes[1], evidence)  # type: ignore[arg-type]
    till.deliver()
    work_off()
    shopping = shop()
    ordered = shopping.bought(till, shopping.buy(2))
    till.deliver()
    work_off()
    waiting = shopping.order(Buy(shopping.other.code, "Pro", 1, "monthly")).order
    audit(database.url, till.path, quiet=True)
    return Scene(
        till,
        {
            "account": account.id, "invoice": whole.id, "partly_paid": part.id, "paid": paid.public_id,
            "disputed": dispute_of(disputed), "paid_id": paid.id, "open": open_one.public_id, "open_id": open_one.id,
            "by_card": on_file.public_id, "method": card.processor_method, "declined": declined.public_id,
            "now": "2026-11-22T12:00:00.000000Z", "ordered": ordered.id, "waiting": waiting.id,
        },
    )  # fmt: skip


def book_from_bank(account: Account) -> None:
    """A statement with 5.00 of the account, and 1.00 of nobody."""
    content = one_file(transfer("5.00", "x"), transfer("1.00", "y"))
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    db.perform(importing.import_statements, clerk, content, "camt.xml", read_statements(content))
    with db.reading() as session:
        entry = session.scalars(select(BankEntry.public_id).where(BankEntry.amount == 500)).one()
    db.perform(bank.book_entry, clerk, entry, account.public_id, {})


def paid_by_card(till: CardTill, payer: Viewer, invoice: Invoice) -> Payment:
    """All of it, and told."""
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    till.deliver()
    work_off()
    return payment_named(payment.public_id)


def dispute_of(payment: Payment) -> str:
    """The public id of its dispute."""
    with db.reading() as session:
        return str(session.scalar(select(Dispute.public_id).where(Dispute.payment_id == payment.id)))


@contextmanager
def seeded(scene: Scene, database: Database, place: str, sql: str) -> Iterator[tuple[Any, Path]]:
    """Both sides with the violation, in a transaction that is rolled back and in a copy of the file."""
    store = scene.till.path.with_name("seeded.sqlite")
    shutil.copy(scene.till.path, store)
    statements = Template(sql).safe_substitute(scene.names).split("; ")
    with opened(database.url) as books:
        if place == "file":
            with closing(sqlite3.connect(store)) as file:
                assert sum(file.execute(one).rowcount for one in statements) >= 1
                file.commit()
        else:
            cursor: Any = books.cursor()
            for one in (*unguard(database.kind), *statements):
                cursor.execute(one)
            assert cursor.rowcount >= 1
        yield books, store
        books.rollback()  # type: ignore[attr-defined]


def test_each_rule_is_broken_by_a_seeded_violation(scene: Scene, database: Database) -> None:
    for words, place, sql in SEEDS:
        (rule,) = [rule for rule in RULES if words in rule.sentence]
        with seeded(scene, database, place, sql) as (books, store):
            for quiet in (False, True):
                named = any(line.startswith(rule.sentence) for line in broken_rules(books, store, quiet=quiet))
                assert named == (quiet or not rule.only_when_quiet), (words, sql, quiet)
    audit(database.url, scene.till.path, quiet=True)


def test_every_rule_has_a_seeded_violation() -> None:
    seeded_rules = {rule.sentence for rule in RULES for words, _, _ in SEEDS if words in rule.sentence}
    assert seeded_rules == {rule.sentence for rule in RULES}
    assert {rule.only_when_quiet for rule in RULES} == {True, False}


def test_every_broken_rule_is_told_at_once(scene: Scene, database: Database) -> None:
    with closing(sqlite3.connect(scene.till.path)) as file:
        file.execute("UPDATE delivery SET delivered_at = NULL")
        file.execute(
            "UPDATE object SET body = json_set(body, '$.livemode', json('true')) WHERE kind = 'payment_intent'"
        )
        file.commit()
    with pytest.raises(AssertionError, match=r"livemode False here, True at pi_(?s:.)*undelivered charge.succeeded"):
        audit(database.url, scene.till.path, quiet=True)


UNITS = {
    "EUR": (1234, 1234), "JPY": (1234, 1234), "KWD": (12340, 12340), "HUF": (1234500, 1234500), "ISK": (1234, 123400),
    "UGX": (5000, 500000), "RSD": (1234, 123400), "CLP": (1234, 1234),
}  # fmt: skip
"""The same money, as the portal and as the processor count it."""


@pytest.mark.parametrize("currency", UNITS)
def test_an_amount_is_the_same_money_on_both_sides(currency: str) -> None:
    ours, theirs = UNITS[currency]
    assert at_processor(ours, currency) == theirs
    assert is_chargeable(theirs, currency)


def test_amounts_that_no_card_can_have_been_charged_with() -> None:
    for amount, currency in [(0, "EUR"), (100_000_000, "EUR"), (1234, "KWD"), (123450, "ISK"), (550, "UGX")]:
        assert not is_chargeable(amount, currency), (amount, currency)


@pytest.mark.parametrize("currency", UNITS)
def test_a_payment_in_each_kind_of_currency_is_found_right(database: Database, tmp_path: Path, currency: str) -> None:
    till = CardTill(tmp_path / "sandbox.sqlite")
    account = core.account(currency=currency)
    payer: Viewer = core.viewer(core.contact(account))
    payment = service.pay_invoice(payer, ledger.invoice(account, UNITS[currency][0]).public_id, None)
    till.enter_card(payment)
    till.deliver()
    work_off()
    (charge,) = till.charges()
    assert charge.amount == UNITS[currency][1]
    audit(database.url, till.path, quiet=True)
