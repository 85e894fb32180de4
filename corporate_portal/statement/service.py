"""Ask for documents about an account's money: a statement of a period, and the receipt of a payment."""

import hashlib
import json

from sqlalchemy import select

from billing_core import audit, clock, db, words
from billing_core.accounts import Account
from billing_core.documents.service import request_document
from billing_core.errors import Invalid
from billing_core.ledger.service import BillTo, lock_account
from billing_core.permissions import Viewer
from billing_core.sellers.letterhead import Letterhead
from billing_core.words import mark
from corporate_portal.statement import queries
from corporate_portal.statement.books import movements
from corporate_portal.statement.books.entries import Period, file_name
from corporate_portal.statement.books.movements import Scope
from corporate_portal.statement.books.receipts import Receipt
from corporate_portal.statement.models import Statement

MOST_PRINTED = 250
"""Rows of one printed statement: some thirteen pages, which the printer sets in time even on a busy machine."""


class TooLongToPrint(Invalid):
    """So many pages are read by nobody, and would hold up every other document."""

    message = mark("This period has more than %(most)d entries. Choose a shorter one for the PDF, or download the CSV.")


def make_statement(viewer: Viewer, currency: str, period: Period, locale: str) -> Statement:
    """Have a statement of the viewer's chosen account printed, as the books stand now. The same again is the same row.

    Raises NotAllowed, NotFound for a currency that the account never had, and TooLongToPrint.
    """
    lock_account(queries.account_in(viewer).id)  # who books holds it: nothing below the highest ids is still to come
    account = queries.account_in(viewer)
    scope = queries.scope_of(account, currency, period)
    if movements.sums_of(scope).rows > MOST_PRINTED:
        raise TooLongToPrint(field="first", most=MOST_PRINTED)
    made = _statement(viewer, account, scope, locale)
    same = db.session().scalar(select(Statement).where(Statement.fingerprint == made.fingerprint))
    if same is not None:
        return same
    db.session().add(made)
    db.session().flush()
    with words.in_language(locale):
        name = file_name(account.number, period)
    request_document(made.public_id, "statement", locale, f"{name}.pdf")
    audit.record(viewer.actor, "statement.made", made.public_id, account.id, currency=currency)
    return made


def _statement(viewer: Viewer, account: Account, scope: Scope, locale: str) -> Statement:
    issued_by = Letterhead.of(account.seller).to_bytes()
    said = {
        "account_id": account.id, "currency": scope.currency, "locale": locale, "timezone": scope.zone,
        "first_day": scope.period.first, "last_day": scope.period.last, "last_invoice": scope.extent.invoice,
        "last_allocation": scope.extent.allocation, "last_credit": scope.extent.credit,
    }  # fmt: skip
    facts = json.dumps({name: str(value) for name, value in said.items()}, sort_keys=True).encode()
    bill_to = BillTo.of(account).to_bytes()
    return Statement(
        public_id=db.public_id("sta"), made_by=viewer.person_id, made_at=clock.now(), bill_to=bill_to,
        issued_by=issued_by, fingerprint=hashlib.sha256(b"\n".join((facts, bill_to, issued_by))).hexdigest(), **said,
    )  # fmt: skip


def make_receipt(viewer: Viewer, public_id: str) -> Receipt:
    """Have the receipt of a payment printed, once. Raises NotFound, also while the money has not come."""
    receipt = queries.receipt_of(viewer, public_id)
    with words.in_language(receipt.locale):
        name = words.gettext("Receipt %(day)s", day=receipt.received_on.isoformat())
    request_document(public_id, "receipt", receipt.locale, f"{name} {public_id}.pdf")
    return receipt
