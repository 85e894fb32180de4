"""The desk's pages of reminders: what was sent, holding them back with a note, and who may."""

from datetime import timedelta

import pytest
from flask import Flask

from billing_core import clock
from billing_core.permissions import Realm
from corporate_portal.receivables.jobs import remind_due
from tests.client import Client
from tests.corporate_portal.receivables.conftest import customer, late, sent
from tests.factories import core


def test_the_account_and_the_invoice_show_what_was_sent(clerk: Client) -> None:
    account = customer()
    invoice = late(account, 22)
    remind_due()
    pages = [
        f"/desk/accounts/{account.public_id}/money", f"/desk/invoices/{invoice.public_id}",
        f"/desk/accounts/{account.public_id}/reminders", f"/desk/receivables/{account.public_id}",
    ]  # fmt: skip
    for path in pages:
        page = clerk.get(path)
        assert "Another reminder" in page.words, path
        assert path.startswith("/desk/receivables") or "Maria Muster" in page.words, path


def test_finance_holds_back_and_resumes(clerk: Client) -> None:
    account = customer()
    late(account, 8)
    here = f"/desk/accounts/{account.public_id}/reminders"
    fields = clerk.get(here).form("pause") | {"note": "They pay on Friday"}
    for _ in range(2):
        assert clerk.post(f"{here}/pause", fields).status == 303
    page = clerk.get(here)
    assert page.words.count("They pay on Friday") == 2, "in force, and once in the list"
    remind_due()
    assert sent() == []
    assert clerk.post(f"{here}/resume", page.form("resume")).status == 303
    assert clerk.post(f"{here}/resume", page.form("resume")).status == 409
    remind_due()
    assert len(sent()) == 1


@pytest.mark.parametrize(
    ("days", "note", "sentence"),
    [(-1, "Why", "Choose a day from today"), (400, "Why", "Choose a day from today"), (5, " ", "Please fill in"),
     (5, "x" * 501, "at most 500 characters")],
)  # fmt: skip
def test_what_makes_no_sense_is_said_and_nothing_is_held_back(
    clerk: Client, days: int, note: str, sentence: str
) -> None:
    here = f"/desk/accounts/{customer().public_id}/reminders"
    until = clock.today("Europe/Berlin") + timedelta(days=days)
    page = clerk.post(f"{here}/pause", clerk.get(here).form("pause") | {"until": until.isoformat(), "note": note})
    assert (page.status, sentence in page.words) == (400, True)
    assert "in force" not in clerk.get(here).words


@pytest.mark.parametrize("role", ["rep", "support"])
def test_nobody_else_at_the_desk(app: Flask, role: str) -> None:
    other = Client(app).sign_in(core.staff(role), Realm.DESK)
    assert other.get(f"/desk/accounts/{customer().public_id}/reminders").status == 403
