"""The pages of bank statements: the file that is uploaded, a statement with its entries, and what waits in all."""

from flask import request

from billing_core import clock, db
from billing_core.bank import importing, service
from billing_core.bank.camt import read_statements
from billing_core.bank.queries import statement_named
from billing_core.documents.service import content
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.web.downloads import document
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark, ngettext
from corporate_portal.finance.forms.bank import DismissForm, StatementForm
from corporate_portal.finance.queries import bank as queries
from corporate_portal.finance.views.blueprint import Answer, finance

MOST_AT_ONCE = 200
"""Entries that one request books or dismisses; a page shows fewer."""


@finance.get("/desk/bank")
@desk_page("finance")
def bank() -> Answer:
    """The statements, the newest first, and the field for the next one."""
    return _statements_page(StatementForm(formdata=None))


@finance.post("/desk/bank")
@desk_page("finance")
def import_statements() -> Answer:
    """Read the file outside any transaction, then take all of it in, or nothing."""
    form = StatementForm()
    try:
        bytes_ = form.content
        read = read_statements(bytes_)
        kept = db.perform(importing.import_statements, viewer(), bytes_, form.filename, read)
    except NotAllowed:
        raise
    except Refusal as refusal:
        form.refuse(refusal)
        return _statements_page(form), refusal.status
    tell("success", mark("The statement was imported."))
    return see("finance.bank_statement", public_id=kept[0].public_id) if len(kept) == 1 else see("finance.bank")


def _statements_page(form: StatementForm) -> str:
    with db.reading():
        rows, waiting = queries.statements(viewer(), request.args.get("after", ""), request.args.get("before", ""))
        return page("finance/bank.html", form=form, rows=rows, waiting=waiting)


@finance.get("/desk/bank/unmatched")
@desk_page("finance")
def unmatched() -> Answer:
    """Everything that nobody has booked or dismissed yet, the oldest first."""
    with db.reading():
        after, before = request.args.get("after", ""), request.args.get("before", "")
        entries, sums = queries.unmatched(viewer(), after, before)
        return page("finance/unmatched.html", entries=entries, sums=sums, today=clock.now().date())


@finance.get("/desk/bank/statements/<string:public_id>")
@desk_page("finance")
def bank_statement(public_id: str) -> Answer:
    """One statement, with what is proposed for each entry."""
    return _statement_page(public_id, DismissForm(formdata=None))


@finance.get("/desk/bank/statements/<string:public_id>/file")
@desk_page("finance")
def bank_file(public_id: str) -> Answer:
    """The file as the bank sent it."""
    with db.reading():
        file = content(statement_named(viewer(), public_id).public_id, importing.FILE)
    if file is None:
        raise NotFound
    return document(file, "")


@finance.post("/desk/bank/statements/<string:public_id>/book")
@desk_page("finance")
def accept_certain(public_id: str) -> Answer:
    """Book what is certain, each in a transaction of its own; what is not so any more stays where it is."""
    with db.reading():
        statement_named(viewer(), public_id)
    wanted = [one.partition("|") for one in request.form.getlist("certain")[:MOST_AT_ONCE]]
    booked = sum(_is_accepted(entry, seen) for entry, _, seen in wanted)
    if booked:
        tell("success", ngettext("%(num)s entry is booked.", "%(num)s entries are booked.", booked))
    if booked < len(wanted):
        tell("warning", mark("Some entries were not booked, because something has changed. Look at them again."))
    return see("finance.bank_statement", public_id=public_id)


def _is_accepted(entry: str, seen: str) -> bool:
    try:
        db.perform(service.accept_proposal, viewer(), entry, seen, certain=True)
    except Refusal:
        return False
    return True


@finance.post("/desk/bank/statements/<string:public_id>/dismiss")
@desk_page("finance")
def dismiss_debits(public_id: str) -> Answer:
    """Dismiss the money that went out and concerns no booking."""
    form = DismissForm()
    if not form.validate_on_submit():
        return _statement_page(public_id, form), 400
    with db.reading():
        statement_named(viewer(), public_id)
    wanted = request.form.getlist("entry")[:MOST_AT_ONCE]
    done = db.perform(service.dismiss_debits, viewer(), public_id, wanted, form.note.data or "")
    tell("success", ngettext("%(num)s entry is dismissed.", "%(num)s entries are dismissed.", done))
    return see("finance.bank_statement", public_id=public_id)


def _statement_page(public_id: str, form: DismissForm) -> str:
    asked = {name: request.args.get(name, "") for name in ("show", "after", "before")}
    with db.reading():
        found = queries.statement_of(viewer(), public_id, **asked)
        return page("finance/bank-statement.html", found=found, statement=found.statement, form=form)
