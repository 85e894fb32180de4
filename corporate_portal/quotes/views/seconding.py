"""A second contact confirms or refuses, by the forms on the page of the quote."""

from billing_core import db
from billing_core.errors import Invalid
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import see, tell
from billing_core.words import mark
from corporate_portal.quotes import queries, service
from corporate_portal.quotes.forms import ConfirmationForm, RefusalForm
from corporate_portal.quotes.views.blueprint import Answer, quotes
from corporate_portal.quotes.views.reading import detail_page


@quotes.post("/quotes/<string:public_id>/confirmation")
@portal_page(proof=True)
def confirm_second(public_id: str) -> Answer:
    """Confirm what another contact accepted: it is ordered."""
    form = ConfirmationForm()
    if form.validate_on_submit():
        try:
            db.perform(service.confirm_quote, viewer(), public_id, form.confirmation())
        except Invalid as refusal:
            tell("error", refusal.message, **refusal.params)
            return see("quotes.detail", public_id=public_id)
        return see("quotes.receipt", public_id=public_id)
    with db.reading():
        return detail_page(queries.current_version(viewer(), public_id), confirmation=form), 400


@quotes.post("/quotes/<string:public_id>/confirmation/refusal")
@portal_page()
def refuse_second(public_id: str) -> Answer:
    """Refuse it with a reason: the quote is open again."""
    form = RefusalForm(prefix="refusal")
    if form.validate_on_submit():
        try:
            told = (form.first.data or "", form.reason.data or "")
            db.perform(service.refuse_confirmation, viewer(), public_id, *told)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell(
                "success", mark("The acceptance was refused, and whoever accepted has been told. Nothing was ordered.")
            )
            return see("quotes.detail", public_id=public_id)
    with db.reading():
        return detail_page(queries.current_version(viewer(), public_id), refusal=form), 400
