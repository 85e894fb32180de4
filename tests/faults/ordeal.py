"""The life of a payment under two faults of the processor, and what everybody does about it.

The first fault strikes the first step, the making of the hosted page. The second strikes the next one: going on after
a failure, the look at what the card has paid, or the end of the page. A webhook's fault strikes the messages from its
step on. Then the payer does what the page offers, again and again, all that happens by itself happens, and time passes.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from bs4 import BeautifulSoup
from time_machine import Traveller

from billing_core import clock, db
from billing_core.ledger.models import Invoice
from billing_core.payments import processor, queries, service
from billing_core.payments.models import Payment
from billing_core.payments.refusals import NotKnownYet, PaymentUnderWay
from billing_core.payments.sharing import NEW_CARD, Means
from billing_core.payments.stripe_gateway import StripeGateway
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.checker import audit
from tests.checker.till import Till, read
from tests.factories.till import CONFIRM, KEY, MAKE, SECRET, CardTill
from tests.faults.quiet import settle_down

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)
TOTAL, PART = 10000, 4000
PATIENCE, TOO_LONG = 0.2, 0.45
"""Seconds that the caller waits, and that a slow call takes."""
ROUNDS = tuple(timedelta(minutes=m) for m in (0, 6, 65, 65, 23 * 60, 24 * 60, 24 * 60, 24 * 60, 24 * 60, 24 * 60))
"""How time passes until all must be quiet: six days, in which each daily look is taken and the latest message comes."""


class PatientTill(CardTill):
    """The processor, behind a caller that gives a slow call up as it would over a network."""

    def __init__(self, path: Path, timeout: float | None) -> None:
        super().__init__(path)
        self.line = self.sandbox.http_client(timeout)
        self.gateway = StripeGateway(KEY, SECRET, http_client=self.line)
        processor.use_gateway(self.gateway)

    def things(self) -> Till:
        """What the processor has, read from its file: a look that no fault can strike."""
        return read(self.path)

    def takes_card(self, session: str) -> bool:
        """Whether the hosted page has a form; then the payer's card is entered."""
        place = f"/sandbox/pay/{session}"
        page = BeautifulSoup(self.browser.get(place).get_data(as_text=True), "lxml")
        token = page.select_one("input[name=page_token]")
        if token is None:
            return False
        self.browser.post(place, data={"card": "pm_card_visa", "page_token": str(token["value"])})
        return True


@dataclass
class Ordeal:
    """One payer, one invoice of 100.00, one processor."""

    till: PatientTill
    clocks: Traveller
    address: str
    payer: Viewer
    invoice: Invoice
    amount: int | None
    means: Means = NEW_CARD
    """A card on file is charged in two calls, and a fault strikes each of them."""
    changes_mind: bool = False
    """The payer cancels the first attempt, and then pays all."""
    attempt: str | None = None
    webhooks_return: datetime | None = None
    nobody_is_there: timedelta = timedelta()
    told: list[str] = field(default_factory=list)
    """What became of each attempt, as the payer's page says it."""

    def live(self, first: "Trouble", second: "Trouble") -> None:
        """Everything, until all is quiet. Audited after each round."""
        first(self, True)
        if self.means.card:
            second(self, False)
        self.press_pay()
        self.time_passes(self.nobody_is_there)
        if not self.means.card:
            second(self, False)
        self.do_what_the_page_offers()
        self.time_passes(self.nobody_is_there)
        for pause in ROUNDS:
            self.time_passes(pause)
            self.till.line.close()
            settle_down(self.till)
            self.do_what_the_page_offers()
            settle_down(self.till)
            if self.is_paid_and_told():
                break
            audit(self.address, self.till.path, quiet=False)
        self.time_passes(timedelta(days=2))
        settle_down(self.till)
        audit(self.address, self.till.path, quiet=True)

    @property
    def last_message(self) -> str:
        """What the processor tells last of a payment that went well."""
        return "payment_intent.succeeded" if self.means.card else "checkout.session.completed"

    @property
    def messages(self) -> int:
        """How many it tells."""
        return 3 if self.means.card else 4

    def is_paid_and_told(self) -> bool:
        """Nothing more will happen by itself."""
        return self.seen().state == "succeeded" and not self.till.sandbox.pending_deliveries()

    def time_passes(self, pause: timedelta) -> None:
        """The clock moves on, and webhooks that were off for three days are on again."""
        self.nobody_is_there = timedelta()
        self.clocks.shift(pause)
        if self.webhooks_return is not None and clock.now() >= self.webhooks_return:
            self.till.sandbox.faults.webhooks_on()

    def press_pay(self) -> None:
        """A new form, sent once."""
        amount = PART if self.changes_mind else self.amount
        try:
            self.attempt = service.pay_invoice(self.payer, self.invoice.public_id, amount, means=self.means).public_id
        except PaymentUnderWay:
            self.told.append("under way")

    def seen(self) -> Payment:
        """The attempt as its page shows it."""
        with db.reading():
            return queries.payment_of(self.payer, self.attempt or "")

    def do_what_the_page_offers(self) -> None:
        """Continue, enter the card, come back, cancel, or pay again after a clear no."""
        payment = self.seen()
        if payment.state in ("failed", "expired", "cancelled"):
            self.told.append(payment.state)
            self.changes_mind = False
            self.press_pay()
            payment = self.seen()
        if payment.is_under_way and self.changes_mind:
            self.cancel()
        elif payment.is_under_way:
            self.go_on(payment)

    def cancel(self) -> None:
        """As often as it takes."""
        try:
            service.cancel_payment(self.payer, self.attempt or "")
        except NotKnownYet:
            self.told.append("not known yet")

    def go_on(self, payment: Payment) -> None:
        """To the hosted page, which is made now where that failed, and back from it."""
        if not payment.can_go_on:
            payment = service.continue_payment(self.payer, payment.public_id)
        if payment.can_go_on and payment.processor_session is not None:
            self.till.takes_card(payment.processor_session)
            service.come_back(self.payer, payment.public_id)


Trouble = Callable[[Ordeal, bool], None]
"""Puts a fault in the way of the next step; told whether that is the first."""


def _call(fault: Fault) -> Trouble:
    def trouble(life: Ordeal, is_first: bool) -> None:
        seconds = TOO_LONG if fault is Fault.SLOW else 0.0
        call = (MAKE if is_first else CONFIRM) if life.means.card else "*"
        life.till.sandbox.faults.next_call(call, fault, seconds=seconds)

    return trouble


def _duplicated(life: Ordeal, is_first: bool) -> None:
    if is_first:
        life.till.sandbox.faults.duplicate_webhook(times=life.messages - 1)
    else:
        life.till.sandbox.faults.duplicate_webhook(life.last_message)


def _overtaken(life: Ordeal, is_first: bool) -> None:
    if is_first:
        life.till.sandbox.faults.delay_webhook(3600.0, times=2)
    else:
        life.till.sandbox.faults.delay_webhook(7200.0, life.last_message)


def _three_days_late(life: Ordeal, is_first: bool) -> None:
    life.till.sandbox.faults.webhooks_off()
    life.webhooks_return = clock.now() + timedelta(days=3)


def _forgotten_key(life: Ordeal, is_first: bool) -> None:
    """Nobody and no worker does anything for 25 hours after the step; the processor forgets keys after 24."""
    life.nobody_is_there = timedelta(hours=25)


TROUBLES: dict[str, Trouble] = {
    "time-out before the effect": _call(Fault.TIMES_OUT_BEFORE),
    "time-out after the effect": _call(Fault.TIMES_OUT_AFTER),
    "500 before the effect, kept": _call(Fault.SERVER_ERROR_BEFORE),
    "500 after the effect, kept": _call(Fault.SERVER_ERROR_AFTER),
    "429": _call(Fault.RATE_LIMITED),
    "409": _call(Fault.IN_CONFLICT),
    "answer cut off": _call(Fault.CUT_OFF),
    "slower than we wait": _call(Fault.SLOW),
    "webhooks twice": _duplicated,
    "webhooks overtaken": _overtaken,
    "webhooks three days late": _three_days_late,
    "key forgotten": _forgotten_key,
}

WAYS = ("in full", "in part", "after a cancellation")
"""How the invoice is paid. The third begins with a part, cancels it and pays all: so the end of a page is struck."""
ON_FILE = "with a card on file"
"""The fourth way, without a page: the charge is made and confirmed."""
