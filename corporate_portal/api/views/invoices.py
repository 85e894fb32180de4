"""Invoices and their documents."""

from flask import Response

from billing_core import db
from billing_core.documents import service as documents
from billing_core.errors import NotFound
from corporate_portal.api import queries, showing
from corporate_portal.api.policy import Scope
from corporate_portal.api.queries import Wanted
from corporate_portal.api.schemas.asked import InvoicesWanted
from corporate_portal.api.schemas.invoices import InvoiceTold, WholeInvoiceTold
from corporate_portal.api.schemas.told import Listed
from corporate_portal.api.views import answering
from corporate_portal.api.views.blueprint import api
from corporate_portal.api.views.doors import Operation, operation

_TAG = "Invoices"
_Page = Listed[InvoiceTold]
_READ = Scope.INVOICES_READ


@api.get("/invoices")
@operation(Operation(_READ, _Page, _TAG, query=InvoicesWanted))
def list_invoices(query: InvoicesWanted) -> Response:
    """Invoices of corporate accounts"""
    wanted = Wanted(query.limit, query.after or "", query.account or "", query.state or "", query.changed_since)
    with db.reading():
        rows = queries.invoices(wanted)
    return answering.page(_Page, rows, showing.invoice_told, query)


@api.get("/invoices/<string:public_id>")
@operation(Operation(_READ, WholeInvoiceTold, _TAG, problems=(404,)))
def read_invoice(public_id: str) -> Response:
    """One invoice, with its lines, taxes and what was booked on it"""
    with db.reading():
        invoice = queries.invoice(public_id)
        payments = queries.payments_named([row.payment_id for row in invoice.allocations])
    return answering.told(showing.whole_invoice_told(invoice, payments))


@api.get("/invoices/<string:public_id>/pdf")
@operation(Operation(_READ, None, _TAG, tagged=True, problems=(404,)))
def read_invoice_pdf(public_id: str) -> Response:
    """The document as it was issued; there is none for an invoice that was issued elsewhere without one"""
    with db.reading():
        invoice = queries.invoice(public_id)
        content = documents.content(invoice.public_id, "invoice")
    if content is None and invoice.issued_elsewhere:
        raise NotFound
    return answering.stored(content)
