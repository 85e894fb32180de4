"""Cards on file as somebody changes them: intent, call, outcome. No transaction is open while the processor is asked.

Whoever brings news of an attempt to add a card ends in `settle`, which asks the processor. See crashpoints.py.
"""

import logging

from billing_core import clock, db
from billing_core.errors import NotFound
from billing_core.payments.cards import keeping, queries
from billing_core.payments.cards.models import CardSetup, ProcessorCustomer
from billing_core.payments.crashpoints import crashpoint
from billing_core.payments.gateway import Refused, Unclear
from billing_core.payments.looking import look_at_each
from billing_core.payments.moves import SESSION_LASTS, START_AGAIN_WITHIN
from billing_core.payments.processor import processor
from billing_core.permissions import Viewer

log = logging.getLogger(__name__)

LOOKS_AT_ONCE = 50
"""How many attempts one round of the reconciler looks at."""


def add_card(viewer: Viewer, account_public_id: str, form_key: str, *, return_path: str = "") -> CardSetup:
    """Start to add a card to an account. What comes back is open (go to its hosted_url), failed, or not known yet.

    `return_path` is where the page of the cards is, if not in the portal. Raises what `keeping.begin_setup` raises.
    """
    setup = db.perform(keeping.begin_setup, viewer, account_public_id, form_key, processor().livemode, return_path)
    crashpoint("setup.begun")
    if setup.is_under_way and setup.processor_session is None:
        try:
            return _start(setup.public_id)
        except Unclear as error:
            log.warning("card setup %s has no known page: %s", setup.public_id, error)
    return setup


def known_customer(customer: ProcessorCustomer) -> str:
    """Under what the processor keeps the account's cards, made now where it was not. Raises Refused and Unclear."""
    if customer.processor_customer is not None:
        return customer.processor_customer
    made = processor().create_customer(customer.public_id)
    crashpoint("processor.knows_customer")
    return db.perform(keeping.note_customer, customer.public_id, made)


def come_back(viewer: Viewer, public_id: str) -> CardSetup:
    """The person returned from the hosted page. Raises NotFound."""
    with db.reading():
        setup = queries.setup_of(viewer, public_id)
    if not setup.is_under_way:
        return setup
    db.perform(keeping.note_return, public_id)
    try:
        return settle(public_id)
    except Unclear:
        return setup


def settle(setup: str, session: str | None = None, event: str | None = None) -> CardSetup:
    """Ask the processor what became of an attempt and put it down; also the handler of the job `card.settle`.

    Safe to run at any time, any number of times. Raises NotFound, and Unclear where the processor cannot be asked.
    """
    with db.reading():
        found = queries.setup_named(setup)
    if found is None:
        raise NotFound
    named = found.processor_session or session
    if named is None:
        return _start(setup) if found.is_under_way else found
    seen = processor().retrieve_setup(named)
    crashpoint("processor.asked_of_setup")
    found = db.perform(keeping.learn_setup, setup, seen, event)
    crashpoint("setup.settled")
    return found


def _start(public_id: str) -> CardSetup:
    """Have the hosted page made, again under the same key where that was tried before. Raises Unclear."""
    with db.reading():
        setup = queries.setup_named(public_id)
    if setup is None:
        raise NotFound
    if clock.now() >= setup.created_at + START_AGAIN_WITHIN:
        return db.perform(keeping.refuse_setup, public_id, "never_started")
    try:
        customer = known_customer(setup.customer)
        request = queries.setup_request(setup, customer, setup.created_at + SESSION_LASTS)
        made = processor().create_setup(request)
    except Refused as refusal:
        log.warning("card setup %s was refused: %s", public_id, refusal)
        return db.perform(keeping.refuse_setup, public_id, refusal.code)
    crashpoint("processor.made_setup")
    started = db.perform(keeping.learn_setup, public_id, made)
    crashpoint("setup.opened")
    return started


def reconcile_due() -> int:
    """Handler of the job `cards.reconcile`, each minute: attempts without an end; how many were looked at."""
    with db.reading():
        due = queries.setups_due(clock.now(), LOOKS_AT_ONCE)
    return look_at_each(due, keeping.claim_look, lambda one: settle(one.public_id))


def detach(card: str) -> None:
    """Handler of the job `card.detach`: the processor lets go of a removed card. Raises Unclear, to be repeated."""
    with db.reading():
        found = queries.card_named(card)
    if found.removed_at is None:
        raise ValueError("a card that is on file is never let go of")
    if found.detached_at is not None:
        return
    try:
        processor().detach_card(found.processor_method)
    except Refused as refusal:
        log.info("card %s is gone from the processor already: %s", card, refusal)
    crashpoint("processor.detached")
    db.perform(keeping.note_detached, card)
