"""Reminders: which step when, to whom, about what, and never twice."""

import json

import pytest
from sqlalchemy import select

from billing_core import clock, db
from billing_core.audit import AuditEntry
from billing_core.payments.disputing import learn_money_back
from billing_core.payments.gateway import DisputeState
from billing_core.payments.moves import doubt
from billing_core.payments.service import cancel_payment, pay_invoice
from billing_core.people import BillingContact
from corporate_portal.receivables import service, states
from corporate_portal.receivables.jobs import remind_due
from tests.corporate_portal.receivables.conftest import (
    customer,
    days_later,
    disputed_with_the_bank,
    finance,
    late,
    mails,
    paid,
    rows,
    sent,
)
from tests.factories import core, ledger


@pytest.mark.parametrize(("days", "steps"), [(6, []), (7, [1]), (20, [1]), (21, [2]), (34, [2]), (35, [3]), (300, [3])])
def test_the_highest_step_that_is_due_is_sent_and_only_once(database: object, days: int, steps: list[int]) -> None:
    late(customer(), days)
    for _ in range(3):
        remind_due()
    assert [one.step for one in sent()] == steps
    assert len(mails()) == len(steps)


def test_each_step_comes_on_its_day(database: object) -> None:
    late(customer(), 0)
    seen = []
    for day in range(60):
        with days_later(day):
            remind_due()
        seen += [day] * (len(sent()) - len(seen))
    assert seen == [7, 21, 35]
    assert [one.tone for one in sent()] == ["friendly", "firm", "last"]
    assert [mail.subject for mail in mails()] == [
        "Reminder: €100.00 is past due", "Another reminder: €100.00 is past due", "Last reminder: €100.00 is past due",
    ]  # fmt: skip


def test_after_a_long_pause_of_the_worker_only_the_highest_step_goes_out(database: object) -> None:
    late(customer(), 0)
    with days_later(22):
        remind_due()
    with days_later(34):
        remind_due()
    with days_later(35):
        remind_due()
    assert [one.step for one in sent()] == [2, 3]


def test_the_mail_has_the_sum_the_items_and_how_to_pay(database: object) -> None:
    account = customer(locale="de")
    old, young, coming = late(account, 25, 123456), late(account, 2, 10050), late(account, -3)
    remind_due()
    (mail,) = mails()
    assert mail.locale == "de"
    assert mail.subject == "Erneute Zahlungserinnerung: 1.335,06 € sind überfällig"
    facts = (old.number, young.number, "1.234,56 €", "DE02 1203 0000", account.number, "/invoices?state=past-due")
    for text in (mail.text_body, mail.html_body):
        told = " ".join(text.split())
        for wanted in facts:
            assert wanted in told, wanted
        assert coming.number not in told
    (reminder,) = sent()
    assert {item.invoice_id: item.balance for item in reminder.items} == {old.id: 123456, young.id: 10050}
    assert [(one.email, one.mail) for one in reminder.mails] == [(mail.recipient, mail.public_id)]


def test_one_item_leads_to_its_own_page_and_is_paid_under_its_number(database: object) -> None:
    invoice = late(customer(), 8)
    remind_due()
    assert f"/invoices/{invoice.public_id}" in mails()[0].text_body
    assert f"Payment reference: {invoice.number}" in mails()[0].text_body


def test_online_accounts_are_reminded_alike(database: object) -> None:
    account = core.account(kind="online")
    core.contact(account)
    late(account, 8)
    remind_due()
    assert "/billing" in mails()[0].text_body


def test_each_seller_and_currency_is_a_row_of_its_own(database: object) -> None:
    account, other = customer(), core.seller("AT")
    late(account, 8)
    late(account, 22, 12345, currency="JPY")
    late(account, 36, seller_id=other.id, seller_code=other.code)
    remind_due()
    assert sorted((one.dunning.currency, one.step, one.total) for one in sent()) == [
        ("EUR", 1, 10000), ("EUR", 3, 10000), ("JPY", 2, 12345),
    ]  # fmt: skip


def test_those_who_got_the_invoices_are_reminded(database: object) -> None:
    account = customer()
    buyer, gone = core.contact(account), core.contact(account)
    late(account, 9, contact=buyer)
    late(account, 9, contact=gone)

    def remove() -> None:
        found = select(BillingContact).where(BillingContact.person_id == gone.id)
        db.session().scalars(found).one().removed_at = clock.now()

    db.perform(remove)
    remind_due()
    assert [mail.recipient for mail in mails()] == [buyer.email]


def test_where_none_of_them_is_left_the_primary_contact_is(database: object) -> None:
    account = customer()
    late(account, 9)
    remind_due()
    assert [mail.recipient_name for mail in mails()] == ["Maria Muster"]


def test_without_anybody_to_write_to_nothing_counts_as_sent(database: object) -> None:
    account = core.account()
    core.contact(account, core.person(email="no address"))
    late(account, 9)
    remind_due()
    assert sent() == []
    core.contact(account)
    remind_due()
    assert [one.step for one in sent()] == [1]


def test_what_is_disputed_or_being_paid_is_left_out_of_sum_and_step(app: object) -> None:
    account = customer()
    payer = ledger.payer(account)
    disputed_with_the_bank(late(account, 100), payer)
    held = late(account, 50)
    payment = pay_invoice(core.viewer(payer), held.public_id, 2000)
    remind_due()
    assert sent() == [], "nothing else is past due"
    plain = late(account, 8, 700)
    remind_due()
    assert [(one.step, one.total, [item.invoice_id for item in one.items]) for one in sent()] == [(1, 700, [plain.id])]
    db.perform(doubt, payment.public_id)
    with days_later(1):
        remind_due()
    assert len(sent()) == 1, "its outcome is not known"


def test_what_was_left_out_comes_back_when_it_is_decided(app: object) -> None:
    account = customer()
    payer = ledger.payer(account)
    dispute = disputed_with_the_bank(late(account, 40), payer)
    held = late(account, 10)
    payment = pay_invoice(core.viewer(payer), held.public_id, 2000)
    remind_due()
    assert sent() == []
    cancel_payment(core.viewer(payer), payment.public_id)
    remind_due()
    assert [one.step for one in sent()] == [1]
    lost = DisputeState(f"dp_{dispute.public_id}", "lost", dispute.amount, "EUR", "fraudulent", None)
    db.perform(learn_money_back, dispute.public_id, [], [lost])
    remind_due()
    assert [(one.step, one.total) for one in sent()] == [(1, 10000), (3, 20000)]


def test_paid_up_the_row_begins_anew(database: object) -> None:
    account = customer()
    late(account, 22)
    remind_due()
    paid(account, 10000)
    remind_due()
    assert [row.ended_at is not None for row in rows()] == [True]
    late(account, 8, 500)
    remind_due()
    assert [(one.step, one.total) for one in sent()] == [(2, 10000), (1, 500)]
    assert [row.ended_at is not None for row in rows()] == [True, False]


def test_what_was_named_is_paid_but_something_else_is_late_already(database: object) -> None:
    account = customer()
    late(account, 36)
    remind_due()
    late(account, 9, 500)
    paid(account, 10000)
    remind_due()
    assert [(one.step, one.total) for one in sent()] == [(3, 10000), (1, 500)]


def test_a_part_payment_does_not_begin_anew(database: object) -> None:
    account = customer()
    late(account, 8)
    remind_due()
    paid(account, 4000)
    with days_later(13):
        remind_due()
    assert [(one.step, one.total) for one in sent()] == [(1, 10000), (2, 6000)]
    assert len(rows()) == 1


def test_credit_that_could_pay_is_mentioned(database: object) -> None:
    account = customer()
    paid(account, 3000)
    late(account, 8)
    remind_due()
    assert "Account credit: €30.00" in mails()[0].text_body


def test_no_reminders_while_finance_holds_them_back(database: object) -> None:
    account, clerk = customer(), finance()
    late(account, 6)
    until = clock.today("Europe/Berlin").fromordinal(clock.today("Europe/Berlin").toordinal() + 10)
    db.perform(service.pause_reminders, clerk, account.public_id, until, "They pay on Friday")
    for day, expected in ((5, 0), (10, 0), (11, 1)):
        with days_later(day):
            remind_due()
        assert len(sent()) == expected, day


def test_resumed_reminders_go_out_again(database: object) -> None:
    account, clerk = customer(), finance()
    late(account, 8)
    today = clock.today("Europe/Berlin")
    db.perform(service.pause_reminders, clerk, account.public_id, today, "Ask first")
    remind_due()
    assert sent() == []
    db.perform(service.resume_reminders, clerk, account.public_id)
    remind_due()
    assert len(sent()) == 1


def test_switched_off_nothing_is_sent(database: object) -> None:
    late(customer(), 50)
    states.use_reminder_days("off")
    remind_due()
    assert sent() == []


@pytest.mark.parametrize("text", ["7", "7,21,35", " 1, 2 ,365 ", "off", "1,2,3,4,5,6"])
def test_steps_that_can_be_set(text: str) -> None:
    assert states.are_reminder_days(text)


@pytest.mark.parametrize(
    "text", ["", "0,7", "7,7", "21,7", "7;21", "7,366", "1,2,3,4,5,6,7", "-7", "seven", "7,", "\u0667"]
)
def test_steps_that_make_no_sense(text: str) -> None:
    assert not states.are_reminder_days(text)


def test_the_trail_says_what_was_sent(database: object) -> None:
    account = customer()
    invoice = late(account, 8)
    remind_due()
    with db.reading() as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.action == "reminder.sent")).one()
    detail = json.loads(entry.detail)
    assert (entry.actor, entry.subject, entry.account_id) == ("worker", sent()[0].public_id, account.id)
    assert (detail["step"], detail["total"], detail["invoices"]) == (1, 10000, {invoice.number: 10000})
    assert detail["to"] == [mails()[0].recipient]


def test_what_an_online_account_owes_because_it_was_too_little_for_a_card_is_not_asked_for(
    database: object,
) -> None:
    account = customer(kind="online")
    late(account, 22, 49)
    remind_due()
    assert sent() == []
    late(account, 22, 50)
    remind_due()
    assert len(sent()) == 1
