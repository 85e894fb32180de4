"""What the demo's online contacts bought, tried and cancelled, done by the real verbs.

They pay with account credit, which they had transferred before: so no card is needed, and some of it is left.
"""

from collections.abc import Callable

from sqlalchemy import select

from app.demo.decisions import SOURCE, viewer_of_key
from billing_core import clock, db, words
from billing_core.accounts import Account
from billing_core.errors import Refusal
from billing_core.ledger.incoming import BANK_TRANSFER, Money
from billing_core.orders.online.ending import cancel_subscription
from billing_core.orders.online.wishes import Buy, Try, Wish
from billing_core.payments.booking import book_incoming
from billing_core.payments.ordering import place_order, preview
from billing_core.permissions import Realm, Viewer
from billing_core.subscriptions.models import ONLINE, Subscription

CLERK = "bell"
CREDIT = {"puffin": 30_000, "zimmerli": 50_000}
"""What each account transferred before it ordered, in smallest units."""
ORDERS: dict[str, tuple[str, tuple[Wish, ...]]] = {
    "puffin": (
        "hughes",
        (Buy("MEETING", "Starter", 4, "monthly"), Buy("ASSIST", "", 2, "monthly"), Try("WEBINAR", "Starter", 1)),
    ),
    "zimmerli": ("zimmerli", (Buy("MEETING", "Starter", 2, "yearly"), Try("WEBINAR", "Starter", 1))),
}  # fmt: skip
"""By account: who ordered what, one order each."""
CANCELLED = {"puffin": ("hughes", "ASSIST")}
"""By account: who cancelled which product."""


def shop() -> None:
    """Transfer, order and cancel. What an interrupted run has done is not done again."""
    for key, amount in CREDIT.items():
        db.perform(_transfer, key, amount)
    for key, (person, wishes) in ORDERS.items():
        for number, wish in enumerate(wishes, 1):
            _unless_done(_order, person, key, wish, f"demo_{number}")
    for key, (person, product) in CANCELLED.items():
        _unless_done(_cancel, person, key, product)


def _transfer(key: str, amount: int) -> None:
    account = _account(key)
    came = Money(BANK_TRANSFER, amount, clock.today("UTC"), f"Account {account.number}", shares={})
    book_incoming(viewer_of_key(CLERK, Realm.DESK), account.public_id, came, f"demo_{key}")


def _unless_done(deed: Callable[..., None], person: str, key: str, *what: Wish | str) -> None:
    with db.reading():
        viewer, account = viewer_of_key(person, Realm.MY), _account(key).public_id
    with words.in_language(viewer.locale):
        try:
            deed(viewer, account, *what)
        except Refusal:
            return


def _order(viewer: Viewer, account: str, wish: Wish, form: str) -> None:
    with db.reading():
        seen = preview(viewer, account, [wish]).digest
    place_order(viewer, account, [wish], seen, form)


def _cancel(viewer: Viewer, account: str, product: str) -> None:
    with db.reading() as session:
        of_account = select(Subscription.public_id).where(
            Subscription.account.has(Account.public_id == account), Subscription.source == ONLINE
        )
        found = session.scalars(of_account.where(Subscription.product.has(code=product))).one()
    db.perform(cancel_subscription, viewer, account, found)


def _account(key: str) -> Account:
    named = select(Account).where(Account.source == SOURCE, Account.external_id == key)
    return db.session().scalars(named).one()
