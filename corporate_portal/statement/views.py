"""A contact's statement of account, as page, CSV and PDF, and the receipts of payments."""

from itertools import islice
from typing import Any

from flask import Blueprint, Response, request
from werkzeug.wrappers import Response as Redirect

from billing_core import clock, db, words
from billing_core.accounts import Account
from billing_core.documents import letter
from billing_core.documents import service as documents
from billing_core.errors import Invalid
from billing_core.permissions import Right
from billing_core.web import downloads
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see
from corporate_portal.statement import queries, service
from corporate_portal.statement.books import movements
from corporate_portal.statement.books.entries import Period, file_name, name_of, usual_periods
from corporate_portal.statement.forms import PeriodForm, StatementForm
from corporate_portal.statement.showing import as_csv

statement = Blueprint("statement", __name__)

MOST_SHOWN = 100
"""Entries on a page; the CSV has them all."""

Answer = str | Response | Redirect | tuple[str, int]


@statement.get("/statement")
@portal_page()
def index() -> Answer:
    """Where the account stands, and the entries of a period."""
    form = PeriodForm(request.args)
    with db.reading():
        account = queries.account_in(viewer())
        is_fine = form.is_fine(clock.today(account.seller.timezone))
        shown = _page(account, form, is_fine=is_fine)
    return shown if is_fine else (shown, 400)


def _page(account: Account, form: StatementForm, *, is_fine: bool) -> str:
    today = clock.today(account.seller.timezone)
    currency = request.values.get("currency") or account.currency
    period = form.period() if is_fine else Period.ending(today)
    scope = queries.scope_of(account, currency, period)
    sums = movements.sums_of(scope)
    entries = list(islice(movements.entries_of(scope, sums.opening), MOST_SHOWN + 1))
    form.show(period)
    return page(
        "statement/index.html", form=form, account=account, scope=scope, sums=sums, entries=entries[:MOST_SHOWN],
        has_more=len(entries) > MOST_SHOWN, standing=queries.standing_of(account, currency),
        currencies=queries.currencies_of(account), under_way=queries.attempts_under_way(account), today=today,
        usual=usual_periods(today), letter=letter, may_pay=viewer().may(Right.PAY, account.id),
    )  # fmt: skip


@statement.get("/statement.csv", endpoint="csv")
@portal_page()
def as_file() -> Answer:
    """Every entry of the period. What is long is read in parts, each in a transaction of its own."""
    form, locale = PeriodForm(request.args), words.locale()
    with db.reading():
        account = queries.account_in(viewer())
        if not form.is_fine(clock.today(account.seller.timezone)):
            return _page(account, form, is_fine=False), 400
        scope = queries.scope_of(account, request.args.get("currency") or account.currency, form.period())
        sums = movements.sums_of(scope)
    name = f"{file_name(account.number, scope.period)}.csv"
    answer = Response(as_csv(movements.read_in_parts(scope, sums.opening), scope, sums, locale), mimetype="text/csv")
    answer.headers.set("Content-Disposition", "attachment", filename=name)
    answer.headers["Cache-Control"] = "private, no-store"
    return answer


@statement.post("/statement/pdf")
@portal_page()
def make_pdf() -> Answer:
    """Have the period printed."""
    form = StatementForm()
    with db.reading():
        account = queries.account_in(viewer())
        is_fine = form.is_fine(clock.today(account.seller.timezone))
    if is_fine:
        currency = request.form.get("currency") or account.currency
        try:
            made = db.perform(service.make_statement, viewer(), currency, form.period(), words.locale())
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            return see("statement.pdf", public_id=made.public_id)
    with db.reading():
        return _page(account, form, is_fine=is_fine), 400


@statement.get("/statement/<string:public_id>/pdf")
@portal_page()
def pdf(public_id: str) -> Answer:
    """The stored document, or the page that waits for it."""
    with db.reading():
        made = queries.statement_of(viewer(), public_id)
        return downloads.document(documents.content(public_id, "statement"), "statement/pdf-pending.html", made=made)


@statement.get("/statement/receipts")
@portal_page()
def receipts() -> Answer:
    """The account's payments, the newest first."""
    with db.reading():
        account = queries.account_in(viewer())
        rows, following = queries.payments_of(account, request.args.get("after", ""))
        return page("statement/receipts.html", rows=rows, following=following, **_told(account))


@statement.get("/statement/receipts/<string:public_id>")
@portal_page()
def receipt(public_id: str) -> Answer:
    """What came, and what it paid."""
    with db.reading():
        found = queries.receipt_of(viewer(), public_id)
        return page("statement/receipt.html", receipt=found, gone=queries.gone_of(found), **_told(found.account))


def _told(account: Account) -> dict[str, Any]:
    return {"account": account, "name_of": name_of}


@statement.post("/statement/receipts/<string:public_id>/pdf")
@portal_page()
def make_receipt_pdf(public_id: str) -> Answer:
    """Have the receipt printed."""
    db.perform(service.make_receipt, viewer(), public_id)
    return see("statement.receipt_pdf", public_id=public_id)


@statement.get("/statement/receipts/<string:public_id>/pdf")
@portal_page()
def receipt_pdf(public_id: str) -> Answer:
    """The stored receipt, or the page that waits for it."""
    with db.reading():
        found = queries.receipt_of(viewer(), public_id)
        content = documents.content(public_id, "receipt")
        return downloads.document(content, "statement/receipt-pending.html", receipt=found)
