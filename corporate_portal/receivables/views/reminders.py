"""The reminders of an account: what was sent, and holding them back."""

from werkzeug.wrappers import Response

from billing_core import db
from billing_core.accounts import Account
from billing_core.errors import Invalid
from billing_core.payments.booking import account_for_finance
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.receivables import service
from corporate_portal.receivables.forms.reminders import PauseForm
from corporate_portal.receivables.queries import reminders as queries
from corporate_portal.receivables.views.blueprint import Answer, receivables


@receivables.get("/desk/accounts/<string:public_id>/reminders")
@desk_page("finance")
def reminders(public_id: str) -> Answer:
    """What was sent to whom, and whether reminders are held back."""
    with db.reading():
        return _page(account_for_finance(viewer(), public_id), None)


def _page(account: Account, form: PauseForm | None) -> str:
    found = queries.reminders_of(account)
    if form is None:
        form = PauseForm(formdata=None, data={"until": queries.last_day_of_pause(found.today)})
    return page("receivables/reminders.html", account=account, found=found, form=form)


@receivables.post("/desk/accounts/<string:public_id>/reminders/pause")
@desk_page("finance")
def pause(public_id: str) -> Answer:
    """Send none until a day."""
    form = PauseForm()
    with db.reading():
        account = account_for_finance(viewer(), public_id)
    if form.validate_on_submit():
        try:
            db.perform(service.pause_reminders, viewer(), public_id, form.until.data, form.note.data or "")
            tell("success", mark("Reminders are held back."))
            return see("receivables.reminders", public_id=public_id)
        except Invalid as refusal:
            form.refuse(refusal)
    with db.reading():
        return _page(account, form), 400


@receivables.post("/desk/accounts/<string:public_id>/reminders/resume")
@desk_page("finance")
def resume(public_id: str) -> Response:
    """Send them again."""
    db.perform(service.resume_reminders, viewer(), public_id)
    tell("success", mark("Reminders go out again from the next daily run on."))
    return see("receivables.reminders", public_id=public_id)
