"""The way of a payment through the pages: amount, hosted page, return, receipt; and everything that can be entered."""

import pytest
from sqlalchemy import func, select

from billing_core import db
from billing_core.ledger.models import Allocation
from billing_core.payments import service
from billing_core.payments.models import Payment
from stripe_sandbox import Fault
from tests.client import Client, Page
from tests.corporate_portal.invoices.conftest import Desk
from tests.factories import core, ledger
from tests.factories.till import CREATE, EXPIRE, RETRIEVE, payment_named


def payments() -> list[Payment]:
    with db.reading() as session:
        return list(session.scalars(select(Payment).order_by(Payment.id)))


def errors(page: Page) -> str:
    return " ".join(" ".join(error.get_text(" ").split()) for error in page.html.select(".field-error, .error-summary"))


def test_the_full_amount_is_chosen_beforehand_and_a_part_is_one_click_away(desk: Desk) -> None:
    page = desk.browser.get(f"{desk.address}/pay")
    form = page.form("/pay")
    assert form["share"] == "full"
    assert form["seen"] == "10000"
    assert "From €0.50 to €99.50" in page.words
    assert desk.browser.get(f"{desk.address}/pay?share=part").form("/pay")["share"] == "part"


def test_the_whole_way_of_a_part(desk: Desk) -> None:
    hosted = desk.pay(share="part", amount="40.00")
    assert hosted.status == 303
    assert hosted.location.startswith("http://localhost/sandbox/pay/")
    (payment,) = payments()
    back = desk.till.enter_card(payment)
    assert back.location == f"http://localhost/payments/{payment.public_id}?returned=1"
    receipt = desk.browser.get(back.location.removeprefix("http://localhost"))
    assert receipt.h1 == "Thank you for your payment"
    assert "Paid amount €40.00" in receipt.words
    assert "Remaining balance €60.00" in receipt.words
    assert "Visa •••• 4242" in receipt.words
    assert ledger.reread(desk.invoice).balance == 6000
    assert "Partially paid" in desk.browser.get(desk.address).words


def test_the_whole_way_of_the_full_amount(desk: Desk) -> None:
    desk.pay()
    (payment,) = payments()
    desk.till.enter_card(payment)
    page = desk.browser.get(f"/payments/{payment.public_id}?returned=1")
    assert "Remaining balance €0.00" in page.words
    assert "Pay the rest" not in page.words
    assert desk.browser.get(f"{desk.address}/pay").location.endswith(desk.address)


@pytest.mark.parametrize(
    ("typed", "told"),
    [
        ("", "Enter the amount that you want to pay."),
        ("0", "Enter an amount from €0.50 to €99.50"),
        ("-5", "Enter an amount from €0.50 to €99.50"),
        ("0.49", "Enter an amount from €0.50 to €99.50"),
        ("99.51", "Enter an amount from €0.50 to €99.50"),
        ("100.01", "Enter an amount from €0.50 to €99.50"),
        ("99999999999", "Enter an amount from €0.50 to €99.50"),
        ("1e5", "Enter an amount in figures"),
        ("NaN", "Enter an amount in figures"),
        ("10.001", "at most 2 decimal places"),
        ("1.000,00", "Enter an amount in figures"),
        ("\u0661\u0660", "Enter an amount in figures"),
        ("10\u0000", "in figures"),
        ("1" * 400, "Enter an amount in figures"),
        ("999999999999999999999", "too large"),
        ("USD 40", "Enter an amount in figures"),
    ],
)
def test_what_cannot_be_paid_is_said_beside_the_field(desk: Desk, typed: str, told: str) -> None:
    page = desk.pay(share="part", amount=typed)
    assert page.status == 400
    field = page.html.select_one("#amount")
    assert field is not None
    assert field.get("aria-invalid") == "true"
    assert told in errors(page)
    assert payments() == []


def test_german_readers_type_german_figures(desk: Desk) -> None:
    browser = desk.someone(rights="pay", locale="de")
    page = browser.get(f"{desk.address}/pay")
    sent = browser.post(f"{desk.address}/pay", page.form("/pay") | {"share": "part", "amount": "40,50"})
    assert sent.status == 303
    assert payments()[0].amount == 4050


@pytest.mark.parametrize(
    "changes",
    [
        {"share": "everything"},
        {"share": ""},
        {"seen": ""},
        {"seen": "-1"},
        {"seen": "1e9"},
        {"seen": "9" * 40},
        {"form_key": ""},
        {"form_key": "x" * 200},
        {"form_key": "form_<script>"},
        {"form_key": "form_\u00fc"},
    ],
)
def test_a_form_that_is_not_ours_is_refused(desk: Desk, changes: dict[str, str]) -> None:
    page = desk.pay(**changes)
    assert page.status == 400
    assert errors(page)
    assert payments() == []


def test_fields_that_the_form_does_not_have_change_nothing(desk: Desk) -> None:
    answer = desk.pay(currency="USD", account_id="1", state="succeeded", livemode="1", total="1")
    assert answer.status == 303
    (payment,) = payments()
    assert (payment.amount, payment.currency, payment.state) == (10000, "EUR", "open")


def test_a_form_sent_twice_is_one_payment(desk: Desk) -> None:
    page = desk.browser.get(f"{desk.address}/pay")
    first, again = (desk.browser.post(f"{desk.address}/pay", page.form("/pay")) for _ in range(2))
    assert first.location == again.location
    assert len(payments()) == 1


def test_a_replayed_form_leads_to_the_receipt_of_its_payment(desk: Desk) -> None:
    page = desk.browser.get(f"{desk.address}/pay")
    form = page.form("/pay") | {"share": "part", "amount": "40"}
    desk.browser.post(f"{desk.address}/pay", form)
    (payment,) = payments()
    desk.till.enter_card(payment)
    service.settle(payment.public_id)
    replayed = desk.browser.post(f"{desk.address}/pay", form)
    assert replayed.location == f"/payments/{payment.public_id}"
    changed = desk.browser.post(f"{desk.address}/pay", form | {"amount": "50"})
    assert changed.status == 409
    assert "already used" in errors(changed)
    assert len(payments()) == 1


def test_a_stale_form_is_refused_and_shows_what_is_payable_now(desk: Desk) -> None:
    page = desk.browser.get(f"{desk.address}/pay")
    paid_meanwhile = service.pay_invoice(core.viewer(core.contact(desk.account)), desk.invoice.public_id, 4000)
    desk.till.enter_card(paid_meanwhile)
    service.settle(paid_meanwhile.public_id)
    refused = desk.browser.post(f"{desk.address}/pay", page.form("/pay"))
    assert refused.status == 409
    assert "now €60.00 can be paid" in errors(refused)
    assert refused.form("/pay")["seen"] == "6000"
    assert desk.browser.post(f"{desk.address}/pay", refused.form("/pay")).status == 303


def test_the_loser_of_two_tabs_is_offered_to_continue_or_cancel(desk: Desk) -> None:
    page = desk.browser.get(f"{desk.address}/pay")
    desk.pay()
    loser = desk.browser.post(f"{desk.address}/pay", page.form("/pay"))
    assert loser.status == 409
    assert "already under way" in errors(loser)
    assert "Continue the payment" in loser.words
    assert "Cancel the payment" in loser.words


def test_a_paid_invoice_takes_no_stale_form(desk: Desk) -> None:
    page = desk.browser.get(f"{desk.address}/pay")
    desk.pay()
    desk.till.enter_card(payments()[0])
    service.settle(payments()[0].public_id)
    refused = desk.browser.post(f"{desk.address}/pay", page.form("/pay"))
    assert refused.status == 409
    assert "already paid in full" in errors(refused)


def test_continue_leads_back_to_the_same_hosted_page(desk: Desk, payment: Payment) -> None:
    page = desk.browser.get(f"/payments/{payment.public_id}")
    assert page.h1 == "Your payment is not finished"
    again = desk.browser.post(f"/payments/{payment.public_id}/continue", page=page)
    assert (again.status, again.location) == (303, payment.hosted_url)


def test_cancel_frees_the_money(desk: Desk, payment: Payment) -> None:
    page = desk.browser.get(desk.address)
    cancelled = desk.browser.follow(desk.browser.post(f"/payments/{payment.public_id}/cancel", page=page))
    assert cancelled.h1 == "The payment was cancelled"
    assert "Nothing was charged" in cancelled.words
    assert desk.browser.get(f"{desk.address}/pay").form("/pay")["seen"] == "10000"


def test_a_cancellation_that_nobody_answers_changes_nothing(desk: Desk, payment: Payment) -> None:
    page = desk.browser.get(desk.address)
    desk.till.fail(EXPIRE, Fault.TIMES_OUT_BEFORE)
    refused = desk.browser.post(f"/payments/{payment.public_id}/cancel", page=page)
    assert refused.status == 503
    assert "cannot be reached" in refused.words
    assert payment_named(payment.public_id).state == "open"


def test_a_decline_is_told_with_the_next_step(desk: Desk, payment: Payment) -> None:
    desk.till.enter_card(payment, "pm_card_visa_chargeDeclinedInsufficientFunds")
    page = desk.browser.get(f"/payments/{payment.public_id}?returned=1")
    assert "The card was declined" in page.words
    assert "does not have enough funds" in page.words
    assert "Continue the payment" in page.words
    assert ledger.reread(desk.invoice).balance == 10000


def test_an_unknown_outcome_is_being_confirmed_and_never_called_failed(desk: Desk, payment: Payment) -> None:
    desk.till.enter_card(payment)
    desk.till.fail(RETRIEVE, Fault.TIMES_OUT_BEFORE)
    page = desk.browser.get(f"/payments/{payment.public_id}?returned=1")
    assert page.h1 == "We are confirming your payment"
    assert page.html.select_one("[data-refresh-seconds]") is not None
    link = page.html.find("a", string=lambda text: text is not None and "Look again" in text)
    assert link is not None
    assert "We are confirming this payment" in desk.browser.get(desk.address).words
    again = desk.browser.get(str(link["href"]))
    assert again.h1 == "Thank you for your payment"


def test_a_payment_that_could_not_be_started_can_be_tried_again(desk: Desk) -> None:
    desk.till.fail(CREATE, Fault.TIMES_OUT_BEFORE)
    sent = desk.pay()
    (payment,) = payments()
    assert sent.location == f"/payments/{payment.public_id}"
    page = desk.browser.follow(sent)
    again = desk.browser.post(f"/payments/{payment.public_id}/continue", page=page)
    assert again.location.startswith("http://localhost/sandbox/pay/")


def test_opening_pages_changes_nothing(desk: Desk, payment: Payment) -> None:
    desk.till.enter_card(payment)
    for path in (desk.address, f"{desk.address}/pay", f"/payments/{payment.public_id}", "/invoices"):
        assert desk.browser.get(path).status == 200
    with db.reading() as session:
        assert session.scalar(select(func.count()).select_from(Allocation)) == 0
    assert payment_named(payment.public_id).state == "open"


def test_another_accounts_payment_does_not_exist(desk: Desk, payment: Payment) -> None:
    desk.till.enter_card(payment)
    stranger = desk.stranger()
    own = stranger.get("/invoices")
    assert stranger.get(f"/payments/{payment.public_id}").status == 404
    assert stranger.get(f"/payments/{payment.public_id}?returned=1").status == 404
    for deed in ("continue", "cancel"):
        assert stranger.post(f"/payments/{payment.public_id}/{deed}", page=own).status == 404
    assert stranger.post(f"{desk.address}/pay", {"share": "full"}, page=own).status == 404
    assert payment_named(payment.public_id).state == "open"
    assert len(payments()) == 1


def test_who_may_not_pay_is_refused_everywhere(desk: Desk, payment: Payment) -> None:
    looker = desk.someone(rights="accept manage")
    own = looker.get("/invoices")
    assert looker.get(f"{desk.address}/pay").status == 403
    form = {"share": "full", "form_key": "form_1", "seen": "6000", "card": "new"}
    assert looker.post(f"{desk.address}/pay", form, page=own).status == 403
    for deed in ("continue", "cancel"):
        assert looker.post(f"/payments/{payment.public_id}/{deed}", page=own).status == 403
    shown = looker.get(f"/payments/{payment.public_id}")
    assert shown.status == 200
    assert "Cancel the payment" not in shown.words
    assert len(payments()) == 1


def test_a_webhook_needs_its_signature_and_no_token(desk: Desk, payment: Payment) -> None:
    anyone = Client(desk.app)
    refused = anyone.browser.post("/webhooks/stripe", data=b"{}", headers={"Stripe-Signature": "t=1,v1=0"})
    assert (refused.status_code, refused.get_data()) == (400, b"")
    desk.till.enter_card(payment)

    def post(body: bytes, signature: str) -> int:
        return anyone.browser.post("/webhooks/stripe", data=body, headers={"Stripe-Signature": signature}).status_code

    assert desk.till.sandbox.deliver_due(post) >= 1
    assert payment_named(payment.public_id).state == "succeeded"


def test_no_card_number_reaches_us(desk: Desk) -> None:
    """Neither a page of ours nor a row has a place for one: the whole way only shows the last four figures."""
    page = desk.browser.get(f"{desk.address}/pay")
    names = {str(field.get("name")) for field in page.html.select("input")}
    assert names == {"csrf_token", "share", "amount", "form_key", "seen", "next", "card", "keep"} & names
    desk.pay()
    (payment,) = payments()
    desk.till.enter_card(payment)
    assert "4242424242424242" not in desk.browser.get(f"/payments/{payment.public_id}?returned=1").text
