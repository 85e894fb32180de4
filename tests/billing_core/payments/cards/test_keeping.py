"""Cards come on file and leave it: by the page for it, by a ticked box, once; the default; removing and letting go."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
import time_machine
from sqlalchemy import func, select, update
from sqlalchemy.exc import IntegrityError

from billing_core import clock, db
from billing_core.accounts import Account
from billing_core.audit import AuditEntry
from billing_core.errors import NotAllowed, NotFound, Refusal
from billing_core.ledger.models import Invoice
from billing_core.mail.models import OutboxMail
from billing_core.payments import service
from billing_core.payments.cards import keeping
from billing_core.payments.cards import service as adding
from billing_core.payments.cards.models import CardSetup, ProcessorCustomer, SavedCard
from billing_core.payments.cards.queries import offered
from billing_core.payments.models import Payment
from billing_core.payments.refusals import CardExpired, CardInUse, CardRemoved
from billing_core.payments.sharing import Means
from billing_core.permissions import Viewer
from stripe_sandbox import Fault
from tests.factories import cards, core
from tests.factories.till import CREATE, RETRIEVE, CardTill
from tests.faults.quiet import settle_down

DETACH = "payment_methods.detach"


def counted(table: type) -> int:
    with db.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


def mails(kind: str) -> list[str]:
    with db.reading() as session:
        return list(session.scalars(select(OutboxMail.recipient).where(OutboxMail.kind == kind)))


def actions() -> list[str]:
    with db.reading() as session:
        rows = select(AuditEntry.action).where(AuditEntry.action.like("card.%")).order_by(AuditEntry.id)
        return list(session.scalars(rows))


def test_an_added_card_is_on_file_and_everybody_who_may_pay_is_told(
    till: CardTill, account: Account, payer: Viewer
) -> None:
    colleague = core.contact(account, rights="pay")
    core.contact(account, rights="manage")
    card = cards.saved(till, account, payer)
    assert (card.name, card.exp_month, card.is_default, card.livemode) == ("Visa •••• 4242", 12, True, False)
    assert card.added_by == payer.person_id
    assert sorted(mails("card-added")) == sorted([payer.email, colleague.email])
    assert actions() == ["card.adding", "card.added", "card.setup_succeeded"]
    with db.reading() as session:
        customer = session.scalars(select(ProcessorCustomer)).one().processor_customer or ""
    assert till.methods(customer) == [card.processor_method]
    assert till.charges() == []


def test_the_same_form_is_the_same_attempt(till: CardTill, account: Account, payer: Viewer) -> None:
    one, two = (adding.add_card(payer, account.public_id, "form_1") for _ in range(2))
    assert (one.public_id, one.hosted_url) == (two.public_id, two.hosted_url)
    assert len(till.sessions()) == 1


def test_who_may_not_pay_adds_nothing_and_others_accounts_are_not_there(till: CardTill, account: Account) -> None:
    viewer, stranger = core.viewer(core.contact(account, rights="manage")), core.viewer(core.contact(core.account()))
    with pytest.raises(NotAllowed):
        adding.add_card(viewer, account.public_id, "form_1")
    with pytest.raises(NotFound):
        adding.add_card(stranger, account.public_id, "form_1")
    card = cards.saved(till, account, core.viewer(core.contact(account)))
    for deed in (keeping.make_default, keeping.remove):
        with pytest.raises(NotAllowed):
            db.perform(deed, viewer, card.public_id)
        with pytest.raises(NotFound):
            db.perform(deed, stranger, card.public_id)
    assert cards.reread(card).removed_at is None


@pytest.mark.parametrize("teller", ["return", "webhook", "reconciler"])
def test_whoever_tells_of_it_the_card_comes_on_file_once(
    till: CardTill, account: Account, payer: Viewer, teller: str
) -> None:
    setup = adding.add_card(payer, account.public_id, "form_1")
    till.enter_card_at(setup.processor_session or "", "pm_card_mastercard")
    tellers: dict[str, Callable[[], object]] = {
        "return": lambda: adding.come_back(payer, setup.public_id),
        "webhook": till.deliver,
        "reconciler": adding.reconcile_due,
    }
    with time_machine.travel(clock.now() + timedelta(minutes=3), tick=False):
        for one in (tellers.pop(teller), *tellers.values()):
            one()
            assert [card.name for card in cards.on_file(account)] == ["Mastercard •••• 4444"]
        settle_down(till)
    assert (counted(SavedCard), len(mails("card-added"))) == (1, 1)


def test_all_tellers_at_once_put_it_on_file_once(till: CardTill, account: Account, payer: Viewer) -> None:
    setup = adding.add_card(payer, account.public_id, "form_1")
    till.enter_card_at(setup.processor_session or "")
    barrier = Barrier(4)

    def tell(_: int) -> None:
        barrier.wait()
        adding.settle(setup.public_id)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(tell, range(4)))
    assert (counted(SavedCard), len(mails("card-added"))) == (1, 1)


@pytest.mark.parametrize("fault", [Fault.TIMES_OUT_BEFORE, Fault.TIMES_OUT_AFTER, Fault.RATE_LIMITED])
@pytest.mark.parametrize("call", ["customers.create", CREATE])
def test_without_an_answer_the_same_page_is_made_later(
    till: CardTill, account: Account, payer: Viewer, call: str, fault: Fault
) -> None:
    till.fail(call, fault)
    setup = adding.add_card(payer, account.public_id, "form_1")
    assert (setup.state, setup.hosted_url) == ("creating", None)
    again = adding.add_card(payer, account.public_id, "form_1")
    assert again.state == "open"
    assert len(till.sessions()) == 1
    assert len(till.stripe.v1.customers.list({"limit": 10}).data) == 1


def test_a_page_that_nobody_uses_ends_by_itself(till: CardTill, account: Account, payer: Viewer) -> None:
    setup = adding.add_card(payer, account.public_id, "form_1")
    with time_machine.travel(clock.now() + timedelta(hours=25), tick=False):
        adding.reconcile_due()
    assert cards.setup_named(setup.public_id).state == "expired"
    assert cards.on_file(account) == []


def test_a_page_for_another_customer_puts_nothing_on_file(till: CardTill, account: Account, payer: Viewer) -> None:
    setup = adding.add_card(payer, account.public_id, "form_1")
    till.enter_card_at(setup.processor_session or "")

    def mix_up() -> None:
        db.session().execute(update(ProcessorCustomer).values(processor_customer="cus_other"))

    db.perform(mix_up)
    adding.settle(setup.public_id)
    assert (cards.setup_named(setup.public_id).state, cards.on_file(account)) == ("failed", [])


def test_a_ticked_box_keeps_the_card_once_it_has_paid(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, 4000, means=Means(keep=True))
    assert cards.on_file(account) == []
    till.enter_card(payment)
    for _ in range(2):
        assert service.come_back(payer, payment.public_id).state == "succeeded"
        till.deliver()
    (card,) = cards.on_file(account)
    assert (card.name, card.is_default, mails("card-added")) == ("Visa •••• 4242", True, [payer.email])
    second = service.pay_invoice(payer, invoice.public_id, None, means=Means(card.public_id))
    assert second.state == "succeeded"
    assert [charge.payment_method for charge in till.charges()] == [card.processor_method] * 2


def test_without_the_tick_the_card_serves_one_payment(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None)
    till.enter_card(payment)
    service.come_back(payer, payment.public_id)
    assert (counted(SavedCard), counted(ProcessorCustomer)) == (0, 0)
    assert till.stripe.v1.customers.list({"limit": 10}).data == []


def test_a_declined_card_is_not_kept(till: CardTill, account: Account, invoice: Invoice, payer: Viewer) -> None:
    payment = service.pay_invoice(payer, invoice.public_id, None, means=Means(keep=True))
    till.enter_card(payment, "pm_card_visa_chargeDeclined")
    service.come_back(payer, payment.public_id)
    assert cards.on_file(account) == []


def test_the_same_card_a_second_time_is_not_listed_twice(till: CardTill, account: Account, payer: Viewer) -> None:
    first = cards.saved(till, account, payer)
    again = cards.saved(till, account, payer)
    assert again.public_id == first.public_id
    settle_down(till)
    with db.reading() as session:
        customer = session.scalars(select(ProcessorCustomer)).one().processor_customer or ""
    assert till.methods(customer) == [first.processor_method]
    assert len(mails("card-added")) == 1


def test_there_is_one_default_and_it_can_be_chosen(till: CardTill, account: Account, payer: Viewer) -> None:
    first, second = (cards.saved(till, account, payer, token) for token in ("pm_card_visa", "pm_card_amex"))
    assert [card.is_default for card in cards.on_file(account)] == [True, False]
    for _ in range(2):
        db.perform(keeping.make_default, payer, second.public_id)
        assert [card.is_default for card in cards.on_file(account)] == [False, True]
    assert actions().count("card.made_default") == 1
    with db.reading():
        assert [card.id for card in offered(account.id, "EUR")] == [second.id, first.id]
    with pytest.raises(IntegrityError):
        db.perform(lambda: db.session().execute(update(SavedCard).values(is_default=True)))


def test_two_defaults_at_once_are_one(till: CardTill, account: Account, payer: Viewer) -> None:
    both = [cards.saved(till, account, payer, token) for token in ("pm_card_visa", "pm_card_amex")]
    barrier = Barrier(2)

    def choose(card: SavedCard) -> None:
        barrier.wait()
        db.perform(keeping.make_default, payer, card.public_id)

    with ThreadPoolExecutor(2) as pool:
        list(pool.map(choose, both))
    assert sum(card.is_default for card in cards.on_file(account)) == 1


def test_only_a_card_that_can_be_charged_is_made_the_default(till: CardTill, account: Account, payer: Viewer) -> None:
    soon, gone = (cards.saved(till, account, payer, one) for one in ("pm_card_expiresSoon", "pm_card_amex"))
    db.perform(keeping.remove, payer, gone.public_id)
    with pytest.raises(CardRemoved):
        db.perform(keeping.make_default, payer, gone.public_id)
    with time_machine.travel(clock.now() + timedelta(days=40), tick=False), pytest.raises(CardExpired):
        db.perform(keeping.make_default, payer, soon.public_id)


def test_a_removed_card_is_let_go_of_as_often_as_it_takes(till: CardTill, account: Account, payer: Viewer) -> None:
    card = cards.saved(till, account, payer)
    for _ in range(2):
        db.perform(keeping.remove, payer, card.public_id)
    removed = cards.reread(card)
    assert (removed.is_default, removed.detached_at, cards.on_file(account)) == (False, None, [])
    assert (actions().count("card.removed"), len(mails("card-removed"))) == (1, 1)
    till.fail(DETACH, Fault.TIMES_OUT_AFTER)
    settle_down(till)
    assert cards.reread(card).detached_at is None
    with time_machine.travel(clock.now() + timedelta(minutes=10), tick=False):
        settle_down(till)
    assert cards.reread(card).detached_at is not None
    with db.reading() as session:
        customer = session.scalars(select(ProcessorCustomer)).one().processor_customer or ""
    assert till.methods(customer) == []


def test_a_card_is_not_removed_in_the_middle_of_a_payment(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    card = cards.saved(till, account, payer, "pm_card_threeDSecure2Required")
    payment = service.pay_invoice(payer, invoice.public_id, None, means=Means(card.public_id))
    with pytest.raises(CardInUse):
        db.perform(keeping.remove, payer, card.public_id)
    service.cancel_payment(payer, payment.public_id)
    db.perform(keeping.remove, payer, card.public_id)
    assert cards.on_file(account) == []


def test_removing_and_paying_at_once_never_charges_a_removed_card(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    card, barrier = cards.saved(till, account, payer), Barrier(2)

    def attempt(deed: Callable[[], object]) -> object:
        barrier.wait()
        try:
            return deed()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(2) as pool:
        paid, removed = pool.map(
            attempt,
            [
                lambda: service.pay_invoice(payer, invoice.public_id, None, means=Means(card.public_id)),
                lambda: db.perform(keeping.remove, payer, card.public_id),
            ],
        )
    if isinstance(paid, Payment):
        assert (paid.state, len(till.charges())) == ("succeeded", 1)
    else:
        assert isinstance(paid, CardRemoved)
        assert till.charges() == []
    assert isinstance(removed, (SavedCard, CardInUse))


def test_a_card_that_expires_is_not_offered_afterwards(till: CardTill, account: Account, payer: Viewer) -> None:
    card = cards.saved(till, account, payer, "pm_card_expiresSoon")
    today = card.last_day
    assert card.expires_soon(today - timedelta(days=60))
    assert not card.expires_soon(today - timedelta(days=61))
    assert not card.has_expired(today)
    assert card.has_expired(today + timedelta(days=1))
    with time_machine.travel(clock.now() + timedelta(days=40), tick=False), db.reading():
        assert offered(account.id, "EUR") == []


def test_discover_is_offered_in_dollars_only(till: CardTill) -> None:
    account = core.account(currency="USD")
    cards.saved(till, account, core.viewer(core.contact(account)), "pm_card_discover")
    with db.reading():
        assert [len(offered(account.id, currency)) for currency in ("USD", "EUR")] == [1, 0]


def test_a_look_that_fails_leaves_the_attempt_to_the_next_one(till: CardTill, account: Account, payer: Viewer) -> None:
    setup = adding.add_card(payer, account.public_id, "form_1")
    till.enter_card_at(setup.processor_session or "")
    till.fail(RETRIEVE, Fault.TIMES_OUT_BEFORE, times=2)
    assert adding.come_back(payer, setup.public_id).state == "open"
    for minutes in (3, 20):
        with time_machine.travel(clock.now() + timedelta(minutes=minutes), tick=False):
            adding.reconcile_due()
    assert len(cards.on_file(account)) == 1
    assert counted(CardSetup) == 1
