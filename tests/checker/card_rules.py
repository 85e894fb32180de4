"""What must be true of cards on file, here and at the processor: whose they are, and that a removed one rests."""

import re
from collections import Counter
from collections.abc import Iterator
from datetime import datetime

from tests.checker.books import Books, Row
from tests.checker.rules import at_any_time, when_quiet
from tests.checker.till import Till, reference

NUMBER = re.compile(r"\d{12,}")


@at_any_time("the processor has at most one intent for a payment, and of a card on file the one that we know")
def _one_intent(books: Books, till: Till) -> Iterator[str]:
    intents = Counter(reference(intent) for intent in till.intents)
    yield from (f"{payment}: {times} intents" for payment, times in intents.items() if times > 1)
    for intent in till.intents:
        payment = books.payments.get(reference(intent) or "")
        if payment is None or payment["card_id"] is None:
            continue
        card = books.cards[payment["card_id"]]
        if payment["processor_intent"] not in (None, intent["id"]):
            yield f"{payment['public_id']} knows {payment['processor_intent']}, not {intent['id']}"
        if intent["payment_method"] not in (None, card["processor_method"]):
            yield f"{intent['id']} charges {intent['payment_method']}, not {card['processor_method']}"


@at_any_time("a card on file is charged for its own account only, and never once it was removed")
def _own_cards(books: Books, till: Till) -> Iterator[str]:
    cards = {row["processor_method"]: row for row in books.cards.values()}
    for intent in till.taken:
        card, payment = cards.get(intent["payment_method"]), books.payments.get(reference(intent) or "")
        if card is None or payment is None:
            continue
        if card["account_id"] != payment["account_id"]:
            yield f"{intent['id']} of account {payment['account_id']} charged {card['public_id']}"
        if card["removed_at"] is not None and intent["created"] > _seconds(card["removed_at"]) + 1:
            yield f"{intent['id']} charged {card['public_id']} after it was removed"


@at_any_time("of a card there are four digits, and an account has one default among those that are on file")
def _little_of_it(books: Books, _till: Till) -> Iterator[str]:
    usual: Counter[int] = Counter()
    for card in books.cards.values():
        usual[card["account_id"]] += bool(card["is_default"])
        said = {name: value for name, value in card.items() if not name.endswith(("_at", "_method"))}
        spelled = [str(value) for value in said.values()]
        if len(card["last4"]) != 4 or any(NUMBER.search(text) for text in spelled):
            yield f"{card['public_id']} says too much or too little"
        if card["is_default"] and card["removed_at"] is not None:
            yield f"{card['public_id']} is removed, and the default"
    yield from (f"account {account} has {times} defaults" for account, times in usual.items() if times > 1)


@when_quiet("the processor keeps exactly the cards that are on file, for their own customer")
def _same_cards(books: Books, till: Till) -> Iterator[str]:
    kept = {method["id"]: method for method in till.things.get("payment_method", []) if method["customer"] is not None}
    for card in books.cards.values():
        method = kept.pop(card["processor_method"], None)
        if (method is None) != (card["removed_at"] is not None):
            yield f"{card['public_id']} is {'removed' if card['removed_at'] else 'on file'}, there it is otherwise"
        if method is not None and (method["customer"], method["card"]["last4"]) != _wanted(books, card):
            yield f"{card['public_id']}: {method['id']} is {method['card']['last4']} of {method['customer']}"
    ours = {row["processor_customer"] for row in books.customers.values()}
    left = {name: method["customer"] for name, method in kept.items() if method["customer"] in ours}
    yield from (f"{name} of {customer} is not on file" for name, customer in left.items())


def _wanted(books: Books, card: Row) -> tuple[str, str]:
    return books.customers[card["customer_id"]]["processor_customer"], card["last4"]


def _seconds(instant: str) -> float:
    return datetime.fromisoformat(instant).timestamp()
