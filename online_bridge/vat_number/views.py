"""The page of the VAT number, in the Billing Center."""

from werkzeug.wrappers import Response

from billing_core import db, words
from billing_core.errors import Invalid
from billing_core.vat_ids import formats, policy
from billing_core.vat_ids.queries import standing
from billing_core.vat_ids.refusals import VatIdChanged
from billing_core.vat_ids.service import change_vat_id
from billing_core.web.guards import my_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from online_bridge.billing_center.views import billing
from online_bridge.vat_number import queries
from online_bridge.vat_number.forms import VatNumberForm

__all__ = ["billing"]


@billing.get("/billing/vat-number")
@my_page()
def vat_number() -> str | Response:
    """The number as it is and what it means; whoever is no contact of an online account is led on by the routing."""
    current = viewer().current
    if current is None or not current.is_contact or current.account_kind != "online":
        return see("routing.go_to_billing")
    return _show(None)


@billing.post("/billing/vat-number")
@my_page()
def change_vat_number() -> Response | tuple[str, int]:
    """Change or remove it; the register is asked by a job."""
    form, status = VatNumberForm(), 400
    if form.validate_on_submit():
        account, typed, seen = form.account.data or "", form.vat_id.data or "", form.seen.data or ""
        try:
            changed = db.perform(change_vat_id, viewer(), account, typed, seen)
        except (Invalid, VatIdChanged) as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            if changed:
                tell("success", mark("The VAT number is saved."))
            return see("billing.vat_number")
    return _show(form), status


def _show(form: VatNumberForm | None) -> str:
    with db.reading():
        account = queries.account(viewer())
        prefixes = formats.prefixes_of(account.country)
        hint = words.gettext("It begins with %(prefix)s.", prefix=prefixes[0]) if prefixes else ""
        leave_empty = words.gettext("Leave the field empty to remove the number.")
        return page(
            "online_bridge/vat_number.html",
            account=account,
            vat=standing(account),
            form=form or VatNumberForm(formdata=None, vat_id=account.vat_id or ""),
            hint=f"{hint} {leave_empty}".strip(),
            may_change=policy.may_change(viewer(), account),
        )
