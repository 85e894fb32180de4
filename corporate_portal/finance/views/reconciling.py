"""The pages of the reconciliation with the card processor: the reports, one of them, and one at once."""

from billing_core import db
from billing_core.payments.reconciliation import queries, running, wording
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.finance.views.blueprint import Answer, finance


@finance.get("/desk/reconciliations")
@desk_page("finance")
def reconciliations() -> Answer:
    """The newest report whole, and those before it."""
    with db.reading():
        found = queries.reports(viewer())
        return page(
            "finance/reconciliations.html", reports=found, report=found[0] if found else None, words_of=wording,
            is_under_way=queries.is_under_way(),
        )  # fmt: skip


@finance.get("/desk/reconciliations/<string:public_id>")
@desk_page("finance")
def reconciliation(public_id: str) -> Answer:
    """One report."""
    with db.reading():
        return page(
            "finance/reconciliation.html", report=queries.report_named(viewer(), public_id), words_of=wording
        )  # fmt: skip


@finance.post("/desk/reconciliations")
@desk_page("finance")
def run_reconciliation() -> Answer:
    """Have one made at once."""
    db.perform(running.ask_for_run, viewer())
    tell("success", mark("The reconciliation runs now. Its report appears here in a moment."))
    return see("finance.reconciliations")
