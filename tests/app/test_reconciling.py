"""The command `portal reconcile`: what it prints, and how it ends."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from app.reconciling import command
from billing_core.ledger.models import Invoice
from billing_core.payments.reconciliation import running
from stripe_sandbox import Fault
from tests.billing_core.payments.altered import alter
from tests.billing_core.payments.paid import pay
from tests.factories import core, ledger
from tests.factories.till import CardTill, impatient


@pytest.fixture
def till(database: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[CardTill]:
    """The processor that the command finds."""
    monkeypatch.setattr("app.ports.make_ports", lambda _settings: None)
    with impatient():
        yield CardTill(tmp_path / "sandbox.sqlite")


def reconcile() -> Result:
    settings: Any = object()
    return CliRunner().invoke(command(lambda: settings), [])


def invoice() -> Invoice:
    return ledger.invoice(core.account(), 10000)


def test_both_sides_agree(till: CardTill) -> None:
    pay(till, invoice())
    done = reconcile()
    assert done.exit_code == 0
    lines = done.stdout.splitlines()
    assert lines[1:4] == [
        "At the card processor: 1 payments, 0 refunds, 0 disputes. Of others: 0.",
        "Here: 1 payments, 0 refunds, 0 disputes.",
        "Messages that had not been delivered: 0. Mended by a look: 0.",
    ]
    assert lines[4:] == [
        "At the card processor and not here: 0.", "Here and not at the card processor: 0.", "Otherwise not alike: 0.",
    ]  # fmt: skip


def test_each_difference_is_told_in_words(till: CardTill) -> None:
    payment = pay(till, invoice())
    alter(till, "payment_intent", payment.public_id, amount_received=9000)
    done = reconcile()
    assert done.exit_code == 1
    told = f"Payment {payment.public_id} / {payment.processor_intent}: "
    assert done.stdout.splitlines()[-1].replace("\u00a0", " ") == (
        told + "€100.00 are booked here, but the card processor took €90.00."
    )


def test_it_says_when_it_is_not_possible(till: CardTill) -> None:
    till.fail("events.list", Fault.SERVER_ERROR_BEFORE)
    failed = reconcile()
    assert (failed.exit_code, failed.stdout) == (2, "")
    assert "could not be asked" in failed.stderr
    assert running.run("another") is None
    busy = reconcile()
    assert busy.exit_code == 2
    assert "under way" in busy.stderr
