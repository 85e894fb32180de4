"""What people of the demo said and asked, by the real verbs: a thread, requests, purchase orders that are kept."""

from datetime import timedelta

from sqlalchemy import select

from app.demo.decisions import SOURCE, public_id_of, viewer_of_key
from billing_core import clock, db, words
from billing_core.accounts import Account
from billing_core.orders.online.wishes import Buy
from billing_core.permissions import Realm
from billing_core.subscriptions.models import Subscription
from corporate_portal.profile.service import keep_purchase_order
from corporate_portal.quotes import queries
from corporate_portal.quotes.models import QuoteMessage
from corporate_portal.quotes.service import answer, ask_change, comment
from corporate_portal.requests.service import Wish, ask_for_quote, close_request
from online_bridge.cart.service import put_in_cart

COMMENTS = {
    "q-lindner-rollout": (
        ("vogt", "Gilt der Preis je Platz auch, wenn wir im Sommer noch einmal zehn Plätze brauchen?"),
        ("brandt", "Ja, bis zum Ende der Laufzeit. Weitere Plätze rechnen wir taggenau ab."),
    ),
}
"""By quote: who wrote what, in their order."""
CHANGES = {
    "q-brightwell-webinar": ("okafor", "Could we start on the first of next month, and with two organizers fewer?"),
}
MORE_SEATS = {"vogt": ("s-lindner-meeting", 5, "Für das neue Werk in Memmingen, ab dem nächsten Ersten.")}
NEW_PRODUCTS = {"okafor": ("ASSIST", 6, "For our field engineers. We would like to see both billing periods.")}
CLOSED = {
    "sinclair": ("s-kestrel-rescue", 2, "Only for the trade fair week.", "Use the day passes: no quote is needed.")
}
PURCHASE_ORDERS = {"lindner": ("vogt", "4500091884", 400, 5_000_000), "brightwell": ("okafor", "BW-2291", 200, None)}
"""By account: who keeps it, the number, days until it expires, and its budget in smallest units."""

CARTS = {"weber": ("weber", Buy("TRAINING", "Starter", 2, "monthly"))}
"""By online account: who has put what in the cart."""


def converse() -> None:
    """Say, ask and wish all of it."""
    for quote, said in COMMENTS.items():
        for person, text in said:
            db.perform(_say, quote, person, text)
    for quote, (person, text) in CHANGES.items():
        db.perform(_ask_change, quote, person, text)
    for person, (subscription, seats, text) in MORE_SEATS.items():
        db.perform(_ask_seats, person, subscription, seats, text)
    for person, (product, seats, text) in NEW_PRODUCTS.items():
        db.perform(_ask, person, Wish("start", seats, product_code=product, text=text))
    for person, (subscription, seats, text, why) in CLOSED.items():
        public_id = db.perform(_ask_seats, person, subscription, seats, text)
        db.perform(_close, public_id, why)
    for account, (person, number, days, budget) in PURCHASE_ORDERS.items():
        db.perform(_keep, account, person, number, days, budget)
    for account, (person, wish) in CARTS.items():
        db.perform(_put, account, person, wish)


def _put(account: str, person: str, wish: Buy) -> None:
    named = select(Account.public_id).where(Account.source == SOURCE, Account.external_id == account)
    put_in_cart(viewer_of_key(person, Realm.MY), db.session().scalars(named).one(), wish)


def _say(quote: str, person: str, text: str) -> None:
    realm = Realm.DESK if person == "brandt" else Realm.PORTAL
    viewer, verb = viewer_of_key(person, realm), answer if realm is Realm.DESK else comment
    said = select(QuoteMessage.id).where(QuoteMessage.text == text, QuoteMessage.person_id == viewer.person_id)
    if db.session().scalar(said) is None:  # an earlier run that was interrupted said it
        with words.in_language(viewer.locale):
            verb(viewer, public_id_of(quote), text)


def _ask_change(quote: str, person: str, text: str) -> None:
    viewer, public_id = viewer_of_key(person, Realm.PORTAL), public_id_of(quote)
    ask_change(viewer, public_id, text, queries.current_version(viewer, public_id).sha256 or "")


def _ask_seats(person: str, subscription: str, seats: int, text: str) -> str:
    named = select(Subscription.public_id).where(
        Subscription.source == SOURCE, Subscription.external_id == subscription
    )
    public_id = db.session().scalars(named).one()
    return _ask(person, Wish("add", seats, subscription=public_id, text=text))


def _ask(person: str, wish: Wish) -> str:
    viewer = viewer_of_key(person, Realm.PORTAL)
    with words.in_language(viewer.locale):
        return ask_for_quote(viewer, wish, f"demo{person}{wish.effect}".replace("-", "")).public_id


def _close(public_id: str, why: str) -> None:
    close_request(viewer_of_key("grant", Realm.DESK), public_id, why)


def _keep(account: str, person: str, number: str, days: int, budget: int | None) -> None:
    named = select(Account.public_id).where(Account.source == SOURCE, Account.external_id == account)
    last = clock.now().date() + timedelta(days=days)
    keep_purchase_order(viewer_of_key(person, Realm.PORTAL), db.session().scalars(named).one(), number, last, budget)
