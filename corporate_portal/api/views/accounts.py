"""Corporate accounts."""

from flask import Response

from billing_core import db
from corporate_portal.api import queries, showing
from corporate_portal.api.policy import Scope
from corporate_portal.api.queries import Wanted
from corporate_portal.api.schemas.accounts import AccountTold, WholeAccountTold
from corporate_portal.api.schemas.asked import AccountsWanted
from corporate_portal.api.schemas.told import Listed
from corporate_portal.api.views import answering
from corporate_portal.api.views.blueprint import api
from corporate_portal.api.views.doors import Operation, operation

_TAG = "Accounts"
_Page = Listed[AccountTold]


@api.get("/accounts")
@operation(Operation(Scope.ACCOUNTS_READ, _Page, _TAG, query=AccountsWanted))
def list_accounts(query: AccountsWanted) -> Response:
    """Corporate accounts"""
    with db.reading():
        rows = queries.accounts(Wanted(query.limit, query.after or ""), query.number or "")
        reps = queries.people([account.rep_id for account in rows.rows])
    return answering.page(_Page, rows, lambda account: showing.account_told(account, reps), query)


@api.get("/accounts/<string:public_id>")
@operation(Operation(Scope.ACCOUNTS_READ, WholeAccountTold, _TAG, problems=(404,)))
def read_account(public_id: str) -> Response:
    """One account, with its balances and subscriptions"""
    with db.reading():
        whole = queries.account(public_id)
    return answering.told(showing.whole_account_told(whole))
