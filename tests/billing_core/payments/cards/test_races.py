"""A card on file in one tab, the hosted page or the same card in another: one payment, one charge."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest

from billing_core.accounts import Account
from billing_core.errors import Refusal
from billing_core.ledger.models import Invoice
from billing_core.payments import beginning, service
from billing_core.payments.models import Payment
from billing_core.payments.sharing import NEW_CARD, Means
from billing_core.permissions import Viewer
from tests.factories import cards, ledger
from tests.factories.till import CardTill, payment_named


def at_once(deeds: list[Callable[[], Payment]]) -> list[Payment | Refusal]:
    barrier = Barrier(len(deeds))

    def press(deed: Callable[[], Payment]) -> Payment | Refusal:
        barrier.wait()
        try:
            return deed()
        except Refusal as refusal:
            return refusal

    with ThreadPoolExecutor(len(deeds)) as pool:
        return list(pool.map(press, deeds))


def tabs(payer: Viewer, invoice: Invoice, *means: Means) -> list[Callable[[], Payment]]:
    return [lambda way=way: service.pay_invoice(payer, invoice.public_id, None, means=way) for way in means]  # type: ignore[misc]


def test_a_card_on_file_against_the_hosted_page(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    on_file = Means(cards.saved(till, account, payer).public_id)
    outcomes = at_once(tabs(payer, invoice, on_file, NEW_CARD, on_file, NEW_CARD))
    (won,) = [one for one in outcomes if isinstance(one, Payment)]
    if not won.is_on_file:
        till.enter_card(won)
        service.come_back(payer, won.public_id)
    assert payment_named(won.public_id).state == "succeeded"
    assert (len(till.charges()), ledger.reread(invoice).balance) == (1, 0)


def test_without_the_guard_both_take_the_money(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The control: it is the held amount, looked at under the lock, that stops the second tab."""
    card = cards.saved(till, account, payer, "pm_card_threeDSecure2Required")
    monkeypatch.setattr(beginning, "held_on_each", lambda ids: dict.fromkeys(ids, 0))
    won = [one for one in at_once(tabs(payer, invoice, Means(card.public_id), NEW_CARD)) if isinstance(one, Payment)]
    assert len(won) == 2


def test_everybody_drives_the_same_charge_at_once(
    till: CardTill, account: Account, invoice: Invoice, payer: Viewer
) -> None:
    card = cards.saved(till, account, payer)
    on_file = Means(card.public_id)

    def pay() -> Payment:
        return service.pay_invoice(payer, invoice.public_id, None, form_key="form_1", means=on_file)

    at_once([pay, pay, pay, lambda: (till.deliver(), pay())[1]])
    (intent,) = till.intents()
    service.settle(intent.metadata["payment"])  # type: ignore[index]
    assert payment_named(intent.metadata["payment"]).state == "succeeded"  # type: ignore[index]
    assert (len(till.charges()), ledger.reread(invoice).balance) == (1, 0)
