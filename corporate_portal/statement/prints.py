"""Statements of account and receipts as printed documents."""

import json

from billing_core import words
from billing_core.documents.printing import Print
from corporate_portal.statement.books import movements
from corporate_portal.statement.books.entries import name_of
from corporate_portal.statement.books.receipts import CARD, receipt_named


def statement_print(public_id: str) -> Print:
    """The Print of a statement: of the rows that were there when it was asked for. Raises NotFound."""
    statement, scope = movements.statement_named(public_id)
    sums = movements.sums_of(scope)
    letterhead, bill_to = statement.letterhead, json.loads(statement.bill_to)
    return Print(
        template="print/statement.html",
        context={
            "statement": statement,
            "period": scope.period,
            "sums": sums,
            "entries": list(movements.entries_of(scope, sums.opening)),
            "letterhead": letterhead,
            "bill_to": bill_to,
        },
        locale=statement.locale,
        title=words.gettext("Statement of account %(number)s", number=bill_to["customer_number"]),
        author=letterhead.name,
        created=statement.made_at,
    )


def receipt_print(public_id: str) -> Print:
    """The Print of a receipt, in the language of the payment. Raises NotFound."""
    receipt = receipt_named(public_id)
    account = receipt.account
    return Print(
        template="print/receipt.html",
        context={
            "receipt": receipt,
            "method": name_of(receipt.method),
            "payer": receipt.row.payer.name if receipt.method == CARD else "",
            "letterhead": account.seller,
            "bill_to": {
                "name": account.name, "street": account.street, "postal_code": account.postal_code,
                "city": account.city, "country": account.country, "customer_number": account.number,
            },
        },
        locale=receipt.locale,
        title=words.gettext("Receipt for a payment"),
        author=account.seller.name,
        created=receipt.row.settled_at if receipt.method == CARD else receipt.row.booked_at,
    )  # fmt: skip
