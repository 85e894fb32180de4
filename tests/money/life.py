"""The life of money in any order: invoices, card payments, messages, money back, bookings, crashes, and time.

Hypothesis chooses who does what next. After each step the laws hold; in the end all calms down and the sums are right.
"""

import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import ClassVar

import time_machine
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from billing_core import clock
from billing_core.ledger.correcting import Part
from billing_core.ledger.incoming import Money
from billing_core.payments import booking, crashpoints, giving_back, refunding, service
from billing_core.payments.limits import card_amounts
from billing_core.payments.models import Payment
from billing_core.payments.reconciliation import running
from billing_core.payments.refusals import InvoiceDisputed
from billing_core.payments.sharing import NEW_CARD, Means, Wish
from corporate_portal.finance import service as finance
from stripe_sandbox import Fault
from tests import conftest
from tests.checker.till import read
from tests.conftest import Database
from tests.factories import cards, ledger
from tests.factories.till import impatient
from tests.money.people import Died, Scene

BEGIN = datetime(2026, 3, 24, 12, tzinfo=UTC)
LONGEST_LIFE = timedelta(days=60)
CURRENCIES = {"EUR": (5000, 12000, 60000), "JPY": (5000, 120000), "KWD": (5000, 64000)}
"""Totals of invoices, in smallest units, by currencies of 2, 0 and 3 decimal places."""
CARDS = (
    "pm_card_visa", "pm_card_visa", "pm_card_visa_chargeDeclined", "pm_card_pendingRefund", "pm_card_refundFail",
    "pm_card_createDispute", "pm_card_createDisputeInquiry",
)  # fmt: skip
ON_FILE = ("pm_card_visa", "pm_card_threeDSecure2Required", "pm_card_chargeCustomerFail")
POINTS = (
    "payment.begun", "processor.created", "payment.opened", "event.noted", "processor.asked", "payment.booked",
    "payment.settled", "processor.expired", "payment.cancelled", "refund.begun", "processor.refunded", "refund.learned",
    "processor.asked_back", "processor.charged", "processor.confronted", "payment.confronted",
)  # fmt: skip
FAULTS = (
    Fault.TIMES_OUT_BEFORE, Fault.TIMES_OUT_AFTER, Fault.SERVER_ERROR_BEFORE, Fault.SERVER_ERROR_AFTER,
    Fault.RATE_LIMITED, Fault.IN_CONFLICT, Fault.CUT_OFF,
)  # fmt: skip
SOME, PARTS = st.integers(0, 5), st.sampled_from([1, 3, 10])
"""Which one of those there are; and what part of an amount, in tenths."""
CALM = tuple(timedelta(hours=hours) for hours in (0, 1, 2, 23, 25, 25, 25, 25, 25, 25))


class MoneyLife(RuleBasedStateMachine):
    """One account in one currency, and all who move its money."""

    database: ClassVar[Database]

    def __init__(self) -> None:
        super().__init__()
        conftest.empty()  # also of what a life left that broke the laws
        self.travel = time_machine.travel(BEGIN, tick=False)
        self.clock = self.travel.start()
        self.folder = tempfile.TemporaryDirectory()
        self.impatience = impatient()
        self.impatience.__enter__()
        self.scene: Scene
        self.bookings: list[str] = []

    def teardown(self) -> None:
        """Everything calms down; then time goes on as usual."""
        try:
            if sys.exc_info()[0] is None and hasattr(self, "scene"):
                self.calm_down()
        finally:
            crashpoints.watch(None)
            self.impatience.__exit__(None, None, None)
            self.travel.stop()
            self.folder.cleanup()

    def calm_down(self) -> None:
        """Faults are over, every message comes, and time passes until nothing is left to happen by itself."""
        crashpoints.watch(None)
        self.scene.till.sandbox.faults.clear()
        for pause in CALM:
            self.clock.shift(pause)
            self.scene.settle_down()
        self.scene.check(quiet=True)
        self.scene.check_sums()
        report = running.run("test")
        assert report is not None
        assert self.scene.unexplained(report) == []
        number = len(read(self.scene.place).events)
        for nth in range(number):  # all of it once more, the last first
            self.scene.hand_over(number - 1 - nth, 1)
        self.scene.check(quiet=True)
        self.scene.check_sums()

    @initialize(
        currency=st.sampled_from(sorted(CURRENCIES)),
        at=SOME,
        part=PARTS,
        card=st.sampled_from(CARDS),
        rich=st.booleans(),
    )
    def begin(self, currency: str, at: int, part: int, card: str, rich: bool) -> None:
        """Two invoices; something was paid already, perhaps too much, or two tabs want to pay all of it."""
        self.scene = Scene(self.database, Path(self.folder.name) / "sandbox.sqlite", currency)
        self.issue(at)
        self.issue(at + 1)
        self.pay(0, part, card)
        if rich:
            self.book(1, 13, spread=False)
        else:
            self.press_pay(1, 0, 10)
            self.press_pay(1, 1, 10)

    @precondition(lambda self: len(self.scene.invoices()) < 4)
    @rule(at=SOME)
    def issue(self, at: int) -> None:
        """Another invoice."""
        totals = CURRENCIES[self.scene.currency]
        total = totals[at % len(totals)]
        ledger.invoice(self.scene.account, total)
        self.scene.told["invoices"] += total

    @rule(at=SOME, who=st.integers(0, 1), part=PARTS)
    def press_pay(self, at: int, who: int, part: int, means: Means = NEW_CARD) -> None:
        """A contact pays an invoice by card, or a part of it: what is payable can be paid, and nothing else."""
        invoice = self.scene.one_invoice(at, open_if_any=at % 2 == 0)
        payable = self.scene.payable(invoice)
        amount = payable * part // 10
        possible = card_amounts(payable, self.scene.currency).allow(amount)
        payer, name = self.scene.payers[who], invoice.public_id
        died = False

        def pay() -> Payment | None:
            nonlocal died
            try:
                return service.pay_invoice(payer, name, amount, means=means)
            except InvoiceDisputed:
                return None
            except Died:
                died = True
                raise

        begun = self.scene.attempt(pay)
        assert begun is None or possible, f"{amount} of {payable} {self.scene.currency} could be paid"
        assert begun is None or begun.amount == amount
        assert begun is not None or died or not possible or self.scene.is_disputed(invoice), "a payment was refused"

    @rule(at=SOME, part=PARTS, card=st.sampled_from(CARDS))
    def pay(self, at: int, part: int, card: str) -> None:
        """A contact pays, enters the card and comes back."""
        self.press_pay(at, 0, part)
        self.enter_card(0, card)
        self.go_on(0, "come back")

    @precondition(lambda self: len(self.scene.invoices()) > 1)
    @rule(who=st.integers(0, 1))
    def press_pay_all(self, who: int) -> None:
        """A contact pays all that is open with one payment."""
        wishes = [Wish(invoice.public_id) for invoice in self.scene.invoices() if invoice.balance]
        self.scene.attempt(service.pay_invoices, self.scene.payers[who], wishes)

    @rule(at=SOME, card=st.sampled_from(CARDS))
    def enter_card(self, at: int, card: str) -> None:
        """On the hosted page, if it is still open."""
        payment = self.scene.one_payment(at)
        if payment is None or payment.processor_session is None:
            return
        session = next(one for one in read(self.scene.place).sessions if one["id"] == payment.processor_session)
        if session["status"] == "open" and session["expires_at"] > clock.now().timestamp():
            self.scene.till.enter_card(payment, card)

    @precondition(lambda self: len(cards.on_file(self.scene.account)) < 2)
    @rule(card=st.sampled_from(ON_FILE))
    def keep_card(self, card: str) -> None:
        """A contact adds a card for later payments."""
        self.scene.keep_card(card)

    @precondition(lambda self: cards.on_file(self.scene.account))
    @rule(at=SOME, part=PARTS)
    def pay_with_card_on_file(self, at: int, part: int) -> None:
        """A contact pays without entering a card; who has to confirm it does, or leaves it."""
        kept = cards.on_file(self.scene.account)
        self.press_pay(at, 1, part, means=Means(kept[at % len(kept)].public_id))
        payment = self.scene.one_payment(0)
        if payment is not None and payment.is_on_file and payment.can_go_on and part > 1:
            self.scene.till.answer_bank_if_asked(payment, "complete" if part > 3 else "fail")

    @rule(at=SOME, how=st.sampled_from(["come back", "come back", "continue", "cancel"]))
    def go_on(self, at: int, how: str) -> None:
        """The payer returns, continues, or cancels."""
        payment = self.scene.one_payment(at)
        verbs = {
            "come back": service.come_back, "continue": service.continue_payment, "cancel": service.cancel_payment,
        }  # fmt: skip
        if payment is not None:
            self.scene.attempt(verbs[how], self.scene.payers[0], payment.public_id)

    @rule(nth=st.integers(0, 40), times=st.integers(1, 2))
    def message(self, nth: int, times: int) -> None:
        """One of the processor's messages comes, in any order, once or twice."""
        self.scene.hand_over(nth, times)

    @rule()
    def work(self) -> None:
        """Messages that are due, jobs, and the reconcilers."""
        self.scene.settle_down()

    @rule(at=SOME, part=st.sampled_from([1, 10, 13]), spread=st.booleans())
    def book(self, at: int, part: int, spread: bool) -> None:
        """A transfer came in: too little, the right amount, or too much."""
        invoice = self.scene.one_invoice(at)
        amount = max(invoice.total * part // 10, 1)
        shares = None if spread else {invoice.public_id: min(amount, invoice.balance)}
        came = Money("bank_transfer", amount, clock.today("Europe/Berlin"), "Transfer", shares=shares)
        booked = self.scene.perform(
            booking.book_incoming, self.scene.clerks[0], self.scene.account.public_id, came, self.scene.form
        )
        if booked is not None:
            self.scene.told["bank"] += amount
            self.bookings.append(booked.public_id)

    @precondition(lambda self: self.bookings)
    @rule(at=SOME)
    def bounce(self, at: int) -> None:
        """The bank takes a booked amount back."""
        name = self.bookings.pop(at % len(self.bookings))
        back = self.scene.perform(booking.return_incoming, self.scene.clerks[0], name, "Returned")
        self.scene.told["bank"] -= back.amount

    @rule(at=SOME)
    def use_credit(self, at: int) -> None:
        """Finance pays an invoice from account credit."""
        name = self.scene.one_invoice(at, open_if_any=True).public_id
        self.scene.perform(booking.use_credit, self.scene.clerks[0], name, None, self.scene.form)

    @rule(at=SOME, part=PARTS)
    def credit_note(self, at: int, part: int) -> None:
        """Finance credits an invoice, or a part of it."""
        invoice = self.scene.one_invoice(at)
        wish = finance.Wish({1: Part(net=invoice.net * part // 10)}, "Wrong price")
        note = self.scene.perform(
            finance.credit_invoice, self.scene.clerks[0], invoice.public_id, wish, self.scene.form
        )
        if note is not None:
            self.scene.told["notes"] += note.total

    @rule(at=SOME, part=PARTS)
    def refund(self, at: int, part: int) -> None:
        """Finance sends money back to a card, or asks a colleague first."""
        payment = self.scene.one_payment(at)
        if payment is None:
            return
        wishes = {name: amount * part // 10 for name, amount in self.scene.shares(payment).items()}
        self.scene.attempt(
            giving_back.refund_payment, self.scene.clerks[0], payment.public_id, wishes, "Paid twice", self.scene.form
        )

    @rule(at=SOME, says=st.booleans())
    def decide_refund(self, at: int, says: bool) -> None:
        """The second person of finance."""
        refund = self.scene.one_refund(at)
        if refund is None:
            return
        if says:
            self.scene.attempt(giving_back.approve_refund, self.scene.clerks[1], refund.public_id)
        else:
            self.scene.perform(refunding.decline_refund, self.scene.clerks[1], refund.public_id)

    @rule(at=SOME, part=PARTS)
    def refund_at_processor(self, at: int, part: int) -> None:
        """Somebody sends money back on the processor's own pages."""
        taken, till = read(self.scene.place).taken, self.scene.till
        if taken:
            intent = taken[at % len(taken)]
            amount = max(intent["amount"] * part // 100 * 10, 10)
            wish = {"payment_intent": intent["id"], "amount": amount}
            self.scene.at_processor(till.stripe.v1.refunds.create, wish)

    @rule(at=SOME, deed=st.sampled_from(["won", "lost", "escalate"]))
    def dispute_goes_on(self, at: int, deed: str) -> None:
        """The bank decides about a dispute, or makes one of an inquiry."""
        undecided = [one for one in read(self.scene.place).disputes if one["status"].endswith("needs_response")]
        if not undecided:
            return
        dispute = undecided[at % len(undecided)]
        disputes = self.scene.till.stripe.v1.disputes
        if deed == "lost":
            self.scene.at_processor(disputes.close, dispute["id"])
        elif deed == "won":
            evidence = {"evidence": {"uncategorized_text": "winning_evidence"}}
            self.scene.at_processor(disputes.update, dispute["id"], evidence)
        elif dispute["status"].startswith("warning_"):
            self.scene.till.sandbox.escalate(dispute["id"])

    @rule(fault=st.sampled_from(FAULTS))
    def fault(self, fault: Fault) -> None:
        """The next call to the processor goes wrong."""
        self.scene.till.fail("*", fault)

    @rule(point=st.sampled_from(POINTS))
    def crash(self, point: str) -> None:
        """Whoever comes to this point next dies there."""

        def die(name: str) -> None:
            if name == point:
                crashpoints.watch(None)
                raise Died(point)

        crashpoints.watch(die)

    @rule()
    def restart(self) -> None:
        """The program is started anew."""
        self.scene.restart()

    @precondition(lambda self: clock.now() - BEGIN < LONGEST_LIFE)
    @rule(hours=st.sampled_from([1, 3, 23, 25, 72]))
    def wait(self, hours: int) -> None:
        """Time goes by."""
        self.clock.shift(timedelta(hours=hours))

    @invariant()
    def the_laws_hold(self) -> None:
        """After each step."""
        self.scene.check()
