"""Money that left again, as the verbs of finance book it, on the statement."""

from billing_core import clock, db
from billing_core.payments.booking import return_incoming, use_credit
from billing_core.permissions import Realm
from tests.conftest import Database
from tests.corporate_portal.statement.conftest import came
from tests.corporate_portal.statement.test_balance import read
from tests.factories import core, ledger


def test_a_returned_debit_is_one_entry_beside_the_credit_that_it_frees(database: Database) -> None:
    of, day = core.account(), clock.today("Europe/Berlin")
    ledger.invoice(of, 1000)
    booked = came(of, 1800, method="direct_debit")
    other = ledger.invoice(of, 500)
    clerk = core.viewer(core.staff("finance"), Realm.DESK)
    db.perform(use_credit, clerk, other.public_id, None, "key")
    db.perform(return_incoming, clerk, booked.public_id, "No funds")
    sums, entries = read(of, day, day)
    assert [(entry.kind, entry.name, entry.amount, entry.moved) for entry in entries] == [
        ("invoice", "Invoice", 1000, 0),
        ("invoice", "Invoice", 500, 0),
        ("direct_debit", "Direct debit", -1800, 0),
        ("credit", "Account credit used", 0, 500),
        ("returned", "Payment returned by the bank", 1800, 0),
        ("credit", "Account credit taken off an invoice again", 0, 500),
    ]
    assert sums.closing == entries[-1].balance == 1500
    assert (sums.paid, sums.other) == (-1800, 1800)
