"""The profile of a contact, and the billing details of the chosen account."""

from flask import Blueprint
from werkzeug.wrappers import Response

from billing_core import db
from billing_core.documents.letter import country
from billing_core.errors import Invalid, NotAllowed
from billing_core.vat_ids.queries import standing as vat_standing
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.profile import policy, queries, service
from corporate_portal.profile.forms import BillToForm, PurchaseOrderForm
from corporate_portal.profile.service import BillTo

profile = Blueprint("profile", __name__)


@profile.get("/profile")
@portal_page()
def index() -> str:
    """Who I am here and what I may do."""
    me = viewer()
    with db.reading():
        account = queries.account_of(me, me.current.account_public_id if me.current else "")
        return page(
            "profile/index.html",
            me=me,
            user_ids=queries.user_ids(me),
            account=account,
            country=country(account.country),
            vat=vat_standing(account),
            contacts=queries.colleagues(me, account),
            may_change=policy.may_change_bill_to(me, account.id),
            orders=queries.purchase_orders(account),
            may_keep=policy.may_keep_orders(me, account.id),
            may_pay=policy.may_use_cards(me, account.id),
        )


@profile.get("/profile/bill-to/<string:public_id>")
@portal_page()
def bill_to(public_id: str) -> str:
    """The address as it is, to be changed."""
    with db.reading():
        account = queries.account_of(viewer(), public_id)
        if not policy.may_change_bill_to(viewer(), account.id):
            raise NotAllowed
        now = BillTo.of(account)
        return _show(BillToForm(obj=now, seen=now.digest), public_id)


@profile.post("/profile/bill-to/<string:public_id>")
@portal_page()
def change_bill_to(public_id: str) -> Response | tuple[str, int]:
    """Change it for the documents to come."""
    form = BillToForm()
    if not form.validate_on_submit():
        return _show(form, public_id), 400
    wanted = BillTo(form.street.data or "", form.postal_code.data or "", form.city.data or "", form.phone.data or "")
    try:
        changed = db.perform(service.change_bill_to, viewer(), public_id, wanted, form.seen.data or "")
    except service.BillToChanged as refusal:
        form.refuse(refusal)
        return _show(form, public_id), refusal.status
    if changed:
        tell("success", mark("The billing address was changed. It stands on the invoices to come."))
    return see("profile.index")


def _show(form: BillToForm, public_id: str) -> str:
    with db.reading():
        account = queries.account_of(viewer(), public_id)
        now = BillTo.of(account)
        context = {"now": now, "account": account, "country": country(account.country)}
        return page("profile/bill_to.html", form=form, **context)


@profile.get("/profile/purchase-orders/<string:public_id>")
@portal_page()
def purchase_orders(public_id: str) -> str:
    """The numbers that the account keeps, and the form for another."""
    return _orders_page(PurchaseOrderForm(formdata=None), public_id)


@profile.post("/profile/purchase-orders/<string:public_id>")
@portal_page()
def keep_purchase_order(public_id: str) -> Response | tuple[str, int]:
    """Keep another number."""
    form = PurchaseOrderForm()
    with db.reading():
        form.budget.currency = queries.account_of(viewer(), public_id).currency
    if form.validate_on_submit():
        wanted = (form.number.data or "", form.expires_on.data, form.budget.amount)
        try:
            db.perform(service.keep_purchase_order, viewer(), public_id, *wanted)
        except Invalid as refusal:
            form.refuse(refusal)
        else:
            tell("success", mark("%(number)s can now be chosen when you order."), number=form.number.data)
            return see("profile.purchase_orders", public_id=public_id)
    return _orders_page(form, public_id), 400


@profile.post("/profile/purchase-orders/<string:public_id>/close")
@portal_page()
def close_purchase_order(public_id: str) -> Response:
    """Offer a number no longer."""
    kept = db.perform(service.close_purchase_order, viewer(), public_id)
    with db.reading():
        account = queries.account_by_id(viewer(), kept.account_id)
    tell("success", mark("%(number)s is closed. What was ordered under it stays."), number=kept.number)
    return see("profile.purchase_orders", public_id=account.public_id)


def _orders_page(form: PurchaseOrderForm, public_id: str) -> str:
    with db.reading():
        account = queries.account_of(viewer(), public_id)
        if not policy.may_keep_orders(viewer(), account.id):
            raise NotAllowed
        orders = queries.purchase_orders(account)
        return page("profile/purchase-orders.html", form=form, account=account, orders=orders)
