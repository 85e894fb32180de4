"""One invoice: what it says, its PDF, and that it does not exist for others."""

import hashlib

import pytest

from billing_core.payments import service
from billing_core.payments.models import Payment
from tests.client import Client
from tests.corporate_portal.invoices.conftest import Desk
from tests.corporate_portal.invoices.test_list import counted
from tests.factories import core, ledger


def test_the_page_answers_what_how_much_until_when_and_what_next(desk: Desk) -> None:
    page = desk.browser.get(desk.address)
    assert page.h1 == f"Invoice {desk.invoice.number}"
    assert "Balance €100.00" in page.words
    assert "due in 30 days" in page.words
    assert "Meeting Pro" in page.words
    assert "1 organizer" in page.words
    assert "DE02 1203 0000 0000 2020 51" in page.words
    link = page.html.select_one("a.btn-primary")
    assert link is not None
    assert "Pay now" in link.get_text()
    assert link["href"] == f"{desk.address}/pay"


def test_payments_so_far_are_a_timeline(desk: Desk, payment: Payment) -> None:
    waiting = desk.browser.get(desk.address)
    assert "A card payment of €40.00 is under way" in waiting.words
    assert "Continue the payment" in waiting.words
    assert "Payable now €60.00" in waiting.words
    desk.till.enter_card(payment)
    service.settle(payment.public_id)
    page = desk.browser.get(desk.address)
    items = [" ".join(item.get_text(" ").split()) for item in page.html.select(".timeline-item")]
    assert len(items) == 2
    assert "Visa •••• 4242, by Petra Payer" in items[1]
    assert "Partially paid" in page.words
    assert "under way" not in page.words


@pytest.mark.parametrize("end", ["cancelled", "needs_review"])
def test_an_attempt_that_came_to_nothing_is_told(desk: Desk, payment: Payment, end: str) -> None:
    if end == "cancelled":
        service.cancel_payment(core.viewer(desk.payer), payment.public_id)
        assert "A card payment was cancelled" in desk.browser.get(desk.address).words
    else:
        _set_aside(desk, payment)
        page = desk.browser.get(desk.address)
        assert "A card payment is being checked" in page.words
        assert "€40.00 is held" in page.words


def _set_aside(desk: Desk, payment: Payment) -> None:
    from dataclasses import replace

    from billing_core import db
    from billing_core.payments import moves

    seen = desk.till.gateway.retrieve_session(payment.processor_session or "")
    db.perform(moves.learn, payment.public_id, replace(seen, amount=1))


def test_who_may_only_read_is_told_so(desk: Desk) -> None:
    page = desk.someone(rights="accept").get(desk.address)
    assert "Paying it needs a contact" in page.words
    assert page.html.select_one("a.btn-primary") is None


def test_a_small_balance_is_for_a_transfer(desk: Desk) -> None:
    small = ledger.invoice(desk.account, 49)
    page = desk.browser.get(f"/invoices/{small.public_id}")
    assert "cannot be paid by card" in page.words
    assert "Pay now" not in page.words


@pytest.mark.parametrize("path", ["", "/pdf", "/pay"])
def test_another_accounts_invoice_does_not_exist(desk: Desk, path: str) -> None:
    assert desk.stranger().get(desk.address + path).status == 404
    assert desk.browser.get(f"/invoices/inv_unknown{path}").status == 404


def test_a_contact_of_two_accounts_opens_both(desk: Desk) -> None:
    other = core.account()
    who = core.contact(desk.account)
    core.contact(other, who)
    elsewhere = ledger.invoice(other, 500)
    browser = Client(desk.app).sign_in(who)
    assert browser.get(desk.address).status == 200
    assert browser.get(f"/invoices/{elsewhere.public_id}").status == 200


def test_the_pdf_is_served_as_it_was_stored(desk: Desk) -> None:
    ledger.pdf_of(desk.invoice)
    answer = desk.browser.get(f"{desk.address}/pdf").response
    assert (answer.status_code, answer.content_type) == (200, "application/pdf")
    assert answer.get_data() == ledger.PDF
    assert answer.headers["Content-Disposition"] == f"attachment; filename={desk.invoice.number}.pdf"
    etag = answer.headers["ETag"]
    assert etag == f'"{hashlib.sha256(ledger.PDF).hexdigest()}"'
    again = desk.browser.get(f"{desk.address}/pdf", headers={"If-None-Match": etag}).response
    assert (again.status_code, again.get_data()) == (304, b"")


def test_a_pdf_with_a_name_beyond_ascii_is_named_by_rfc_6266(desk: Desk) -> None:
    from billing_core import db
    from billing_core.documents.service import keep_document

    db.perform(keep_document, desk.invoice.public_id, "invoice", "de", "Rechnung Nürnberg.pdf", ledger.PDF)
    answer = desk.browser.get(f"{desk.address}/pdf").response
    assert "filename*=UTF-8''Rechnung%20N%C3%BCrnberg.pdf" in answer.headers["Content-Disposition"]


def test_a_pdf_that_is_not_there_yet_is_being_prepared(desk: Desk) -> None:
    page = desk.browser.get(f"{desk.address}/pdf")
    assert page.status == 202
    assert page.h1 == "The PDF is being prepared"
    assert page.response.headers["Refresh"] == "3"


def test_an_invoice_from_elsewhere_without_its_document_says_so(desk: Desk) -> None:
    imported = ledger.imported_invoice(desk.account, "OLD-1", 900)
    page = desk.browser.get(f"/invoices/{imported.public_id}")
    assert "issued elsewhere" in page.words
    assert "Download PDF" not in page.words
    assert desk.browser.get(f"/invoices/{imported.public_id}/pdf").status == 404


def test_the_number_of_statements_does_not_grow(desk: Desk) -> None:
    long = ledger.imported_invoice(desk.account, "OLD-1", 20000)
    desk.browser.get(desk.address)
    with counted() as few:
        desk.browser.get(f"/invoices/{long.public_id}")
    viewer = core.viewer(desk.payer)
    for _ in range(4):
        payment = service.pay_invoice(viewer, long.public_id, 1000)
        desk.till.enter_card(payment)
        service.settle(payment.public_id)
    with counted() as many:
        desk.browser.get(f"/invoices/{long.public_id}")
    assert len(many) <= len(few) + 1  # the attempts' targets are asked for once there are any


def test_the_page_in_german(desk: Desk) -> None:
    page = desk.someone(rights="pay", locale="de").get(desk.address)
    assert page.h1 == f"Rechnung {desk.invoice.number}"
    assert "Jetzt bezahlen" in page.words
