"""Open items by age, by account, and one by one; and all of them as a file."""

from collections.abc import Iterator

from flask import request

from billing_core import clock, db, words
from billing_core.errors import NotFound
from billing_core.payments.booking import account_for_finance
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page
from corporate_portal.receivables.queries import ageing as queries
from corporate_portal.receivables.queries.ageing import SORTS, Calendar, Filter, Item
from corporate_portal.receivables.showing import AGES, open_items
from corporate_portal.receivables.views.blueprint import Answer, file, receivables

ITEMS_AT_A_TIME = 400


@receivables.get("/desk/receivables")
@desk_page("finance")
def index() -> Answer:
    """What is owed in one currency, by age, and who owes it."""
    with db.reading():
        days, currencies, wanted = _asked()
        sort = request.args.get("sort", SORTS[0])
        if sort not in SORTS:
            raise NotFound
        rows, following = queries.debtors(wanted, days, sort, request.args.get("after", ""))
        return page(
            "receivables/index.html", wanted=wanted, days=days, currencies=currencies, sort=sort, rows=rows,
            following=following, found=queries.ageing(wanted, days), ages=AGES, after=request.args.get("after", ""),
        )  # fmt: skip


def _asked() -> tuple[Calendar, list[str], Filter]:
    """What the address wants to see; the first currency where it names none. Raises NotFound for one without books."""
    queries.demand_finance(viewer())
    days, currencies = queries.calendar(), queries.currencies()
    code, currency = request.args.get("seller", ""), request.args.get("currency", "") or (currencies or ["EUR"])[0]
    seller = next((seller.id for seller in days.sellers.values() if seller.code == code), None)
    if (code and seller is None) or currency not in (currencies or ["EUR"]):
        raise NotFound
    search = request.args.get("search", "")[:100].strip()
    found = queries.currencies_found(search) if search else {currency}
    if currency not in found:  # whoever searches need not know in which currency
        currency = next((one for one in currencies if one in found), currency)
    return days, currencies, Filter(currency, seller, search)


@receivables.get("/desk/receivables/<string:public_id>")
@desk_page("finance")
def account(public_id: str) -> Answer:
    """What one account owes in a currency, item by item."""
    with db.reading():
        found = account_for_finance(viewer(), public_id)
        days, wanted = queries.calendar(), Filter(request.args.get("currency", "") or found.currency)
        rows = queries.items(wanted, days, found.id, request.args.get("after", ""), request.args.get("before", ""))
        standing, others = queries.standing_of(found.id, wanted, days)
        return page(
            "receivables/account.html", account=found, wanted=wanted, rows=rows, found=standing, currencies=others,
            ages=AGES,
        )  # fmt: skip


@receivables.get("/desk/receivables.csv", endpoint="csv")
@desk_page("finance")
def as_file() -> Answer:
    """Every open item of the page's filters, the oldest due first."""
    with db.reading():
        days, _currencies, wanted = _asked()
    name = words.gettext("Open items %(currency)s %(day)s", currency=wanted.currency, day=clock.today("UTC"))
    return file(open_items(_pages(wanted, days), days, words.locale()), f"{name}.csv")


def _pages(wanted: Filter, days: Calendar) -> Iterator[list[Item]]:
    """Page after page, each read in a transaction of its own."""
    last = None
    while True:
        with db.reading():
            items = queries.items_after(wanted, days, last, ITEMS_AT_A_TIME)
        yield items
        if len(items) < ITEMS_AT_A_TIME:
            return
        last = items[-1].invoice
