"""The day-end report with the rows behind its figures, and the export of a period for bookkeeping."""

from flask import request

from billing_core import db, words
from billing_core.errors import NotFound
from billing_core.ledger.closing import Books, currencies_of
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page
from corporate_portal.receivables.books import exporting, rows
from corporate_portal.receivables.books.rows import Scope
from corporate_portal.receivables.forms.books import DayEndForm, PeriodForm
from corporate_portal.receivables.queries import books as queries
from corporate_portal.receivables.showing import bookkeeping
from corporate_portal.receivables.showing import day_end as as_lines
from corporate_portal.receivables.views.blueprint import Answer, file, receivables


@receivables.get("/desk/day-end")
@desk_page("finance")
def day_end() -> Answer:
    """What a day brought, and that it adds up."""
    form = DayEndForm(request.args)
    with db.reading():
        is_fine = form.is_fine(queries.sellers(viewer()))
        shown = _report(form)
    return shown if is_fine else (shown, 400)


def _report(form: DayEndForm) -> str:
    books, currencies = _books(form)
    return page(
        "receivables/day-end.html", form=form, seller=form.chosen, books=books, currencies=currencies,
        found=queries.day_end(books), is_over=books.day < form.today,
    )  # fmt: skip


def _books(form: DayEndForm) -> tuple[Books, list[str]]:
    """The books that the address names; the first currency where it names none. Raises NotFound."""
    currencies = currencies_of(form.chosen.id) or ["EUR"]
    currency = request.args.get("currency", "") or currencies[0]
    if currency not in currencies:
        raise NotFound
    return Books(form.chosen.id, form.chosen.timezone, currency, form.wanted), currencies


@receivables.get("/desk/day-end/rows")
@desk_page("finance")
def behind() -> Answer:
    """The rows that a figure of the report sums up."""
    form = DayEndForm(request.args)
    with db.reading():
        is_fine = form.is_fine(queries.sellers(viewer()))
        line = queries.line_named(request.args.get("line", "receivables-invoices"))
        books, _currencies = _books(form)
        found, following = queries.behind(books, line, request.args.get("after", ""))
        shown = page(
            "receivables/behind.html", form=form, seller=form.chosen, books=books, line=line, rows=found,
            following=following, document=exporting.document_of,
        )  # fmt: skip
    return shown if is_fine else (shown, 400)


@receivables.get("/desk/day-end.csv", endpoint="day_end_csv")
@desk_page("finance")
def day_end_file() -> Answer:
    """The report as a file."""
    form = DayEndForm(request.args)
    with db.reading():
        if not form.is_fine(queries.sellers(viewer())):
            return _report(form), 400
        books, _currencies = _books(form)
        text = as_lines(queries.day_end(books), form.chosen, words.locale())
    name = words.gettext("Day-end %(seller)s %(day)s", seller=form.chosen.code, day=books.day)
    return file([text], f"{name} {books.currency}.csv")


@receivables.get("/desk/bookkeeping")
@desk_page("finance")
def export() -> Answer:
    """Of whom, and which days."""
    form = PeriodForm(formdata=None)
    with db.reading():
        form.show(queries.sellers(viewer()))
        return page("receivables/export.html", form=form, columns=exporting.COLUMNS)


@receivables.get("/desk/bookkeeping.csv", endpoint="export_csv")
@desk_page("finance")
def export_file() -> Answer:
    """Every movement of the period, read in parts."""
    form = PeriodForm(request.args)
    with db.reading():
        if not form.is_fine(queries.sellers(viewer())):
            return page("receivables/export.html", form=form, columns=exporting.COLUMNS), 400
        seller, extent = form.chosen, rows.extent()
    scope = Scope(seller.id, seller.timezone, *form.days, extent)
    name = f"bookkeeping-{seller.code}-{scope.first}-{scope.last}.csv"
    return file(bookkeeping(exporting.exported(scope, seller.code)), name)
