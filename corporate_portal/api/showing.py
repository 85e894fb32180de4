"""From rows to what the interface gives, and from what it takes to what the verbs are given."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from billing_core import clock
from billing_core.accounts import Account
from billing_core.ledger.models import Invoice
from billing_core.ledger.service import BillTo
from billing_core.orders.models import ServiceOrder
from billing_core.payments.models import Payment
from billing_core.people import Person
from billing_core.subscriptions.models import Subscription
from corporate_portal.api.queries import WholeAccount, WholeOrder, WholeQuote
from corporate_portal.api.schemas.accounts import (
    AccountTold,
    Address,
    BalanceTold,
    SubscriptionTold,
    WholeAccountTold,
)
from corporate_portal.api.schemas.asked import LineWanted, NewQuote, QuoteText
from corporate_portal.api.schemas.invoices import (
    AllocationTold,
    BillToTold,
    InvoiceLineTold,
    InvoiceTold,
    PaymentTold,
    TargetTold,
    WholeInvoiceTold,
)
from corporate_portal.api.schemas.orders import OrderLineTold, OrderTold, ScheduledTold, WholeOrderTold
from corporate_portal.api.schemas.quotes import DecisionTold, QuoteLineTold, QuoteTold, WholeQuoteTold
from corporate_portal.api.schemas.told import AccountNamed, PersonNamed, TaxTold, Told
from corporate_portal.quotes.models import QuoteLine, QuoteVersion
from corporate_portal.quotes.offer.content import LineWish, QuoteContent


def _same(row: object, *shown: type[Told], without: tuple[str, ...]) -> dict[str, Any]:
    """The attributes of the row that are shown under their own names; the others are named by the caller."""
    names = {name for one in shown for name in one.model_fields}
    return {name: getattr(row, name) for name in names - set(without)}


def _account(account: Account) -> AccountNamed:
    return AccountNamed(id=account.public_id, number=account.number, name=account.name)


def _person(person: Person) -> PersonNamed:
    return PersonNamed(id=person.public_id, name=person.name, email=person.email)


def account_told(account: Account, reps: Mapping[int, Person]) -> AccountTold:
    """A row of the list."""
    return AccountTold(**_about_account(account, reps.get(account.rep_id or 0)))


def _about_account(account: Account, rep: Person | None) -> dict[str, Any]:
    return {
        **_same(account, AccountTold, without=("id", "address", "representative")),
        "id": account.public_id,
        "address": Address.model_validate(account),
        "representative": _person(rep) if rep else None,
    }


def whole_account_told(whole: WholeAccount) -> WholeAccountTold:
    """An account by itself."""
    return WholeAccountTold(
        **_about_account(whole.account, whole.rep),
        balances=[BalanceTold.model_validate(balance) for balance in whole.balances],
        subscriptions=[_subscription(one, whole.today) for one in whole.subscriptions],
    )


def _subscription(subscription: Subscription, today: date) -> SubscriptionTold:
    own = _same(subscription, SubscriptionTold, without=("id", "product", "product_name", "status"))
    product = subscription.product
    named = {"id": subscription.public_id, "product": product.code, "product_name": product.name}
    return SubscriptionTold(**own, **named, status=subscription.status(today))  # type: ignore[arg-type]


def quote_told(version: QuoteVersion) -> QuoteTold:
    """A row of the list."""
    return QuoteTold(**_about_quote(version))


_OF_QUOTE = ("id", "number", "account", "representative", "state", "currency")


def _about_quote(version: QuoteVersion) -> dict[str, Any]:
    quote = version.quote
    return {
        **_same(version, QuoteTold, without=_OF_QUOTE),
        "id": quote.public_id,
        "number": quote.number,
        "account": _account(quote.account),
        "representative": _person(quote.rep),
        "state": version.shown_state(clock.now()),
        "currency": quote.currency,
    }


def whole_quote_told(whole: WholeQuote) -> WholeQuoteTold:
    """A quote by itself."""
    version = whole.version
    texts = ("notes", "terms_version", "locale", "percent_off", "amount_off", "discount_share", "sha256")
    return WholeQuoteTold(
        **_about_quote(version),
        **{name: getattr(version, name) for name in texts},
        lines=[_quote_line(line) for line in version.lines],
        taxes=[TaxTold.model_validate(tax) for tax in version.taxes],
        decision=_decision(whole),
    )


def _quote_line(line: QuoteLine) -> QuoteLineTold:
    subscription = line.subscription.public_id if line.subscription else None
    own = _same(line, QuoteLineTold, without=("product", "subscription"))
    return QuoteLineTold(**own, product=line.product.code, subscription=subscription)


def _decision(whole: WholeQuote) -> DecisionTold | None:
    decision = whole.version.decision
    if decision is None:
        return None
    own = _same(decision, DecisionTold, without=("person", "service_order", "invoice", "credit_note_number"))
    return DecisionTold(
        **own,
        person=decision.person_name,
        service_order=whole.order,
        invoice=whole.invoice,
        credit_note_number=whole.credit_note,
    )


def content_of(text: QuoteText | NewQuote) -> QuoteContent:
    """What the verbs of quotes take."""
    own = {name: getattr(text, name) for name in QuoteText.model_fields if name != "lines"}
    return QuoteContent(**own, lines=tuple(_wish(line) for line in text.lines))


def _wish(line: LineWanted) -> LineWish:
    given = line.model_dump()
    return LineWish(product_code=given.pop("product", ""), **{"tier": "", "frequency": "", **given})


def order_told(order: ServiceOrder, quote: str | None) -> OrderTold:
    """A row of the list."""
    return OrderTold(**_about_order(order, quote))


def _about_order(order: ServiceOrder, quote: str | None) -> dict[str, Any]:
    own = _same(order, OrderTold, without=("id", "account", "quote"))
    return {**own, "id": order.public_id, "account": _account(order.account), "quote": quote}


def whole_order_told(whole: WholeOrder) -> WholeOrderTold:
    """A service order by itself."""
    lines = [
        OrderLineTold(
            **_same(line, OrderLineTold, without=("product", "quantity")),
            product=whole.products[line.product_id],
            quantity=line.seats,
        )
        for line in whole.order.lines
    ]
    schedule = [
        ScheduledTold(issue_on=row.issue_on, state=row.state, invoice=invoice)  # type: ignore[arg-type]
        for row, invoice in whole.schedule
    ]
    return WholeOrderTold(**_about_order(whole.order, whole.quote), lines=lines, schedule=schedule)


def invoice_told(invoice: Invoice) -> InvoiceTold:
    """A row of the list."""
    return InvoiceTold(**_about_invoice(invoice))


def _about_invoice(invoice: Invoice) -> dict[str, Any]:
    return {
        **_same(invoice, InvoiceTold, without=("id", "account", "state", "is_past_due")),
        "id": invoice.public_id,
        "account": _account(invoice.account),
        "state": invoice.settlement,
        "is_past_due": invoice.is_past_due(clock.today(invoice.seller.timezone)),
    }


def whole_invoice_told(invoice: Invoice, payments: Mapping[int, str]) -> WholeInvoiceTold:
    """An invoice by itself."""
    booked = [
        AllocationTold(
            kind=row.kind, amount=row.amount, booked_at=row.booked_at, payment=payments.get(row.payment_id or 0)
        )
        for row in invoice.allocations
    ]
    return WholeInvoiceTold(
        **_about_invoice(invoice),
        bill_to=BillToTold.model_validate(BillTo.from_bytes(invoice.bill_to)),
        lines=[InvoiceLineTold.model_validate(line) for line in invoice.lines],
        taxes=[TaxTold.model_validate(tax) for tax in invoice.taxes],
        allocations=booked,
    )


def payment_told(payment: Payment) -> PaymentTold:
    """A payment, in the list and by itself."""
    targets = [
        TargetTold(
            invoice=target.invoice.public_id,
            invoice_number=target.invoice.number,
            amount=target.amount,
            holds=target.holds,
        )
        for target in payment.targets
        if target.invoice is not None  # always: an order without one is no corporate account's
    ]
    own = _same(payment, PaymentTold, without=("id", "account", "targets"))
    return PaymentTold(**own, id=payment.public_id, account=_account(payment.account), targets=targets)
