"""VAT IDs at finance's desk: how one stands, another number, a check at once, a confirmation with a note."""

from collections.abc import Callable

from billing_core import db
from billing_core.errors import Invalid
from billing_core.vat_ids import policy, service
from billing_core.vat_ids.asking import find_account
from billing_core.vat_ids.queries import checks_of, standing, unconfirmed
from billing_core.vat_ids.refusals import NothingToConfirm, VatIdChanged
from billing_core.web.forms import Form
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
    form = VatIdForm()
    said = (form.vat_id.data or "", form.seen.data or "")
    return _do(service.change_vat_id, public_id, form, said, "success", mark("The VAT ID is saved."))


@finance.post("/desk/accounts/<string:public_id>/vat-id/check")
@desk_page("finance")
def check_vat_id(public_id: str) -> Answer:
    """Ask the register now."""
    form = CheckForm()
    asked = mark("The register is being asked. The answer stands here in a moment.")
    return _do(service.check_now, public_id, form, (form.seen.data or "",), "info", asked)


@finance.post("/desk/accounts/<string:public_id>/vat-id/confirm")
@desk_page("finance")
def confirm_vat_id(public_id: str) -> Answer:
    """Vouch for it, with a note."""
    form = ConfirmForm()
    said = (form.seen.data or "", form.note.data or "")
    return _do(service.confirm_vat_id, public_id, form, said, "success", mark("The VAT ID is confirmed for 90 days."))


def _do(
    verb: Callable[..., object], public_id: str, form: Form, said: tuple[str, ...], kind: str, done: str
) -> Answer:  # fmt: skip
    """Perform the verb with what the form said; refused, the page says why beside it."""
    status = 400
    if form.validate_on_submit():
        try:
            db.perform(verb, viewer(), public_id, *said)
        except (Invalid, VatIdChanged, NothingToConfirm) as refusal:
            form.refuse(refusal)
            status = refusal.status
        else:
            tell(kind, done)
            return see("finance.vat_id", public_id=public_id)
    return _show(public_id, form), status


def _show(public_id: str, sent: Form | None = None) -> str:
    """The page; the form that was sent as it came, the others empty."""
    with db.reading():
        account = find_account(viewer(), public_id)
        return page(
            "finance/vat-id.html",
            account=account,
            vat=standing(account),
            checks=checks_of(viewer(), account),
            change=sent if isinstance(sent, VatIdForm) else VatIdForm(formdata=None, vat_id=account.vat_id or ""),
            check=sent if isinstance(sent, CheckForm) else CheckForm(formdata=None),
            confirm=sent if isinstance(sent, ConfirmForm) else ConfirmForm(formdata=None),
            may_confirm=policy.is_to_be_checked(account),
        )
