"""The intent to pay by card: the verb that looks under the locks whether it may be, and puts it down."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import selectinload

from billing_core import audit, clock, db
from billing_core.accounts import Account
from billing_core.errors import Invalid, NotFound
from billing_core.ledger.models import Invoice
from billing_core.ledger.service import lock_account, lock_invoices
from billing_core.payments import states
from billing_core.payments.cards.adopting import customer_for
from billing_core.payments.cards.models import SavedCard
from billing_core.payments.cards.queries import card_of, today_of
from billing_core.payments.limits import brands, demand_proof_of_payer
from billing_core.payments.models import Payment, PaymentTarget
from billing_core.payments.proposals import service as proposing
from billing_core.payments.proposals.models import PaymentProposal
from billing_core.payments.proposals.rules import refuse_alone
from billing_core.payments.queries import disputed_among, held_on_each
from billing_core.payments.refusals import (
    BrandNotAccepted,
    CardExpired,
    CardRemoved,
    NothingToPay,
    OneCurrencyOnly,
    PayFormUsed,
    TooManyInvoices,
)
from billing_core.payments.sharing import MOST_INVOICES, NEW_CARD, Means, Payable, Wish, objections, oldest_first
from billing_core.permissions import Right, Viewer, demand
from billing_core.words import mark

FIRST_LOOK = timedelta(minutes=2)
"""When the reconciler looks at an intent for the first time."""


def begin(
    viewer: Viewer,
    wishes: Sequence[Wish],
    form_key: str,
    livemode: bool,
    means: Means = NEW_CARD,
    proposal: str | None = None,
) -> Payment:
    """Put down the intent to pay invoices of one account, which holds its amounts from now on.

    `proposal`: what another contact proposed and the viewer confirms by this payment.
    The same form again returns the payment that it made. Raises NotFound, NotAllowed, NothingToPay, TooManyInvoices,
    OneCurrencyOnly, PayFormUsed, CardRemoved, CardExpired, BrandNotAccepted, the first of the `objections`,
    SecondContactNeeded, and what `proposals.service.take_up` raises.
    """
    account, invoices = _locked(viewer, wishes)
    account_id = account.id
    form = f"{account_id}.{form_key}"
    earlier = _made_by_form(viewer.person_id, form)
    card = card_on_file(viewer, account_id, means)
    if earlier is not None:
        _refuse_another_content(earlier, wishes, invoices, card, means)
        return earlier
    if len({invoice.currency for invoice in invoices.values()}) > 1:
        raise OneCurrencyOnly
    if card is not None:
        refuse_unless_usable(card, next(iter(invoices.values())).currency, livemode)
    shares = _shares(wishes, invoices)
    if proposal is None:
        refuse_alone(viewer, account, sum(amount for _, amount in shares), shares[0][0].currency)
        return _put_down(viewer, shares, form, livemode, card, means)
    proposed = proposing.take_up(viewer, proposal, {invoice.id: amount for invoice, amount in shares})
    payment = _put_down(viewer, shares, form, livemode, card, means)
    proposing.confirm(viewer, proposed, payment)
    return payment


def propose(viewer: Viewer, wishes: Sequence[Wish], form_key: str) -> PaymentProposal:
    """Ask the account's other contacts to pay this; nothing is held. Raises as `begin`, and NobodyElsePays."""
    account, invoices = _locked(viewer, wishes)
    if len({invoice.currency for invoice in invoices.values()}) > 1:
        raise OneCurrencyOnly
    return proposing.put_down(viewer, account.id, _shares(wishes, invoices), f"{account.id}.{form_key}")


def _locked(viewer: Viewer, wishes: Sequence[Wish]) -> tuple[Account, dict[str, Invoice]]:
    _check_wishes(wishes)
    named = invoices_named(viewer, [wish.invoice for wish in wishes])
    demand(Right.PAY, viewer, named[0].account_id)
    account = lock_account(named[0].account_id)
    return account, {invoice.public_id: invoice for invoice in lock_invoices(invoice.id for invoice in named)}


def _shares(wishes: Sequence[Wish], invoices: dict[str, Invoice]) -> list[tuple[Invoice, int]]:
    """So much of each invoice, the oldest due first. Raises the first objection."""
    payables = payables_of([invoices[wish.invoice] for wish in wishes])
    for _where, refusal in objections(payables, wishes):
        raise refusal
    amounts = {wish.invoice: wish.amount_of(payable) for payable, wish in zip(payables, wishes, strict=True)}
    return [(one.invoice, amounts[one.invoice.public_id]) for one in oldest_first(payables)]


def card_on_file(viewer: Viewer, account_id: int, means: Means) -> SavedCard | None:
    """The chosen card as it is under the account's lock. Raises NotFound for another account's."""
    if means.card is None:
        return None
    card = card_of(viewer, means.card)
    if card.account_id != account_id:
        raise NotFound
    return card


def refuse_unless_usable(card: SavedCard, currency: str, livemode: bool) -> None:
    """The one place that says whether a card on file may be charged.

    Raises CardRemoved, CardExpired and BrandNotAccepted.
    """
    if card.removed_at is not None or card.livemode is not livemode:
        raise CardRemoved
    if card.has_expired(today_of(card.account_id)):
        raise CardExpired
    if card.brand not in brands(currency):
        raise BrandNotAccepted(brand=card.name.partition(" ••••")[0], currency=currency)


def _check_wishes(wishes: Sequence[Wish]) -> None:
    if not wishes:
        raise NothingToPay
    if len(wishes) > MOST_INVOICES:
        raise TooManyInvoices(most=MOST_INVOICES)
    if len({wish.invoice for wish in wishes}) < len(wishes):
        raise Invalid(mark("An invoice can stand in one payment only once."))


def invoices_named(viewer: Viewer, public_ids: Sequence[str]) -> list[Invoice]:
    """These invoices of one account, in this order. One statement.

    Raises NotFound where one does not exist for the viewer, or is another account's than the others.
    """
    if not all(db.is_storable(public_id) for public_id in public_ids):
        raise NotFound
    mine = Invoice.account_id.in_(sorted(viewer.account_ids))
    rows = db.session().scalars(select(Invoice).where(Invoice.public_id.in_(public_ids), mine))
    found = {invoice.public_id: invoice for invoice in rows}
    if set(public_ids) - found.keys() or len({invoice.account_id for invoice in found.values()}) > 1:
        raise NotFound
    return [found[public_id] for public_id in public_ids]


def payables_of(invoices: Sequence[Invoice]) -> list[Payable]:
    """What is known about paying them, in their order. Two statements."""
    ids = [invoice.id for invoice in invoices]
    held, disputed = held_on_each(ids), disputed_among(ids)
    return [Payable(invoice, held[invoice.id], invoice.id in disputed) for invoice in invoices]


def _made_by_form(person_id: int, form: str) -> Payment | None:
    made = select(Payment).where(Payment.requested_by == person_id, Payment.form_key == form)
    return db.session().scalar(made.options(selectinload(Payment.targets)))


def _refuse_another_content(
    earlier: Payment, wishes: Sequence[Wish], invoices: dict[str, Invoice], card: SavedCard | None, means: Means
) -> None:
    """Raise PayFormUsed unless the payment is that of these wishes; all that was payable is what the page said."""
    meant = {target.invoice_id or 0: target.amount for target in earlier.targets}
    asked = {invoices[wish.invoice].id: wish.seen if wish.amount is None else wish.amount for wish in wishes}
    same = meant.keys() == asked.keys() and all(asked[place] in (None, amount) for place, amount in meant.items())
    by_the_same = (earlier.card_id, earlier.keeps_card) == (card.id if card else None, means.keep and card is None)
    if not (same and by_the_same):
        raise PayFormUsed


def _put_down(
    viewer: Viewer,
    shares: Sequence[tuple[Invoice, int]],
    form: str,
    livemode: bool,
    card: SavedCard | None,
    means: Means,
) -> Payment:
    """The rows of an intent to which nothing objects: so much of each invoice."""
    first = shares[0][0]
    targets = [PaymentTarget(invoice_id=invoice.id, amount=amount, holds=True) for invoice, amount in shares]
    payment = intent(viewer, first.account_id, first.currency, targets, form, livemode, card, means)
    note_begun(viewer, payment, card, invoices={invoice.public_id: amount for invoice, amount in shares})
    return payment


def intent(
    viewer: Viewer,
    account_id: int,
    currency: str,
    targets: list[PaymentTarget],
    form: str,
    livemode: bool,
    card: SavedCard | None,
    means: Means,
    return_path: str = "",
) -> Payment:
    """The rows of an intent, under the locks of everything that it is meant for; `note_begun` must follow.

    Raises ProofNeeded for a large amount.
    """
    demand_proof_of_payer(viewer, sum(target.amount for target in targets))
    now, keeps = clock.now(), means.keep and card is None
    if keeps:
        customer_for(account_id, livemode)
    payment = Payment(
        public_id=db.public_id("pay"),
        account_id=account_id,
        requested_by=viewer.person_id,
        form_key=form,
        state=states.CREATING,
        amount=sum(target.amount for target in targets),
        currency=currency,
        locale=viewer.locale,
        livemode=livemode,
        card_id=card.id if card is not None else None,
        keeps_card=keeps,
        return_path=return_path,
        card_brand=card.brand if card is not None else "",
        card_last4=card.last4 if card is not None else "",
        created_at=now,
        check_at=now + FIRST_LOOK,
        checks=0,
        targets=targets,
    )
    db.session().add(payment)
    db.session().flush()
    return payment


def note_begun(viewer: Viewer, payment: Payment, card: SavedCard | None, **purpose: Any) -> None:
    """It stands in the audit who began it, and what it is meant for."""
    audit.record(
        viewer.actor, "payment.begun", payment.public_id, payment.account_id, amount=payment.amount,
        currency=payment.currency, **purpose,
        **({"card": card.public_id} if card is not None else {}),
        **({"keeps_card": True} if payment.keeps_card else {}),
    )  # fmt: skip
