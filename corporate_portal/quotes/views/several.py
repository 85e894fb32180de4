"""Several quotes in one go: tick them, give the order details once, confirm once. Each is a transaction of its own.

A crash in the middle leaves the finished ones accepted; sending the same form again accepts the others and harms none.
"""

from contextlib import suppress
from dataclasses import dataclass

from flask import request

from billing_core import clock, db, words
from billing_core.errors import Invalid, NotAllowed, NotFound, Refusal
from billing_core.permissions import Right
from billing_core.web.guards import portal_page
from billing_core.web.identity import viewer
from billing_core.web.render import page, see, tell
from billing_core.words import mark
from corporate_portal.profile.queries import KeptOrder, purchase_orders
from corporate_portal.quotes import policy, queries, service
from corporate_portal.quotes.forms import MOST_AT_ONCE, ConfirmSeveralForm, OrderRow, SeveralForm
from corporate_portal.quotes.models import QuoteVersion
from corporate_portal.quotes.offer import terms
from corporate_portal.quotes.offer.document import parties_of
from corporate_portal.quotes.views.blueprint import Answer, quotes
from corporate_portal.quotes.views.deciding import NOT_POSTED

LONGEST_ADDRESS = 3500
"""Characters of a path with its query that every server on the way takes."""


@dataclass(frozen=True)
class Chosen:
    """One of the quotes: as it stands now, and why it cannot be decided where it cannot."""

    version: QuoteVersion
    refusal: Refusal | None

    @property
    def sentence(self) -> str:
        """The refusal in the reader's language."""
        return words.sentence(self.refusal) if self.refusal else ""


def _chosen(public_id: str, reviewed: str | None = None) -> Chosen:
    """A quote of the current account; every other one is not found."""
    if not db.is_storable(public_id):
        raise NotFound
    version = queries.current_version(viewer(), public_id)
    current = viewer().current
    if current is None or version.account_id != current.account_id:
        raise NotFound
    if not policy.may_decide(viewer(), version.account_id):
        raise NotAllowed
    try:
        service.refuse_unless_open(version, clock.now())
        if reviewed is not None:
            service.refuse_unless_reviewed(version, reviewed)
    except Refusal as refusal:
        return Chosen(version, refusal)
    return Chosen(version, None)


@quotes.get("/quotes/several")
@portal_page()
def several() -> Answer:
    """The order details of the quotes that were ticked, or of those on the way back from the confirmation."""
    form = SeveralForm(request.args, meta=NOT_POSTED)
    named = [row.form.quote.data or "" for row in form.rows] or request.args.getlist("quote")
    with db.reading():
        found = [_chosen(public_id) for public_id in dict.fromkeys(named[:MOST_AT_ONCE])]
        if not any(one.refusal is None for one in found):
            nothing = mark("These quotes can no longer be decided.") if found else mark("Tick at least one quote.")
            tell("warning", nothing)
            return see("quotes.index")
        if not form.rows:
            for one in found:
                if one.refusal is None:
                    form.rows.append_entry({"quote": one.version.quote.public_id, "reviewed": one.version.sha256})
        return _details_page(form, found, too_many=len(named) > MOST_AT_ONCE)


@quotes.post("/quotes/several")
@portal_page()
def check_several() -> Answer:
    """On to the confirmation with what was entered; nothing is written yet."""
    form = SeveralForm()
    with db.reading():
        found = _of_rows(form)
        if form.validate_on_submit() and _can_be_ordered(form, found):
            step = see("quotes.confirm_several", **form.carried)
            if len(step.location or "") <= LONGEST_ADDRESS:
                return step
            form.refuse(Invalid(mark("These numbers are too long to go together. Order fewer quotes at once.")))
        return _details_page(form, found), 400


def _of_rows(form: SeveralForm) -> list[Chosen]:
    """The quotes of the rows, in their order. Raises NotFound for an empty form and for other accounts' quotes."""
    found = [_chosen(row.form.quote.data or "", row.form.reviewed.data or "") for row in form.rows]
    if not found:
        raise NotFound
    return found


def _can_be_ordered(form: SeveralForm, found: list[Chosen]) -> bool:
    """Whether some are still open and the details of all those can be ordered; otherwise the form says what cannot."""
    account = found[0].version.quote.account
    if all(one.refusal for one in found):
        return False
    try:
        service.check_payment(viewer(), account, form.payment.data or "")
        service.check_admin(account, form.admin)
    except Invalid as refusal:
        form.refuse(refusal)
        return False
    checks = [_check_row(form, row.form, one) for row, one in zip(form.rows, found, strict=True) if not one.refusal]
    return all(checks)


def _check_row(form: SeveralForm, row: OrderRow, one: Chosen) -> bool:
    try:
        service.check_purchase_order(one.version.quote.account, *form.order_of(row))
    except Invalid as refusal:
        target = row if row.po_number.data or row.po_expires_on.data else form
        if words.sentence(refusal) not in getattr(target, refusal.field or "po_number").errors:
            target.refuse(refusal)
        return False
    return True


def _details_page(form: SeveralForm, found: list[Chosen], *, too_many: bool = False) -> str:
    account = found[0].version.quote.account
    kept = [order for order in purchase_orders(account) if order.is_usable]
    may_pay = viewer().may(Right.PAY, account.id)
    form.offer(may_pay=may_pay, members=service.members_of(account.id), kept=kept)
    by_quote = {one.version.quote.public_id: one for one in found}
    rows = [(row.form, by_quote[row.form.quote.data]) for row in form.rows if row.form.quote.data in by_quote]
    return page(
        "quotes/several.html", form=form, rows=[pair for pair in rows if pair[1].refusal is None], kept=kept,
        refused=[one for one in found if one.refusal], account=account, parties=parties_of(found[0].version),
        most=MOST_AT_ONCE if too_many else None,
    )  # fmt: skip


@quotes.get("/quotes/several/confirm")
@portal_page()
def confirm_several() -> Answer:
    """Every order in a sentence of its own, one tick-box, one button."""
    form = ConfirmSeveralForm(request.args, meta=NOT_POSTED)
    with db.reading():
        found = _of_rows(form)
        if not _can_be_ordered(form, found):
            return _details_page(form, found), 400
        return _confirm_page(form, found)


@quotes.post("/quotes/several/confirm")
@portal_page(proof=True)
def place_orders() -> Answer:
    """Accept them, one after the other. What became of each stands on the page that follows."""
    form = ConfirmSeveralForm()
    with db.reading():
        found = _of_rows(form)
        is_open = any(one.refusal is None for one in found)
        if not form.validate_on_submit() or (is_open and not _can_be_ordered(form, found)):
            return _confirm_page(form, found), 400
    for row in form.rows:
        with suppress(Refusal):  # told on the page that follows, which looks at the quote anew
            db.perform(service.accept_quote, viewer(), row.form.quote.data or "", form.acceptance(row.form))
    asked = {name: [row.form[name].data or "" for row in form.rows] for name in ("quote", "reviewed")}
    return see("quotes.several_result", **asked)


def _confirm_page(form: ConfirmSeveralForm, found: list[Chosen]) -> str:
    standing = viewer().standing_in(found[0].version.account_id)
    function = standing.function if standing else ""
    form.language.data = words.locale()
    shown = []
    for row, one in zip(form.rows, found, strict=True):
        if one.refusal is None:
            said = terms.declaration(one.version, viewer().display_name, function, words.locale())
            row.form.wording.data = said.sha256
            shown.append((row.form, one.version, said, form.order_of(row.form)))
    account = found[0].version.quote.account
    members = {person.public_id: person.name for person in service.members_of(account.id)}
    return page(
        "quotes/several-confirm.html", form=form, shown=shown, refused=[one for one in found if one.refusal],
        account=account, parties=parties_of(found[0].version), over=_over_budget(form, found, purchase_orders(account)),
        admin=members.get(form.admin_member.data or "", form.admin_name.data), back=form.carried,
    )  # fmt: skip


def _over_budget(form: SeveralForm, found: list[Chosen], kept: list[KeptOrder]) -> list[KeptOrder]:
    """The kept numbers whose budget all these quotes together exceed."""
    totals: dict[str, int] = {}
    for row, one in zip(form.rows, found, strict=True):
        if one.refusal is None:
            number = form.order_of(row.form)[0]
            totals[number] = totals.get(number, 0) + service.billed_in_budget(one.version)
    return [order for order in kept if order.left is not None and totals.get(order.kept.number, 0) > order.left]


@quotes.get("/quotes/several/result")
@portal_page()
def several_result() -> Answer:
    """What became of each: accepted with order and invoice, or refused with its sentence."""
    asked = zip(request.args.getlist("quote"), request.args.getlist("reviewed"), strict=False)
    with db.reading():
        found = [_chosen(public_id, reviewed) for public_id, reviewed in list(asked)[:MOST_AT_ONCE]]
        if not found:
            raise NotFound
        results = [(one, queries.receipt_of(one.version) if _is_accepted(one.version) else None) for one in found]
        may_pay = viewer().may(Right.PAY, found[0].version.account_id)
        return page("quotes/several-result.html", results=results, may_pay=may_pay)


def _is_accepted(version: QuoteVersion) -> bool:
    return version.decision is not None and version.decision.verdict == "accepted"
