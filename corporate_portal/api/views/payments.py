"""Card payments."""

from flask import Response

from billing_core import db
from corporate_portal.api import queries, showing
from corporate_portal.api.policy import Scope
from corporate_portal.api.queries import Wanted
from corporate_portal.api.schemas.asked import PaymentsWanted
from corporate_portal.api.schemas.invoices import PaymentTold
from corporate_portal.api.schemas.told import Listed
from corporate_portal.api.views import answering
from corporate_portal.api.views.blueprint import api
from corporate_portal.api.views.doors import Operation, operation

_TAG = "Payments"
_Page = Listed[PaymentTold]


@api.get("/payments")
@operation(Operation(Scope.PAYMENTS_READ, _Page, _TAG, query=PaymentsWanted))
def list_payments(query: PaymentsWanted) -> Response:
    """Card payments of corporate accounts"""
    wanted = Wanted(query.limit, query.after or "", query.account or "", query.state or "", query.changed_since)
    with db.reading():
        rows = queries.payments(wanted)
    return answering.page(_Page, rows, showing.payment_told, query)


@api.get("/payments/<string:public_id>")
@operation(Operation(Scope.PAYMENTS_READ, PaymentTold, _TAG, problems=(404,)))
def read_payment(public_id: str) -> Response:
    """One payment"""
    with db.reading():
        payment = queries.payment(public_id)
    return answering.told(showing.payment_told(payment))
