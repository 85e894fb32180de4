"""VAT IDs at finance's desk: how one stands, another number, a check at once, a confirmation with a note."""

from billing_core import db
from billing_core.errors import Invalid
from billing_core.vat_ids import policy, service
from billing_core.vat_ids.asking import find_account
from billing_core.vat_ids.queries import checks_of, standing, unconfirmed
from billing_core.vat_ids.refusals import NothingToConfirm, VatIdChanged
from billing_core.web.guards import desk_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.finance.forms.vat_ids import CheckForm, ConfirmForm, VatIdForm
from corporate_portal.finance.views.blueprint import Answer, finance


@finance.get("/desk/vat-ids")
@desk_page("finance")
def vat_ids() -> Answer:
    """Whose VAT ID is not confirmed although the tax depends on it."""
    with db.reading():
        return page("finance/vat-ids.html", rows=unconfirmed(viewer()))


@finance.get("/desk/accounts/<string:public_id>/vat-id")
@desk_page("finance")
def vat_id(public_id: str) -> Answer:
    """How it stands, and what was asked and answered."""
    return _show(public_id)


@finance.post("/desk/accounts/<string:public_id>/vat-id/change")
@desk_page("finance")
def change_vat_id(public_id: str) -> Answer:
    """Another number, or none."""
    form, status = VatIdForm(), 400
    if form.validate_on_submit():
        try:
            db.perform(service.change_vat_id, viewer(), public_id, form.vat_id.data or "", form.seen.data or "")
        except (Invalid, VatIdChanged) as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            tell("success", mark("The VAT ID is saved."))
            return see("finance.vat_id", public_id=public_id)
    return _show(public_id, change=form), status


@finance.post("/desk/accounts/<string:public_id>/vat-id/check")
@desk_page("finance")
def check_vat_id(public_id: str) -> Answer:
    """Ask the register now."""
    form, status = CheckForm(), 400
    if form.validate_on_submit():
        try:
            db.perform(service.check_now, viewer(), public_id, form.seen.data or "")
        except (VatIdChanged, NothingToConfirm) as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            tell("info", mark("The register is being asked. The answer stands here in a moment."))
            return see("finance.vat_id", public_id=public_id)
    return _show(public_id, check=form), status


@finance.post("/desk/accounts/<string:public_id>/vat-id/confirm")
@desk_page("finance")
def confirm_vat_id(public_id: str) -> Answer:
    """Vouch for it, with a note."""
    form, status = ConfirmForm(), 400
    if form.validate_on_submit():
        try:
            db.perform(service.confirm_vat_id, viewer(), public_id, form.seen.data or "", form.note.data or "")
        except (Invalid, VatIdChanged, NothingToConfirm) as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            tell("success", mark("The VAT ID is confirmed for 90 days."))
            return see("finance.vat_id", public_id=public_id)
    return _show(public_id, confirm=form), status


def _show(
    public_id: str,
    change: VatIdForm | None = None,
    check: CheckForm | None = None,
    confirm: ConfirmForm | None = None,
) -> str:
    with db.reading():
        account = find_account(viewer(), public_id)
        return page(
            "finance/vat-id.html",
            account=account,
            vat=standing(account),
            checks=checks_of(viewer(), account),
            change=change or VatIdForm(formdata=None, vat_id=account.vat_id or ""),
            check=check or CheckForm(formdata=None),
            confirm=confirm or ConfirmForm(formdata=None),
            may_confirm=policy.is_to_be_checked(account),
        )
