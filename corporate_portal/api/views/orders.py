"""Service orders."""

from flask import Response

from billing_core import db
from corporate_portal.api import queries, showing
from corporate_portal.api.policy import Scope
from corporate_portal.api.queries import Wanted
from corporate_portal.api.schemas.asked import OrdersWanted
from corporate_portal.api.schemas.orders import OrderTold, WholeOrderTold
from corporate_portal.api.schemas.told import Listed
from corporate_portal.api.views import answering
from corporate_portal.api.views.blueprint import api
from corporate_portal.api.views.doors import Operation, operation

_TAG = "Service orders"
_Page = Listed[OrderTold]


@api.get("/service-orders")
@operation(Operation(Scope.ORDERS_READ, _Page, _TAG, query=OrdersWanted))
def list_service_orders(query: OrdersWanted) -> Response:
    """Service orders of corporate accounts"""
    wanted = Wanted(query.limit, query.after or "", query.account or "", query.state or "", query.changed_since)
    with db.reading():
        rows = queries.orders(wanted)
        quotes = queries.quotes_behind([order.origin for order in rows.rows])
    return answering.page(_Page, rows, lambda order: showing.order_told(order, quotes.get(order.origin)), query)


@api.get("/service-orders/<string:public_id>")
@operation(Operation(Scope.ORDERS_READ, WholeOrderTold, _TAG, problems=(404,)))
def read_service_order(public_id: str) -> Response:
    """One service order, with its lines and the invoices of its later periods"""
    with db.reading():
        whole = queries.order(public_id)
    return answering.told(showing.whole_order_told(whole))
