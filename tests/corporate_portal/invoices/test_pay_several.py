"""Several invoices with one card payment, through the pages: tick, divide, confirm, hosted page, receipt and mail."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from billing_core import clock, db
from billing_core.ledger.models import AccountBalance, Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import service
from billing_core.payments.models import Payment
from tests.client import Page
from tests.corporate_portal.invoices.conftest import Desk
from tests.factories import core, ledger
from tests.factories.sql import rows as rows_of
from tests.factories.sql import statements
from tests.factories.till import payment_named

NEW, CONFIRM = "/payments/new", "/payments/confirm"
KEY = "form_0123456789abcdef"


@pytest.fixture
def others(desk: Desk) -> list[Invoice]:
    """Two more open invoices, 60.00 due before and 0.30 due after the desk's own of 100.00."""
    today = clock.today("Europe/Berlin")
    return [
        ledger.invoice(desk.account, 6000, contact=desk.payer, due_on=today + timedelta(days=9)),
        ledger.invoice(desk.account, 30, contact=desk.payer, due_on=today + timedelta(days=40)),
    ]


def payments() -> list[Payment]:
    with db.reading() as session:
        return list(session.scalars(select(Payment).order_by(Payment.id)))


def errors(page: Page) -> str:
    return " ".join(" ".join(error.get_text(" ").split()) for error in page.html.select(".field-error, .error-summary"))


def address(*invoices: Invoice) -> str:
    return f"{NEW}?" + "&".join(f"invoice={invoice.public_id}" for invoice in invoices)


def cells(page: Page) -> list[list[str]]:
    """The rows of the table, as they are read."""
    return [
        [" ".join(cell.get_text(" ").split()) for cell in row.select("th, td")]
        for row in page.html.select("main table tbody tr")
    ]


def shown(desk: Desk, *invoices: Invoice, **entered: str) -> Page:
    """Fill in the amounts as the page shows them, and go on to the confirmation."""
    page = desk.browser.get(address(*invoices))
    sent = desk.browser.post(NEW, page.form(NEW) | entered)
    return desk.browser.follow(sent) if sent.status == 303 else sent


def test_open_invoices_can_be_ticked_and_paid_ones_cannot(desk: Desk, others: list[Invoice]) -> None:
    page = desk.browser.get("/invoices")
    boxes = page.html.select("input[type=checkbox][name=invoice]")
    assert {str(box["value"]) for box in boxes} == {one.public_id for one in [desk.invoice, *others]}
    assert {str(box["form"]) for box in boxes} == {"together"}
    assert all(one.number in str([box["aria-label"] for box in boxes]) for one in others)
    form = page.html.select_one("form#together")
    assert form is not None
    assert (form["method"], form["action"]) == ("get", NEW)
    assert "Pay selected invoices" in page.words
    assert not desk.browser.get("/invoices?state=paid").html.select("form#together, input[type=checkbox]")


def test_who_may_not_pay_has_nothing_to_tick(desk: Desk, others: list[Invoice]) -> None:
    looker = desk.someone(rights="accept manage")
    page = looker.get("/invoices")
    assert not page.html.select("input[type=checkbox]")
    assert "Pay selected invoices" not in page.words
    assert looker.get(address(*others)).status == 403
    parts = {"parts-0": f"{others[0].public_id}.6000.6000", "form_key": KEY, "card": "new"}
    assert looker.get(f"{CONFIRM}?parts-0={parts['parts-0']}").status == 403
    assert looker.post(NEW, {"rows-0-invoice": others[0].public_id}, page=page).status == 403
    assert looker.post(CONFIRM, parts, page=page).status == 403
    assert payments() == []


def test_the_whole_way_of_three_invoices(desk: Desk, others: list[Invoice]) -> None:
    page = desk.browser.get(address(desk.invoice, *others))
    assert [row[0].split()[0] for row in cells(page)] == [others[0].number, desk.invoice.number, others[1].number]
    form = page.form(NEW)
    assert [form[f"rows-{place}-amount"] for place in range(3)] == ["60.00", "100.00", "0.30"]
    confirm = shown(desk, desk.invoice, *others, **{"rows-1-amount": "40"})
    assert confirm.h1 == "Confirm your payment"
    assert [row[2:] for row in cells(confirm)] == [
        ["€60.00", "€60.00", "€0.00"], ["€100.00", "€40.00", "€60.00"], ["€0.30", "€0.30", "€0.00"],
    ]  # fmt: skip
    assert "Total of this payment €100.30" in confirm.words
    assert payments() == []
    hosted = desk.browser.post(CONFIRM, confirm.form(CONFIRM))
    assert hosted.location.startswith("http://localhost/sandbox/pay/")
    (payment,) = payments()
    waiting = desk.browser.get(f"/payments/{payment.public_id}")
    assert waiting.h1 == "Your payment is not finished"
    assert "3 invoices" in waiting.words
    assert "It pays 3 invoices; €40.00 of it is for this one." in desk.browser.get(desk.address).words
    back = desk.till.enter_card(payment)
    receipt = desk.browser.get(back.location.removeprefix("http://localhost"))
    assert receipt.h1 == "Thank you for your payment"
    assert "€100.30 has been booked on 3 invoices." in receipt.words
    assert [row[1:] for row in cells(receipt)] == [["€60.00", "€0.00"], ["€40.00", "€60.00"], ["€0.30", "€0.00"]]
    assert [ledger.reread(one).balance for one in [desk.invoice, *others]] == [6000, 0, 0]
    with db.reading() as session:
        mail = session.scalars(select(OutboxMail).where(OutboxMail.kind == "payment-receipt")).one()
    assert mail.subject == "Payment received for 3 invoices"
    for told in (others[0].number, desk.invoice.number, others[1].number, "€60.00", "€40.00", "€0.30"):
        assert told in mail.text_body
        assert told in mail.html_body


def test_one_amount_goes_to_the_oldest_first(desk: Desk, others: list[Invoice]) -> None:
    confirm = shown(desk, desk.invoice, *others, how="total", total="80")
    assert [row[3:] for row in cells(confirm)] == [["€60.00", "€0.00"], ["€20.00", "€80.00"]]
    desk.browser.post(CONFIRM, confirm.form(CONFIRM))
    (payment,) = payments()
    stored = payment_named(payment.public_id)
    assert [(one.invoice_id, one.amount) for one in stored.targets] == [(others[0].id, 6000), (desk.invoice.id, 2000)]


@pytest.mark.parametrize(
    ("entered", "told"),
    [
        ({"rows-0-amount": "60.01"}, "Enter an amount from €0.01 to €59.50, or pay the full amount of €60.00."),
        ({"rows-0-amount": "59.80"}, "Enter an amount from €0.01 to €59.50, or pay the full amount of €60.00."),
        ({"rows-2-amount": "0.20"}, "Only the full amount of €0.30 can be paid"),
        ({"rows-0-amount": "-1"}, "Enter an amount from €0.01"),
        ({"rows-0-amount": "a"}, "Enter an amount in figures"),
        ({"rows-0-amount": "", "rows-1-amount": "0", "rows-2-amount": ""}, "Enter an amount for at least one invoice."),
        ({"rows-0-amount": "0.10", "rows-1-amount": "", "rows-2-amount": "0.30"}, "One card payment is from €0.50"),
        ({"rows-0-amount": "", "rows-1-amount": "", "rows-2-amount": "0.30"}, "cannot be paid by card"),
        ({"how": "total", "total": ""}, "Enter the amount that you want to pay."),
        ({"how": "total", "total": "160.31"}, "These invoices take €160.30 at most."),
        ({"how": "total", "total": "0.49"}, "One card payment is from €0.50"),
        ({"how": "neither"}, "Not a valid choice"),
        ({"rows-0-seen": "5999"}, "now €60.00 can be paid"),
        ({"rows-0-seen": "x"}, "not up to date any more"),
    ],
)
def test_what_cannot_be_paid_is_said_at_its_field(
    desk: Desk, others: list[Invoice], entered: dict[str, str], told: str
) -> None:
    page = shown(desk, desk.invoice, *others, **entered)
    assert page.status == 400
    assert told in errors(page)
    assert payments() == []
    (field,) = [name for name in entered if name.endswith("amount")][:1] or [""]
    if "Enter an amount from" in told:
        marked = page.html.select_one(f"#{field}")
        assert marked is not None
        assert marked.get("aria-invalid") == "true"


def test_a_total_that_would_leave_too_small_a_rest_names_its_neighbours(desk: Desk) -> None:
    page = shown(desk, desk.invoice, how="total", total="99.80")
    assert "Enter €99.50 or €100.00 instead: €99.80 would leave a rest below €0.50" in errors(page)


def test_the_amounts_can_be_changed_before_paying(desk: Desk, others: list[Invoice]) -> None:
    confirm = shown(desk, desk.invoice, others[0], **{"rows-1-amount": "40"})
    link = confirm.html.find("a", string=lambda text: text is not None and "Change the amounts" in text)
    assert link is not None
    again = desk.browser.get(str(link["href"])).form(NEW)
    assert (again["rows-0-amount"], again["rows-1-amount"]) == ("60.00", "40.00")


def test_nothing_ticked_leads_back_with_a_word(desk: Desk) -> None:
    page = desk.browser.follow(desk.browser.get(NEW))
    assert "Tick at least one invoice." in page.words
    assert desk.browser.get(CONFIRM).location == "/invoices"


def test_all_that_is_open_is_one_click(desk: Desk, others: list[Invoice]) -> None:
    page = desk.browser.get("/invoices")
    link = page.html.find("a", string=lambda text: text is not None and "Pay all open invoices" in text)
    assert link is not None
    assert len(cells(desk.browser.get(str(link["href"])))) == 3
    assert "Nothing" not in desk.browser.get(f"{NEW}?all=EUR").words
    assert desk.browser.get(f"{NEW}?all=USD").location == "/invoices"
    assert desk.browser.get(f"{NEW}?all=%00").status == 404


def test_more_than_fit_into_one_payment_are_named(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    from billing_core.payments import beginning
    from corporate_portal.paying import forms, queries
    from corporate_portal.paying.views import several

    many = [ledger.invoice(desk.account, 1000) for _ in range(4)]
    for module in (beginning, forms, queries, several):
        monkeypatch.setattr(module, "MOST_INVOICES", 3)
    page = desk.browser.get(address(*many))
    assert len(cells(page)) == 3
    assert f"{many[3].number} : One payment takes at most 3 invoices." in page.words
    parts = {f"parts-{place}": f"{one.public_id}.1000.1000" for place, one in enumerate(many)}
    refused = desk.browser.post(CONFIRM, parts | {"form_key": KEY, "card": "new"}, page=page)
    assert refused.status == 409
    assert "One payment takes at most 3 invoices." in errors(refused)
    assert payments() == []


def test_what_is_held_or_paid_is_left_out_and_named(desk: Desk, others: list[Invoice], payment: Payment) -> None:
    whole = service.pay_invoice(core.viewer(desk.payer), others[0].public_id, None)
    page = desk.browser.get(address(desk.invoice, *others))
    assert "Not in this payment" in page.words
    assert f"A card payment of €60.00 is already under way for invoice {others[0].number}." in page.words
    assert [row[2] for row in cells(page)] == ["€60.00 €40.00 is held by a payment under way", "€0.30"]
    desk.till.enter_card(whole)
    service.settle(whole.public_id)
    assert f"Invoice {others[0].number} is already paid in full." in desk.browser.get(address(*others)).words
    only = desk.browser.follow(desk.browser.get(address(others[0])))
    assert "Nothing of these invoices can be paid now." in only.words


def test_invoices_in_two_currencies_do_not_go_together(desk: Desk) -> None:
    usd = ledger.invoice(desk.account, 5000, currency="USD")
    page = desk.browser.follow(desk.browser.get(address(desk.invoice, usd)))
    told = "One payment takes invoices in one currency only."
    assert told in page.words
    assert "Pay all open invoices in USD" in page.words
    parts = {"parts-0": f"{desk.invoice.public_id}.10000.10000", "parts-1": f"{usd.public_id}.5000.5000"}
    refused = desk.browser.post(CONFIRM, parts | {"form_key": KEY, "card": "new"}, page=page)
    assert refused.status == 409
    assert told in refused.words
    assert payments() == []


def test_a_stale_confirmation_is_refused_with_the_new_figures(desk: Desk, others: list[Invoice]) -> None:
    confirm = shown(desk, desk.invoice, *others)
    meanwhile = service.pay_invoice(core.viewer(core.contact(desk.account)), desk.invoice.public_id, 4000)
    desk.till.enter_card(meanwhile)
    service.settle(meanwhile.public_id)
    refused = desk.browser.post(CONFIRM, confirm.form(CONFIRM))
    assert refused.status == 409
    assert f"The open amount of invoice {desk.invoice.number} has changed" in errors(refused)
    assert "now €60.00 can be paid" in errors(refused)
    form = refused.form(NEW)
    assert (form["rows-1-amount"], form["rows-1-seen"]) == ("60.00", "6000")
    again = desk.browser.follow(desk.browser.post(NEW, form))
    assert desk.browser.post(CONFIRM, again.form(CONFIRM)).location.startswith("http://localhost/sandbox/pay/")
    stale = desk.browser.get(f"{CONFIRM}?parts-0={desk.invoice.public_id}.10000.10000")
    assert stale.status == 409


@pytest.mark.parametrize(
    "change",
    [
        lambda parts, key: (parts | {"parts-0": "nothing"}, key),
        lambda parts, key: (parts | {"parts-0": "inv_unknown.1.1"}, key),
        lambda parts, key: (parts | {"parts-1": parts["parts-0"]}, key),
        lambda parts, key: ({}, key),
    ],
)
def test_a_division_that_is_not_ours_is_not_found(
    desk: Desk, others: list[Invoice], change: Callable[[dict[str, str], str], tuple[dict[str, str], str]]
) -> None:
    page = desk.browser.get("/invoices")
    parts, key = change({"parts-0": f"{others[0].public_id}.6000.6000"}, KEY)
    assert desk.browser.post(CONFIRM, parts | {"form_key": key}, page=page).status == 404
    assert payments() == []


@pytest.mark.parametrize("key", ["", "x" * 31, "a b", "form_\u00fc"])
def test_a_key_that_is_not_ours_is_refused(desk: Desk, others: list[Invoice], key: str) -> None:
    confirm = shown(desk, *others)
    refused = desk.browser.post(CONFIRM, confirm.form(CONFIRM) | {"form_key": key})
    assert refused.status == 400
    assert "not up to date any more" in errors(refused)
    assert payments() == []


def test_a_form_sent_twice_is_one_payment(desk: Desk, others: list[Invoice]) -> None:
    confirm = shown(desk, desk.invoice, *others)
    form = confirm.form(CONFIRM)
    first, again = (desk.browser.post(CONFIRM, form) for _ in range(2))
    assert first.location == again.location
    (payment,) = payments()
    changed = desk.browser.post(CONFIRM, form | {"parts-1": f"{desk.invoice.public_id}.9000.10000"})
    assert changed.status == 409
    desk.till.enter_card(payment)
    service.settle(payment.public_id)
    assert desk.browser.post(CONFIRM, form).location == f"/payments/{payment.public_id}"
    assert len(payments()) == 1


def test_another_accounts_invoice_does_not_exist(desk: Desk, others: list[Invoice]) -> None:
    stranger, before = desk.stranger(), None
    own = stranger.get("/invoices")
    before = rows_of({"sign_in_session"})
    part = f"{others[0].public_id}.6000.6000"
    row = {"how": "each", "rows-0-invoice": others[0].public_id, "rows-0-seen": "6000", "rows-0-amount": "60"}
    assert stranger.get(address(*others)).status == 404
    assert stranger.get(f"{NEW}?parts-0={part}").status == 404
    assert stranger.get(f"{NEW}?invoice=%00").status == 404
    assert stranger.get(f"{CONFIRM}?parts-0={part}").status == 404
    assert stranger.post(NEW, row, page=own).status == 404
    assert stranger.post(CONFIRM, {"parts-0": part, "form_key": KEY}, page=own).status == 404
    assert rows_of({"sign_in_session"}) == before


def test_invoices_of_two_own_accounts_do_not_go_together(desk: Desk) -> None:
    second = core.account()
    core.contact(second, desk.payer)
    foreign = ledger.invoice(second, 5000)
    assert desk.browser.get(address(desk.invoice, foreign)).status == 404


def test_german_readers_read_and_type_german_figures(desk: Desk, others: list[Invoice]) -> None:
    browser = desk.someone(rights="pay", locale="de")
    page = browser.get(address(desk.invoice, *others))
    assert page.h1 == "Mehrere Rechnungen bezahlen"
    assert page.form(NEW)["rows-0-amount"] == "60,00"
    confirm = browser.follow(browser.post(NEW, page.form(NEW) | {"rows-1-amount": "40,50"}))
    browser.post(CONFIRM, confirm.form(CONFIRM))
    assert payments()[0].amount == 6000 + 4050 + 30


def test_looking_at_the_pages_writes_nothing_and_costs_the_same_for_many(desk: Desk, others: list[Invoice]) -> None:
    confirm = shown(desk, *others)
    assert confirm.status == 200
    before, costs = rows_of({"sign_in_session"}), []
    for chosen in (others, [desk.invoice, *others]):
        parts = "&".join(f"parts-{n}={one.public_id}.{one.balance}.{one.balance}" for n, one in enumerate(chosen))
        for path in (address(*chosen), f"{CONFIRM}?{parts}"):
            desk.browser.get(path)
            with statements() as ran:
                assert desk.browser.get(path).status == 200
            costs.append(len(ran))
    assert costs[:2] == costs[2:]
    assert rows_of({"sign_in_session"}) == before


@pytest.mark.parametrize(("currency", "total", "typed"), [("JPY", 5000, "5000"), ("KWD", 5000, "5.000")])
def test_currencies_with_other_decimal_places(desk: Desk, currency: str, total: int, typed: str) -> None:
    two = [ledger.invoice(desk.account, total, currency=currency) for _ in range(2)]
    page = desk.browser.get(address(*two))
    assert page.form(NEW)["rows-0-amount"] == typed
    confirm = shown(desk, *two)
    desk.browser.post(CONFIRM, confirm.form(CONFIRM))
    (payment,) = payments()
    desk.till.enter_card(payment)
    assert service.settle(payment.public_id).state == "succeeded"
    assert [ledger.reread(one).balance for one in two] == [0, 0]
    with db.reading() as session:
        left = select(func.sum(AccountBalance.credit)).where(AccountBalance.currency == currency)
        assert session.scalar(left) == 0
