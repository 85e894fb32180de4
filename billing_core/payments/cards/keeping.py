"""What people and the processor's news do to the rows of cards: every function here is one verb for `db.perform`.

Each locks the account, looks again, moves, and writes audit and mail in the same transaction. None talks to the
processor.
"""

import logging
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.orm import joinedload

from billing_core import audit, clock, db, jobs
from billing_core.accounts import Account
from billing_core.errors import NotFound
from billing_core.ledger.service import lock_account
from billing_core.payments import states
from billing_core.payments.cards import mails
from billing_core.payments.cards.adopting import DETACH, PROCESSOR, adopt, customer_for
from billing_core.payments.cards.models import CardSetup, ProcessorCustomer, SavedCard
from billing_core.payments.cards.queries import card_of
from billing_core.payments.gateway import SetupState
from billing_core.payments.looking import claim, pause
from billing_core.payments.models import Payment
from billing_core.payments.moves import mark_processed
from billing_core.payments.refusals import CardExpired, CardInUse, CardRemoved
from billing_core.permissions import Right, Viewer, demand

log = logging.getLogger(__name__)

SETTLE = "card.settle"
"""The job kind; its arguments are setup and, where they are known, session and event."""
FIRST_LOOK = timedelta(minutes=2)


def begin_setup(
    viewer: Viewer, account_public_id: str, form_key: str, livemode: bool, return_path: str = ""
) -> CardSetup:
    """Put down that a card is to be added. The same form again is the same attempt. Raises NotFound and NotAllowed."""
    named = select(Account).where(Account.public_id == account_public_id, Account.id.in_(sorted(viewer.account_ids)))
    account = db.session().scalar(named)
    if account is None:
        raise NotFound
    demand(Right.PAY, viewer, account.id)
    lock_account(account.id)
    form = f"{account.id}.{form_key}"
    made = select(CardSetup).where(CardSetup.requested_by == viewer.person_id, CardSetup.form_key == form)
    earlier = db.session().scalar(made)
    if earlier is not None:
        return earlier
    now = clock.now()
    setup = CardSetup(
        public_id=db.public_id("cset"),
        account_id=account.id,
        customer_id=customer_for(account.id, livemode).id,
        requested_by=viewer.person_id,
        form_key=form,
        state=states.CREATING,
        currency=account.currency,
        locale=viewer.locale,
        livemode=livemode,
        return_path=return_path,
        created_at=now,
        check_at=now + FIRST_LOOK,
    )
    db.session().add(setup)
    db.session().flush()
    audit.record(viewer.actor, "card.adding", setup.public_id, account.id)
    return setup


def note_customer(public_id: str, processor_customer: str) -> str:
    """Under what the processor keeps the cards; the first answer counts, whoever brings it."""
    row = select(ProcessorCustomer).where(ProcessorCustomer.public_id == public_id).with_for_update()
    customer = db.session().scalars(row.execution_options(populate_existing=True)).one()
    if customer.processor_customer is None:
        customer.processor_customer = processor_customer
        audit.record(PROCESSOR, "customer.known", customer.public_id, customer.account_id, customer=processor_customer)
    return customer.processor_customer


def learn_setup(public_id: str, seen: SetupState, event_id: str | None = None) -> CardSetup:
    """Bring an attempt into line with what the processor says of it: the one way in which a card is added."""
    setup = _locked_setup(public_id)
    if event_id is not None:
        mark_processed(event_id)
    if setup.state == states.SUCCEEDED:
        return setup
    wrong = _differences(setup, seen)
    if wrong:
        log.error("card setup %s: %s", public_id, "; ".join(wrong))
        _end(setup, "fail", differences=wrong)
        return setup
    setup.processor_session = seen.session_id
    if seen.card is not None:
        card = adopt(setup.account_id, setup.livemode, seen.card, setup.requested_by)
        setup.card_id = card.id if card is not None else None
        _end(setup, "fail" if card is None else "succeed")
    elif seen.status == "expired":
        _end(setup, "expire")
    elif setup.is_under_way:
        setup.hosted_url = seen.url
        if setup.state == states.CREATING:
            setup.state = states.CARD_SETUP.after(setup.state, "open")
    return setup


def refuse_setup(public_id: str, code: str) -> CardSetup:
    """The processor made nothing, or it is too late to ask again."""
    setup = _locked_setup(public_id)
    if setup.processor_session is None:
        _end(setup, "fail", code=code)
    return setup


def _differences(setup: CardSetup, seen: SetupState) -> list[str]:
    """In what the processor's page is not the one that was asked for; no card comes on file from such a one."""
    compared = {
        "reference": (setup.public_id, seen.reference),
        "session": (setup.processor_session or seen.session_id, seen.session_id),
        "customer": (setup.customer.processor_customer, seen.customer),
        "livemode": (setup.livemode, seen.livemode),
    }
    return [f"{name}: {ours!r} asked, {theirs!r} found" for name, (ours, theirs) in compared.items() if ours != theirs]


def _end(setup: CardSetup, event: str, **detail: object) -> None:
    if not setup.is_under_way and event != "succeed":
        return
    setup.state = states.CARD_SETUP.after(setup.state, event)
    setup.check_at, setup.hosted_url, setup.ended_at = None, None, clock.now()
    audit.record(PROCESSOR, f"card.setup_{setup.state}", setup.public_id, setup.account_id, **detail)


def claim_look(public_id: str, planned: datetime) -> bool:
    """Take a planned look for this process and plan the next one; False where another was quicker."""
    now = clock.now()
    return claim(CardSetup, public_id, planned, lambda row: now + pause(row.checks))


def note_return(public_id: str) -> None:
    """The person came back: whatever the page can find out by itself, the worker looks as well."""
    jobs.enqueue(SETTLE, once_key=f"{SETTLE}:{public_id}", setup=public_id)


def make_default(viewer: Viewer, public_id: str) -> SavedCard:
    """The card that is proposed first from now on. Raises NotFound, NotAllowed, CardRemoved and CardExpired."""
    card = _locked_card(viewer, public_id)
    if card.removed_at is not None:
        raise CardRemoved
    if card.has_expired(clock.today(_account(card).timezone)):
        raise CardExpired
    if not card.is_default:
        usual = (SavedCard.account_id == card.account_id, SavedCard.is_default)
        db.session().execute(update(SavedCard).where(*usual).values(is_default=False))
        card.is_default = True
        audit.record(viewer.actor, "card.made_default", card.public_id, card.account_id, card=card.name)
    return card


def remove(viewer: Viewer, public_id: str) -> SavedCard:
    """Never charge the card again; the processor lets go of it afterwards. Removing twice is harmless.

    Raises NotFound, NotAllowed, and CardInUse while a payment with it is under way.
    """
    card = _locked_card(viewer, public_id)
    if card.removed_at is not None:
        return card
    busy = select(Payment.id).where(Payment.card_id == card.id, Payment.state.in_(states.UNDER_WAY)).limit(1)
    if db.session().scalar(busy) is not None:
        raise CardInUse
    card.removed_at, card.is_default = clock.now(), False
    audit.record(viewer.actor, "card.removed", card.public_id, card.account_id, card=card.name)
    jobs.enqueue(DETACH, once_key=f"{DETACH}:{card.public_id}", card=card.public_id)
    mails.tell_removed(_account(card), card, viewer.display_name)
    return card


def note_detached(public_id: str) -> None:
    """The processor has let go of it."""
    gone = update(SavedCard).where(SavedCard.public_id == public_id, SavedCard.detached_at.is_(None))
    db.session().execute(gone.values(detached_at=clock.now()))


def _account(card: SavedCard) -> Account:
    return db.session().get_one(Account, card.account_id)


def _locked_card(viewer: Viewer, public_id: str) -> SavedCard:
    """The card as it is now, under its account's lock. Raises NotFound and NotAllowed."""
    account_id = card_of(viewer, public_id).account_id
    demand(Right.PAY, viewer, account_id)
    lock_account(account_id)
    row = select(SavedCard).where(SavedCard.public_id == public_id)
    return db.session().scalars(row.execution_options(populate_existing=True)).one()


def _locked_setup(public_id: str) -> CardSetup:
    """Raises NotFound."""
    account_id = db.session().scalar(select(CardSetup.account_id).where(CardSetup.public_id == public_id))
    if account_id is None:
        raise NotFound
    lock_account(account_id)
    row = select(CardSetup).where(CardSetup.public_id == public_id).options(joinedload(CardSetup.customer))
    return db.session().scalars(row.execution_options(populate_existing=True)).one()
